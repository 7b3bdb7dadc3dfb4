// Elementwise sin, cos, exp and log.
//
// Whatever the strides, values are computed by one loop over whole vectors (short ends are padded), so that a value
// does not depend on its position.
// SPDX-License-Identifier: MIT
#include "../core/math.h"

#include "../core/blocks.h"
#include "../core/export.h"
#include "../core/parallel.h"
#include "../core/simd.h"
#include "../core/stream.h"

namespace nl {
namespace NL_ISA {
namespace {

/// A few registers of values at a time where they are small: such loops wait for results more than for instructions.
template <int bytes>
struct PackOf {
  typedef f64 type __attribute__((vector_size(bytes)));
};
constexpr bool kSmall = kVectorBytes == 16;
using Pack = PackOf<kSmall ? 32 : kVectorBytes>::type;
using SinPack = PackOf<kSmall ? 64 : kVectorBytes>::type;

constexpr isize kBlock = 512;    // a block of inputs and one of outputs fit into the L1 cache
constexpr isize kGrain = 8192;   // elements a chunk: 5 us and more, large against the cost of a fork-join
constexpr isize kShortRow = 16;  // shorter rows would waste lanes and time between them

template <class V>
constexpr isize kLength = sizeof(V) / sizeof(f64);

template <class V>
struct NarrowOf {
  typedef f32 type __attribute__((vector_size(sizeof(V) / 2)));
};

template <class V>
NL_INLINE V load_pack(const f64* p) {
  V x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
template <class V>
NL_INLINE V load_pack(const f32* p) {
  typename NarrowOf<V>::type x;
  __builtin_memcpy(&x, p, sizeof x);
  return __builtin_convertvector(x, V);
}
template <class V>
NL_INLINE void store_pack(f64* p, const V& x) {
  __builtin_memcpy(p, &x, sizeof x);
}
template <class V>
NL_INLINE void store_pack(f32* p, const V& x) {
  const auto narrow = __builtin_convertvector(x, typename NarrowOf<V>::type);
  __builtin_memcpy(p, &narrow, sizeof narrow);
}

template <bool streamed, class V, class T>
NL_INLINE void put_pack(T* p, const V& x) {
  if constexpr (streamed) {
    alignas(kLineBytes) T values[kLength<V>];
    store_pack(values, x);
    stream<sizeof values>(p, values);
  } else {
    store_pack(p, x);
  }
}

/// out = Op(x) for n values, whole packs. Blocks with values outside of the fast function's range are done twice; those
/// inside get the same bits again.
template <class Op, bool streamed, class T>
void map_packs(isize n, const T* __restrict x, T* __restrict out) {
  using V = typename Op::V;
  const auto& table = math::in_memory(Op::kTable);
  math::Bits<V> beyond{};
  for (isize i = 0; i < n; i += kLength<V>) put_pack<streamed>(out + i, Op::inside(table, load_pack<V>(x + i), beyond));
  u64 all = 0;
  for (isize i = 0; i < kLength<V>; i++) all |= beyond[i];
  if ((all & Op::kBeyond) == 0) return;
  for (isize i = 0; i < n; i += kLength<V>) put_pack<streamed>(out + i, Op::anywhere(table, load_pack<V>(x + i)));
}

template <class T>
struct Exp;
template <>
struct Exp<f64> {
  using V = Pack;
  static constexpr const auto& kTable = math::kExp;
  static constexpr u64 kBeyond = math::kExpBeyond;
  static NL_INLINE V inside(const math::ExpTable& c, const V& x, math::Bits<V>& beyond) {
    return math::exp(c, x, beyond);
  }
  static NL_INLINE V anywhere(const math::ExpTable& c, const V& x) { return math::exp_anywhere(c, x); }
};
template <>
struct Exp<f32> {
  using V = Pack;
  static constexpr const auto& kTable = math::kExp32;
  static constexpr u64 kBeyond = math::kExpBeyond;
  static NL_INLINE V inside(const math::Exp32Table& c, const V& x, math::Bits<V>& beyond) {
    return math::exp32(c, x, beyond);
  }
  static NL_INLINE V anywhere(const math::Exp32Table& c, const V& x) { return math::exp32_anywhere(c, x); }
};

template <class T>
struct Log;
template <>
struct Log<f64> {
  using V = Pack;
  static constexpr const auto& kTable = math::kLog;
  static constexpr u64 kBeyond = math::kLogBeyond;
  static NL_INLINE V inside(const math::LogTable& c, const V& x, math::Bits<V>& beyond) {
    return math::log(c, x, beyond);
  }
  static NL_INLINE V anywhere(const math::LogTable& c, const V& x) { return math::log_anywhere(c, x); }
};
template <>
struct Log<f32> {
  using V = Pack;
  static constexpr const auto& kTable = math::kLog32;
  static constexpr u64 kBeyond = math::kLogBeyond;
  static NL_INLINE V inside(const math::Log32Table& c, const V& x, math::Bits<V>& beyond) {
    return math::log32(c, x, beyond);
  }
  static NL_INLINE V anywhere(const math::Log32Table& c, const V& x) { return math::log32_anywhere(c, x); }
};

/// The sine of x + quarter_turns * pi/2; lanes that the vector function does not cover are computed one by one.
template <class T, int quarter_turns>
struct Sin {
  using V = SinPack;
  static constexpr bool kDouble = sizeof(T) == sizeof(f64);
  static constexpr u64 kBeyond = kDouble ? math::kSinBeyond : math::kSin32Beyond;
  static constexpr const auto& table() {
    if constexpr (!kDouble) {
      return quarter_turns == 0 ? math::kSin32 : math::kCos32;
    } else if constexpr (quarter_turns == 0) {
      return math::kSin;
    } else {
      return math::kCos;
    }
  }
  static constexpr const auto& kTable = table();
  static NL_INLINE V inside(const math::SinTable<quarter_turns>& c, const V& x, math::Bits<V>& beyond) {
    return math::sin(c, x, beyond);
  }
  static NL_INLINE V inside(const math::Sin32Table& c, const V& x, math::Bits<V>& beyond) {
    return math::sin32(c, x, beyond);
  }
  template <class Table>
  static NL_INLINE V anywhere(const Table& c, const V& x) {
    math::Bits<V> beyond{};
    V y = inside(c, x, beyond);
    for (isize i = 0; i < kLength<V>; i++) {
      if (beyond[i] & kBeyond) y[i] = math::sin_huge(x[i], quarter_turns);
    }
    return y;
  }
};

/// One block, n <= kBlock. Values are read from x and written to out in place where they fill whole vectors there;
/// otherwise, and where x is out (x may be read twice), in buffers, padded with ones.
template <class Op, class T>
void map_block(isize n, const T* x, isize xs, T* out, isize os, bool streamed) {
  alignas(64) T inputs[kBlock], outputs[kBlock];
  constexpr isize length = kLength<typename Op::V>;
  const isize padded = (n + length - 1) / length * length;
  const T* source = x;
  if (xs != 1 || x == out || padded != n) {
    for (isize i = 0; i < n; i++) inputs[i] = x[i * xs];
    for (isize i = n; i < padded; i++) inputs[i] = 1;
    source = inputs;
  }
  T* target = os == 1 && padded == n ? out : outputs;
  if constexpr (kCanStream) {
    if (streamed && target == out && begins_line(out)) return map_packs<Op, true>(n, source, out);
  }
  map_packs<Op, false>(padded, source, target);
  if (target != out) {
    for (isize i = 0; i < n; i++) out[i * os] = target[i];
  }
}

template <class Op, class T>
void map(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os0, isize os1) {
  if (n < kShortRow && n < m) return map<Op>(n, m, x, xs1, xs0, out, os1, os0);
  const bool streamed = is_streamed(m, n, out, x);
  parallel_grid(m, n, kGrain, [=](isize row, isize begin, isize end) {
    for (isize at = begin; at < end; at += kBlock) {
      const isize count = end - at < kBlock ? end - at : kBlock;
      map_block<Op>(count, x + row * xs0 + at * xs1, xs1, out + row * os0 + at * os1, os1, streamed);
    }
    if (streamed) end_stream();
  });
}

/// For compiled functions, which bring values block by block: one thread, and nothing to decide.
template <class Op>
void map_contiguous(const f64* x, f64* y, i32 n) {
  for (isize at = 0; at < n; at += kBlock)
    map_block<Op>(n - at < kBlock ? n - at : kBlock, x + at, 1, y + at, 1, false);
}

}  // namespace

void block_sin(const f64* x, f64* y, i32 n) { map_contiguous<Sin<f64, 0>>(x, y, n); }
void block_cos(const f64* x, f64* y, i32 n) { map_contiguous<Sin<f64, 1>>(x, y, n); }
void block_exp(const f64* x, f64* y, i32 n) { map_contiguous<Exp<f64>>(x, y, n); }
void block_log(const f64* x, f64* y, i32 n) { map_contiguous<Log<f64>>(x, y, n); }

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
