// pow by the formulas and constants of fdlibm (e_pow.c): the logarithm to 74 bits, times y, and the power of 2 of that.
// What fdlibm has for exponents above 2^31 is left out: it loses half of the digits. 0.7 ULP. SPDX-License-Identifier:
// MIT

// The upper half of x: products of such are exact.
NL_INLINE f64 nl_upper(f64 x) { return nl_of_bits(nl_bits(x) & ~(u64)0xffffffff); }

struct nl_pair {
  f64 high, low;
};
// log2(x) of a finite x > 0, by x = 2^n c (1 + s) / (1 - s) with c = 1 or 3/2. `high` is an upper half.
NL_INLINE struct nl_pair nl_log2_of(_Bool lanes, f64 x) {
  const struct nl_binary b = nl_binary_anywhere(lanes, x);
  const _Bool above = b.fraction >= 0x1.bb67ap+0, middle = (b.fraction >= 0x1.3988fp+0) & !above;
  const f64 n = b.exponent + NL_PICK(above, 1, 0), g = b.fraction * NL_PICK(above, 0.5, 1), c = NL_PICK(middle, 1.5, 1);
  const f64 f = g - c, v = 1 / (g + c), s = f * v;
  const f64 high = nl_upper(s), sum = nl_upper(g + c);
  const f64 low = v * ((f - high * sum) - high * (g - (sum - c)));
  const f64 z = s * s;
  const f64 p =
      0x1.55555518f264dp-2 + z * (0x1.17460a91d4101p-2 + z * (0x1.d864a93c9db65p-3 + z * 0x1.a7e284a454eefp-3));
  const f64 r = z * z * (0x1.3333333333303p-1 + z * (0x1.b6db6db6fabffp-2 + z * p)) + low * (high + s);
  const f64 square = high * high, t = nl_upper(3 + square + r), rest = r - ((t - 3) - square);
  const f64 u = high * t, w = low * t + rest * s, q = nl_upper(u + w), q_low = w - (q - u);
  const f64 part = 0x1.ec709ep-1 * q;
  const f64 part_low =
      -0x1.e2fe0145b01f5p-28 * q + q_low * 0x1.ec709dc3a03fdp-1 + NL_PICK(middle, 0x1.cfdeb43cfd006p-27, 0);
  const f64 offset = NL_PICK(middle, 0x1.2b8034p-1, 0), log = nl_upper(((part + part_low) + offset) + n);
  return (struct nl_pair){log, part_low - (((log - n) - offset) - part)};
}

// 2^(high + low).
NL_INLINE f64 nl_exp2_of(_Bool lanes, f64 high, f64 low) {
  const f64 sum = high + low, n = NL_PICK(fabs(sum) < 0x1.00001p-1, 0, trunc(sum + copysign(0.5, sum)));
  const f64 rest = high - n, t = nl_upper(low + rest);
  const f64 u = t * 0x1.62e43p-1, v = (low - (t - rest)) * 0x1.62e42fefa39efp-1 + t * -0x1.05c610ca86c39p-29;
  const f64 z = u + v, w = v - (z - u), c = z - nl_exp_rest(z * z);
  const f64 r = z * c / (c - 2) - (w + z * w);
  const f64 result = nl_scaled(1 - (r - z), n);
  return NL_PICK(sum > 1025, NL_INFINITY, NL_PICK(sum < -1080, 0, result));
}

NL_INLINE f64 nl_fdlibm_pow(_Bool lanes, f64 x, f64 y) {
  const f64 size = fabs(x), far = 0x1p70;
  // Larger exponents give zero, infinity or 1 as this one does.
  const f64 exponent = NL_PICK(fabs(y) < far, y, copysign(far, y)), upper = nl_upper(exponent);
  const struct nl_pair log = nl_log2_of(lanes, size);
  const f64 power = nl_exp2_of(lanes, upper * log.high, (exponent - upper) * log.high + exponent * log.low);
  const f64 edge = NL_PICK((size == 0) == (y > 0), 0, NL_INFINITY);
  const f64 finite = NL_PICK((size == 0) | (size == NL_INFINITY), edge, power);
  const _Bool whole = trunc(y) == y, odd = whole & (trunc(0.5 * y) != 0.5 * y);
  const f64 result = NL_PICK(odd, copysign(finite, x), finite);
  const _Bool none = (x != x) | (y != y) | ((size == 1) & (fabs(y) == NL_INFINITY));
  const _Bool root = (x < 0) & (size != NL_INFINITY) & !whole;
  return NL_PICK(y == 0, 1, NL_PICK(none | root, __builtin_nan(""), result));
}

// Of four lanes and fewer the C library's is as fast; the engine's is not.
#if defined(__AVX512F__) || defined(__wasm__)
NL_BLOCK2(pow)
#else
static __attribute__((noinline, unused)) void nl_block_pow(const f64* x, const f64* y, f64* z, i32 n) {
  for (i32 i = 0; i < n; i++) z[i] = nl_power(x[i], y[i]);
}
#endif
