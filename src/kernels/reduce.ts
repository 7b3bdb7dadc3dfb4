// Reductions of the rows of an m x n grid, and dot. Sums are pairwise, with the same bits for any thread count.
// SPDX-License-Identifier: MIT

import type { Code } from '../core/dtype.js'
import { block, defineKernel, grid, type Sizes, size, vector } from '../kernel/define.js'

const m = size('m')
const n = size('n')
const x = grid('x', 'in', 'm', 'n')
const everywhere = ['as', 'wasm', 'wasm-threads', 'native'] as const
const cells = (sizes: Sizes) => (sizes.m as number) * (sizes.n as number)
const pairwise = (sizes: Sizes) => Math.log2((sizes.n as number) + 1) + 32

/** Sums runs of up to 128 values plainly and combines them pairwise. */
function pairwiseSum(term: (i: number) => number, begin: number, end: number): number {
  if (end - begin <= 128) {
    let sum = 0
    for (let i = begin; i < end; i++) sum += term(i)
    return sum
  }
  const middle = begin + ((end - begin) >> 1)
  return pairwiseSum(term, begin, middle) + pairwiseSum(term, middle, end)
}

/** out[i] = the sum of x[i, j] over j. */
export const sum = defineKernel({
  name: 'sum',
  args: [m, n, ...x, ...vector('out', 'out', 'm')],
  dtypes: ['f64', 'f32'],
  on: everywhere,
  error: { eps: pairwise, scale: 'np.sum(np.abs(x), axis=1)' },
  numpy: 'np.sum(x, axis=1)',
  flops: cells,
  reference(rows, columns, from, from0, from1, out, outStride) {
    for (let i = 0; i < rows; i++) {
      const at = from.at + i * from0
      out.data[out.at + i * outStride] = pairwiseSum((j) => from.data[at + j * from1] as number, 0, columns)
    }
  },
})

/** out[i] = the sum of x[i, j] over j, in int64. */
export const sum_to_i64 = defineKernel({
  name: 'sum_to_i64',
  args: [m, n, ...x, ...vector('out', 'out', 'm', 'i64')],
  dtypes: ['i32'],
  on: everywhere,
  error: { ulp: {} },
  numpy: 'np.sum(x, axis=1)',
  flops: cells,
  reference(rows, columns, from, from0, from1, out, outStride) {
    const to = out.data as unknown as BigInt64Array
    for (let i = 0; i < rows; i++) {
      const at = from.at + i * from0
      // Fewer than 2^22 terms of 31 bits are exact in float64.
      let total = 0n
      for (let begin = 0; begin < columns; begin += 1 << 21) {
        let part = 0
        const end = Math.min(columns, begin + (1 << 21))
        for (let j = begin; j < end; j++) part += from.data[at + j * from1] as number
        total += BigInt(part)
      }
      to[out.at + i * outStride] = total
    }
  },
})

const extreme = (name: 'min' | 'max', better: (a: number, b: number) => boolean) =>
  defineKernel({
    name,
    args: [m, n, ...x, ...vector('out', 'out', 'm')],
    dtypes: ['f64', 'f32', 'i32'] as readonly Code[],
    on: everywhere,
    error: { ulp: { f64: 0, f32: 0 } },
    numpy: `np.${name}(x, axis=1)`,
    minimum: { n: 1 },
    flops: cells,
    reference(rows, columns, from, from0, from1, out, outStride) {
      for (let i = 0; i < rows; i++) {
        const at = from.at + i * from0
        let best = from.data[at] as number
        for (let j = 1; j < columns; j++) {
          const value = from.data[at + j * from1] as number
          if (better(value, best) || Number.isNaN(value)) best = value
          if (Number.isNaN(best)) break
        }
        out.data[out.at + i * outStride] = best
      }
    },
  })

/** out[i] = the least x[i, j]; NaN if there is one. */
export const min = extreme('min', (a, b) => a < b)
/** out[i] = the greatest x[i, j]; NaN if there is one. */
export const max = extreme('max', (a, b) => a > b)

/** out[0] = the sum of x[i] * y[i]; int32 wraps. */
export const dot = defineKernel({
  name: 'dot',
  args: [n, ...vector('x', 'in', 'n'), ...vector('y', 'in', 'n'), block('out', 'out', [1])],
  dtypes: ['f64', 'f32', 'i32'],
  on: everywhere,
  error: { eps: pairwise, scale: 'np.sum(np.abs(x * y))' },
  numpy: 'np.sum(x * y)',
  flops: (sizes) => 2 * (sizes.n as number),
  reference(length, a, aStride, b, bStride, out) {
    if ((out.data as unknown) instanceof Int32Array) {
      let total = 0
      for (let i = 0; i < length; i++) {
        total = (total + Math.imul(a.data[a.at + i * aStride] as number, b.data[b.at + i * bStride] as number)) | 0
      }
      out.data[out.at] = total
    } else {
      const term = (i: number) => (a.data[a.at + i * aStride] as number) * (b.data[b.at + i * bStride] as number)
      out.data[out.at] = pairwiseSum(term, 0, length)
    }
  },
})
