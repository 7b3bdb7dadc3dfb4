// Elementary functions of the two f64 lanes of a vector: the code behind kernels/math.ts, and constants of fused loops.
//
// Algorithms and constants are those of cpp/core/math.h, step by step, so that both give the same bits where neither
// fuses multiplications and additions. Each function has a range, which its kernel checks, and a way for the rest.
// SPDX-License-Identifier: MIT

/**
 * A constant in both lanes. V8 rebuilds every vector literal of a loop in every turn, by three instructions, where this
 * is one load.
 */
@inline export function constant(table: usize, index: i32): v128 {
  return v128.load_splat<f64>(table + (<usize>index << 3))
}

/** Rounded twice. */
@inline export function madd(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(a, b), c)
}

/** x + ROUND rounds x, |x| < 2^51, to an integer and leaves it in the low bits of the sum. */
const ROUND: f64 = 6755399441055744

/** The largest |x| of sin64 and sin32. */
export const SIN_LIMIT: f64 = 49152
export const SIN32_LIMIT: f64 = 1e7

/**
 * For sums of sines: 1/pi, ROUND, -pi in two parts, 2; then sin(r) = r + r^3 (c0 + c1 r^2 + ...), |r| <= pi/2. Absolute
 * errors are below 2e-16.
 */
export const FLAT: usize = memory.data<f64>([
  0.3183098861837907, ROUND, -3.141592653589896, 1.0290623200529979e-13, 2,
  -0.16666666666666666, 0.008333333333333196, -0.00019841269841207673, 2.7557319210711277e-06,
  -2.505210682736438e-08, 1.605893729270237e-10, -7.642927849518864e-13, 2.720509707830343e-15,
])

/**
 * 2/pi; -pi/2 in three parts, of which products of the first two with integers to 2^15 are exact; then
 * sin(y) = y - y^3 (s0 + s1 y^2 + ...), |y| <= pi/4; then 1/2, a middle m and 1 - m^2/2; then ROUND for the sine and for
 * the cosine, whose quadrant is one more: cos(x) = sin(x + pi/2); then the largest |x|, and 2^-120.
 */
const SIN: usize = memory.data<f64>([
  0.6366197723675814, -1.5707963267923333, -2.5633441515839558e-12, 1.0562999066987428e-23,
  0.1666666666666663, -0.00833333333332184, 0.0001984126982935853,
  -2.75573135385159e-06, 2.505073438947032e-08, -1.5895433289515487e-10,
  0.5, 0.703125, 0.7528076171875,
  ROUND, ROUND + 1, SIN_LIMIT,
  7.52316384526264e-37,
])
const LOWEST_BIT: usize = memory.data<u64>([1])

/** Whether a lane of x is beyond the range of sin64. NaN is not. */
@inline export function beyondSin64(x: v128): bool {
  return i64x2.bitmask(f64x2.gt(f64x2.abs(x), constant(SIN, 15))) != 0
}

/** sin(x + quarterTurns * pi/2) for |x| <= SIN_LIMIT; quarterTurns is 0 or 1. To 0.98 ULP. */
@inline export function sin64(x: v128, quarterTurns: i32): v128 {
  const round = constant(SIN, 13 + quarterTurns)
  const shifted = madd(x, constant(SIN, 0), round)
  const k = f64x2.sub(shifted, round)
  // All steps but the last are exact.
  const r = madd(k, constant(SIN, 1), x)
  const w = f64x2.mul(k, constant(SIN, 2))
  const y = f64x2.add(r, w)
  const tail = madd(k, constant(SIN, 3), f64x2.sub(f64x2.sub(y, r), w))
  return sinOfAngle(y, tail, shifted)
}

/**
 * The sine of quadrant * pi/2 + y - tail; the quadrant stands in the low bits. One polynomial serves all quadrants: in
 * odd ones cos(y) = 1 - t^2/2, t = 2 sin(y/2). The square is taken from that of a middle, so that it is rounded less.
 */
@inline export function sinOfAngle(y: v128, tail: v128, quadrant: v128): v128 {
  const bit = v128.and(quadrant, v128.load64_splat(LOWEST_BIT))
  // A quarter by the exponent, which must not be that of zero.
  const s = i64x2.sub(madd(y, y, constant(SIN, 16)), i64x2.shl(bit, 53))
  const t = f64x2.sub(y, madd(y, f64x2.mul(s, sixTerms(s, 4)), tail))
  const middle = constant(SIN, 11)
  const difference = f64x2.mul(constant(SIN, 10), f64x2.sub(t, middle))
  const cosine = f64x2.sub(constant(SIN, 12), f64x2.mul(difference, f64x2.add(t, middle)))
  const sign = i64x2.shl(i64x2.shr_u(quadrant, 1), 63)
  return v128.xor(v128.bitselect(cosine, t, i64x2.neg(bit)), sign)
}

/** The polynomial of degree 5 in s whose coefficients begin at `first` in SIN. */
@inline function sixTerms(s: v128, first: i32): v128 {
  const c45 = madd(s, constant(SIN, first + 5), constant(SIN, first + 4))
  const c345 = madd(s, c45, constant(SIN, first + 3))
  const c2345 = madd(s, c345, constant(SIN, first + 2))
  return madd(s, madd(s, c2345, constant(SIN, first + 1)), constant(SIN, first))
}

/**
 * 1/pi, ROUND, -pi in two parts, 1; then sin(r) = r (1 + c0 r^2 + ...), |r| <= pi/2; then the part
 * of pi that is added for the sine and the cosine, and the largest |x|.
 */
const SIN32: usize = memory.data<f64>([
  0.3183098861837907, ROUND, -3.141592651605606, -1.984187159361081e-09, 1,
  -0.1666666662614555, 0.008333331108423412, -0.00019840868184245488, 2.752538299590154e-06, -2.3888882293734888e-08,
  0, 0.5, SIN32_LIMIT,
])

/** Whether a lane of x is beyond the range of sin32. NaN is not. */
@inline export function beyondSin32(x: v128): bool {
  return i64x2.bitmask(f64x2.gt(f64x2.abs(x), constant(SIN32, 12))) != 0
}

/** sin64 for results that are rounded to f32, |x| <= SIN32_LIMIT. */
@inline export function sin32(x: v128, quarterTurns: i32): v128 {
  const part = constant(SIN32, 10 + quarterTurns)
  const round = constant(SIN32, 1)
  const shifted = f64x2.add(madd(x, constant(SIN32, 0), part), round)
  const k = f64x2.sub(f64x2.sub(shifted, round), part)
  const r = madd(k, constant(SIN32, 3), madd(k, constant(SIN32, 2), x))
  const s = f64x2.mul(r, r)
  const s2 = f64x2.mul(s, s)
  const c01 = madd(s, constant(SIN32, 5), constant(SIN32, 4))
  const c23 = madd(s, constant(SIN32, 7), constant(SIN32, 6))
  const c45 = madd(s, constant(SIN32, 9), constant(SIN32, 8))
  const p = madd(s2, madd(s2, c45, c23), c01)
  return v128.xor(f64x2.mul(r, p), i64x2.shl(shifted, 63))
}

/**
 * 1/ln 2, ROUND, -ln 2 in two parts, 1; then exp(r) = 1 + r + r^2 (c0 + c1 r + ...), |r| <= ln(2)/2; then
 * the largest |x|.
 */
const EXP: usize = memory.data<f64>([
  1.4426950408889634, ROUND, -0.6931471805601177, 1.7239444525614835e-13, 1,
  0.5, 0.1666666666666643, 0.04166666666660296, 0.008333333333502026, 0.0013888888927245232,
  0.00019841269463003098, 2.4801508065634403e-05, 2.7557642469929526e-06, 2.762545190718623e-07,
  2.4978335353074492e-08,
  708,
])

/** Whether both lanes of x are in the range of exp64. */
@inline export function inExpRange(x: v128): bool {
  return i64x2.bitmask(f64x2.le(f64x2.abs(x), constant(EXP, 15))) == 3
}

/** e^x for |x| <= 708, to 0.95 ULP. */
@inline export function exp64(x: v128): v128 {
  const shifted = madd(x, constant(EXP, 0), constant(EXP, 1))
  return i64x2.add(expSignificand(x, shifted), i64x2.shl(shifted, 52))
}

/** exp(x - k ln 2); k is what `shifted` is beyond ROUND. */
@inline function expSignificand(x: v128, shifted: v128): v128 {
  const k = f64x2.sub(shifted, constant(EXP, 1))
  const high = madd(k, constant(EXP, 2), x)
  const low = f64x2.mul(k, constant(EXP, 3))
  const r = f64x2.add(high, low)
  const r2 = f64x2.mul(r, r)
  const r4 = f64x2.mul(r2, r2)
  const c01 = madd(r, constant(EXP, 6), constant(EXP, 5))
  const c23 = madd(r, constant(EXP, 8), constant(EXP, 7))
  const c45 = madd(r, constant(EXP, 10), constant(EXP, 9))
  const c67 = madd(r, constant(EXP, 12), constant(EXP, 11))
  const c89 = madd(r, constant(EXP, 14), constant(EXP, 13))
  const q = madd(r2, madd(r4, c67, c23), madd(r4, madd(r4, c89, c45), c01))
  return f64x2.add(constant(EXP, 4), f64x2.add(high, madd(r2, q, low)))
}

/** e^x for all x. 2^k is multiplied in as two factors, so that subnormal results are rounded once; NaN stays NaN. */
export function expAny(x: v128): v128 {
  x = f64x2.pmin(f64x2.pmax(x, f64x2.splat(-746)), f64x2.splat(710))
  const shifted = madd(x, constant(EXP, 0), constant(EXP, 1))
  const half = v128.and(i64x2.shl(shifted, 51), i64x2.splat(0xfff << 52))
  const one = f64x2.splat(1)
  const product = f64x2.mul(expSignificand(x, shifted), i64x2.add(half, one))
  return f64x2.mul(product, i64x2.add(i64x2.sub(i64x2.shl(shifted, 52), half), one))
}

/** The range within which results are neither 0 nor infinity, 1/ln 2, ROUND; then 2^t = c0 + c1 t + ..., |t| <= 1/2. */
const EXP32: usize = memory.data<f64>([
  -104, 89, 1.4426950408889634, ROUND,
  1.0000000005548402, 0.6931472057722173, 0.24022646889232896, 0.05550328688298706, 0.009618487586899939,
  0.001340005061544536, 0.0001534839820020658,
  1,
])

/** e^x for any f32 x, to be rounded to f32. */
@inline export function exp32(x: v128): v128 {
  x = f64x2.pmin(f64x2.pmax(x, constant(EXP32, 0)), constant(EXP32, 1))
  const scaled = f64x2.mul(x, constant(EXP32, 2))
  const shifted = f64x2.add(scaled, constant(EXP32, 3))
  const t = f64x2.sub(scaled, f64x2.sub(shifted, constant(EXP32, 3)))
  const t2 = f64x2.mul(t, t)
  const c01 = madd(t, constant(EXP32, 5), constant(EXP32, 4))
  const c23 = madd(t, constant(EXP32, 7), constant(EXP32, 6))
  const c45 = madd(t, constant(EXP32, 9), constant(EXP32, 8))
  const p = madd(t2, madd(t2, madd(t2, constant(EXP32, 10), c45), c23), c01)
  return f64x2.mul(p, i64x2.add(i64x2.shl(shifted, 52), constant(EXP32, 11)))
}

/** Bits: what moves sqrt(1/2) to a power of two, the fraction, sqrt(1/2), 2^52. */
const LOG_BITS: usize = memory.data<u64>([
  0x4000000000000000 - 0x3fe6a09e00000000, 0x000fffffffffffff, 0x3fe6a09e00000000, 0x4330000000000000,
])
/**
 * 2^52 + 1024, 1, 2, 0.5, ln 2 in two parts of which products of the first with exponents are exact; then
 * log((1 + s) / (1 - s)) = 2 s + s^3 (c0 + c1 s^2 + ...), |s| <= 0.1717; the positive normal numbers.
 */
const LOG: usize = memory.data<f64>([
  4503599627371520, 1, 2, 0.5, 0.6931471805601177, -1.7239444525614835e-13,
  0.6666666666666735, 0.39999999999409136, 0.2857142874378138, 0.22222198414639105,
  0.1818357332896939, 0.15313801641103125, 0.14798617921807994,
  2.2250738585072014e-308, 1.7976931348623157e308,
])

/** Whether both lanes of x are in the range of log64, the positive normal numbers. */
@inline export function inLogRange(x: v128): bool {
  return i64x2.bitmask(v128.and(f64x2.ge(x, constant(LOG, 13)), f64x2.le(x, constant(LOG, 14)))) == 3
}

// x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2); `moved` are the bits of x, moved.
@inline function logMoved(x: v128): v128 {
  return i64x2.add(x, constant(LOG_BITS, 0))
}
@inline function logK(moved: v128): v128 {
  return f64x2.sub(v128.or(i64x2.shr_u(moved, 52), constant(LOG_BITS, 3)), constant(LOG, 0))
}
@inline function logF(moved: v128): v128 {
  return f64x2.sub(i64x2.add(v128.and(moved, constant(LOG_BITS, 1)), constant(LOG_BITS, 2)), constant(LOG, 1))
}

/** log(x) in log64's range, to 0.9 ULP. */
@inline export function log64(x: v128): v128 {
  const moved = logMoved(x)
  return logOf(logK(moved), logF(moved))
}

/**
 * log(2^k (1 + f)). log(1 + f) is f - f^2/2 + s (f^2/2 + R(s^2)) with s = f / (2 + f), as in FreeBSD's e_log.c: of the
 * large terms only f^2/2 is rounded.
 */
@inline function logOf(k: v128, f: v128): v128 {
  const s = f64x2.div(f, f64x2.add(constant(LOG, 2), f))
  const z = f64x2.mul(s, s)
  const z2 = f64x2.mul(z, z)
  const c01 = madd(z, constant(LOG, 7), constant(LOG, 6))
  const c23 = madd(z, constant(LOG, 9), constant(LOG, 8))
  const c45 = madd(z, constant(LOG, 11), constant(LOG, 10))
  const high = madd(z2, constant(LOG, 12), c45)
  const r = f64x2.mul(z, madd(f64x2.mul(z2, z2), high, madd(z2, c23, c01)))
  const half = f64x2.mul(f64x2.mul(constant(LOG, 3), f), f)
  const correction = madd(s, f64x2.add(half, r), f64x2.mul(k, constant(LOG, 5)))
  return f64x2.sub(f64x2.mul(k, constant(LOG, 4)), f64x2.sub(f64x2.sub(half, correction), f))
}

/** log(x) for all x. */
export function logAny(x: v128): v128 {
  const subnormal = f64x2.lt(x, constant(LOG, 13))
  const moved = logMoved(v128.bitselect(f64x2.mul(x, f64x2.splat(18014398509481984)), x, subnormal))
  const k = f64x2.sub(logK(moved), v128.and(subnormal, f64x2.splat(54)))
  return logSpecial(x, logOf(k, logF(moved)))
}

/** `result` where 0 < x < infinity, otherwise what the logarithm is there. */
export function logSpecial(x: v128, result: v128): v128 {
  const zero = f64x2.splat(0)
  result = v128.bitselect(result, x, f64x2.lt(x, f64x2.splat(Infinity)))
  result = v128.bitselect(f64x2.splat(NaN), result, f64x2.lt(x, zero))
  return v128.bitselect(f64x2.splat(-Infinity), result, f64x2.eq(x, zero))
}

/** 2, ln 2; then log((1 + s) / (1 - s)) = s (2 + s^2 (c0 + c1 s^2 + ...)). */
const LOG32: usize = memory.data<f64>([
  2, 0.6931471805599453, 0.6666677675507492, 0.3997748209486907, 0.2987362748739073,
])

/** log(x) in log64's range, to be rounded to f32. */
@inline export function log32(x: v128): v128 {
  const moved = logMoved(x)
  const f = logF(moved)
  const s = f64x2.div(f, f64x2.add(constant(LOG32, 0), f))
  const z = f64x2.mul(s, s)
  const c12 = madd(z, madd(z, constant(LOG32, 4), constant(LOG32, 3)), constant(LOG32, 2))
  return madd(logK(moved), constant(LOG32, 1), f64x2.mul(s, madd(z, c12, constant(LOG32, 0))))
}
