// Compares core/schedule.h with libgomp: which ranges each thread gets (static), or into which ranges the items are cut
// (dynamic, guided: who gets one is a race). Prints one line for each difference, then how many cases there were.
// SPDX-License-Identifier: MIT

#include "../../cpp/core/schedule.h"

#include <omp.h>
#include <stdio.h>

#include <algorithm>
#include <map>
#include <vector>

using nl::isize;
using Ranges = std::vector<std::pair<isize, isize>>;

/// The ranges of each thread under OpenMP.
static std::map<int, Ranges> by_openmp(isize n, int threads, omp_sched_t kind, int chunk) {
  std::vector<int> owner(static_cast<size_t>(n), -1);
  omp_set_schedule(kind, chunk);
#pragma omp parallel for schedule(runtime) num_threads(threads)
  for (isize i = 0; i < n; i++) owner[static_cast<size_t>(i)] = omp_get_thread_num();
  std::map<int, Ranges> ranges;
  for (isize i = 0; i < n; i++) {
    Ranges& own = ranges[owner[static_cast<size_t>(i)]];
    if (!own.empty() && own.back().second == i) own.back().second++;
    else own.push_back({i, i + 1});
  }
  return ranges;
}

static std::map<int, Ranges> by_numloom(isize n, int threads, const nl::Schedule& schedule, bool merge) {
  std::map<int, Ranges> ranges;
  std::atomic<isize> next{0};
  for (int thread = 0; thread < threads; thread++) {
    nl::deal(schedule, n, threads, thread, next, [&](isize begin, isize end) {
      Ranges& own = ranges[thread];
      if (merge && !own.empty() && own.back().second == begin) own.back().second = end;
      else own.push_back({begin, end});
    });
  }
  return ranges;
}

/// The chunks of libgomp's dynamic and guided loops, asked for by the calls into which GCC turns such loops.
extern "C" {
bool GOMP_loop_dynamic_start(long, long, long, long, long*, long*);
bool GOMP_loop_dynamic_next(long*, long*);
bool GOMP_loop_guided_start(long, long, long, long, long*, long*);
bool GOMP_loop_guided_next(long*, long*);
void GOMP_loop_end_nowait();
}

static Ranges cuts_of_openmp(isize n, int threads, bool guided, int chunk) {
  Ranges cuts;
#pragma omp parallel num_threads(threads)
  {
    long begin, end;
    bool more = (guided ? GOMP_loop_guided_start : GOMP_loop_dynamic_start)(0, n, 1, chunk, &begin, &end);
    for (; more; more = (guided ? GOMP_loop_guided_next : GOMP_loop_dynamic_next)(&begin, &end)) {
#pragma omp critical
      cuts.push_back({begin, end});
    }
    GOMP_loop_end_nowait();
  }
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

/// The chunks of numloom, all taken by one member of the team.
static Ranges cuts_of_numloom(isize n, int threads, const nl::Schedule& schedule) {
  Ranges cuts;
  std::atomic<isize> next{0};
  nl::deal(schedule, n, threads, 0, next, [&](isize begin, isize end) { cuts.push_back({begin, end}); });
  return cuts;
}

int main() {
  const isize sizes[] = {1, 2, 3, 7, 8, 64, 100, 101, 1000, 4097};
  const int teams[] = {1, 2, 3, 4, 7, 8}, chunks[] = {0, 1, 2, 5, 64, 1000};
  int cases = 0, wrong = 0;
  const auto check = [&](bool same, const char* kind, isize n, int threads, int chunk) {
    cases++;
    if (same) return;
    wrong++;
    printf("%s: n = %d, %d threads, chunk %d differ\n", kind, int(n), threads, chunk);
  };
  for (isize n : sizes) {
    for (int threads : teams) {
      for (int chunk : chunks) {
        const nl::Schedule fixed{nl::ScheduleKind::kStatic, chunk};
        check(by_openmp(n, threads, omp_sched_static, chunk) == by_numloom(n, threads, fixed, true), "static", n, threads,
              chunk);
      }
      const nl::Schedule any{nl::ScheduleKind::kAuto, 0};
      check(by_openmp(n, threads, omp_sched_auto, 0) == by_numloom(n, threads, any, true), "auto", n, threads, 0);
    }
    for (int threads : teams) {
      for (int chunk : {1, 2, 5, 64, 1000}) {
        const nl::Schedule dynamic{nl::ScheduleKind::kDynamic, chunk}, guided{nl::ScheduleKind::kGuided, chunk};
        check(cuts_of_openmp(n, threads, false, chunk) == cuts_of_numloom(n, threads, dynamic), "dynamic", n, threads,
              chunk);
        check(cuts_of_openmp(n, threads, true, chunk) == cuts_of_numloom(n, threads, guided), "guided", n, threads,
              chunk);
      }
    }
  }
  printf("%d cases, %d differ\n", cases, wrong);
  return wrong != 0;
}
