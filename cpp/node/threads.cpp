// Regions as OpenMP teams. The thread count is passed to each region: libgomp's own setting belongs to the OS thread
// that made it, and Node calls from several.
// SPDX-License-Identifier: MIT

#include "threads.h"

#include <omp.h>

#include "../core/parallel.h"

namespace nl {

namespace {

thread_local int wanted_threads = 1;
thread_local int granted_threads = 1;
thread_local Schedule schedule;

/// The threads of all regions that are running in this process, whichever thread called them.
std::atomic<int> busy{0};

/// How many threads a region gets: what the regions of other callers have is not there for it.
int claim(int wanted) {
  int others = busy.load(), got;
  do {
    got = wanted - others < 1 ? 1 : wanted - others;
  } while (!busy.compare_exchange_weak(others, others + got));
  return got;
}

int run_team(isize items, RunChunks run, const void* context, const Schedule& deals) {
  const isize wanted = region_threads();
  const int most = static_cast<int>(wanted < items ? wanted : items);
  if (most <= 1) {
    if (items > 0) run(context, 0, items, 0);
    return 1;
  }
  const int claimed = claim(most);
  if (claimed < most && claimed < granted_threads) granted_threads = claimed;
  std::atomic<isize> next{0};
  int came = 1;
#pragma omp parallel num_threads(claimed)
  {
    // The runtime may give fewer threads than asked for; what counts is how many came.
    const int members = omp_get_num_threads(), thread = omp_get_thread_num();
    if (thread == 0) came = members;
    deal(deals, items, members, thread, next, [&](isize begin, isize end) { run(context, begin, end, thread); });
  }
  busy.fetch_sub(claimed);
  return came;
}

}  // namespace

void set_threads(int count) { wanted_threads = count; }

void set_schedule(const Schedule& wanted) { schedule = wanted; }

void begin_call() { granted_threads = wanted_threads; }

int last_team() { return granted_threads; }

void release_threads() { omp_pause_resource_all(omp_pause_hard); }

int region_threads() { return omp_in_parallel() ? 1 : wanted_threads; }

void run_region(isize chunks, RunChunks run, const void* context) { run_team(chunks, run, context, schedule); }

void run_members(isize items, RunChunks run, const void* context) { run_team(items, run, context, Schedule{}); }

int run_scheduled(isize items, RunChunks run, const void* context, int kind, isize chunk) {
  return run_team(items, run, context, kind < 0 ? schedule : Schedule{static_cast<ScheduleKind>(kind), chunk});
}

}  // namespace nl
