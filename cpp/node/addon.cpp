// The Node-API addon: lists the kernels of each instruction set and calls them. It knows signatures, no kernel.
//
// Pointer arguments are numbers (byte offsets into the attached heap) or typed arrays (memory from outside the heap).
// Callers have checked shapes and dtypes; here only what is a pointer is checked, so that a mistake throws a TypeError
// and never reaches a kernel. SPDX-License-Identifier: MIT

#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "../core/table.h"
#include "instance.h"
#include "njit.h"

#define NL_TABLE_OF(isa) \
  namespace nl::isa {    \
  Table table();         \
  }
#if defined(__x86_64__)
NL_TABLE_OF(v2)
NL_TABLE_OF(avx2)
NL_TABLE_OF(avx512)
#else
NL_TABLE_OF(neon)
#endif

namespace {

using nl::Instance;
using nl::instance_of;
using nl::Watched;

struct Isa {
  const char* name;
  bool (*supported)();
  nl::Table (*table)();
};

// Best first. The levels are those of the x86-64 psABI, which is also what the kernels are compiled for.
const Isa kIsas[] = {
#if defined(__x86_64__)
    {"avx512", [] { return __builtin_cpu_supports("x86-64-v4") != 0; }, nl::avx512::table},
    {"avx2", [] { return __builtin_cpu_supports("x86-64-v3") != 0; }, nl::avx2::table},
    {"x86-64-v2", [] { return __builtin_cpu_supports("x86-64-v2") != 0; }, nl::v2::table},
#else
    {"neon", [] { return true; }, nl::neon::table},
#endif
};

napi_value fail(napi_env env, const char* message) {
  napi_throw_type_error(env, "NUMLOOM_NATIVE", message);
  return nullptr;
}

/// Where an array begins that is passed itself: nowhere, if it is empty. False where there is none.
bool read_outside(napi_env env, napi_callback_info info, double index, nl::Slot* slot) {
  size_t count = nl::kMaxArguments;
  napi_value arrays[nl::kMaxArguments];
  bool is_typed_array = false;
  napi_get_cb_info(env, info, &count, arrays, nullptr, nullptr);
  if (!(index < double(count))) return false;
  const napi_value array = arrays[static_cast<size_t>(index)];
  if (napi_is_typedarray(env, array, &is_typed_array) != napi_ok || !is_typed_array) return false;
  return napi_get_typedarray_info(env, array, nullptr, nullptr, &slot->p, nullptr, nullptr) == napi_ok;
}

bool read_pointer(napi_env env, napi_callback_info info, const Instance& instance, double number, nl::Slot* slot) {
  if (number < 0) return read_outside(env, info, -1 - number, slot);
  if (!(number <= double(instance.heap_bytes))) return false;
  slot->p = instance.heap + static_cast<size_t>(number);
  return true;
}

/// False where a pointer leads nowhere.
bool read_arguments(napi_env env, napi_callback_info info, const Instance& instance, const char* code, nl::Slot* slot) {
  for (const double* number = instance.numbers; *code; number++, slot++) {
    switch (*code++) {
      case '*':
      case '&':
        code++;
        if (!read_pointer(env, info, instance, *number, slot)) return false;
        break;
      case 'n':
        slot->n = static_cast<nl::isize>(*number);
        break;
      case 's':
        slot->s = static_cast<nl::f32>(*number);
        break;
      case 'd':
        slot->d = *number;
        break;
      default:
        slot->i = static_cast<nl::i32>(*number);
    }
  }
  return true;
}

/// Its arguments are in the instance's numbers: those of JavaScript's own take several times as long. Where a pointer
/// is none of the heap, -1 - k there says that it is the array that is passed as argument k. Returns nothing, or how
/// many threads the system did not start: the kernel then ran without them.
napi_value call_kernel(napi_env env, napi_callback_info info) {
  void* data;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  const nl::Entry& entry = *static_cast<const nl::Entry*>(data);
  const Instance& instance = instance_of(env);
  nl::Slot slots[nl::kMaxArguments];
  if (!read_arguments(env, info, instance, entry.signature.text, slots)) {
    return fail(env, "a pointer of a kernel is no typed array, or leads outside the heap");
  }
  nl::begin_call(instance.settings);
  entry.invoke(entry.function, slots);
  if (nl::refused_team() == 0) return nullptr;
  napi_value refused;
  napi_create_int32(env, nl::refused_team(), &refused);
  return refused;
}

napi_value text(napi_env env, const char* characters) {
  napi_value value;
  napi_create_string_utf8(env, characters, NAPI_AUTO_LENGTH, &value);
  return value;
}

napi_value list(napi_env env) {
  napi_value value;
  napi_create_array(env, &value);
  return value;
}

void push(napi_env env, napi_value array, napi_value value) {
  uint32_t length;
  napi_get_array_length(env, array, &length);
  napi_set_element(env, array, length, value);
}

/// isas(): the names of the instruction sets that this CPU can run, best first.
napi_value isas(napi_env env, napi_callback_info) {
  napi_value names = list(env);
  for (const Isa& isa : kIsas) {
    if (isa.supported()) push(env, names, text(env, isa.name));
  }
  return names;
}

const Isa* find_isa(napi_env env, napi_value name) {
  char wanted[32];
  size_t length;
  if (napi_get_value_string_utf8(env, name, wanted, sizeof wanted, &length) != napi_ok) return nullptr;
  for (const Isa& isa : kIsas) {
    if (strcmp(isa.name, wanted) == 0 && isa.supported()) return &isa;
  }
  return nullptr;
}

/// kernels(isa): [symbol, signature, function] of every kernel.
napi_value kernels(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value name;
  napi_get_cb_info(env, info, &count, &name, nullptr, nullptr);
  const Isa* isa = count == 1 ? find_isa(env, name) : nullptr;
  if (!isa) return fail(env, "kernels(isa): no such instruction set on this CPU");
  napi_value rows = list(env);
  const nl::Table table = isa->table();
  for (const nl::Entry* const* at = table.begin; at != table.end; at++) {
    const nl::Entry* entry = *at;
    napi_value row = list(env), function;
    napi_create_function(env, entry->symbol, NAPI_AUTO_LENGTH, call_kernel, const_cast<nl::Entry*>(entry), &function);
    push(env, row, text(env, entry->symbol));
    push(env, row, text(env, entry->signature.text));
    push(env, row, function);
    push(env, rows, row);
  }
  return rows;
}

/// Asks for pages of 2 MiB: arrays of many MB otherwise miss the translation cache all the time. Only a wish: where the
/// system does not grant it, everything works with small pages.
void prefer_huge_pages([[maybe_unused]] void* start, [[maybe_unused]] size_t length) {
#if defined(__linux__)
  madvise(start, length, MADV_HUGEPAGE);
#endif
}

/// attach(bytes, reserved): the heap to which numbers passed as pointers refer, as a Uint8Array over all of it, and to
/// how many bytes of address space it may grow in place. Returns where it begins in the process.
napi_value attach(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  double reserved;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void* data;
  napi_typedarray_type type;
  size_t length;
  if (count != 2 || napi_get_typedarray_info(env, arguments[0], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array || napi_get_value_double(env, arguments[1], &reserved) != napi_ok) {
    return fail(env, "attach(bytes, reserved): wants a Uint8Array and a number");
  }
  Instance& instance = instance_of(env);
  instance.heap = static_cast<char*>(data);
  instance.heap_bytes = length;
  prefer_huge_pages(data, reserved > double(length) ? static_cast<size_t>(reserved) : length);
  napi_value base;
  napi_create_double(env, static_cast<double>(reinterpret_cast<uintptr_t>(data)), &base);
  return base;
}

/// setThreads(count): how many threads the next kernels may use.
napi_value set_threads(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  int32_t threads;
  napi_get_cb_info(env, info, &count, &value, nullptr, nullptr);
  if (count != 1 || napi_get_value_int32(env, value, &threads) != napi_ok || threads < 1) {
    return fail(env, "setThreads(count): count must be an integer from 1 on");
  }
  instance_of(env).settings.threads = threads;
  return nullptr;
}

/// setSchedule(kind, chunk): how they deal out their work; the kinds are numbered as in core/schedule.h.
napi_value set_schedule(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value values[2];
  int32_t kind;
  double chunk;
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  if (count != 2 || napi_get_value_int32(env, values[0], &kind) != napi_ok || kind < 0 || kind > 3 ||
      napi_get_value_double(env, values[1], &chunk) != napi_ok || !(chunk >= 0)) {
    return fail(env, "setSchedule(kind, chunk): kind must be 0 to 3, chunk a non-negative number");
  }
  instance_of(env).settings.schedule = {static_cast<nl::ScheduleKind>(kind), static_cast<nl::isize>(chunk)};
  return nullptr;
}

nl::i32* words_of(napi_env env, napi_value array, size_t* length) {
  void* data;
  napi_typedarray_type type;
  const bool fits = napi_get_typedarray_info(env, array, &type, length, &data, nullptr, nullptr) == napi_ok;
  return fits && type == napi_int32_array ? static_cast<nl::i32*>(data) : nullptr;
}

/// prepare(stackBytes, cpus, claims, own): what regions have to know. The stack is that of libgomp's
/// threads, 0 for the system's; the CPUs are those that the thread ran on before libgomp was loaded, and runs on again;
/// the others are the budget (threads.h).
napi_value prepare(napi_env env, napi_callback_info info) {
  size_t count = 4, cpu_count = 0, words = 0;
  napi_value values[4];
  double stack;
  uint32_t own;
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  if (count != 4 || napi_get_value_double(env, values[0], &stack) != napi_ok || !(stack >= 0 && stack < 0x1p63) ||
      napi_get_value_uint32(env, values[3], &own) != napi_ok) {
    return fail(env, "prepare(stackBytes, cpus, claims, own): wants non-negative numbers");
  }
  const nl::i32* cpus = words_of(env, values[1], &cpu_count);
  nl::i32* claims = words_of(env, values[2], &words);
  if ((!cpus && cpu_count > 0) || !claims || own >= words) {
    return fail(env, "prepare(stackBytes, cpus, claims, own): wants Int32Arrays, and a place in the second");
  }
  nl::set_stack(static_cast<size_t>(stack));
  nl::set_cpus(cpus, cpu_count);
  instance_of(env).settings.budget = {claims, words, own};
  return nullptr;
}

/// lastTeam(): how many threads the last kernel called from this thread had.
napi_value last_team(napi_env env, napi_callback_info) {
  napi_value size;
  napi_create_int32(env, nl::last_team(), &size);
  return size;
}

/// releaseThreads(): ends the threads that wait for the next region of this thread.
napi_value release_threads(napi_env, napi_callback_info) {
  nl::release_threads();
  return nullptr;
}

/// watch(object, id): lets sweep() tell when the object is dead. Finalizers of JavaScript cannot: they run only after
/// the job in which an object died, and a loop that allocates may be one long job.
napi_value watch(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  Watched entry;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  if (count != 2 || napi_get_value_double(env, arguments[1], &entry.id) != napi_ok ||
      napi_create_reference(env, arguments[0], 0, &entry.reference) != napi_ok) {
    return fail(env, "watch(object, id): wants an object and a number");
  }
  instance_of(env).watched.push_back(entry);
  return nullptr;
}

/// sweep(): the ids of watched objects that were collected since the last call.
napi_value sweep(napi_env env, napi_callback_info) {
  napi_value dead = list(env);
  std::vector<Watched>& watched = instance_of(env).watched;
  size_t kept = 0;
  for (const Watched& entry : watched) {
    napi_value object = nullptr, id;
    napi_get_reference_value(env, entry.reference, &object);
    if (object) {
      watched[kept++] = entry;
      continue;
    }
    napi_delete_reference(env, entry.reference);
    napi_create_double(env, entry.id, &id);
    push(env, dead, id);
  }
  watched.resize(kept);
  return dead;
}

/// numbers: where the arguments of a kernel are put before it is called.
napi_value numbers(napi_env env) {
  void* data;
  napi_value buffer, array;
  napi_create_arraybuffer(env, nl::kMaxArguments * sizeof(double), &data, &buffer);
  napi_create_typedarray(env, napi_float64_array, nl::kMaxArguments, buffer, 0, &array);
  instance_of(env).numbers = static_cast<double*>(data);
  return array;
}

void define(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

struct Setting {
  const char* name;
  const char* value;
};

const char* copy_of(const char* value) { return value ? strdup(value) : nullptr; }

/// What libgomp found in the process's environment, null where nothing. It looks once, as this file is loaded first,
/// and this is initialised next: a worker that loads the file could not change that environment before.
const Setting kSettings[] = {
    {"OMP_PROC_BIND", copy_of(getenv("OMP_PROC_BIND"))},
    {"OMP_PLACES", copy_of(getenv("OMP_PLACES"))},
    {"OMP_STACKSIZE", copy_of(getenv(getenv("OMP_STACKSIZE") ? "OMP_STACKSIZE" : "GOMP_STACKSIZE"))},
    {"OMP_WAIT_POLICY", copy_of(getenv("OMP_WAIT_POLICY"))},
};

napi_value settings(napi_env env) {
  napi_value found;
  napi_create_object(env, &found);
  for (const Setting& setting : kSettings) {
    if (setting.value) napi_set_named_property(env, found, setting.name, text(env, setting.value));
  }
  return found;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_set_instance_data(
      env, new Instance, [](napi_env, void* data, void*) { delete static_cast<Instance*>(data); }, nullptr);
  define(env, exports, "isas", isas);
  define(env, exports, "kernels", kernels);
  define(env, exports, "attach", attach);
  define(env, exports, "setThreads", set_threads);
  define(env, exports, "setSchedule", set_schedule);
  define(env, exports, "prepare", prepare);
  define(env, exports, "lastTeam", last_team);
  define(env, exports, "releaseThreads", release_threads);
  define(env, exports, "openFunction", nl::open_function);
  define(env, exports, "watch", watch);
  define(env, exports, "sweep", sweep);
  napi_set_named_property(env, exports, "version", text(env, NL_VERSION));
  napi_set_named_property(env, exports, "settings", settings(env));
  napi_set_named_property(env, exports, "numbers", numbers(env));
  return exports;
}
