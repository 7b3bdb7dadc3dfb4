// Compiled functions (src/njit): loads them, lets them use the library, and calls them.
//
// A loaded function stays for the life of the process: threads of the team may still stand in it.
// SPDX-License-Identifier: MIT

#include "njit.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <random>

#include "../core/njit.h"
#include "../core/random.h"
#include "instance.h"

#define NL_BLOCKS_OF(isa)                           \
  namespace nl::isa {                               \
  using Block = void(const f64* x, f64* y, i32 n);  \
  Block block_sin, block_cos, block_exp, block_log; \
  }
#if defined(__x86_64__)
NL_BLOCKS_OF(v2)
NL_BLOCKS_OF(avx2)
NL_BLOCKS_OF(avx512)
#else
NL_BLOCKS_OF(neon)
#endif

namespace nl {

namespace {

using Body = void (*)(i32 which, void* context, f64 begin, f64 end);
using Block = void (*)(const f64* x, f64* y, i32 n);

/// struct nl_library of src/njit/runtime.h.
struct Library {
  void (*region)(Body body, i32 which, void* context, f64 items, i32 kind, i32 chunk);
  void* (*allocate)(f64 bytes);
  void (*release)(void* memory);
  f64 (*random)();
  Block block_sin, block_cos, block_exp, block_log;
};

thread_local int largest_team = 1;

void region(Body body, i32 which, void* context, f64 items, i32 kind, i32 chunk) {
  const int members = run_iterations(items, kind, chunk, [=](f64 begin, f64 end) { body(which, context, begin, end); });
  if (members > largest_team) largest_team = members;
}

/// Aligned for whole vectors, where there are several.
void* allocate(f64 bytes) {
  constexpr size_t kLine = 64, kSmall = 512;
  if (!(bytes < 0x1p46)) return nullptr;
  const size_t size = bytes < 1 ? 1 : static_cast<size_t>(bytes);
  return size < kSmall ? malloc(size) : aligned_alloc(kLine, (size + kLine - 1) / kLine * kLine);
}

u64 entropy() {
  std::random_device device;
  return u64(device()) << 32 | device();
}

f64 random_number() {
  static std::atomic<u64> seeds{entropy()};
  thread_local Random numbers;
  return numbers.next(seeds);
}

#define NL_LIBRARY_OF(name, isa)                                                                                    \
  {                                                                                                                 \
    name, { region, allocate, free, random_number, isa::block_sin, isa::block_cos, isa::block_exp, isa::block_log } \
  }
const struct {
  const char* isa;
  Library library;
} kLibraries[] = {
#if defined(__x86_64__)
    NL_LIBRARY_OF("avx512", avx512),
    NL_LIBRARY_OF("avx2", avx2),
    NL_LIBRARY_OF("x86-64-v2", v2),
#else
    NL_LIBRARY_OF("neon", neon),
#endif
};

struct Function {
  int (*main)(f64* slots);
  void (*free)(f64* slots);
};

/// The slots, then pairs of a slot's number and the typed array whose address it takes.
constexpr size_t kMostArguments = 1 + 2 * 64;

napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, "NUMLOOM_NATIVE", message);
  return nullptr;
}

f64* doubles(napi_env env, napi_value value, size_t* length) {
  napi_typedarray_type type;
  void* data;
  const bool fits = napi_get_typedarray_info(env, value, &type, length, &data, nullptr, nullptr) == napi_ok;
  return fits && type == napi_float64_array ? static_cast<f64*>(data) : nullptr;
}

/// call(slots, slot, array, ...): the function's status, plus twice the members of its largest team; or, where it had
/// to do without threads that the system did not start, how many it wanted, negated.
napi_value call_main(napi_env env, napi_callback_info info) {
  size_t count = kMostArguments, length, elements;
  napi_value arguments[kMostArguments];
  void* raw;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &raw);
  f64* slots = count % 2 == 1 && count <= kMostArguments ? doubles(env, arguments[0], &length) : nullptr;
  if (slots == nullptr) return fail(env, "a compiled function wants its slots, and at most 64 arrays from outside");
  for (size_t at = 1; at < count; at += 2) {
    uint32_t slot;
    void* data;
    if (napi_get_value_uint32(env, arguments[at], &slot) != napi_ok || slot >= length ||
        napi_get_typedarray_info(env, arguments[at + 1], nullptr, &elements, &data, nullptr, nullptr) != napi_ok) {
      return fail(env, "a compiled function was given a slot without an array");
    }
    slots[slot] = static_cast<f64>(reinterpret_cast<uintptr_t>(data));
  }
  begin_call(instance_of(env).settings);
  largest_team = 1;
  const int status = static_cast<Function*>(raw)->main(slots);
  napi_value result;
  napi_create_int32(env, refused_team() > 0 ? -refused_team() : status + 2 * largest_team, &result);
  return result;
}

/// free(slots)
napi_value call_free(napi_env env, napi_callback_info info) {
  size_t count = 1, length;
  napi_value slots;
  void* raw;
  napi_get_cb_info(env, info, &count, &slots, nullptr, &raw);
  f64* data = count == 1 ? doubles(env, slots, &length) : nullptr;
  if (data == nullptr) return fail(env, "free(slots): wants a Float64Array");
  static_cast<Function*>(raw)->free(data);
  return nullptr;
}

/// read(address, target): fills a Uint8Array from the function's own memory.
napi_value read_memory(napi_env env, napi_callback_info info) {
  size_t count = 2, length;
  napi_value arguments[2];
  f64 address;
  napi_typedarray_type type;
  void* data;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  if (count != 2 || napi_get_value_double(env, arguments[0], &address) != napi_ok ||
      napi_get_typedarray_info(env, arguments[1], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    return fail(env, "read(address, target): wants a number and a Uint8Array");
  }
  if (length > 0) memcpy(data, reinterpret_cast<const void*>(static_cast<uintptr_t>(address)), length);
  return nullptr;
}

void define(napi_env env, napi_value object, const char* name, napi_callback callback, Function* data) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function);
  napi_set_named_property(env, object, name, function);
}

const Library* find_library(const char* isa) {
  for (const auto& row : kLibraries) {
    if (strcmp(row.isa, isa) == 0) return &row.library;
  }
  return nullptr;
}

template <class T>
bool find_symbol(void* handle, const char* name, T* function) {
  *function = reinterpret_cast<T>(dlsym(handle, name));
  return *function != nullptr;
}

}  // namespace

/// openFunction(file, isa): the parts of a function that was compiled to a shared library; its mathematics for blocks
/// is that of the instruction set.
napi_value open_function(napi_env env, napi_callback_info info) {
  char file[4096], isa[32];
  size_t count = 2, length;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  if (count != 2 || napi_get_value_string_utf8(env, arguments[0], file, sizeof file, &length) != napi_ok ||
      napi_get_value_string_utf8(env, arguments[1], isa, sizeof isa, &length) != napi_ok) {
    return fail(env, "openFunction(file, isa): wants two strings");
  }
  const Library* library = find_library(isa);
  if (library == nullptr) return fail(env, "openFunction(file, isa): no such instruction set");
  void* handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return fail(env, dlerror());
  void (*attach)(const Library*);
  Function found;
  if (!find_symbol(handle, "nl_attach", &attach) || !find_symbol(handle, "nl_main", &found.main) ||
      !find_symbol(handle, "nl_free", &found.free)) {
    return fail(env, "it is not a compiled function");
  }
  attach(library);
  Function* function = new Function(found);
  napi_value parts;
  napi_create_object(env, &parts);
  define(env, parts, "call", call_main, function);
  define(env, parts, "free", call_free, function);
  define(env, parts, "read", read_memory, nullptr);
  return parts;
}

}  // namespace nl
