// parallel_for: the only way in which a kernel uses threads.
//
// The work is cut into chunks whose borders depend on the problem alone, never on the thread count, so the bits of a
// result do not either. One function per target runs the chunks: an OpenMP region (node/threads.cpp), a team of
// pthreads (wasm/threads.cpp), or a plain call (wasm/serial.cpp). It takes the thread count that the caller set.
// SPDX-License-Identifier: MIT
#pragma once

#include "types.h"

namespace nl {

/// Runs chunks [begin, end) as team member `thread`.
using RunChunks = void (*)(const void* context, isize begin, isize end, int thread);

/// Deals `chunks` out to the team by the schedule in force (schedule.h); returns when all are done.
void run_region(isize chunks, RunChunks run, const void* context);

/// Deals `items` out in equal shares, `run` being called at most once on each member; returns when all are done.
void run_members(isize items, RunChunks run, const void* context);

/// The same by a schedule of its own (the kinds of schedule.h by number; -1: the schedule in force). Returns how many
/// team members there were.
int run_scheduled(isize items, RunChunks run, const void* context, int kind, isize chunk);

/// The most team members that the next region of this thread has; 1 inside a region.
int region_threads();

namespace NL_ISA {

/// body(begin, end) for consecutive ranges of `grain` (the last one may be shorter) that together are [0, n).
template <class Body>
void parallel_for(isize n, isize grain, const Body& body) {
  if (n <= grain) {
    if (n > 0) body(isize(0), n);
    return;
  }
  struct Context {
    isize n, grain;
    const Body& body;
  } context{n, grain, body};
  run_region((n + grain - 1) / grain,
             [](const void* opaque, isize begin, isize end, int) {
               const Context& c = *static_cast<const Context*>(opaque);
               for (isize chunk = begin; chunk < end; chunk++) {
                 const isize low = chunk * c.grain, high = low + c.grain;
                 c.body(low, high < c.n ? high : c.n);
               }
             },
             &context);
}

/// body(row, begin, end) over ranges of columns that together cover an m x n grid: whole rows while they are short,
/// parts of a row where they are longer than `grain`.
template <class Body>
void parallel_grid(isize m, isize n, isize grain, const Body& body) {
  if (m == 1 || n >= grain) {
    for (isize row = 0; row < m; row++) {
      parallel_for(n, grain, [&, row](isize begin, isize end) { body(row, begin, end); });
    }
  } else if (n > 0) {
    parallel_for(m, grain / n, [&](isize begin, isize end) {
      for (isize row = begin; row < end; row++) body(row, isize(0), n);
    });
  }
}

/// body(begin, end, thread), once per team member: for work that needs a buffer of its own per thread. Which items a
/// member gets depends on the thread count, so items must not influence each other's bits.
template <class Body>
void parallel_members(isize items, const Body& body) {
  run_members(
      items,
      [](const void* opaque, isize begin, isize end, int thread) {
        (*static_cast<const Body*>(opaque))(begin, end, thread);
      },
      &body);
}

}  // namespace NL_ISA
}  // namespace nl
