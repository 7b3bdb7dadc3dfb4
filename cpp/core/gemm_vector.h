// The inner loops of gemv, for matrices whose rows are contiguous, whose columns are, and neither.
//
// Rows are dealt with in groups that start at multiples of kDotRows or kSumRows, and kernels/gemm.cpp cuts its chunks
// there, so that an element of y is summed in the same way whichever thread gets it.
// SPDX-License-Identifier: MIT
#pragma once

#include "simd.h"

namespace nl {
namespace NL_ISA {

// Elements that are copied to the stack at a time where contiguous ones are needed and strided ones given: of kDotRows
// rows or kSumColumns columns, 16 KB at most.
constexpr isize kStaged = 256;

// Rows that are walked together, so that x is read once for all of them and there are sums enough to hide the latency
// of additions.
constexpr int kDotRows = 8;
// Columns that are walked together, so that the sums are read and written once for all of them. V8 moves all loads of a
// step to its start, and eight columns no longer fit its 16 registers.
constexpr int kSumColumns = kVectorBytes == 16 ? 4 : 8;
// Rows whose sums a walk over the columns holds. More make longer runs of memory, fewer leave more to share out: with
// 512 a matrix in main memory is read at 0.85 of the speed of 2048, and 1000 rows are work for two threads.
constexpr isize kSumRows = 512;

/// y <- alpha * A * x + beta * y, A of n columns.
template <class T>
struct Gemv {
  isize n;
  T alpha;
  const T* a;
  isize as0, as1;
  const T* x;
  isize xs;
  T beta;
  T* y;
  isize ys;

  void update(isize i, T sum) const {
    T& element = y[i * ys];
    element = beta == T(0) ? alpha * sum : alpha * sum + beta * element;
  }
};

template <class T>
void scale(T* y, isize count, isize ys, T beta) {
  for (isize i = 0; i < count; i++) y[i * ys] = beta == T(0) ? T(0) : beta * y[i * ys];
}

template <class T>
inline const T* stage(isize count, const T* source, isize stride, T* buffer) {
  if (stride == 1) return source;
  for (isize i = 0; i < count; i++) buffer[i] = source[i * stride];
  return buffer;
}

/// sums[r] += the dot product of x and row r of R.
template <class T, int R>
void add_dots(isize count, const T* a, isize line, const T* x, T* sums) {
  constexpr int kVectors = R == 1 ? 4 : 1, kStep = kVectors * kLanes<T>;
  Vec<T> parts[R][kVectors] = {};
  isize j = 0;
  for (; j + kStep <= count; j += kStep) {
    for (int v = 0; v < kVectors; v++) {
      const Vec<T> elements = load(x + j + v * kLanes<T>);
      for (int r = 0; r < R; r++) {
        parts[r][v] = multiply_add<T>(load(a + r * line + j + v * kLanes<T>), elements, parts[r][v]);
      }
    }
  }
  for (int r = 0; r < R; r++) {
    if (j > 0) {
      for (int v = 1; v < kVectors; v++) parts[r][0] += parts[r][v];
      for (int lane = 0; lane < kLanes<T>; lane++) sums[r] += parts[r][0][lane];
    }
    for (isize rest = j; rest < count; rest++) sums[r] += a[r * line + rest] * x[rest];
  }
}

/// R rows from row i on.
template <class T, int R>
void multiply_row_group(const Gemv<T>& g, isize i) {
  T sums[R] = {};
  const T* a = g.a + i * g.as0;
  if (g.as1 == 1 && g.xs == 1) {
    add_dots<T, R>(g.n, a, g.as0, g.x, sums);
  } else {
    T elements[kStaged], rows[R * kStaged];
    for (isize j = 0; j < g.n; j += kStaged) {
      const isize count = g.n - j < kStaged ? g.n - j : kStaged;
      const T* x = stage(count, g.x + j * g.xs, g.xs, elements);
      if (g.as1 == 1) {
        add_dots<T, R>(count, a + j, g.as0, x, sums);
      } else {
        for (int r = 0; r < R; r++) stage(count, a + r * g.as0 + j * g.as1, g.as1, rows + r * kStaged);
        add_dots<T, R>(count, rows, kStaged, x, sums);
      }
    }
  }
  for (int r = 0; r < R; r++) g.update(i + r, sums[r]);
}

template <class T>
void multiply_along_rows(const Gemv<T>& g, isize begin, isize end) {
  isize i = begin;
  for (; i + kDotRows <= end; i += kDotRows) multiply_row_group<T, kDotRows>(g, i);
  for (; i < end; i++) multiply_row_group<T, 1>(g, i);
}

/// sums += N columns, each times its element of x.
template <class T, int N>
void add_columns(isize count, const T* a, isize line, const T* x, isize xs, T* sums) {
  Vec<T> elements[N];
  for (int c = 0; c < N; c++) elements[c] = broadcast(x[c * xs]);
  isize i = 0;
  for (; i + kLanes<T> <= count; i += kLanes<T>) {
    Vec<T> sum = load(sums + i);
    for (int c = 0; c < N; c++) sum = multiply_add<T>(load(a + c * line + i), elements[c], sum);
    store<T>(sums + i, sum);
  }
  for (; i < count; i++) {
    for (int c = 0; c < N; c++) sums[i] += a[c * line + i] * x[c * xs];
  }
}

/// sums += N columns from column j on, rows [i, i + count).
template <class T, int N>
void add_column_group(const Gemv<T>& g, isize i, isize count, isize j, T* sums) {
  const T* a = g.a + i * g.as0 + j * g.as1;
  const T* x = g.x + j * g.xs;
  if (g.as0 == 1) return add_columns<T, N>(count, a, g.as1, x, g.xs, sums);
  T columns[N * kStaged];
  for (isize r = 0; r < count; r += kStaged) {
    const isize part = count - r < kStaged ? count - r : kStaged;
    for (int c = 0; c < N; c++) stage(part, a + r * g.as0 + c * g.as1, g.as0, columns + c * kStaged);
    add_columns<T, N>(part, columns, kStaged, x, g.xs, sums + r);
  }
}

template <class T>
void multiply_along_columns(const Gemv<T>& g, isize begin, isize end) {
  for (isize i = begin; i < end; i += kSumRows) {
    const isize count = end - i < kSumRows ? end - i : kSumRows;
    T sums[kSumRows] = {};
    isize j = 0;
    for (; j + kSumColumns <= g.n; j += kSumColumns) add_column_group<T, kSumColumns>(g, i, count, j, sums);
    for (; j < g.n; j++) add_column_group<T, 1>(g, i, count, j, sums);
    for (isize r = 0; r < count; r++) g.update(i + r, sums[r]);
  }
}

/// Whether an m-row A is better walked along its rows than along its columns.
template <class T>
bool prefers_rows(const Gemv<T>& g, isize m) {
  if (g.as0 == 1 && g.as1 == 1) return g.n >= m;
  if (g.as0 == 1 || g.as1 == 1) return g.as1 == 1;
  return (g.as1 < 0 ? -g.as1 : g.as1) <= (g.as0 < 0 ? -g.as0 : g.as0);
}

}  // namespace NL_ISA
}  // namespace nl
