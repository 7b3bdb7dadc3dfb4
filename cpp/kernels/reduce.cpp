// Reductions along the columns of an m x n grid, and dot: accurate, and the same bits for any number of threads.
//
// A row is cut into leaves of 1024 elements. A leaf is summed in a fixed set of lanes; the lanes of leaves, and above
// them the results of blocks, are combined pairwise in index order. The error grows with the logarithm of n: the bound
// is (log2(n) + 32) * eps * sum|x|. Lanes are 128 bytes wide whatever the vector register, so every instruction set
// adds in the same order. SPDX-License-Identifier: MIT

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
struct Least {
  template <class V>
  V operator()(V a, V b) const {
    return least(a, b);
  }
};
struct Greatest {
  template <class V>
  V operator()(V a, V b) const {
    return greatest(a, b);
  }
};

/// 128 bytes of accumulators. They are folded to one value only at the end of a block: doing it for every leaf would
/// keep the processor from reading ahead.
template <class A, class Combine>
struct Lanes {
  static constexpr int kCount = 128 / int(sizeof(A));
  static constexpr int kVectors = kCount / kLanes<A>;
  Vec<A> vectors[kVectors];

  explicit Lanes(A first) {
    for (int v = 0; v < kVectors; v++) vectors[v] = broadcast(first);
  }
  template <class Source>
  void take(const Source& source, isize at) {
    for (int v = 0; v < kVectors; v++) vectors[v] = Combine()(vectors[v], source.vector(at + v * kLanes<A>));
  }
  /// Fewer than kCount values, one to a lane.
  template <class Source>
  void take_rest(const Source& source, isize begin, isize end) {
    A lanes[kCount];
    __builtin_memcpy(lanes, vectors, sizeof lanes);
    for (isize i = begin; i < end; i++) lanes[i - begin] = Combine()(lanes[i - begin], source.scalar(i));
    __builtin_memcpy(vectors, lanes, sizeof lanes);
  }
  void merge(const Lanes& other) {
    for (int v = 0; v < kVectors; v++) vectors[v] = Combine()(vectors[v], other.vectors[v]);
  }
  A fold() const {
    A lanes[kCount];
    __builtin_memcpy(lanes, vectors, sizeof lanes);
    for (int width = kCount / 2; width > 0; width /= 2) {
      for (int j = 0; j < width; j++) lanes[j] = Combine()(lanes[j], lanes[j + width]);
    }
    return lanes[0];
  }
};

// Where the values come from: `vector(i)` gives kLanes<Accumulator> of them from index i on, `scalar(i)` one.

template <class T, class A>
struct Contiguous {
  using Accumulator = A;
  const T* x;
  A scalar(isize i) const { return A(x[i]); }
  Vec<A> vector(isize i) const {
    typedef T Part __attribute__((vector_size(kLanes<A> * sizeof(T))));
    Part part;
    __builtin_memcpy(&part, x + i, sizeof part);
    return __builtin_convertvector(part, Vec<A>);
  }
};

template <class T>
struct ContiguousProducts {
  using Accumulator = T;
  const T *x, *y;
  T scalar(isize i) const { return x[i] * y[i]; }
  Vec<T> vector(isize i) const { return load<T>(x + i) * load<T>(y + i); }
};

template <class A, class Scalar>
inline Vec<A> gather(const Scalar& scalar, isize i) {
  Vec<A> v;
  for (int lane = 0; lane < kLanes<A>; lane++) v[lane] = scalar(i + lane);
  return v;
}

template <class T, class A>
struct Elements {
  using Accumulator = A;
  const T* x;
  isize xs;
  A scalar(isize i) const { return A(x[i * xs]); }
  Vec<A> vector(isize i) const {
    return gather<A>([this](isize k) { return scalar(k); }, i);
  }
};

template <class T>
struct Products {
  using Accumulator = T;
  const T *x, *y;
  isize xs, ys;
  T scalar(isize i) const { return x[i * xs] * y[i * ys]; }
  Vec<T> vector(isize i) const {
    return gather<T>([this](isize k) { return scalar(k); }, i);
  }
};

/// Pairwise over leaves: the left half is the smallest whole number of leaves not below the middle.
template <class Combine, class Source, class A>
Lanes<A, Combine> leaves(const Source& source, isize begin, isize end, A first) {
  const isize count = (end - begin + kLeaf - 1) / kLeaf;
  if (count > 1) {
    const isize middle = begin + (count + 1) / 2 * kLeaf;
    Lanes<A, Combine> left = leaves<Combine>(source, begin, middle, first);
    left.merge(leaves<Combine>(source, middle, end, first));
    return left;
  }
  Lanes<A, Combine> lanes(first);
  isize i = begin;
  for (; i + lanes.kCount <= end; i += lanes.kCount) lanes.take(source, i);
  if (i < end) lanes.take_rest(source, i, end);
  return lanes;
}

template <class Combine, class Source, class A>
A block(const Source& source, isize begin, isize end, A first) {
  return leaves<Combine>(source, begin, end, first).fold();
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

template <class Combine, class Source, class A = typename Source::Accumulator>
A reduce_all(const Source& source, isize n, A first) {
  const isize size = block_size(n);
  if (n <= size) return block<Combine>(source, 0, n, first);
  A partial[kMaxBlocks];
  parallel_for(n, size,
               [&](isize begin, isize end) { partial[begin / size] = block<Combine>(source, begin, end, first); });
  return combine_pairwise<Combine>(partial, (n + size - 1) / size);
}

/// The combination of `first` and n elements.
template <class Combine, class A, class T>
A row(const T* x, isize xs, isize n, A first) {
  if (xs == 1) return reduce_all<Combine>(Contiguous<T, A>{x}, n, first);
  return reduce_all<Combine>(Elements<T, A>{x, xs}, n, first);
}

/// Long rows are shared out one after another, short ones a few to a chunk. A region within a region runs on one
/// thread.
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
  for_rows(m, n, [=](isize i) { out[i * os] = row<Plus, A>(x + i * xs0, xs1, n, A(0)); });
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
  for_rows(m, n, [=](isize i) { out[i * os] = row<Least, T>(x + i * xs0, xs1, n, x[i * xs0]); });
}
NL_KERNEL(min, f32)
NL_KERNEL(min, f64)
NL_KERNEL(min, i32)

/// out[i * os] = the greatest of x[i, j] over j; n >= 1; NaN if there is one.
template <class T>
void max(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os) {
  for_rows(m, n, [=](isize i) { out[i * os] = row<Greatest, T>(x + i * xs0, xs1, n, x[i * xs0]); });
}
NL_KERNEL(max, f32)
NL_KERNEL(max, f64)
NL_KERNEL(max, i32)

/// out[0] = sum over i of x[i] * y[i].
template <class T>
void dot(isize n, const T* x, isize xs, const T* y, isize ys, T* out) {
  *out = xs == 1 && ys == 1 ? reduce_all<Plus>(ContiguousProducts<T>{x, y}, n, T(0))
                            : reduce_all<Plus>(Products<T>{x, y, xs, ys}, n, T(0));
}
NL_KERNEL(dot, f32)
NL_KERNEL(dot, f64)
NL_KERNEL(dot, i32)

}  // namespace NL_ISA
}  // namespace nl
