// The innermost loops of gemm: a tile of C held in registers, and the packing that feeds it.
//
// A panel is kTileRows rows of A, or V vectors of columns of B, stored step by step along k so that a tile reads it
// front to back. Rows and columns that the matrix lacks are zeros in the panel and are not written to C. Every element
// of C is summed by the same operations in the same order wherever in its tile it lies. Blocking and threads are in
// kernels/gemm.cpp.
// SPDX-License-Identifier: MIT
#pragma once

#include "simd.h"

namespace nl {
namespace NL_ISA {

// The sums, one step of B and one element of A must fit the register file, and there must be about 8 sums or more to
// hide a multiply-add's latency (4 cycles, 2 units). 32 registers: 10 x 2 beat 8 x 3, 12 x 2, 14 x 2 and 6 x 4 on
// Zen 4. AVX2: 6 x 2 beat 4 x 3. SSE has two-operand instructions and needs copies; V8 moves all loads of a step to its
// start, so that the whole step of A must fit too: with 6 x 2 both spill and lose a third of the speed of 4 x 2.
constexpr int kTileRows = kVectorRegisters == 32 ? 10 : kVectorBytes == 32 ? 6 : 4;
constexpr int kTileVectors = 2;

/// Columns of a panel of V vectors.
template <class T, int V = kTileVectors>
constexpr int kTileColumns = V * kLanes<T>;

/// Lines (rows of A, columns of B) that are to be walked along k.
template <class T>
struct Lines {
  const T* data;
  isize line, step;  // strides from line to line and along k
};

/// Where a tile's sums go: c <- sum, or, where `add`, c <- c + sum. The factors alpha and beta have been dealt with
/// before: a product here the compiler would fuse with the addition in some copies of this code and not in others.
struct Target {
  bool add;
  isize cs0, cs1;
};

/// out[p * Width + w] = element p of line w, for p < depth; 0 for w >= count.
template <class T, int Width>
void pack_panel(isize depth, isize count, const Lines<T>& source, T* __restrict out) {
  if (count == Width && source.line == 1) {
    for (isize p = 0; p < depth; p++) {
      __builtin_memcpy(out + p * Width, source.data + p * source.step, sizeof(T) * Width);
    }
    return;
  }
  // A cache line's worth of steps at a time, so that a line which holds steps (row-major A) is read once and whole,
  // even where the matrix's rows all fall into one set of the cache.
  constexpr int kSteps = 8;
  for (isize p = 0; p < depth; p += kSteps, out += kSteps * Width) {
    const T* from = source.data + p * source.step;
    const isize steps = depth - p < kSteps ? depth - p : kSteps;
    for (isize w = 0; w < count; w++, from += source.line) {
      if (steps == kSteps) {
        for (int s = 0; s < kSteps; s++) out[s * Width + w] = from[s * source.step];
      } else {
        for (isize s = 0; s < steps; s++) out[s * Width + w] = from[s * source.step];
      }
    }
    for (isize w = count; w < Width; w++) {
      for (isize s = 0; s < steps; s++) out[s * Width + w] = T(0);
    }
  }
}

/// Packs `count` columns of alpha * B.
template <class T, int V>
void pack_columns(isize depth, isize count, const Lines<T>& source, T alpha, T* out) {
  pack_panel<T, kTileColumns<T, V>>(depth, count, source, out);
  if (alpha == T(1)) return;
  for (isize e = 0; e < depth * kTileColumns<T, V>; e++) out[e] *= alpha;
}

/// sums[i][v] = sum over p of element p of line i of `a` times vector v of step p of the panel `b`.
template <class T, int V>
inline __attribute__((always_inline)) void sum_tile(isize depth, Lines<T> a, const T* b, Vec<T> (&sums)[kTileRows][V]) {
  for (isize p = 0; p < depth; p++) {
    Vec<T> columns[V];
    for (int v = 0; v < V; v++) columns[v] = load(b + v * kLanes<T>);
    for (int i = 0; i < kTileRows; i++) {
      const Vec<T> element = broadcast(a.data[i * a.line]);
      for (int v = 0; v < V; v++) sums[i][v] = multiply_add<T>(element, columns[v], sums[i][v]);
    }
    a.data += a.step;
    b += kTileColumns<T, V>;
  }
}

/// Asks for a tile of C before its sums are made: unasked, its rows arrive one miss after the other, at n = 1000 at the
/// cost of a tenth of the speed. Inlined by force: GCC drops calls of a function that does nothing but prefetch.
template <class T, int V>
inline __attribute__((always_inline)) void prefetch_tile(isize rows, const T* c, const Target& target) {
  constexpr int kLine = 64 / int(sizeof(T));
  for (int i = 0; i < kTileRows; i++) {
    for (int j = 0; j < kTileColumns<T, V>; j += kLine) __builtin_prefetch(c + (i < rows ? i : 0) * target.cs0 + j, 1);
  }
}

/// Updates the part of C that exists from `sums`, rows of `width`: the way out of edges, and of C with strided rows.
template <class T>
inline void update_part(isize rows, isize columns, const T* sums, isize width, T* c, const Target& target) {
  for (isize i = 0; i < rows; i++) {
    for (isize j = 0; j < columns; j++) {
      T& element = c[i * target.cs0 + j * target.cs1];
      element = target.add ? element + sums[i * width + j] : sums[i * width + j];
    }
  }
}

/// Multiplies `a` by `b` and updates one tile of C. `a` must have kTileRows readable lines even where `rows` is less.
template <class T, int V>
inline __attribute__((always_inline)) void multiply_tile(isize depth, const Lines<T>& a, const T* b, isize rows,
                                                         isize columns, T* c, const Target& target) {
  prefetch_tile<T, V>(rows, c, target);
  Vec<T> sums[kTileRows][V] = {};
  sum_tile<T, V>(depth, a, b, sums);
  constexpr int kWidth = kTileColumns<T, V>;
  if (rows == kTileRows && columns == kWidth && target.cs1 == 1) {
    for (int i = 0; i < kTileRows; i++) {
      for (int v = 0; v < V; v++) {
        T* at = c + i * target.cs0 + v * kLanes<T>;
        store<T>(at, target.add ? load(at) + sums[i][v] : sums[i][v]);
      }
    }
  } else {
    T part[kTileRows * kWidth];
    for (int i = 0; i < kTileRows; i++) {
      for (int v = 0; v < V; v++) store<T>(part + i * kWidth + v * kLanes<T>, sums[i][v]);
    }
    update_part(rows, columns, part, kWidth, c, target);
  }
}

}  // namespace NL_ISA
}  // namespace nl
