// Elementary functions of lanes: the code behind the kernels of math.cpp and behind fused loops.
//
// V is f64 (for loops that the compiler vectorises) or a vector of f64 of any width. No function has a branch, a call,
// a 64-bit arithmetic shift or a conversion between i64 and f64, which most SIMD instruction sets lack. A function with
// an argument `beyond` is for a range; it leaves bits of its mask (kSinBeyond, ...) in `beyond` where x is outside, or
// NaN. `..._anywhere` takes all x and gives the same bits inside. Tables are to be fetched before the loop (in_memory).
// Errors are the largest ones seen, with and without fused multiply-add; the two differ in the last bit.
// SPDX-License-Identifier: MIT
#pragma once

#include "huge_angle.h"
#include "types.h"

// GCC warns that vectors wider than the target's registers are passed in an unstable way. Here all calls are inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

#define NL_INLINE inline __attribute__((always_inline))

namespace nl {
namespace NL_ISA {
namespace math {

template <class V>
struct BitsOf {
  typedef u64 type __attribute__((vector_size(sizeof(V))));
};
template <>
struct BitsOf<f64> {
  using type = u64;
};
/// The lanes of V as unsigned integers.
template <class V>
using Bits = typename BitsOf<V>::type;

template <class V>
NL_INLINE Bits<V> bits_of(const V& x) {
  Bits<V> bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}
template <class V>
NL_INLINE V from_bits(const Bits<V>& bits) {
  V x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

/// a * b + c, fused where the build has an instruction for it; b and c may be scalars. Clang does not contract for
/// WebAssembly by itself (LLVM 21, told to, mixes up the operands).
template <class V, class B, class C>
NL_INLINE V madd(const V& a, const B& b, const C& c) {
#if defined(__wasm_relaxed_simd__)
  if constexpr (sizeof(V) > sizeof(f64)) {
    typedef f64 Part __attribute__((vector_size(16)));
    constexpr int parts = sizeof(V) / sizeof(Part);
    const V factor = b - V{}, addend = c - V{};
    Part p[parts], q[parts], r[parts];
    __builtin_memcpy(p, &a, sizeof p);
    __builtin_memcpy(q, &factor, sizeof q);
    __builtin_memcpy(r, &addend, sizeof r);
    for (int i = 0; i < parts; i++) r[i] = Part(__builtin_wasm_relaxed_madd_f64x2(p[i], q[i], r[i]));
    V result;
    __builtin_memcpy(&result, r, sizeof result);
    return result;
  }
#endif
  return a * b + c;
}

/// odd where mask is all ones, even where it is zero.
template <class B>
NL_INLINE B blend(const B& mask, const B& odd, const B& even) {
  return even ^ ((even ^ odd) & mask);
}

/// The table itself, but for WebAssembly as loads that the compiler cannot see through: V8 rebuilds each constant of a
/// loop in every turn, by three instructions, while a value that was loaded stays loaded. Call it outside of the loop,
/// which it would keep from being vectorised.
template <class Table>
NL_INLINE const Table& in_memory(const Table& table) {
  const Table* pointer = &table;
#if defined(__wasm__)
  __asm__("" : "+r"(pointer));
#endif
  return *pointer;
}

constexpr u64 kSign = u64(1) << 63;
/// x + kRound rounds x, |x| < 2^51, to an integer and leaves it in the low bits of the sum.
constexpr f64 kRound = 0x1.8p52;
constexpr u64 kRoundBits = 0x4338000000000000;

// ---------------------------------------------------------------------------------------------------------- sin, cos

/// Of the sine (turns = 0), or of the cosine (turns = 1): cos(x) = sin(x + pi/2), the quadrant is one more.
template <int turns>
struct SinTable {
  static constexpr int kTurns = turns;
  f64 round = kRound + turns;
  u64 window = 0x8000 - kRoundBits - turns;
  f64 inverse = 0x1.45f306dc9c883p-1;  // 2 / pi
  f64 part1 = -0x1.921fb5444p+0;       // -pi/2: two parts whose products with integers to 2^15 are exact, and the rest
  f64 part2 = -0x1.68c234c4cp-39;
  f64 part3 = 0x1.98a2e03707345p-77;
  f64 half = 0.5, tiny = 0x1p-120;
  f64 middle = 0.703125, rest = 1 - 0.703125 * 0.703125 / 2;
  // sin(y) = y - y^3 (s0 + s1 y^2 + ...): minimax on |y| <= pi/4 (Remez), relative error 2^-57.9
  f64 s[6] = {0x1.5555555555548p-3,   -0x1.111111110f73p-7,  0x1.a01a019be9218p-13,
              -0x1.71de35552b6b5p-19, 0x1.ae5e4b83f4228p-26, -0x1.5d8b5594a5f77p-33};
  u64 low_bit = 1, sign = kSign;
};
constexpr u64 kSinBeyond = ~u64(0xffff);  // of the rounded 2 x / pi + 2^15
constexpr SinTable<0> kSin;
constexpr SinTable<1> kCos;

/// An angle as quadrant * pi/2 + y - tail with |y| <= pi/4; the quadrant stands in the low bits.
template <class V>
struct Angle {
  V y, tail;
  Bits<V> quadrant;
};

/// The sine of an angle by one polynomial for all quadrants: in odd ones cos(y) = 1 - t^2 / 2 with t = 2 sin(y / 2),
/// which is the series of sin(y) with y^2 / 4 in place of y^2. The tail is small enough to count as it is in both. The
/// square is taken from that of a middle value, so that it is rounded less.
template <class Table, class V>
NL_INLINE V sin_of(const Table& c, const Angle<V>& a) {
  const Bits<V> bit = a.quadrant & c.low_bit, odd = Bits<V>{} - bit, sign = (a.quadrant << 62) & c.sign;
  // A quarter by the exponent, which must not be that of zero: no multiple of pi/2 but cos(0) has an odd quadrant.
  const V square = Table::kTurns == 0 ? a.y * a.y : madd(a.y, a.y, c.tiny);
  const V s = from_bits<V>(bits_of(square) - (bit << 53));
  const V p = madd(s, madd(s, madd(s, madd(s, madd(s, c.s[5], c.s[4]), c.s[3]), c.s[2]), c.s[1]), c.s[0]);
  const V t = a.y - madd(a.y, s * p, a.tail);
  const V cosine = c.rest - c.half * (t - c.middle) * (t + c.middle);
  return from_bits<V>(blend(odd, bits_of(cosine), bits_of(t)) ^ sign);
}

/// Subtracts the nearest multiple of pi/2 (Cody and Waite): all steps are exact but y, whose error goes to the tail.
template <class Table, class V>
NL_INLINE Angle<V> reduce(const Table& c, const V& x, Bits<V>& beyond) {
  const V shifted = madd(x, c.inverse, c.round);
  beyond |= bits_of(shifted) + c.window;
  const V k = shifted - c.round;
  const V r = madd(k, c.part1, x);
  const V w = k * c.part2;
  const V y = r + w;
  return {y, madd(k, c.part3, (y - r) - w), bits_of(shifted)};
}

/// sin(x) with kSin, cos(x) with kCos, for |2 x / pi| < 2^15 (|x| < 51471): a polynomial of degree 13 in
/// x - k pi/2. 0.98 ULP. sin(-0) = -0.
template <int turns, class V>
NL_INLINE V sin(const SinTable<turns>& c, const V& x, Bits<V>& beyond) {
  return sin_of(c, reduce(c, x, beyond));
}

/// sin(x + quarter_turns * pi/2) for |x| >= 2^10, infinities and NaN (both give NaN). The error is that of sin().
inline f64 sin_huge(f64 x, u64 quarter_turns) {
  if (!(x - x == 0)) return x - x;
  const HugeAngle a = reduce_huge(x);
  return sin_of(kSin, Angle<f64>{a.y, a.tail, a.quadrant + quarter_turns});
}

// --------------------------------------------------------------------------------------------------------------- log

struct LogTable {
  u64 shift = 0x4000000000000000 - 0x3fe6a09e00000000;  // moves sqrt(1/2) times powers of two to powers of two
  u64 fraction = (u64(1) << 52) - 1;
  u64 base = 0x3fe6a09e00000000;  // sqrt(1/2)
  u64 integer = 0x4330000000000000;
  u64 window = 512 - 1024;
  f64 bias = 0x1p52 + 1024;
  f64 one = 1, two = 2, half = 0.5;
  f64 part1 = 0x1.62e42fefa4p-1;  // ln 2; the first 40 bits times k are exact
  f64 part2 = -0x1.8432a1b0e2634p-43;
  // log((1 + s) / (1 - s)) = 2 s + s^3 (c0 + c1 s^2 + ...): minimax on |s| <= 0.1717, relative error 2^-59.4
  f64 c[7] = {0x1.5555555555593p-1, 0x1.999999997f9d1p-2, 0x1.249249422e714p-2, 0x1.c71c51d2e3498p-3,
              0x1.74664afdc98d3p-3, 0x1.39a06ca213d8ap-3, 0x1.2f1360c003602p-3};
};
constexpr LogTable kLog;
constexpr u64 kLogBeyond = ~u64(1023);  // of k + 512

/// x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2).
template <class V>
struct LogParts {
  V k, f;
};
template <class V>
NL_INLINE LogParts<V> log_parts(const LogTable& c, const V& x, Bits<V>& beyond) {
  const Bits<V> t = bits_of(x) + c.shift, exponent = t >> 52;
  beyond |= exponent + c.window;
  return {from_bits<V>(exponent | c.integer) - c.bias, from_bits<V>((t & c.fraction) + c.base) - c.one};
}

/// k ln 2 + log(1 + f), the latter as f - f^2/2 + s (f^2/2 + R(s^2)) with s = f / (2 + f), the formula of FreeBSD's
/// e_log.c: of the large terms only f^2/2 is rounded.
template <class V>
NL_INLINE V log_of(const LogTable& c, const LogParts<V>& a) {
  const V f = a.f, s = f / (c.two + f), z = s * s, z2 = z * z, z4 = z2 * z2;
  const V low = madd(z2, madd(z, c.c[3], c.c[2]), madd(z, c.c[1], c.c[0]));
  const V r = z * madd(z4, madd(z2, c.c[6], madd(z, c.c[5], c.c[4])), low);
  const V half = c.half * f * f;
  return a.k * c.part1 - ((half - madd(s, half + r, a.k * c.part2)) - f);
}

/// log(x) for 2^-512.5 <= x < 2^511.5. 0.87 ULP.
template <class V>
NL_INLINE V log(const LogTable& c, const V& x, Bits<V>& beyond) {
  return log_of(c, log_parts(c, x, beyond));
}

/// result where 0 < x < inf; elsewhere -inf for zeros, NaN for negative numbers, x for inf and NaN.
template <class V>
NL_INLINE V log_special(const V& x, const V& result) {
  const V zero = V{}, infinity = zero + __builtin_inf(), nan = zero + __builtin_nan("");
  const V below_infinity = x < infinity ? result : x;
  const V positive = x < zero ? nan : below_infinity;
  return x == zero ? -infinity : positive;
}

/// log(x) for all x; subnormal ones are scaled.
template <class V>
NL_INLINE V log_anywhere(const LogTable& c, const V& x) {
  const V least = V{} + 0x1p-1022, zero = V{}, shift = zero + 54, scaled = x * 0x1p54;
  Bits<V> beyond{};
  LogParts<V> parts = log_parts(c, x < least ? scaled : x, beyond);
  parts.k -= x < least ? shift : zero;
  return log_special(x, log_of(c, parts));
}

// --------------------------------------------------------------------------------------------------------------- exp

struct ExpTable {
  f64 inverse = 0x1.71547652b82fep+0;  // 1 / ln 2
  f64 round = kRound;
  u64 window = 512 - kRoundBits;
  f64 part1 = -0x1.62e42fefa4p-1;  // -ln 2; the first 40 bits times k are exact
  f64 part2 = 0x1.8432a1b0e2634p-43;
  f64 one = 1;
  // exp(r) = 1 + r + r^2 (c0 + c1 r + ...): minimax on |r| <= ln 2 / 2 (Lawson), relative error 2^-57.3
  f64 c[10] = {0x1p-1,
               0x1.55555555555p-3,
               0x1.5555555553178p-5,
               0x1.1111111128ceep-7,
               0x1.6c16c17cf54bcp-10,
               0x1.a01a011b02c46p-13,
               0x1.a019aa8129e11p-16,
               0x1.71df56a9f06f5p-19,
               0x1.28a043949b16fp-22,
               0x1.ad1fe17275d3ap-26};
  u64 exponent = u64(1023) << 52;
};
constexpr ExpTable kExp;
constexpr u64 kExpBeyond = ~u64(1023);  // of k + 512

/// 2^k * significand; k stands in the low bits.
template <class V>
struct ExpParts {
  V significand;
  Bits<V> k;
};

/// r = x - k ln 2, |r| <= ln 2 / 2, is kept as an exact high and a low part; what the rounding of 1 + high lost goes to
/// the low one.
template <class V>
NL_INLINE ExpParts<V> exp_parts(const ExpTable& c, const V& x) {
  const V shifted = madd(x, c.inverse, c.round);
  const V k = shifted - c.round;
  const V high = madd(k, c.part1, x);
  const V low = k * c.part2;
  const V r = high + low;
  const V r2 = r * r, r4 = r2 * r2;
  const V c01 = madd(r, c.c[1], c.c[0]), c23 = madd(r, c.c[3], c.c[2]), c45 = madd(r, c.c[5], c.c[4]);
  const V c67 = madd(r, c.c[7], c.c[6]), c89 = madd(r, c.c[9], c.c[8]);
  const V q = madd(r2, madd(r4, c67, c23), madd(r4, madd(r4, c89, c45), c01));
  const V sum = c.one + high;
  return {sum + madd(r2, q, low + ((c.one - sum) + high)), bits_of(shifted)};
}

/// e^x for |x| < 354: 2^k exp(x - k ln 2), a polynomial of degree 11. 0.73 ULP.
template <class V>
NL_INLINE V exp(const ExpTable& c, const V& x, Bits<V>& beyond) {
  const ExpParts<V> e = exp_parts(c, x);
  beyond |= e.k + c.window;
  return from_bits<V>(bits_of(e.significand) + (e.k << 52));
}

/// x, but at least low and at most high; NaN stays NaN.
template <class V>
NL_INLINE V clamp(const V& x, f64 low, f64 high) {
  const V least = V{} + low, most = V{} + high, raised = x < least ? least : x;
  return raised > most ? most : raised;
}

/// e^x for all x: from 0 to inf, NaN for NaN. 2^k is multiplied in as two factors, so that subnormal results are
/// rounded once (0.79 ULP).
template <class V>
NL_INLINE V exp_anywhere(const ExpTable& c, const V& x) {
  const ExpParts<V> e = exp_parts(c, clamp(x, -746, 710));
  const Bits<V> half = (e.k << 51) & (u64(0xfff) << 52);
  return e.significand * from_bits<V>(half + c.exponent) * from_bits<V>((e.k << 52) - half + c.exponent);
}

// ------------------------------------------------------------------------------------- for f32 values, in f64 lanes

struct Sin32Table {
  f64 quarter;                         // 0 for the sine, 1/2 for the cosine: that part of pi is added
  f64 inverse = 0x1.45f306dc9c883p-2;  // 1 / pi
  f64 round = kRound;
  u64 window = (u64(1) << 21) - kRoundBits;
  f64 part1 = -0x1.921fb54p+1;  // -pi
  f64 part2 = -0x1.10b4611a62633p-29;
  f64 one = 1;
  // sin(r) = r (1 + c0 r^2 + ...): minimax on |r| <= pi/2, relative error 2^-35.3
  f64 c[5] = {-0x1.55555547690eep-3, 0x1.11110c49e8d52p-7, -0x1.a017d99799809p-13, 0x1.71707eee2db9fp-19,
              -0x1.9a686a595dff1p-26};
};
constexpr Sin32Table kSin32 = {0}, kCos32 = {0.5};
constexpr u64 kSin32Beyond = ~((u64(1) << 22) - 1);

/// sin(x) with kSin32, cos(x) with kCos32, of an f32 value |x| < 6.5e6: an odd polynomial of degree 11 in
/// x + quarter pi - k pi. 0.501 ULP once rounded to f32. sin(-0) = -0.
template <class V>
NL_INLINE V sin32(const Sin32Table& c, const V& x, Bits<V>& beyond) {
  const V shifted = madd(x, c.inverse, c.quarter) + c.round;
  beyond |= bits_of(shifted) + c.window;
  const V k = (shifted - c.round) - c.quarter;
  const V r = madd(k, c.part2, madd(k, c.part1, x));
  const V s = r * r, s2 = s * s;
  const V p = madd(s2, madd(s2, madd(s, c.c[4], c.c[3]), madd(s, c.c[2], c.c[1])), madd(s, c.c[0], c.one));
  return from_bits<V>(bits_of(r * p) ^ (bits_of(shifted) << 63));
}

struct Log32Table {
  LogTable log;
  f64 ln2 = 0x1.62e42fefa39efp-1;
  f64 c[3] = {0x1.55557a45db085p-1, 0x1.995e9216f49d9p-2, 0x1.31e7ec0ad964cp-2};  // relative error 2^-30.2
};
constexpr Log32Table kLog32;

/// log(x) of a positive f32 value, subnormal ones included (they are normal in f64): k ln 2 + 2 atanh(f / (2 + f)).
/// 0.514 ULP once rounded to f32.
template <class V>
NL_INLINE V log32(const Log32Table& c, const V& x, Bits<V>& beyond) {
  const LogParts<V> a = log_parts(c.log, x, beyond);
  const V s = a.f / (c.log.two + a.f), z = s * s;
  const V p = madd(z, madd(z, madd(z, c.c[2], c.c[1]), c.c[0]), c.log.two);
  return madd(a.k, c.ln2, s * p);
}
template <class V>
NL_INLINE V log32_anywhere(const Log32Table& c, const V& x) {
  Bits<V> beyond{};
  return log_special(x, log32(c, x, beyond));
}

struct Exp32Table {
  f64 inverse = 0x1.71547652b82fep+0;  // 1 / ln 2
  f64 round = kRound;
  u64 window = 512 - kRoundBits;
  // 2^t on |t| <= 1/2: minimax, relative error 2^-28.8
  f64 c[7] = {0x1.00000002620dap+0, 0x1.62e430c835fe5p-1,  0x1.ebfbdadc357b6p-3, 0x1.c6aed43f74348p-5,
              0x1.3b2db8cfb5327p-7, 0x1.5f4637a9c9a34p-10, 0x1.41e115dc6fafep-13};
};
constexpr Exp32Table kExp32;

/// e^x of an f32 value |x| < 354: 2^k 2^t, a polynomial of degree 6. 0.53 ULP once rounded to f32, which also
/// makes infinities, subnormal results and zeros.
template <class V>
NL_INLINE V exp32(const Exp32Table& c, const V& x, Bits<V>& beyond) {
  const V scaled = x * c.inverse, shifted = scaled + c.round;
  beyond |= bits_of(shifted) + c.window;
  const V t = scaled - (shifted - c.round), t2 = t * t;
  const V high = madd(t2, madd(t2, c.c[6], madd(t, c.c[5], c.c[4])), madd(t, c.c[3], c.c[2]));
  const V p = madd(t2, high, madd(t, c.c[1], c.c[0]));
  return from_bits<V>(bits_of(p) + (bits_of(shifted) << 52));
}
template <class V>
NL_INLINE V exp32_anywhere(const Exp32Table& c, const V& x) {
  Bits<V> beyond{};
  const V result = exp32(c, clamp(x, -300, 300), beyond);
  return x == x ? result : x;
}

// ------------------------------------------------------------------------------------------------- absolute accuracy

struct AbsoluteSinTable {
  f64 inverse = 0x1.45f306dc9c883p-2;  // 1 / pi
  f64 round = kRound;
  f64 part1 = -0x1.921fb54442ep+1;  // -pi
  f64 part2 = 0x1.cf72cece675d2p-44;
  // sin(r) = r + r^3 (c0 + c1 r^2 + ...): minimax on |r| <= pi/2 (Remez), absolute error 2^-61
  f64 c[8] = {-0x1.5555555555555p-3,  0x1.11111111110c2p-7,  -0x1.a01a01a014682p-13, 0x1.71de3a526f388p-19,
              -0x1.ae6454be3e7d7p-26, 0x1.6123c7aeaf42fp-33, -0x1.ae4232cd83038p-41, 0x1.881117b89de07p-49};
};
constexpr AbsoluteSinTable kAbsoluteSin;

/// sin(x) for |x| <= 1600 to an absolute error of 1.9e-16, or 2.2e-16 without fused multiply-add: an odd polynomial of
/// degree 17 in x - k pi. For sums, to which zeros of the sine add nothing: half the work of sin(). No signed zeros.
template <class V>
NL_INLINE V sin_absolute(const AbsoluteSinTable& c, const V& x) {
  const V shifted = madd(x, c.inverse, c.round);
  const V k = shifted - c.round;
  const V r = madd(k, c.part2, madd(k, c.part1, x));
  const V s = r * r, s2 = s * s, s4 = s2 * s2;
  const V low = madd(s2, madd(s, c.c[4], c.c[3]), madd(s, c.c[2], c.c[1]));
  const V high = madd(s2, c.c[7], madd(s, c.c[6], c.c[5]));
  const V p = madd(s, madd(s4, high, low), c.c[0]);
  return from_bits<V>(bits_of(madd(r * s, p, r)) ^ (bits_of(shifted) << 63));
}

}  // namespace math
}  // namespace NL_ISA
}  // namespace nl
