// How a region's items are dealt out to the members of its team: OpenMP's schedules, with the partition of libgomp.
//
// Both teams use it, so a schedule means the same everywhere. Which member works on an item is never to be seen in a
// result.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#include "types.h"

namespace nl {

/// In the order of SCHEDULE_KINDS in src/omp/parse.ts.
enum class ScheduleKind : int { kStatic, kDynamic, kGuided, kAuto };

struct Schedule {
  ScheduleKind kind = ScheduleKind::kStatic;
  /// Items dealt at a time; 0: equal shares for static and auto, else 1.
  isize chunk = 0;
};

/// The equal share of one member: the first n % members ones get an item more.
inline void equal_share(isize n, isize members, isize thread, isize* begin, isize* end) {
  const isize quotient = n / members, rest = n % members;
  *begin = quotient * thread + (thread < rest ? thread : rest);
  *end = *begin + quotient + (thread < rest ? 1 : 0);
}

/// Calls run(begin, end) for every range that falls to one member. `next` is the team's, 0 at the start of the region.
/// A chunk may be as large as an isize holds, which in wasm has 32 bits: so it is never multiplied beyond n.
template <class Run>
void deal(const Schedule& schedule, isize n, isize members, isize thread, std::atomic<isize>& next, const Run& run) {
  const isize chunk = schedule.chunk > 0 ? schedule.chunk : 1;
  const isize parts = n > 0 ? (n - 1) / chunk + 1 : 0;
  const auto run_part = [&](isize part) {
    const isize begin = part * chunk;
    run(begin, n - begin < chunk ? n : begin + chunk);
  };
  const bool is_static = schedule.kind == ScheduleKind::kStatic || schedule.kind == ScheduleKind::kAuto;
  if (is_static && (schedule.chunk <= 0 || schedule.kind == ScheduleKind::kAuto)) {
    isize begin, end;
    equal_share(n, members, thread, &begin, &end);
    if (begin < end) run(begin, end);
  } else if (is_static) {
    for (isize part = thread; part < parts; part += members) run_part(part);
  } else if (schedule.kind == ScheduleKind::kDynamic) {
    for (isize part = next.fetch_add(1); part < parts; part = next.fetch_add(1)) run_part(part);
  } else {
    isize begin = next.load();
    while (begin < n) {
      const isize share = (n - begin - 1) / members + 1, length = share > chunk ? share : chunk;
      const isize end = n - begin < length ? n : begin + length;
      if (!next.compare_exchange_weak(begin, end)) continue;
      run(begin, end);
      begin = next.load();
    }
  }
}

}  // namespace nl
