// The arena that keeps the C library's own memory (thread stacks, thread-local data) apart from the array heap.
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdint.h>

extern "C" {

extern char __heap_base;

static uintptr_t arena_break = 0;

/// Lets malloc have memory beyond the arena on this thread, for as long as it is set.
thread_local bool nl_beyond_arena = false;

/// New memory at the end of the heap. It is malloc's for good: the array heap sees that it does not follow its own.
static void* beyond(intptr_t increment) {
  constexpr uintptr_t kPage = 65536;
  const uintptr_t bytes = static_cast<uintptr_t>(increment);
  const uintptr_t pages = bytes / kPage + (bytes % kPage != 0);
  const uintptr_t old = __builtin_wasm_memory_grow(0, pages);
  return old == uintptr_t(-1) ? reinterpret_cast<void*>(-1) : reinterpret_cast<void*>(old * kPage);
}

/// malloc's source of memory: from the end of the module's data to NL_ARENA_END, where the array heap begins, and not
/// a byte more, but where nl_beyond_arena is set. malloc calls it under its own lock, and returns NULL when it fails.
void* sbrk(intptr_t increment) {
  if (arena_break == 0) arena_break = reinterpret_cast<uintptr_t>(&__heap_base);
  const uintptr_t old = arena_break, next = old + ((increment + 15) & ~intptr_t(15));
  if (next > NL_ARENA_END && nl_beyond_arena) return beyond(increment);
  if (next > NL_ARENA_END) {
    errno = ENOMEM;
    return reinterpret_cast<void*>(-1);
  }
  arena_break = next;
  return reinterpret_cast<void*>(old);
}
}
