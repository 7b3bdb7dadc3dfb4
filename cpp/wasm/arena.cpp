// The arena that keeps the C library's own memory (thread stacks, thread-local data) apart from the array heap.
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdint.h>

extern "C" {

extern char __heap_base;

/// Memory that malloc may be given next, from `begin` on.
struct Range {
  uintptr_t begin, end;
};
static Range arena = {0, NL_ARENA_END};
static Range outside = {0, 0};

/// Where malloc may have memory on this thread. It takes two pieces that it gets one after the other for neighbours: so
/// those of one call come from one range, and only the first may begin elsewhere than the last one ended.
enum class Reach { kArena, kBeyond, kBeyondAgain };
static thread_local Reach reach = Reach::kArena;

/// Lets malloc have memory beyond the arena on this thread, and beyond alone, from now on or no more.
void nl_reach_beyond(bool may) { reach = may ? Reach::kBeyond : Reach::kArena; }

static void* const kNone = reinterpret_cast<void*>(-1);

constexpr uintptr_t kPage = 65536;

/// More of what lies outside, at the end of the heap: behind what is there, or else elsewhere. It is malloc's for good:
/// the array heap sees that it does not follow its own.
static bool grow(uintptr_t bytes) {
  const uintptr_t pages = (bytes + kPage - 1) / kPage;
  const uintptr_t old = __builtin_wasm_memory_grow(0, pages);
  if (old == uintptr_t(-1)) return false;
  if (old * kPage != outside.end) {
    // The array heap has grown in between.
    if (reach == Reach::kBeyondAgain) return false;
    outside.begin = old * kPage;
  }
  outside.end = (old + pages) * kPage;
  return true;
}

/// malloc's source of memory: from the end of the module's data to NL_ARENA_END, where the array heap begins, and not
/// a byte more; or beyond, by nl_reach_beyond. malloc calls it under its own lock, and returns NULL when it fails.
void* sbrk(intptr_t increment) {
  if (arena.begin == 0) arena.begin = reinterpret_cast<uintptr_t>(&__heap_base);
  const bool beyond = reach != Reach::kArena;
  Range& range = beyond ? outside : arena;
  if (increment > 0) {
    const uintptr_t bytes = (static_cast<uintptr_t>(increment) + 15) & ~uintptr_t(15);
    if (bytes > range.end - range.begin && !(beyond && grow(bytes))) {
      errno = ENOMEM;
      return kNone;
    }
    const uintptr_t begin = range.begin;
    range.begin += bytes;
    if (beyond) reach = Reach::kBeyondAgain;
    return reinterpret_cast<void*>(begin);
  }
  // What malloc gives back it got just before; it may begin elsewhere now.
  range.begin += increment;
  if (beyond && increment < 0) reach = Reach::kBeyond;
  return reinterpret_cast<void*>(range.begin);
}
}
