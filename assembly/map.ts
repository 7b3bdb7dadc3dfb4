// Drivers of elementwise kernels: an m x n grid, any strides (in elements, of any sign, 0 to repeat an element).
//
// `out` may be exactly one of the inputs, with its strides; any other overlap is the caller's error. A kernel has one
// formula, on vectors: elements that do not fill one are computed in the low lane of one, so that a value does not
// depend on its position. Rows of several operands have fast loops for the same layouts as cpp/core/map.h.
// SPDX-License-Identifier: MIT

import { lanes, lanesOfBoth, Repeated, Strided, the, Unit } from './simd'

/** out[i, j] = F(x[i, j]), T to Out. */
export function mapUnary<F, T, Out>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize,
): void {
  for (let i: isize = 0; i < m; i++) {
    if (x1 == 1 && out1 == 1) unaryRow<F, T, Out, Unit, Unit>(n, x, x1, out, out1)
    else unaryRow<F, T, Out, Strided, Strided>(n, x, x1, out, out1)
    x += x0 * sizeof<T>()
    out += out0 * sizeof<Out>()
  }
}

function unaryRow<F, T, Out, X, To>(n: isize, x: usize, xs: isize, out: usize, os: isize): void {
  const count = lanesOfBoth<T, Out>()
  for (; n >= count; n -= count) {
    the<To>().write<Out>(out, os, count, the<F>().apply<T>(the<X>().read<T>(x, xs, count)))
    x += the<X>().bytes<T>(xs, count)
    out += the<To>().bytes<Out>(os, count)
  }
  for (; n > 0; n--) {
    v128.store_lane<Out>(out, the<F>().apply<T>(v128.load_splat<T>(x)), 0)
    x += xs * sizeof<T>()
    out += os * sizeof<Out>()
  }
}

/** out[i, j] = F(x[i, j], y[i, j]) */
export function mapBinary<F, T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, y: usize, y0: isize, y1: isize,
  out: usize, out0: isize, out1: isize,
): void {
  for (let i: isize = 0; i < m; i++) {
    if (x1 == 1 && y1 == 1 && out1 == 1) binaryRow<F, T, Unit, Unit, Unit>(n, x, x1, y, y1, out, out1)
    else if (x1 == 1 && y1 == 0 && out1 == 1) binaryRow<F, T, Unit, Repeated, Unit>(n, x, x1, y, y1, out, out1)
    else if (x1 == 0 && y1 == 1 && out1 == 1) binaryRow<F, T, Repeated, Unit, Unit>(n, x, x1, y, y1, out, out1)
    else binaryRow<F, T, Strided, Strided, Strided>(n, x, x1, y, y1, out, out1)
    x += x0 * sizeof<T>()
    y += y0 * sizeof<T>()
    out += out0 * sizeof<T>()
  }
}

function binaryRow<F, T, X, Y, To>(
  n: isize, x: usize, xs: isize, y: usize, ys: isize, out: usize, os: isize,
): void {
  const count = lanes<T>()
  for (; n >= count; n -= count) {
    const value = the<F>().apply<T>(the<X>().read<T>(x, xs, count), the<Y>().read<T>(y, ys, count))
    the<To>().write<T>(out, os, count, value)
    x += the<X>().bytes<T>(xs, count)
    y += the<Y>().bytes<T>(ys, count)
    out += the<To>().bytes<T>(os, count)
  }
  for (; n > 0; n--) {
    v128.store_lane<T>(out, the<F>().apply<T>(v128.load_splat<T>(x), v128.load_splat<T>(y)), 0)
    x += xs * sizeof<T>()
    y += ys * sizeof<T>()
    out += os * sizeof<T>()
  }
}

/** out[i, j] = F(x[i, j], y[i, j], z[i, j]) */
export function mapTernary<F, T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, y: usize, y0: isize, y1: isize,
  z: usize, z0: isize, z1: isize, out: usize, out0: isize, out1: isize,
): void {
  for (let i: isize = 0; i < m; i++) {
    if (x1 == 1 && y1 == 1 && z1 == 1 && out1 == 1) ternaryRow<F, T, Unit>(n, x, x1, y, y1, z, z1, out, out1)
    else ternaryRow<F, T, Strided>(n, x, x1, y, y1, z, z1, out, out1)
    x += x0 * sizeof<T>()
    y += y0 * sizeof<T>()
    z += z0 * sizeof<T>()
    out += out0 * sizeof<T>()
  }
}

function ternaryRow<F, T, Each>(
  n: isize, x: usize, xs: isize, y: usize, ys: isize, z: usize, zs: isize, out: usize, os: isize,
): void {
  const count = lanes<T>()
  for (; n >= count; n -= count) {
    const first = the<Each>().read<T>(x, xs, count)
    const second = the<Each>().read<T>(y, ys, count)
    const third = the<Each>().read<T>(z, zs, count)
    the<Each>().write<T>(out, os, count, the<F>().apply<T>(first, second, third))
    x += the<Each>().bytes<T>(xs, count)
    y += the<Each>().bytes<T>(ys, count)
    z += the<Each>().bytes<T>(zs, count)
    out += the<Each>().bytes<T>(os, count)
  }
  for (; n > 0; n--) {
    const value = the<F>().apply<T>(v128.load_splat<T>(x), v128.load_splat<T>(y), v128.load_splat<T>(z))
    v128.store_lane<T>(out, value, 0)
    x += xs * sizeof<T>()
    y += ys * sizeof<T>()
    z += zs * sizeof<T>()
    out += os * sizeof<T>()
  }
}
