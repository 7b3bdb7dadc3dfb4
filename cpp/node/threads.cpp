// Regions as OpenMP teams. The thread count is passed to each region: libgomp's own setting belongs to the OS thread
// that made it, and Node calls from several.
// SPDX-License-Identifier: MIT

#include "threads.h"

#include <omp.h>

#include "../core/parallel.h"

namespace nl {

static thread_local int wanted_threads = 1;

void set_threads(int count) { wanted_threads = count; }

int region_threads() { return omp_in_parallel() ? 1 : wanted_threads; }

void run_region(isize chunks, RunChunks run, const void* context) {
  const isize wanted = region_threads();
  const int team = static_cast<int>(wanted < chunks ? wanted : chunks);
  if (team <= 1) {
    if (chunks > 0) run(context, 0, chunks, 0);
    return;
  }
#pragma omp parallel num_threads(team)
  {
    // The runtime may give fewer threads than asked for; what counts is how many came.
    const isize members = omp_get_num_threads(), thread = omp_get_thread_num();
    const isize begin = chunks * thread / members, end = chunks * (thread + 1) / members;
    if (begin < end) run(context, begin, end, static_cast<int>(thread));
  }
}

}  // namespace nl
