// log, log1p, log2, log10, asinh, acosh, atanh by the formulas and constants of fdlibm (e_log.c, s_log1p.c, e_log10.c,
// s_asinh.c, e_acosh.c, e_atanh.c) and of FreeBSD (e_log2.c), to V8's bits as in exponentials.h.
// SPDX-License-Identifier: MIT

// x = 2^exponent * fraction, 1 <= fraction < 2, of a normal x above 0.
struct nl_binary {
  f64 exponent, fraction;
};
NL_INLINE struct nl_binary nl_binary(f64 x) {
  const u64 bits = nl_bits(x);
  const f64 exponent = nl_of_bits(bits >> 52 | 0x4330000000000000) - (0x1p52 + 1023);
  return (struct nl_binary){exponent, nl_of_bits((bits & 0xfffffffffffff) | 0x3ff0000000000000)};
}
NL_INLINE struct nl_binary nl_binary_anywhere(_Bool lanes, f64 x) {
  const _Bool small = x < 0x1p-1022;
  struct nl_binary result = nl_binary(NL_PICK(small, x * 0x1p54, x));
  result.exponent -= NL_PICK(small, 54, 0);
  return result;
}
// A result for 0 < x < Infinity, or what logarithms are elsewhere.
NL_INLINE f64 nl_logarithm(_Bool lanes, f64 x, f64 result) {
  const f64 outside = NL_PICK(x == 0, -NL_INFINITY, NL_PICK(x > 0, x, __builtin_nan("")));
  return NL_PICK((x > 0) & (x < NL_INFINITY), result, outside);
}

// s (f^2/2 + R) with s = f / (2 + f), half = f^2 / 2: log(1 + f) = f - half + that.
struct nl_series {
  f64 s, half, rest;
};
NL_INLINE struct nl_series nl_series(f64 f) {
  const f64 s = f / (2 + f), z = s * s, w = z * z;
  const f64 even = w * (0x1.999999997fa04p-2 + w * (0x1.c71c51d8e78afp-3 + w * 0x1.39a09d078c69fp-3));
  const f64 odd =
      z * (0x1.5555555555593p-1 + w * (0x1.2492494229359p-2 + w * (0x1.7466496cb03dep-3 + w * 0x1.2f112df3e5244p-3)));
  return (struct nl_series){s, 0.5 * f * f, odd + even};
}

NL_INLINE f64 nl_log_of(_Bool lanes, struct nl_binary x) {
  const f64 g = x.fraction;
  const _Bool upper = g >= 0x1.6a09cp+0;
  const f64 f = g * NL_PICK(upper, 0.5, 1) - 1, k = x.exponent + NL_PICK(upper, 1, 0), low = k * NL_LN2_LOW;
  const struct nl_series a = nl_series(f);
  const f64 middle = a.half - (a.s * (a.half + a.rest) + low), outer = a.s * (f - a.rest) - low;
  const f64 near = f * f * (0.5 - 0x1.5555555555555p-2 * f) - low;
  const f64 series = NL_PICK((g >= 0x1.6147ap+0) & (g < 0x1.6b852p+0), middle, outer);
  return k * NL_LN2_HIGH - (NL_PICK((g < 0x1.00001p+0) | (g >= 0x1.ffffep+0), near, series) - f);
}

NL_INLINE f64 nl_fdlibm_log(_Bool lanes, f64 x) {
  return nl_logarithm(lanes, x, nl_log_of(lanes, nl_binary_anywhere(lanes, x)));
}

NL_INLINE f64 nl_fdlibm_log10(_Bool lanes, f64 x) {
  const struct nl_binary a = nl_binary_anywhere(lanes, x);
  const f64 up = NL_PICK(a.exponent < 0, 1, 0), k = a.exponent + up;
  const f64 rest =
      k * 0x1.9fef311f12b36p-42 + 0x1.bcb7b1526e50ep-2 * nl_log_of(lanes, (struct nl_binary){-up, a.fraction});
  return nl_logarithm(lanes, x, rest + k * 0x1.34413509f6p-2);
}

NL_INLINE f64 nl_fdlibm_log2(_Bool lanes, f64 x) {
  const struct nl_binary b = nl_binary_anywhere(lanes, x);
  const _Bool upper = b.fraction >= 0x1.6a09cp+0;
  const f64 f = b.fraction * NL_PICK(upper, 0.5, 1) - 1, k = b.exponent + NL_PICK(upper, 1, 0);
  const struct nl_series a = nl_series(f);
  const f64 high = nl_of_bits(nl_bits(f - a.half) & ~(u64)0xffffffff);
  const f64 low = (f - high) - a.half + a.s * (a.half + a.rest);
  const f64 part = high * 0x1.71547652p+0, rest = (low + high) * 0x1.705fc2eefa2p-33 + low * 0x1.71547652p+0;
  const f64 sum = k + part;
  return nl_logarithm(lanes, x, rest + ((k - sum) + part) + sum);
}

NL_INLINE f64 nl_fdlibm_log1p(_Bool lanes, f64 x) {
  const _Bool near = (x < 0x1.a827ap-2) & (x > -0x1.2bec5p-2), far = x >= 0x1p53;
  const f64 u = NL_PICK(near, 1, NL_PICK(far, x, 1 + x));
  const struct nl_binary b = nl_binary(u);
  const _Bool upper = b.fraction >= 0x1.6a09ep+0;
  const f64 g = b.fraction * NL_PICK(upper, 0.5, 1);
  const f64 f = NL_PICK(near, x, g - 1), k = b.exponent + NL_PICK(upper, 1, 0);
  // What the rounding of 1 + x lost.
  const f64 lost = NL_PICK(near | far, 0, NL_PICK(u >= 2, 1 - (u - x), x - (u - 1)) / u);
  const f64 half = 0.5 * f * f, s = f / (2 + f), z = s * s, low = k * NL_LN2_LOW + lost;
  const f64 p =
      0x1.2492494229359p-2 +
      z * (0x1.c71c51d8e78afp-3 + z * (0x1.7466496cb03dep-3 + z * (0x1.39a09d078c69fp-3 + z * 0x1.2f112df3e5244p-3)));
  const f64 r = z * (0x1.5555555555593p-1 + z * (0x1.999999997fa04p-2 + z * p));
  const _Bool tiny = !near & ((b.fraction < 0x1.00001p+0) | (b.fraction >= 0x1.ffffdp+0));
  const f64 q = NL_PICK(tiny, half * (1 - 0x1.5555555555555p-1 * f) - low, half - (s * (half + r) + low));
  const f64 size = fabs(x), small = NL_PICK(size < 0x1p-54, x, x - x * x * 0.5);
  const f64 result = NL_PICK(size < 0x1p-29, small, k * NL_LN2_HIGH - (q - f));
  const f64 outside = NL_PICK(x == -1, -NL_INFINITY, NL_PICK(x > 0, x, __builtin_nan("")));
  return NL_PICK((x > -1) & (x < NL_INFINITY), result, outside);
}

#define NL_LN2 0x1.62e42fefa39efp-1

// asinh and acosh of a large x are log(x) + ln 2.
NL_INLINE f64 nl_asinh_near(_Bool lanes, f64 size) {
  const f64 t = size * size;
  return nl_fdlibm_log1p(lanes, size + t / (1 + __builtin_sqrt(t + 1)));
}
NL_INLINE f64 nl_asinh_far(_Bool lanes, f64 size) {
  const _Bool large = size >= 0x1.00001p+28;
  const f64 sum = 2 * size + 1 / (__builtin_sqrt(size * size + 1) + size);
  return nl_fdlibm_log(lanes, NL_PICK(large, size, sum)) + NL_PICK(large, NL_LN2, 0);
}
NL_INLINE f64 nl_fdlibm_asinh(_Bool lanes, f64 x) {
  const f64 size = fabs(x);
  const f64 result = NL_PICK(size < 0x1.00001p+1, nl_asinh_near(lanes, size), nl_asinh_far(lanes, size));
  return NL_PICK((size < 0x1p-28) | (x != x), x, copysign(result, x));
}

NL_INLINE f64 nl_acosh_near(_Bool lanes, f64 x) {
  const f64 t = x - 1;
  return nl_fdlibm_log1p(lanes, t + __builtin_sqrt(2 * t + t * t));
}
NL_INLINE f64 nl_acosh_far(_Bool lanes, f64 x) {
  const _Bool large = x >= 0x1p+28;
  const f64 sum = 2 * x - 1 / (x + __builtin_sqrt(x * x - 1));
  return nl_fdlibm_log(lanes, NL_PICK(large, x, sum)) + NL_PICK(large, NL_LN2, 0);
}
NL_INLINE f64 nl_fdlibm_acosh(_Bool lanes, f64 x) {
  const f64 result = NL_PICK(x < 0x1.00001p+1, nl_acosh_near(lanes, x), nl_acosh_far(lanes, x));
  return NL_PICK(x < 1, __builtin_nan(""), result);
}

NL_INLINE f64 nl_fdlibm_atanh(_Bool lanes, f64 x) {
  const f64 size = fabs(x), twice = size + size;
  const f64 near =
      0.5 * nl_fdlibm_log1p(lanes, NL_PICK(size < 0.5, twice + twice * size / (1 - size), twice / (1 - size)));
  return NL_PICK(size < 0x1p-28, x, copysign(NL_PICK(size > 1, __builtin_nan(""), near), x));
}

NL_OWN1(log1p)
NL_OWN1(log10)
#if defined(__wasm__)
    NL_OWN1(log2) NL_OWN1(asinh) NL_OWN1(acosh) NL_OWN1(atanh)
#endif
        NL_BLOCK1(log1p) NL_BLOCK1(log2) NL_BLOCK1(log10) NL_BLOCK1(asinh) NL_BLOCK1(acosh) NL_BLOCK1(atanh)
