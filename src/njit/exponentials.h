// exp, expm1, sinh, cosh, tanh by the formulas and constants of fdlibm (netlib.org/fdlibm: e_exp.c, s_expm1.c,
// e_sinh.c, e_cosh.c, s_tanh.c), by which V8 computes Math. They err by up to 1.9 ULP, so only the same operations in
// the same order come out near V8's results: here they are the same bits. Cases that fdlibm tells apart are one where
// that changes no bit. SPDX-License-Identifier: MIT

#define NL_LN2_HIGH 0x1.62e42feep-1  // 33 bits of ln 2: products with the exponents of numbers are exact
#define NL_LN2_LOW 0x1.a39ef35793c76p-33
#define NL_INVERSE_LN2 0x1.71547652b82fep+0
#define NL_HALF_LN2 0x1.62e43p-2          // the least size that is reduced
#define NL_MOST_EXP 0x1.62e42fefa39efp+9  // above, exp overflows
#define NL_INFINITY __builtin_inf()

// Kernels over n elements; the results may go where arguments were.
#define NL_BLOCK1(name)                                                                        \
  static __attribute__((noinline, unused)) void nl_block_##name(const f64* x, f64* z, i32 n) { \
    NL_INDEPENDENT                                                                             \
    for (i32 i = 0; i < n; i++) z[i] = nl_fdlibm_##name(1, x[i]);                              \
  }
#define NL_BLOCK2(name)                                                                                      \
  static __attribute__((noinline, unused)) void nl_block_##name(const f64* x, const f64* y, f64* z, i32 n) { \
    NL_INDEPENDENT                                                                                           \
    for (i32 i = 0; i < n; i++) z[i] = nl_fdlibm_##name(1, x[i], y[i]);                                      \
  }

// A selection: of numbers one by one as a branch where that pays, in loops of lanes by a mask, because compilers do not
// vectorise every branch. `lanes` is a constant of the caller.
#define NL_PICK(yes, a, b) (lanes ? nl_blend(yes, a, b) : (yes) ? (a) : (b))
NL_INLINE f64 nl_blend(_Bool yes, f64 a, f64 b) {
  const u64 mask = yes ? ~(u64)0 : 0;
  return nl_of_bits((nl_bits(a) & mask) | (nl_bits(b) & ~mask));
}

// 2^k for whole k from -1022 to 1023, by the low bits of a sum.
NL_INLINE f64 nl_two_to(f64 k) { return nl_of_bits(nl_bits(k + (0x1.8p52 + 1023)) << 52); }
// y 2^k, rounded once, for whole k from -2044 to 2046.
NL_INLINE f64 nl_scaled(f64 y, f64 k) {
  const f64 half = trunc(0.5 * k);
  return y * nl_two_to(half) * nl_two_to(k - half);
}
// The whole number nearest to x / ln 2.
NL_INLINE f64 nl_powers_in(_Bool lanes, f64 x) {
  return NL_PICK(fabs(x) < NL_HALF_LN2, 0, trunc(NL_INVERSE_LN2 * x + copysign(0.5, x)));
}

// r - 2 (e^r - 1) / (e^r + 1) of t = r^2.
NL_INLINE f64 nl_exp_rest(f64 t) {
  return t * (0x1.555555555553ep-3 +
              t * (-0x1.6c16c16bebd93p-9 +
                   t * (0x1.1566aaf25de2cp-14 + t * (-0x1.bbd41c5d26bf1p-20 + t * 0x1.6376972bea4dp-25))));
}

NL_INLINE f64 nl_fdlibm_exp(_Bool lanes, f64 x) {
  const f64 k = nl_powers_in(lanes, x);
  const f64 high = x - k * NL_LN2_HIGH, low = k * NL_LN2_LOW, r = high - low, c = r - nl_exp_rest(r * r);
  const f64 near = nl_scaled(1 - ((low - r * c / (2 - c)) - high), k);
  const f64 finite = NL_PICK(fabs(x) < 0x1p-28, 1 + x, NL_PICK(x == 1, 0x1.5bf0a8b145769p+1, near));
  return NL_PICK(x > NL_MOST_EXP, NL_INFINITY, NL_PICK(x < -0x1.74910d52d3051p+9, 0, finite));
}

NL_INLINE f64 nl_fdlibm_expm1(_Bool lanes, f64 x) {
  const f64 k = nl_powers_in(lanes, x);
  const f64 high = x - k * NL_LN2_HIGH, low = k * NL_LN2_LOW, r = high - low, c = (high - r) - low;
  const f64 half = 0.5 * r, h = r * half;
  const f64 p = 1 + h * (-0x1.11111111110f4p-5 +
                         h * (0x1.a01a019fe5585p-10 +
                              h * (-0x1.4ce199eaadbb7p-14 + h * (0x1.0cfca86e65239p-18 + h * -0x1.afdb76e09c32dp-23))));
  const f64 t = 3 - p * half;
  const f64 e = (r * (h * ((p - t) / (6 - r * t)) - c) - c) - h;
  // (1 + r - e) 2^k - 1, of which each range of k loses the least in its own way.
  const f64 part = nl_two_to(NL_PICK(k > 56, -56, -k));
  const f64 whole = 1 - (e - r), less = (1 - part) - (e - r), more = (r - (e + part)) + 1;
  const f64 apart = NL_PICK((k == 1) & (r < -0.25), (r + 0.5) - e, less);
  const _Bool far = (k < -1) | (k > 56);
  const f64 scaled = nl_scaled(NL_PICK(far, whole, NL_PICK(k < 20, apart, more)), k);
  const f64 finite = NL_PICK(fabs(x) < 0x1p-54, x, scaled - NL_PICK(far, 1, 0));
  return NL_PICK(x > NL_MOST_EXP, NL_INFINITY, NL_PICK(x <= -0x1.3687ap+5, -1, finite));
}

// e^x / 2, of which e^x may overflow. `sign` is 1 or -1.
NL_INLINE f64 nl_half_exp(_Bool lanes, f64 size, f64 sign) {
  const _Bool far = size >= 0x1.62e42p+9;
  const f64 e = nl_fdlibm_exp(lanes, NL_PICK(far, 0.5 * size, size)), half = sign * 0.5 * e;
  return NL_PICK(size > 0x1.633ce8fb9f87dp+9, sign * NL_INFINITY, NL_PICK(far, half * e, half));
}

NL_INLINE f64 nl_fdlibm_sinh(_Bool lanes, f64 x) {
  const f64 size = fabs(x), sign = copysign(1, x), t = nl_fdlibm_expm1(lanes, size);
  const f64 q = NL_PICK(size < 1, t * t, t) / (t + 1);
  const f64 near = sign * 0.5 * NL_PICK(size < 1, 2 * t - q, t + q);
  return NL_PICK(size < 0x1p-28, x, NL_PICK(size < 22, near, nl_half_exp(lanes, size, sign)));
}

NL_INLINE f64 nl_cosh_near(_Bool lanes, f64 size) {
  const f64 t = nl_fdlibm_expm1(lanes, size), w = 1 + t;
  return NL_PICK(size < 0x1p-55, w, 1 + t * t / (w + w));
}
NL_INLINE f64 nl_cosh_far(_Bool lanes, f64 size) {
  const f64 half = nl_half_exp(lanes, size, 1);
  return half + NL_PICK(size < 22, 0.25 / half, 0);
}
NL_INLINE f64 nl_fdlibm_cosh(_Bool lanes, f64 x) {
  const f64 size = fabs(x);
  return NL_PICK(size < NL_HALF_LN2, nl_cosh_near(lanes, size), nl_cosh_far(lanes, size));
}

NL_INLINE f64 nl_fdlibm_tanh(_Bool lanes, f64 x) {
  const f64 size = fabs(x), t = nl_fdlibm_expm1(lanes, NL_PICK(size < 1, -2, 2) * size);
  const f64 q = NL_PICK(size < 1, -t, 2) / (t + 2);
  const f64 near = NL_PICK(size < 1, q, NL_PICK(size < 22, 1 - q, 1));
  return NL_PICK((size < 0x1p-28) | (x != x), x, copysign(near, x));
}

NL_OWN1(sinh) NL_OWN1(cosh) NL_OWN1(tanh)
#if defined(__wasm__)
NL_OWN1(expm1)
#endif
NL_BLOCK1(expm1) NL_BLOCK1(sinh) NL_BLOCK1(cosh) NL_BLOCK1(tanh)
