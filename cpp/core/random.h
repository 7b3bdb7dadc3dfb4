// Random numbers for compiled functions: xoshiro256++, a generator of its own for each thread.
//
// Not for the array library's own random numbers, whose streams do not depend on threads. SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#include "types.h"

namespace nl {

class Random {
 public:
  /// Uniform in [0, 1), 53 bits.
  f64 next(std::atomic<u64>& seeds) {
    if (!seeded_) seed(seeds);
    const u64 result = rotate(state_[0] + state_[3], 23) + state_[0];
    const u64 shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return static_cast<f64>(result >> 11) * 0x1p-53;
  }

 private:
  static u64 rotate(u64 x, int bits) { return (x << bits) | (x >> (64 - bits)); }

  /// By splitmix64, from a starting point that no other thread gets.
  void seed(std::atomic<u64>& seeds) {
    constexpr u64 kStep = 0x9e3779b97f4a7c15;
    u64 at = seeds.fetch_add(4 * kStep);
    for (u64& word : state_) {
      u64 z = at += kStep;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      word = z ^ (z >> 31);
    }
    seeded_ = true;
  }

  u64 state_[4] = {};
  bool seeded_ = false;
};

}  // namespace nl
