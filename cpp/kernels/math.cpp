// Elementwise sin, cos, exp and log.
//
// Whatever the strides, values are computed by one loop over whole vectors (short ends are padded), so that a value does
// not depend on its position.
// SPDX-License-Identifier: MIT
#include "../core/export.h"
#include "../core/math.h"
#include "../core/parallel.h"
#include "../core/simd.h"

namespace nl {
namespace NL_ISA {
namespace {

// Two registers of the small targets: their loops wait for results more than for instructions.
constexpr int kPackBytes = kVectorBytes == 16 ? 32 : kVectorBytes;
constexpr isize kPack = kPackBytes / sizeof(f64);
typedef f64 Pack __attribute__((vector_size(kPackBytes)));
typedef f32 HalfPack __attribute__((vector_size(kPackBytes / 2)));
using PackBits = math::Bits<Pack>;

constexpr isize kBlock = 512;
constexpr isize kGrain = 8192;

NL_INLINE Pack load_pack(const f64* p) {
  Pack x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
NL_INLINE Pack load_pack(const f32* p) {
  HalfPack x;
  __builtin_memcpy(&x, p, sizeof x);
  return __builtin_convertvector(x, Pack);
}
NL_INLINE void store_pack(f64* p, Pack x) { __builtin_memcpy(p, &x, sizeof x); }
NL_INLINE void store_pack(f32* p, Pack x) {
  const HalfPack narrow = __builtin_convertvector(x, HalfPack);
  __builtin_memcpy(p, &narrow, sizeof narrow);
}

/// out = function(x) for n values, n a multiple of kPack. Returns whether any value was beyond the function's range.
template <class Op, class T>
bool map_packs(isize n, const T* __restrict x, T* __restrict out) {
  PackBits beyond{};
  for (isize i = 0; i < n; i += kPack) {
    const Pack value = load_pack(x + i);
    beyond |= Op::beyond(value);
    store_pack(out + i, Op::inside(value));
  }
  u64 any = 0;
  for (isize i = 0; i < kPack; i++) any |= beyond[i];
  return any >> 63 != 0;
}

template <class Op, class T>
void map_any(isize n, const T* __restrict x, T* __restrict out) {
  for (isize i = 0; i < n; i += kPack) store_pack(out + i, Op::anywhere(load_pack(x + i)));
}

template <class T>
struct Exp;
template <>
struct Exp<f64> {
  static NL_INLINE PackBits beyond(Pack x) { return math::beyond_exp(x); }
  static NL_INLINE Pack inside(Pack x) { return math::exp(x); }
  static void repair(isize n, const f64* x, f64* out) { map_any<Exp>(n, x, out); }
  static NL_INLINE Pack anywhere(Pack x) { return math::exp_any(x); }
};
template <>
struct Exp<f32> {
  static NL_INLINE PackBits beyond(Pack) { return PackBits{}; }
  static NL_INLINE Pack inside(Pack x) { return math::exp_f32(x); }
  static void repair(isize, const f32*, f32*) {}
};

template <class T>
struct Log;
template <>
struct Log<f64> {
  static NL_INLINE PackBits beyond(Pack x) { return math::beyond_log(x); }
  static NL_INLINE Pack inside(Pack x) { return math::log(x); }
  static void repair(isize n, const f64* x, f64* out) { map_any<Log>(n, x, out); }
  static NL_INLINE Pack anywhere(Pack x) { return math::log_any(x); }
};
template <>
struct Log<f32> {
  static NL_INLINE PackBits beyond(Pack x) { return math::beyond_log(x); }
  static NL_INLINE Pack inside(Pack x) { return math::log_f32(x); }
  static void repair(isize n, const f32* x, f32* out) { map_any<Log>(n, x, out); }
  static NL_INLINE Pack anywhere(Pack x) { return math::log_any_f32(x); }
};

/// The sine of x + quarter_turns * pi/2.
template <class T, int quarter_turns>
struct Sin;
template <int quarter_turns>
struct Sin<f64, quarter_turns> {
  static NL_INLINE PackBits beyond(Pack x) { return math::beyond_sin(x); }
  static NL_INLINE Pack inside(Pack x) { return quarter_turns == 0 ? math::sin(x) : math::cos(x); }
  static void repair(isize n, const f64* x, f64* out) {
    for (isize i = 0; i < n; i++) {
      if (math::beyond_sin(x[i]) >> 63) out[i] = math::sin_huge(x[i], quarter_turns);
    }
  }
};
template <int quarter_turns>
struct Sin<f32, quarter_turns> {
  static NL_INLINE PackBits beyond(Pack x) { return math::beyond_sin_f32(x); }
  static NL_INLINE Pack inside(Pack x) { return math::sin_f32(x, quarter_turns == 0 ? math::kSin32 : math::kCos32); }
  static void repair(isize n, const f32* x, f32* out) {
    for (isize i = 0; i < n; i++) {
      if (math::beyond_sin_f32(f64(x[i])) >> 63) out[i] = f32(math::sin_huge(x[i], quarter_turns));
    }
  }
};

/// One block, n <= kBlock. Vectors are read from x and written to out where they lie there whole; otherwise, and where x
/// is out (repairs read x again), through buffers, padded with ones.
template <class Op, class T>
void map_block(isize n, const T* x, isize xs, T* out, isize os) {
  alignas(64) T inputs[kBlock], outputs[kBlock];
  const isize padded = (n + kPack - 1) / kPack * kPack;
  const T* source = x;
  if (xs != 1 || x == out || padded != n) {
    for (isize i = 0; i < n; i++) inputs[i] = x[i * xs];
    for (isize i = n; i < padded; i++) inputs[i] = 1;
    source = inputs;
  }
  T* target = os == 1 && padded == n ? out : outputs;
  if (map_packs<Op>(padded, source, target)) Op::repair(padded, source, target);
  if (target != out) {
    for (isize i = 0; i < n; i++) out[i * os] = target[i];
  }
}

template <class Op, class T>
void map(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os0, isize os1) {
  parallel_grid(m, n, kGrain, [=](isize row, isize begin, isize end) {
    for (isize at = begin; at < end; at += kBlock) {
      const isize count = end - at < kBlock ? end - at : kBlock;
      map_block<Op>(count, x + row * xs0 + at * xs1, xs1, out + row * os0 + at * os1, os1);
    }
  });
}

}  // namespace

template <class T>
void sin(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os0, isize os1) {
  map<Sin<T, 0>>(m, n, x, xs0, xs1, out, os0, os1);
}

template <class T>
void cos(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os0, isize os1) {
  map<Sin<T, 1>>(m, n, x, xs0, xs1, out, os0, os1);
}

template <class T>
void exp(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os0, isize os1) {
  map<Exp<T>>(m, n, x, xs0, xs1, out, os0, os1);
}

template <class T>
void log(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os0, isize os1) {
  map<Log<T>>(m, n, x, xs0, xs1, out, os0, os1);
}

NL_KERNEL(sin, f32)
NL_KERNEL(sin, f64)
NL_KERNEL(cos, f32)
NL_KERNEL(cos, f64)
NL_KERNEL(exp, f32)
NL_KERNEL(exp, f64)
NL_KERNEL(log, f32)
NL_KERNEL(log, f64)

}  // namespace NL_ISA
}  // namespace nl
