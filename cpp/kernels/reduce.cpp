// Reductions along the columns of an m x n grid, and dot: accurate, and the same bits for any number of threads.
//
// A row is cut into leaves of 1024 elements. A leaf is summed in a fixed set of lanes; leaves, and above them blocks,
// are combined pairwise in index order. The error grows with the logarithm of n: the bound is (log2(n) + 32) * eps *
// sum|x|. Lanes are 128 bytes wide whatever the vector register, so every instruction set adds in the same order.
// SPDX-License-Identifier: MIT

#include "../core/export.h"
#include "../core/parallel.h"
#include "../core/simd.h"

namespace nl {
namespace NL_ISA {

constexpr isize kLeaf = 1024;
constexpr isize kMaxBlocks = 1024;
constexpr isize kMinBlock = 16 * kLeaf;

/// Elements per block of a row of n: a function of n alone, so that the block results fit on the stack.
inline isize block_size(isize n) {
  const isize even = (n + kMaxBlocks - 1) / kMaxBlocks;
  const isize whole = (even + kLeaf - 1) / kLeaf * kLeaf;
  return whole < kMinBlock ? kMinBlock : whole;
}

struct Plus {
  template <class V>
  V operator()(V a, V b) const {
    return a + b;
  }
};
// A NaN on either side wins, as in NumPy.
struct Least {
  template <class V>
  V operator()(V a, V b) const {
    return ((a < b) | (a != a)) ? a : b;
  }
};
struct Greatest {
  template <class V>
  V operator()(V a, V b) const {
    return ((a > b) | (a != a)) ? a : b;
  }
};

/// The accumulators of one leaf: 128 bytes of A, started from `first`.
template <class A, class Combine>
struct Lanes {
  static constexpr int kCount = 128 / int(sizeof(A));
  static constexpr int kVectors = kCount / kLanes<A>;
  Vec<A> vectors[kVectors];

  explicit Lanes(A first) {
    for (int v = 0; v < kVectors; v++) vectors[v] = broadcast(first);
  }
  template <class Value>
  void take(const Value& value) {
    for (int v = 0; v < kVectors; v++) vectors[v] = Combine()(vectors[v], value(v * kLanes<A>));
  }
  /// The combination of all lanes and of the `rest` values that did not fill them.
  template <class Value>
  A finish(isize rest, const Value& value) const {
    A lanes[kCount];
    __builtin_memcpy(lanes, vectors, sizeof lanes);
    for (isize j = 0; j < rest; j++) lanes[j] = Combine()(lanes[j], A(value(j)));
    for (int width = kCount / 2; width > 0; width /= 2) {
      for (int j = 0; j < width; j++) lanes[j] = Combine()(lanes[j], lanes[j + width]);
    }
    return lanes[0];
  }
};

/// Where the values come from. `vector(i)` gives kLanes<A> of them from index i on, `scalar(i)` one.
template <class T, class A>
struct Elements {
  const T* x;
  isize xs;
  using Accumulator = A;
  A scalar(isize i) const { return A(x[i * xs]); }
  Vec<A> vector(isize i) const {
    if constexpr (sizeof(T) == sizeof(A)) {
      if (xs == 1) return load<T>(x + i);
    }
    Vec<A> v;
    for (int lane = 0; lane < kLanes<A>; lane++) v[lane] = scalar(i + lane);
    return v;
  }
};
template <class T>
struct Products {
  const T *x, *y;
  isize xs, ys;
  using Accumulator = T;
  T scalar(isize i) const { return x[i * xs] * y[i * ys]; }
  Vec<T> vector(isize i) const {
    if (xs == 1 && ys == 1) return load<T>(x + i) * load<T>(y + i);
    Vec<T> v;
    for (int lane = 0; lane < kLanes<T>; lane++) v[lane] = scalar(i + lane);
    return v;
  }
};

template <class Combine, class Source>
typename Source::Accumulator leaf(const Source& source, isize begin, isize end, typename Source::Accumulator first) {
  using A = typename Source::Accumulator;
  Lanes<A, Combine> lanes(first);
  isize i = begin;
  for (; i + lanes.kCount <= end; i += lanes.kCount) {
    lanes.take([&](isize lane) { return source.vector(i + lane); });
  }
  return lanes.finish(end - i, [&](isize lane) { return source.scalar(i + lane); });
}

/// Pairwise over leaves: the left half is the largest whole number of leaves not above the middle.
template <class Combine, class Source>
typename Source::Accumulator block(const Source& source, isize begin, isize end, typename Source::Accumulator first) {
  const isize leaves = (end - begin + kLeaf - 1) / kLeaf;
  if (leaves <= 1) return leaf<Combine>(source, begin, end, first);
  const isize middle = begin + (leaves + 1) / 2 * kLeaf;
  return Combine()(block<Combine>(source, begin, middle, first), block<Combine>(source, middle, end, first));
}

template <class Combine, class A>
A combine_pairwise(A* partial, isize count) {
  while (count > 1) {
    const isize half = count / 2;
    for (isize i = 0; i < half; i++) partial[i] = Combine()(partial[2 * i], partial[2 * i + 1]);
    if (count % 2) partial[half] = partial[count - 1];
    count = half + count % 2;
  }
  return partial[0];
}

template <class Combine, class Source>
typename Source::Accumulator row(const Source& source, isize n, typename Source::Accumulator first) {
  const isize size = block_size(n);
  if (n <= size) return block<Combine>(source, 0, n, first);
  typename Source::Accumulator partial[kMaxBlocks];
  parallel_for(n, size, [&](isize begin, isize end) {
    partial[begin / size] = block<Combine>(source, begin, end, first);
  });
  return combine_pairwise<Combine>(partial, (n + size - 1) / size);
}

/// Long rows are shared out one after another, short ones a few to a chunk. A region within a region runs on one thread.
template <class Body>
void for_rows(isize m, isize n, const Body& body) {
  if (n > kMinBlock) {
    for (isize i = 0; i < m; i++) body(i);
  } else {
    parallel_for(m, kMinBlock / (n > 0 ? n : 1), [&](isize begin, isize end) {
      for (isize i = begin; i < end; i++) body(i);
    });
  }
}

/// out[i * os] = sum over j of x[i, j]; 0 for n = 0. int32 is summed in int64, as in NumPy.
template <class T, class A>
void sum_rows(isize m, isize n, const T* x, isize xs0, isize xs1, A* out, isize os) {
  for_rows(m, n, [=](isize i) { out[i * os] = row<Plus>(Elements<T, A>{x + i * xs0, xs1}, n, A(0)); });
}
template <class T>
void sum(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os) {
  sum_rows<T, T>(m, n, x, xs0, xs1, out, os);
}
template <class T>
void sum_to_i64(isize m, isize n, const T* x, isize xs0, isize xs1, i64* out, isize os) {
  sum_rows<T, i64>(m, n, x, xs0, xs1, out, os);
}
NL_KERNEL(sum, f32)
NL_KERNEL(sum, f64)
NL_KERNEL(sum_to_i64, i32)

/// out[i * os] = the least of x[i, j] over j; n >= 1; NaN if there is one.
template <class T>
void min(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os) {
  for_rows(m, n, [=](isize i) { out[i * os] = row<Least>(Elements<T, T>{x + i * xs0, xs1}, n, x[i * xs0]); });
}
NL_KERNEL(min, f32)
NL_KERNEL(min, f64)
NL_KERNEL(min, i32)

/// out[i * os] = the greatest of x[i, j] over j; n >= 1; NaN if there is one.
template <class T>
void max(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os) {
  for_rows(m, n, [=](isize i) { out[i * os] = row<Greatest>(Elements<T, T>{x + i * xs0, xs1}, n, x[i * xs0]); });
}
NL_KERNEL(max, f32)
NL_KERNEL(max, f64)
NL_KERNEL(max, i32)

/// out[0] = sum over i of x[i] * y[i].
template <class T>
void dot(isize n, const T* x, isize xs, const T* y, isize ys, T* out) {
  *out = row<Plus>(Products<T>{x, y, xs, ys}, n, T(0));
}
NL_KERNEL(dot, f32)
NL_KERNEL(dot, f64)
NL_KERNEL(dot, i32)

}  // namespace NL_ISA
}  // namespace nl
