// Elementwise sin, cos, exp and log.
//
// Whatever the strides, values are computed by one loop over whole vectors (short ends are padded), so that a value
// does not depend on its position.
// SPDX-License-Identifier: MIT
#include "../core/math.h"

#include "../core/export.h"
#include "../core/parallel.h"
#include "../core/simd.h"

namespace nl {
namespace NL_ISA {
namespace {

// Two registers where they are small: such loops wait for results more than for instructions.
constexpr int kPackBytes = kVectorBytes == 16 ? 32 : kVectorBytes;
constexpr isize kPack = kPackBytes / sizeof(f64);
typedef f64 Pack __attribute__((vector_size(kPackBytes)));
typedef f32 HalfPack __attribute__((vector_size(kPackBytes / 2)));
using PackBits = math::Bits<Pack>;

constexpr isize kBlock = 512;    // a block of inputs and one of outputs fit into the L1 cache
constexpr isize kGrain = 8192;   // elements a chunk: 5 us and more, large against the cost of a fork-join
constexpr isize kShortRow = 16;  // shorter rows would waste lanes and time between them

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
NL_INLINE void store_pack(f64* p, const Pack& x) { __builtin_memcpy(p, &x, sizeof x); }
NL_INLINE void store_pack(f32* p, const Pack& x) {
  const HalfPack narrow = __builtin_convertvector(x, HalfPack);
  __builtin_memcpy(p, &narrow, sizeof narrow);
}

NL_INLINE bool any(const PackBits& bits, u64 mask) {
  u64 all = 0;
  for (isize i = 0; i < kPack; i++) all |= bits[i];
  return (all & mask) != 0;
}

/// out = Op(x) for n values, n a multiple of kPack. Blocks with values outside of the fast function's range are done
/// twice; those inside get the same bits again.
template <class Op, class T>
void map_packs(isize n, const T* __restrict x, T* __restrict out) {
  const auto& table = math::in_memory(Op::kTable);
  PackBits beyond{};
  for (isize i = 0; i < n; i += kPack) store_pack(out + i, Op::inside(table, load_pack(x + i), beyond));
  if (!any(beyond, Op::kBeyond)) return;
  for (isize i = 0; i < n; i += kPack) store_pack(out + i, Op::anywhere(table, load_pack(x + i)));
}

template <class T>
struct Exp;
template <>
struct Exp<f64> {
  static constexpr const auto& kTable = math::kExp;
  static constexpr u64 kBeyond = math::kExpBeyond;
  static NL_INLINE Pack inside(const math::ExpTable& c, const Pack& x, PackBits& beyond) {
    return math::exp(c, x, beyond);
  }
  static NL_INLINE Pack anywhere(const math::ExpTable& c, const Pack& x) { return math::exp_anywhere(c, x); }
};
template <>
struct Exp<f32> {
  static constexpr const auto& kTable = math::kExp32;
  static constexpr u64 kBeyond = math::kExpBeyond;
  static NL_INLINE Pack inside(const math::Exp32Table& c, const Pack& x, PackBits& beyond) {
    return math::exp32(c, x, beyond);
  }
  static NL_INLINE Pack anywhere(const math::Exp32Table& c, const Pack& x) { return math::exp32_anywhere(c, x); }
};

template <class T>
struct Log;
template <>
struct Log<f64> {
  static constexpr const auto& kTable = math::kLog;
  static constexpr u64 kBeyond = math::kLogBeyond;
  static NL_INLINE Pack inside(const math::LogTable& c, const Pack& x, PackBits& beyond) {
    return math::log(c, x, beyond);
  }
  static NL_INLINE Pack anywhere(const math::LogTable& c, const Pack& x) { return math::log_anywhere(c, x); }
};
template <>
struct Log<f32> {
  static constexpr const auto& kTable = math::kLog32;
  static constexpr u64 kBeyond = math::kLogBeyond;
  static NL_INLINE Pack inside(const math::Log32Table& c, const Pack& x, PackBits& beyond) {
    return math::log32(c, x, beyond);
  }
  static NL_INLINE Pack anywhere(const math::Log32Table& c, const Pack& x) { return math::log32_anywhere(c, x); }
};

/// The sine of x + quarter_turns * pi/2; lanes that the vector function does not cover are computed one by one.
template <class T, int quarter_turns>
struct Sin {
  static constexpr bool kDouble = sizeof(T) == sizeof(f64);
  static constexpr u64 kBeyond = kDouble ? math::kSinBeyond : math::kSin32Beyond;
  static constexpr const auto& table() {
    if constexpr (kDouble) {
      return quarter_turns == 0 ? math::kSin : math::kCos;
    } else {
      return quarter_turns == 0 ? math::kSin32 : math::kCos32;
    }
  }
  static constexpr const auto& kTable = table();
  static NL_INLINE Pack inside(const math::SinTable& c, const Pack& x, PackBits& beyond) {
    return math::sin(c, x, beyond);
  }
  static NL_INLINE Pack inside(const math::Sin32Table& c, const Pack& x, PackBits& beyond) {
    return math::sin32(c, x, beyond);
  }
  template <class Table>
  static NL_INLINE Pack anywhere(const Table& c, const Pack& x) {
    PackBits beyond{};
    Pack y = inside(c, x, beyond);
    for (isize i = 0; i < kPack; i++) {
      if (beyond[i] & kBeyond) y[i] = math::sin_huge(x[i], quarter_turns);
    }
    return y;
  }
};

/// One block, n <= kBlock. Values are read from x and written to out in place where they fill whole vectors there;
/// otherwise, and where x is out (x may be read twice), in buffers, padded with ones.
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
  map_packs<Op>(padded, source, target);
  if (target != out) {
    for (isize i = 0; i < n; i++) out[i * os] = target[i];
  }
}

template <class Op, class T>
void map(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os0, isize os1) {
  if (n < kShortRow && n < m) return map<Op>(n, m, x, xs1, xs0, out, os1, os0);
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
