// asin, acos, atan, atan2 by the formulas and constants of fdlibm (e_asin.c, e_acos.c, s_atan.c, e_atan2.c), to V8's
// bits as in exponentials.h. SPDX-License-Identifier: MIT

#define NL_PI 0x1.921fb54442d18p+1
#define NL_PI_REST 0x1.1a62633145c07p-53

// (asin(y) - y) / y of z = y^2.
NL_INLINE f64 nl_asin_ratio(f64 z) {
  const f64 p = z * (0x1.5555555555555p-3 +
                     z * (-0x1.4d61203eb6f7dp-2 +
                          z * (0x1.9c1550e884455p-3 +
                               z * (-0x1.48228b5688f3bp-5 + z * (0x1.9efe07501b288p-11 + z * 0x1.23de10dfdf709p-15)))));
  const f64 q = 1 + z * (-0x1.33a271c8a2d4bp+1 +
                         z * (0x1.02ae59c598ac8p+1 + z * (-0x1.6066c1b8d0159p-1 + z * 0x1.3b8c5b12e9282p-4)));
  return p / q;
}
// A root of z to its upper half, and what is left of it.
struct nl_root {
  f64 whole, high, low;
};
NL_INLINE struct nl_root nl_root(f64 z) {
  const f64 whole = __builtin_sqrt(z), high = nl_of_bits(nl_bits(whole) & ~(u64)0xffffffff);
  return (struct nl_root){whole, high, (z - high * high) / (whole + high)};
}

NL_INLINE f64 nl_fdlibm_asin(_Bool lanes, f64 x) {
  const f64 size = fabs(x), z = NL_PICK(size < 0.5, x * x, (1 - size) * 0.5), r = nl_asin_ratio(z);
  const struct nl_root s = nl_root(z);
  const f64 last = NL_PI / 2 - (2 * (s.whole + s.whole * r) - NL_PI_REST / 2);
  const f64 p = 2 * s.whole * r - (NL_PI_REST / 2 - 2 * s.low), q = NL_PI / 4 - 2 * s.high;
  const f64 middle = NL_PI / 4 - (p - q);
  return NL_PICK(size < 0.5, x + x * r, copysign(NL_PICK(size >= 0x1.f3333p-1, last, middle), x));
}

NL_INLINE f64 nl_fdlibm_acos(_Bool lanes, f64 x) {
  const f64 size = fabs(x), z = NL_PICK(size < 0.5, x * x, (1 - size) * 0.5), r = nl_asin_ratio(z);
  const struct nl_root s = nl_root(z);
  const f64 middle = NL_PI / 2 - (x - (NL_PI_REST / 2 - x * r));
  const f64 below = NL_PI - 2 * (s.whole + (r * s.whole - NL_PI_REST / 2));
  const f64 above = NL_PICK(x == 1, 0, 2 * (s.high + (r * s.whole + s.low)));
  return NL_PICK(size < 0.5, middle, NL_PICK(x < 0, below, above));
}

// atan(x) of x >= 0: atan(c) + atan((x - c) / (1 + c x)) with c = 0, 1/2, 1, 3/2 or infinity.
NL_INLINE f64 nl_atan_of(_Bool lanes, f64 x) {
  const _Bool a = x >= 0.4375, b = x >= 0.6875, c = x >= 1.1875, d = x >= 2.4375;
  const f64 top = NL_PICK(d, -1, NL_PICK(c, x - 1.5, NL_PICK(b, x - 1, NL_PICK(a, 2 * x - 1, x))));
  const f64 bottom = NL_PICK(d, x, NL_PICK(c, 1 + 1.5 * x, NL_PICK(b, x + 1, NL_PICK(a, 2 + x, 1))));
  const f64 below = NL_PICK(b, NL_PI / 4, NL_PICK(a, 0x1.dac670561bb4fp-2, 0));
  const f64 high = NL_PICK(d, NL_PI / 2, NL_PICK(c, 0x1.f730bd281f69bp-1, below));
  const f64 rest = NL_PICK(b, NL_PI_REST / 4, NL_PICK(a, 0x1.a2b7f222f65e2p-56, 0));
  const f64 low = NL_PICK(d, NL_PI_REST / 2, NL_PICK(c, 0x1.007887af0cbbdp-56, rest));
  const f64 t = top / bottom, z = t * t, w = z * z;
  const f64 odd = z * (0x1.555555555550dp-2 +
                       w * (0x1.24924920083ffp-3 +
                            w * (0x1.745cdc54c206ep-4 +
                                 w * (0x1.10d66a0d03d51p-4 + w * (0x1.97b4b24760debp-5 + w * 0x1.0ad3ae322da11p-6)))));
  const f64 even = w * (-0x1.999999998ebc4p-3 +
                        w * (-0x1.c71c6fe231671p-4 +
                             w * (-0x1.3b0f2af749a6dp-4 + w * (-0x1.dde2d52defd9ap-5 + w * -0x1.2b4442c6a6c2fp-5))));
  return high - ((t * (odd + even) - low) - t);
}

NL_INLINE f64 nl_fdlibm_atan(_Bool lanes, f64 x) { return copysign(nl_atan_of(lanes, fabs(x)), x); }

NL_INLINE f64 nl_fdlibm_atan2(_Bool lanes, f64 y, f64 x) {
  const f64 height = fabs(y), width = fabs(x), infinity = NL_INFINITY;
  // Of the upper words, as it decides how the sum with pi is rounded.
  const i64 above = (i64)(nl_bits(height) >> 32) - (i64)(nl_bits(width) >> 32);
  const _Bool upright = ((above >= (i64)61 << 20) | (width == 0) | (height == infinity)) & (width != infinity);
  const f64 angle = nl_atan_of(lanes, NL_PICK((height == infinity) & (width == infinity), 1, height / width));
  const f64 first = NL_PICK(height == 0, 0, NL_PICK(upright, NL_PI / 2, angle));
  const _Bool left = (copysign(1, x) < 0) & !(upright & (height != 0));
  const f64 result = copysign(NL_PICK(left, NL_PI - (first - NL_PI_REST), first), y);
  return NL_PICK((x != x) | (y != y), __builtin_nan(""), result);
}

#if !defined(__wasm__)
NL_OWN1(asin) NL_OWN1(acos) NL_OWN1(atan) NL_OWN2(atan2)
#endif
NL_BLOCK1(asin) NL_BLOCK1(acos) NL_BLOCK1(atan) NL_BLOCK2(atan2)
