// Reduction of an angle of any size modulo pi/2 (the method of Payne and Hanek), for arguments beyond the vector loops.
//
// Only the bits of 2/pi that matter for the fraction of x * 2/pi, and for its integer part modulo 4, are multiplied.
// SPDX-License-Identifier: MIT
#pragma once

#include "types.h"

namespace nl {
namespace NL_ISA {
namespace math {

/// An angle as quadrant * pi/2 + y - tail.
struct HugeAngle {
  f64 y, tail;
  u64 quadrant;
};

/// 64 zeros, then the first 1216 bits of 2/pi.
constexpr u64 kTwoOverPi[20] = {0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
                                0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
                                0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
                                0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
                                0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab};
constexpr u64 kHalfPi = 0xc90fdaa22168c234;  // pi/2 * 2^63

/// 2^exponent of a normal number.
inline f64 power_of_two(int exponent) {
  const u64 bits = u64(1023 + exponent) << 52;
  f64 x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

/// Reduces any finite x of at least 2^10: |y| <= pi/4 and correct to 2^-60 of its value, tail included.
inline HugeAngle reduce_huge(f64 x) {
  typedef unsigned __int128 u128;
  u64 bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  const u64 integer = (bits & ((u64(1) << 52) - 1)) | (u64(1) << 52);
  // |x| is integer * 2^power. Bits of 2/pi above the one of weight 2^(1 - power) give multiples of 4.
  const int power = int(bits >> 52 & 0x7ff) - 1075;
  const int first = power + 62, word = first >> 6, shift = first & 63;
  u64 window[3];
  for (int i = 0; i < 3; i++) {
    window[i] = kTwoOverPi[word + i] << shift;
    if (shift != 0) window[i] |= kTwoOverPi[word + i + 1] >> (64 - shift);
  }
  const u128 low = u128(integer) * window[2];
  const u128 middle = u128(integer) * window[1] + u64(low >> 64);
  const u128 product = (u128(integer * window[0]) << 64) + middle;
  // The product counts quadrants, with two bits before the binary point.
  u64 quadrant = u64(product >> 126);
  u128 fraction = product << 2 | u64(low) >> 62;
  const bool above = fraction >> 127 != 0;  // more than half a quadrant: count down from the next one
  if (above) {
    quadrant++;
    fraction = -fraction;
  }
  const u64 top = u64(fraction >> 64);
  const int zeros = top != 0 ? __builtin_clzll(top) : 64;
  const u64 leading = u64(fraction << zeros >> 64);
  const u64 value = u64(u128(leading) * kHalfPi >> 64), y = (value + 0x400) & ~u64(0x7ff);
  const f64 unit = power_of_two(-63 - zeros);
  const bool negative = bits >> 63 != 0;
  const f64 sign = above != negative ? -unit : unit;
  return {f64(y) * sign, f64(i64(y - value)) * sign, negative ? -quadrant : quadrant};
}

}  // namespace math
}  // namespace NL_ISA
}  // namespace nl
