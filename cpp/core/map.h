// Drivers of elementwise kernels: an m x n grid, any strides (in elements, of any sign, 0 to repeat an element).
//
// `out` may be exactly one of the inputs, with its strides; any other overlap is the caller's error. Layouts with unit
// strides, and those where one operand is a repeated element, get vector loops; the rest a plain strided loop.
// SPDX-License-Identifier: MIT
#pragma once

#include "parallel.h"
#include "stream.h"

namespace nl {
namespace NL_ISA {

// Elements a chunk: large against the cost of a fork-join (about 1 us), small enough that 8 threads share 10^6
// elements.
constexpr isize kMapGrain = 16384;

template <class T>
struct Strided {
  const T* data;
  isize row, column;
  const T* at(isize i, isize j) const { return data + i * row + j * column; }
};

/// How the elements of a row are stored.
struct Row {
  isize n, stride;
  bool streamed;
};

/// out[j] = f(j)
template <class Out, class F>
inline void map_dense(Row row, Out* out, F f) {
  if constexpr (kCanStream) {
    if (row.streamed) {
      stream_row(row.n, out, f);
      return end_stream();
    }
  }
#pragma omp simd
  for (isize j = 0; j < row.n; j++) out[j] = f(j);
}

template <class F, class T, class Out>
inline void map_row(Row row, const T* x, isize xs, Out* out, F f) {
  if (xs == 1 && row.stride == 1) {
    map_dense(row, out, [=](isize j) { return f(x[j]); });
  } else {
    for (isize j = 0; j < row.n; j++) out[j * row.stride] = f(x[j * xs]);
  }
}

template <class F, class T>
inline void map_row(Row row, const T* x, isize xs, const T* y, isize ys, T* out, F f) {
  if (xs == 1 && ys == 1 && row.stride == 1) {
    map_dense(row, out, [=](isize j) { return f(x[j], y[j]); });
  } else if (xs == 1 && ys == 0 && row.stride == 1 && row.n > 0) {
    const T repeated = *y;
    map_dense(row, out, [=](isize j) { return f(x[j], repeated); });
  } else if (xs == 0 && ys == 1 && row.stride == 1 && row.n > 0) {
    const T repeated = *x;
    map_dense(row, out, [=](isize j) { return f(repeated, y[j]); });
  } else {
    for (isize j = 0; j < row.n; j++) out[j * row.stride] = f(x[j * xs], y[j * ys]);
  }
}

template <class F, class T>
inline void map_row(Row row, const T* x, isize xs, const T* y, isize ys, const T* z, isize zs, T* out, F f) {
  if (xs == 1 && ys == 1 && zs == 1 && row.stride == 1) {
    map_dense(row, out, [=](isize j) { return f(x[j], y[j], z[j]); });
  } else {
    for (isize j = 0; j < row.n; j++) out[j * row.stride] = f(x[j * xs], y[j * ys], z[j * zs]);
  }
}

/// out[i, j] = f(x[i, j])
template <class F, class T, class Out>
void map_unary(isize m, isize n, Strided<T> x, Out* out, isize os0, isize os1) {
  const bool streamed = is_streamed(m, n, out, x.data);
  parallel_grid(m, n, kMapGrain, [=](isize i, isize begin, isize end) {
    const Row row{end - begin, os1, streamed};
    map_row(row, x.at(i, begin), x.column, out + i * os0 + begin * os1, F());
  });
}

/// out[i, j] = f(x[i, j], y[i, j])
template <class F, class T>
void map_binary(isize m, isize n, Strided<T> x, Strided<T> y, T* out, isize os0, isize os1) {
  const bool streamed = is_streamed(m, n, out, x.data, y.data);
  parallel_grid(m, n, kMapGrain, [=](isize i, isize begin, isize end) {
    const Row row{end - begin, os1, streamed};
    map_row(row, x.at(i, begin), x.column, y.at(i, begin), y.column, out + i * os0 + begin * os1, F());
  });
}

/// out[i, j] = f(x[i, j], y[i, j], z[i, j])
template <class F, class T>
void map_ternary(isize m, isize n, Strided<T> x, Strided<T> y, Strided<T> z, T* out, isize os0, isize os1) {
  const bool streamed = is_streamed(m, n, out, x.data, y.data, z.data);
  parallel_grid(m, n, kMapGrain, [=](isize i, isize begin, isize end) {
    const Row row{end - begin, os1, streamed};
    map_row(row, x.at(i, begin), x.column, y.at(i, begin), y.column, z.at(i, begin), z.column,
            out + i * os0 + begin * os1, F());
  });
}

}  // namespace NL_ISA
}  // namespace nl
