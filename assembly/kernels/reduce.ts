// Reductions along the columns of an m x n grid, and dot, by the scheme of cpp/kernels/reduce.cpp.
//
// A row is cut into leaves of 1024 elements. A leaf is reduced in 128 bytes of lanes, which are eight vectors, and folded
// (C++ merges lanes instead: the last bit may differ); leaves, and above them blocks, are combined pairwise. The error
// grows with the logarithm of n: the bound is (log2(n) + 32) * eps * sum|x|. Everything lives in registers: a module has
// no memory of its own that several threads could share by accident.
// SPDX-License-Identifier: MIT

import { lanes, Strided, the, Unit } from '../simd'

const LEAF: isize = 1024
const MAX_BLOCKS: isize = 1024
const MIN_BLOCK: isize = 16 * LEAF

@unmanaged class Plus { @inline apply<A>(a: v128, b: v128): v128 { return v128.add<A>(a, b) } }
// A NaN on either side wins, as in NumPy.
@unmanaged class Least {
  @inline apply<A>(a: v128, b: v128): v128 {
    if (isInteger<A>()) return v128.min<A>(a, b)
    return v128.bitselect(a, b, v128.or(v128.lt<A>(a, b), v128.ne<A>(a, a)))
  }
}
@unmanaged class Greatest {
  @inline apply<A>(a: v128, b: v128): v128 {
    if (isInteger<A>()) return v128.max<A>(a, b)
    return v128.bitselect(a, b, v128.or(v128.gt<A>(a, b), v128.ne<A>(a, a)))
  }
}

/** Where the values come from: a vector of accumulators' type A from operands of type T, all accessed by Each. */
@unmanaged class Elements {
  @inline read<T, A, Each>(x: usize, xs: isize, y: usize, ys: isize): v128 {
    const value = the<Each>().read<T>(x, xs, lanes<A>())
    return sizeof<T>() == sizeof<A>() ? value : i64x2.extend_low_i32x4_s(value)
  }
  @inline first<T, A>(x: usize, y: usize): v128 {
    const value = v128.load_splat<T>(x)
    return sizeof<T>() == sizeof<A>() ? value : i64x2.extend_low_i32x4_s(value)
  }
}
@unmanaged class Products {
  @inline read<T, A, Each>(x: usize, xs: isize, y: usize, ys: isize): v128 {
    return v128.mul<T>(the<Each>().read<T>(x, xs, lanes<A>()), the<Each>().read<T>(y, ys, lanes<A>()))
  }
  @inline first<T, A>(x: usize, y: usize): v128 {
    return v128.mul<T>(v128.load_splat<T>(x), v128.load_splat<T>(y))
  }
}

@inline function lane<A>(index: isize): v128 {
  return sizeof<A>() == 8
    ? i64x2.eq(i64x2(0, 1), i64x2.splat(index))
    : i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat(<i32>index))
}

/** The lanes of `sums` combined with the next `n` > 0 values, as far as there are lanes. */
function rest<C, S, T, A, Each>(sums: v128, n: isize, x: usize, xs: isize, y: usize, ys: isize): v128 {
  if (n >= lanes<A>()) return the<C>().apply<A>(sums, the<S>().read<T, A, Each>(x, xs, y, ys))
  for (let i: isize = 0; i < n; i++) {
    const combined = the<C>().apply<A>(sums, the<S>().first<T, A>(x, y))
    sums = v128.bitselect(combined, sums, lane<A>(i))
    x += xs * sizeof<T>()
    y += ys * sizeof<T>()
  }
  return sums
}

/** The combination of all lanes, each half with the other until one is left. */
@inline function across<C, A>(sums: v128): A {
  if (sizeof<A>() == 4) sums = the<C>().apply<A>(sums, v128.shuffle<i64>(sums, sums, 1, 0))
  const other = sizeof<A>() == 4 ? v128.shuffle<i32>(sums, sums, 1, 0, 3, 2) : v128.shuffle<i64>(sums, sums, 1, 0)
  return v128.extract_lane<A>(the<C>().apply<A>(sums, other), 0)
}

function leaf<C, S, T, A, Each>(n: isize, x: usize, xs: isize, y: usize, ys: isize, first: A): A {
  let a0 = v128.splat<A>(first), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0
  const dx = the<Each>().bytes<T>(xs, lanes<A>())
  const dy = the<Each>().bytes<T>(ys, lanes<A>())
  for (; n >= 8 * lanes<A>(); n -= 8 * lanes<A>()) {
    a0 = the<C>().apply<A>(a0, the<S>().read<T, A, Each>(x, xs, y, ys))
    a1 = the<C>().apply<A>(a1, the<S>().read<T, A, Each>(x + dx, xs, y + dy, ys))
    a2 = the<C>().apply<A>(a2, the<S>().read<T, A, Each>(x + 2 * dx, xs, y + 2 * dy, ys))
    a3 = the<C>().apply<A>(a3, the<S>().read<T, A, Each>(x + 3 * dx, xs, y + 3 * dy, ys))
    a4 = the<C>().apply<A>(a4, the<S>().read<T, A, Each>(x + 4 * dx, xs, y + 4 * dy, ys))
    a5 = the<C>().apply<A>(a5, the<S>().read<T, A, Each>(x + 5 * dx, xs, y + 5 * dy, ys))
    a6 = the<C>().apply<A>(a6, the<S>().read<T, A, Each>(x + 6 * dx, xs, y + 6 * dy, ys))
    a7 = the<C>().apply<A>(a7, the<S>().read<T, A, Each>(x + 7 * dx, xs, y + 7 * dy, ys))
    x += 8 * dx
    y += 8 * dy
  }
  const w = lanes<A>()
  if (n > 0) a0 = rest<C, S, T, A, Each>(a0, n, x, xs, y, ys)
  if (n > w) a1 = rest<C, S, T, A, Each>(a1, n - w, x + dx, xs, y + dy, ys)
  if (n > 2 * w) a2 = rest<C, S, T, A, Each>(a2, n - 2 * w, x + 2 * dx, xs, y + 2 * dy, ys)
  if (n > 3 * w) a3 = rest<C, S, T, A, Each>(a3, n - 3 * w, x + 3 * dx, xs, y + 3 * dy, ys)
  if (n > 4 * w) a4 = rest<C, S, T, A, Each>(a4, n - 4 * w, x + 4 * dx, xs, y + 4 * dy, ys)
  if (n > 5 * w) a5 = rest<C, S, T, A, Each>(a5, n - 5 * w, x + 5 * dx, xs, y + 5 * dy, ys)
  if (n > 6 * w) a6 = rest<C, S, T, A, Each>(a6, n - 6 * w, x + 6 * dx, xs, y + 6 * dy, ys)
  if (n > 7 * w) a7 = rest<C, S, T, A, Each>(a7, n - 7 * w, x + 7 * dx, xs, y + 7 * dy, ys)
  a0 = the<C>().apply<A>(a0, a4)
  a1 = the<C>().apply<A>(a1, a5)
  a2 = the<C>().apply<A>(a2, a6)
  a3 = the<C>().apply<A>(a3, a7)
  return across<C, A>(the<C>().apply<A>(the<C>().apply<A>(a0, a2), the<C>().apply<A>(a1, a3)))
}

@inline function combine<C, A>(a: A, b: A): A {
  return v128.extract_lane<A>(the<C>().apply<A>(v128.splat<A>(a), v128.splat<A>(b)), 0)
}

/** Pairwise over leaves: the left half is the smallest whole number of leaves not below the middle. */
function block<C, S, T, A, Each>(n: isize, x: usize, xs: isize, y: usize, ys: isize, first: A): A {
  const leaves = (n + LEAF - 1) / LEAF
  if (leaves <= 1) return leaf<C, S, T, A, Each>(n, x, xs, y, ys, first)
  const left = ((leaves + 1) / 2) * LEAF
  const low = block<C, S, T, A, Each>(left, x, xs, y, ys, first)
  x += left * xs * sizeof<T>()
  y += left * ys * sizeof<T>()
  return combine<C, A>(low, block<C, S, T, A, Each>(n - left, x, xs, y, ys, first))
}

/**
 * `count` blocks of `size` elements. C++ combines neighbours, then neighbouring results, and so on, an odd one going up
 * unchanged; seen from above, the left half is the largest power of 2 below the count.
 */
function blocks<C, S, T, A, Each>(
  count: isize, size: isize, n: isize, x: usize, xs: isize, y: usize, ys: isize, first: A,
): A {
  if (count == 1) return block<C, S, T, A, Each>(n, x, xs, y, ys, first)
  const leftCount: isize = 1 << (31 - clz<i32>(<i32>count - 1))
  const left = leftCount * size
  const low = blocks<C, S, T, A, Each>(leftCount, size, left, x, xs, y, ys, first)
  x += left * xs * sizeof<T>()
  y += left * ys * sizeof<T>()
  return combine<C, A>(low, blocks<C, S, T, A, Each>(count - leftCount, size, n - left, x, xs, y, ys, first))
}

/** Elements per block of a row of n: the same function of n as in C++, whose threads take blocks. */
function blockSize(n: isize): isize {
  const even = (n + MAX_BLOCKS - 1) / MAX_BLOCKS
  const whole = (even + LEAF - 1) / LEAF * LEAF
  return whole < MIN_BLOCK ? MIN_BLOCK : whole
}

function row<C, S, T, A>(n: isize, x: usize, xs: isize, y: usize, ys: isize, first: A): A {
  const size = blockSize(n)
  const count = n > size ? (n + size - 1) / size : 1
  if (xs == 1 && ys == 1) return blocks<C, S, T, A, Unit>(count, size, n, x, xs, y, ys, first)
  return blocks<C, S, T, A, Strided>(count, size, n, x, xs, y, ys, first)
}

/** out[i * os] = sum over j of x[i, j]; 0 for n = 0. */
export function sum<T>(m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, os: isize): void {
  for (let i: isize = 0; i < m; i++) {
    const from = x + i * x0 * sizeof<T>()
    store<T>(out + i * os * sizeof<T>(), row<Plus, Elements, T, T>(n, from, x1, from, x1, 0))
  }
}

/** The same in int64, as in NumPy. */
export function sum_to_i64<T>(m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, os: isize): void {
  for (let i: isize = 0; i < m; i++) {
    const from = x + i * x0 * sizeof<T>()
    store<i64>(out + i * os * sizeof<i64>(), row<Plus, Elements, T, i64>(n, from, x1, from, x1, 0))
  }
}

/** out[i * os] = the least of x[i, j] over j; n >= 1; NaN if there is one. */
export function min<T>(m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, os: isize): void {
  for (let i: isize = 0; i < m; i++) {
    const from = x + i * x0 * sizeof<T>()
    store<T>(out + i * os * sizeof<T>(), row<Least, Elements, T, T>(n, from, x1, from, x1, load<T>(from)))
  }
}

/** out[i * os] = the greatest of x[i, j] over j; n >= 1; NaN if there is one. */
export function max<T>(m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, os: isize): void {
  for (let i: isize = 0; i < m; i++) {
    const from = x + i * x0 * sizeof<T>()
    store<T>(out + i * os * sizeof<T>(), row<Greatest, Elements, T, T>(n, from, x1, from, x1, load<T>(from)))
  }
}

/** out[0] = sum over i of x[i] * y[i]. */
export function dot<T>(n: isize, x: usize, xs: isize, y: usize, ys: isize, out: usize): void {
  store<T>(out, row<Plus, Products, T, T>(n, x, xs, y, ys, 0))
}
