// The arena that keeps the C library's own memory (thread stacks, thread-local data) apart from the array heap.
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdint.h>

extern "C" {

extern char __heap_base;

static uintptr_t arena_break = 0;

/// malloc's source of memory: from the end of the module's data to NL_ARENA_END, where the array heap begins, and not
/// a byte more. malloc calls it under its own lock, and returns NULL when it fails.
void* sbrk(intptr_t increment) {
  if (arena_break == 0) arena_break = reinterpret_cast<uintptr_t>(&__heap_base);
  const uintptr_t old = arena_break, next = old + ((increment + 15) & ~intptr_t(15));
  if (next > NL_ARENA_END) {
    errno = ENOMEM;
    return reinterpret_cast<void*>(-1);
  }
  arena_break = next;
  return reinterpret_cast<void*>(old);
}
}
