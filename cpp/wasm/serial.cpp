// Regions without threads, for pages that cannot share memory.
// SPDX-License-Identifier: MIT

#include "../core/parallel.h"

namespace nl {

int region_threads() { return 1; }

void run_region(isize chunks, RunChunks run, const void* context) {
  if (chunks > 0) run(context, 0, chunks, 0);
}

void run_members(isize items, RunChunks run, const void* context) { run_region(items, run, context); }

int run_scheduled(isize items, RunChunks run, const void* context, int, isize) {
  run_region(items, run, context);
  return 1;
}

}  // namespace nl
