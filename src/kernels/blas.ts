// BLAS, by its names: axpy, gemv, gemm, for any strides.
// SPDX-License-Identifier: MIT

import type { Code } from '../core/dtype.js'
import { defineKernel, grid, type Ref, type Sizes, scalar, scratch, size, vector } from '../kernel/define.js'

const m = size('m')
const n = size('n')
const k = size('k')
const numbers: readonly Code[] = ['f64', 'f32', 'i32']
const compiled = ['wasm', 'wasm-threads', 'native'] as const

const times = (ref: Ref) => ((ref.data as unknown) instanceof Int32Array ? Math.imul : (a: number, b: number) => a * b)

/** y <- alpha * x + y; x may be y. */
export const axpy = defineKernel({
  name: 'axpy',
  args: [n, scalar('alpha', 3), ...vector('x', 'in', 'n'), ...vector('y', 'inout', 'n')],
  dtypes: numbers,
  on: ['as', ...compiled],
  error: { eps: () => 1, scale: 'np.abs(alpha * x) + np.abs(y)' },
  numpy: 'alpha * x + y',
  flops: (sizes) => 2 * (sizes.n as number),
  reference(length, alpha, x, xStride, y, yStride) {
    const product = times(y)
    for (let i = 0; i < length; i++) {
      const at = y.at + i * yStride
      y.data[at] = product(alpha, x.data[x.at + i * xStride] as number) + (y.data[at] as number)
    }
  },
})

/** y <- alpha * A x + beta * y; where alpha is 0, A and x are not read, where beta is 0, y is not. */
export const gemv = defineKernel({
  name: 'gemv',
  args: [
    m,
    n,
    scalar('alpha', 3),
    ...grid('a', 'in', 'm', 'n'),
    ...vector('x', 'in', 'n'),
    scalar('beta', 2),
    ...vector('y', 'inout', 'm'),
  ],
  dtypes: numbers,
  on: compiled,
  error: {
    eps: (sizes) => (sizes.n as number) + 4,
    scale: 'np.abs(alpha) * (np.abs(a) @ np.abs(x)) + np.abs(beta * y)',
  },
  numpy: 'alpha * (a @ x) + beta * y',
  flops: (sizes) => 2 * (sizes.m as number) * (sizes.n as number),
  reference(rows, columns, alpha, a, a0, a1, x, xStride, beta, y, yStride) {
    const product = times(y)
    for (let i = 0; i < rows; i++) {
      let sum = 0
      for (let j = 0; j < columns; j++) {
        sum += product(a.data[a.at + i * a0 + j * a1] as number, x.data[x.at + j * xStride] as number)
      }
      const at = y.at + i * yStride
      y.data[at] = (alpha === 0 ? 0 : product(alpha, sum)) + (beta === 0 ? 0 : product(beta, y.data[at] as number))
    }
  },
})

/** C <- alpha * A B + beta * C; where alpha is 0, A and B are not read, where beta is 0, C is not. */
export const gemm = defineKernel({
  name: 'gemm',
  args: [
    m,
    n,
    k,
    scalar('alpha', 3),
    ...grid('a', 'in', 'm', 'k'),
    ...grid('b', 'in', 'k', 'n'),
    scalar('beta', 2),
    ...grid('c', 'inout', 'm', 'n'),
    ...scratch('scratch', gemmScratch),
  ],
  dtypes: numbers,
  on: compiled,
  error: {
    eps: (sizes) => (sizes.k as number) + 4,
    scale: 'np.abs(alpha) * (np.abs(a) @ np.abs(b)) + np.abs(beta * c)',
  },
  numpy: 'alpha * (a @ b) + beta * c',
  flops: (sizes) => 2 * (sizes.m as number) * (sizes.n as number) * (sizes.k as number),
  reference(rows, columns, inner, alpha, a, a0, a1, b, b0, b1, beta, c, c0, c1) {
    const product = times(c)
    for (let i = 0; i < rows; i++) {
      // By rows of b, so that the innermost loop runs along memory.
      const row = new Float64Array(columns)
      for (let l = 0; l < inner; l++) {
        const factor = a.data[a.at + i * a0 + l * a1] as number
        for (let j = 0; j < columns; j++) {
          row[j] = (row[j] as number) + product(factor, b.data[b.at + l * b0 + j * b1] as number)
        }
      }
      for (let j = 0; j < columns; j++) {
        const at = c.at + i * c0 + j * c1
        c.data[at] =
          (alpha === 0 ? 0 : product(alpha, row[j] as number)) + (beta === 0 ? 0 : product(beta, c.data[at] as number))
      }
    }
  },
})

/** A panel of b for all, and a block of 120 rows of a for each thread (cpp/kernels/gemm.cpp says how it divides them). */
function gemmScratch(sizes: Sizes, threads: number): number {
  const depth = Math.min(sizes.k as number, 256)
  const longest = Math.max(sizes.m as number, sizes.n as number)
  const panel = Math.min(32 * Math.ceil(longest / 32), 4096)
  return depth * (120 * threads + panel)
}
