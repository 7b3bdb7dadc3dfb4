// What one gets by hand: the integral of sin(x + y) in plain C++ that the compiler vectorises, compiled for one
// instruction set, with no dispatch, no threads, and a sin for small arguments alone. A mark to measure numloom by.
//
// sin: x = k * pi + r by the magic-number way of rounding, pi in three parts, a Taylor polynomial of degree 19 in r,
// |r| <= pi / 2, and the sign by the parity of k. Below 2 ULP for |x| < 1e5.
// SPDX-License-Identifier: MIT

#include <cstdint>
#include <cstring>

static inline double as_double(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint64_t as_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline double sin_small(double x) {
  // Adding 1.5 * 2^52 leaves the nearest integer in the low bits.
  const double magic = 6755399441055744.0;
  const double shifted = x * 0.31830988618379067 + magic;
  const double k = shifted - magic;
  double r = x - k * 3.1415926218032837;
  r -= k * 3.1786509424591713e-08;
  r -= k * 1.2246467864107189e-16;
  const double s = r * r;
  double p = -8.2206352466243295e-18;
  p = p * s + 2.8114572543455206e-15;
  p = p * s - 7.6471637318198164e-13;
  p = p * s + 1.6059043836821613e-10;
  p = p * s - 2.5052108385441720e-08;
  p = p * s + 2.7557319223985893e-06;
  p = p * s - 1.9841269841269841e-04;
  p = p * s + 8.3333333333333332e-03;
  p = p * s - 1.6666666666666666e-01;
  return as_double(as_bits(r + r * (s * p)) ^ (as_bits(shifted) << 63));
}

extern "C" double integral2d(int n) {
  const double h = 3.14159265358979323846 / n;
  double total = 0;
  for (int i = 0; i < n; i++) {
    const double x = h * (i + 0.5);
    double row = 0;
#pragma omp simd reduction(+ : row)
    for (int j = 0; j < n; j++) row += sin_small(x + h * (j + 0.5));
    total += row;
  }
  return total * h * h;
}
