// The inner loops of gemv, for matrices whose rows are contiguous, whose columns are, and neither.
//
// Any one element of y is summed by the same operations in the same order in whichever chunk of kStaged rows it lies.
// SPDX-License-Identifier: MIT
#pragma once

#include "simd.h"

namespace nl {
namespace NL_ISA {

// Elements that are copied at a time where the kernel needs contiguous ones and has strided ones: kDotRows rows of them
// (at most 16 KB) are on the stack. Also the rows whose sums a pass over the columns holds.
constexpr isize kStaged = 256;

// Rows or columns that are walked together, so that x, or the sums, are read once for all of them. One vector of each:
// with the sums they fill 16 registers even though V8 moves all loads of a step to its start.
#ifndef DR
#define DR 4
#define DV 2
#define CC 4
#endif
constexpr int kDotRows = DR;
constexpr int kSumColumns = CC;

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
  Vec<T> parts[R][DV] = {};
  isize j = 0;
  constexpr int kStep = DV * kLanes<T>;
  for (; j + kStep <= count; j += kStep) {
    for (int v = 0; v < DV; v++) {
      const Vec<T> elements = load(x + j + v * kLanes<T>);
      for (int r = 0; r < R; r++) {
        parts[r][v] = multiply_add<T>(load(a + r * line + j + v * kLanes<T>), elements, parts[r][v]);
      }
    }
  }
  for (int r = 0; r < R; r++) {
    for (int v = 1; v < DV; v++) parts[r][0] += parts[r][v];
    for (int lane = 0; lane < kLanes<T>; lane++) sums[r] += parts[r][0][lane];
    for (isize rest = j; rest < count; rest++) sums[r] += a[r * line + rest] * x[rest];
  }
}

/// R rows from row i on, along the rows.
template <class T, int R>
void multiply_along_rows(const Gemv<T>& g, isize i) {
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

/// sums += N columns of A, each times its element of x.
template <class T, int N>
void add_columns(isize count, const T* a, isize line, const T* x, isize xs, T* sums) {
  isize i = 0;
  Vec<T> elements[N];
  for (int c = 0; c < N; c++) elements[c] = broadcast(x[c * xs]);
  for (; i + kLanes<T> <= count; i += kLanes<T>) {
    Vec<T> sum = load(sums + i);
    for (int c = 0; c < N; c++) sum = multiply_add<T>(load(a + c * line + i), elements[c], sum);
    store<T>(sums + i, sum);
  }
  for (; i < count; i++) {
    for (int c = 0; c < N; c++) sums[i] += a[c * line + i] * x[c * xs];
  }
}

/// sums += N columns of A from column j on, rows [i, i + count).
template <class T, int N>
void add_strided_columns(const Gemv<T>& g, isize i, isize count, isize j, T* sums) {
  const T* a = g.a + i * g.as0 + j * g.as1;
  const T* x = g.x + j * g.xs;
  if (g.as0 == 1) return add_columns<T, N>(count, a, g.as1, x, g.xs, sums);
  T columns[N * kStaged];
  for (int c = 0; c < N; c++) stage(count, a + c * g.as1, g.as0, columns + c * kStaged);
  add_columns<T, N>(count, columns, kStaged, x, g.xs, sums);
}

/// At most kStaged rows, along the columns.
template <class T>
void multiply_along_columns(const Gemv<T>& g, isize i, isize count) {
  T sums[kStaged] = {};
  isize j = 0;
  for (; j + kSumColumns <= g.n; j += kSumColumns) add_strided_columns<T, kSumColumns>(g, i, count, j, sums);
  for (; j < g.n; j++) add_strided_columns<T, 1>(g, i, count, j, sums);
  for (isize r = 0; r < count; r++) g.update(i + r, sums[r]);
}

/// Rows [begin, end) of y. `m`, the rows of all of A, decides with its strides which way is the better one.
template <class T>
void multiply_rows(const Gemv<T>& g, isize m, isize begin, isize end) {
  const isize down = g.as0 < 0 ? -g.as0 : g.as0, along = g.as1 < 0 ? -g.as1 : g.as1;
  const bool both = g.as0 == 1 && g.as1 == 1;
  if (both ? g.n >= m : g.as1 == 1 || (g.as0 != 1 && along <= down)) {
    isize i = begin;
    for (; i + kDotRows <= end; i += kDotRows) multiply_along_rows<T, kDotRows>(g, i);
    for (; i < end; i++) multiply_along_rows<T, 1>(g, i);
  } else {
    for (isize i = begin; i < end; i += kStaged) multiply_along_columns(g, i, end - i < kStaged ? end - i : kStaged);
  }
}

}  // namespace NL_ISA
}  // namespace nl
