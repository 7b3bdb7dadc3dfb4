// Compares core/schedule.h, with sizes of 32 bits as wasm has them, with partitions by plain 64-bit arithmetic: chunks
// may be as large as a size holds. Prints one line for each difference, then how many cases there were.
// SPDX-License-Identifier: MIT

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#define ptrdiff_t int32_t
#include "../../cpp/core/schedule.h"
#undef ptrdiff_t

using Ranges = std::vector<std::pair<int64_t, int64_t>>;
using nl::ScheduleKind;

static_assert(sizeof(nl::isize) == 4, "the sizes of wasm");

/// More ranges than any case here has: what goes on for ever would otherwise fill the memory.
constexpr size_t kMost = 5000;

/// The ranges of each member, which come one after the other and share the region's counter.
static std::vector<Ranges> dealt(const nl::Schedule& schedule, nl::isize n, nl::isize members) {
  std::vector<Ranges> ranges(static_cast<size_t>(members));
  std::atomic<nl::isize> next{0};
  for (nl::isize thread = 0; thread < members; thread++) {
    Ranges& own = ranges[static_cast<size_t>(thread)];
    try {
      nl::deal(schedule, n, members, thread, next, [&](nl::isize begin, nl::isize end) {
        own.push_back({begin, end});
        if (own.size() > kMost) throw 0;
      });
    } catch (int) {
    }
  }
  return ranges;
}

static std::vector<Ranges> expected(const nl::Schedule& schedule, int64_t n, int64_t members) {
  std::vector<Ranges> ranges(static_cast<size_t>(members));
  const int64_t chunk = std::max<int64_t>(schedule.chunk, 1);
  int64_t begin = 0;
  for (size_t part = 0; begin < n; part++) {
    const bool guided = schedule.kind == ScheduleKind::kGuided;
    const int64_t length = guided ? std::max(chunk, (n - begin + members - 1) / members) : chunk;
    // The first member takes all that is not dealt out beforehand.
    const size_t thread = schedule.kind == ScheduleKind::kStatic ? part % static_cast<size_t>(members) : 0;
    ranges[thread].push_back({begin, std::min(n, begin + length)});
    begin += length;
  }
  return ranges;
}

int main() {
  const nl::isize most = INT32_MAX;
  const nl::isize sizes[] = {1, 2, 5, 64, 1000, 1 << 30, most - 1, most};
  const nl::isize chunks[] = {1, 7, 999, 1 << 20, 800000000, 1 << 30, 1500000000, most - 1, most};
  int cases = 0, wrong = 0;
  for (nl::isize n : sizes) {
    for (nl::isize members : {1, 2, 3, 7, 64}) {
      for (nl::isize chunk : chunks) {
        if (n / chunk > nl::isize(kMost) - 2) continue;
        for (ScheduleKind kind : {ScheduleKind::kStatic, ScheduleKind::kDynamic, ScheduleKind::kGuided}) {
          const nl::Schedule schedule{kind, chunk};
          cases++;
          if (dealt(schedule, n, members) == expected(schedule, n, members)) continue;
          wrong++;
          printf("kind %d: n = %d, %d members, chunk %d differ\n", int(kind), int(n), int(members), int(chunk));
        }
      }
    }
  }
  printf("%d cases, %d differ\n", cases, wrong);
  return wrong != 0;
}
