// Parallel loops of compiled functions (src/njit): how their iterations become the items of a region.
// SPDX-License-Identifier: MIT
#pragma once

#include "parallel.h"

namespace nl {

/// As many items as a region can count on every target; more iterations share items.
constexpr f64 kMostItems = 1 << 30;

/// body(begin, end) for ranges that together are [0, iterations). Returns how many team members there were.
template <class Body>
int run_iterations(f64 iterations, int kind, isize chunk, const Body& body) {
  f64 grain = 1;
  while (iterations > kMostItems * grain) grain *= 2;
  struct Context {
    f64 iterations, grain;
    const Body& body;
  } context{iterations, grain, body};
  const f64 items = __builtin_ceil(iterations / grain);
  const isize scaled = chunk <= 0 ? 0 : static_cast<isize>(__builtin_ceil(f64(chunk) / grain));
  return run_scheduled(
      items > 0 ? static_cast<isize>(items) : 0,
      [](const void* opaque, isize begin, isize end, int) {
        const Context& c = *static_cast<const Context*>(opaque);
        const f64 stop = f64(end) * c.grain;
        c.body(f64(begin) * c.grain, stop < c.iterations ? stop : c.iterations);
      },
      &context, kind, scaled);
}

}  // namespace nl
