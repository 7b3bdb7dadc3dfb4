// The works by which the demo compares backends: inputs, the call, and how far two right results may be apart.
//
// All inputs are positive, so the `scale` of the kernels' error bounds is the size of the result itself; where it is
// not, the work says what it is.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { integral2d } from 'numloom/classic'
import { bytesOf } from '../dist/kernel/define.js'
import * as blas from '../dist/kernels/blas.js'
import * as classic from '../dist/kernels/classic.js'
import * as math from '../dist/kernels/math.js'
import * as reduce from '../dist/kernels/reduce.js'
import { digits } from './units.mjs'

/**
 * @typedef {object} Prepared
 * @property {() => void} run the work; it leaves no new array behind
 * @property {() => void} [reset] restores inputs that the work changes
 * @property {() => Float64Array} result the elements of the result
 * @property {() => void} dispose
 *
 * @typedef {object} Work
 * @property {string} name
 * @property {string} title
 * @property {string} heading the same, shorter, for charts
 * @property {import('../dist/kernel/define.js').Kernel} kernel
 * @property {Record<string, number>} sizes
 * @property {(value: number) => number} [scale] the size of the terms behind a result
 * @property {(seconds: number) => string} rate
 * @property {() => Prepared} prepare
 */

const LENGTH = 10_000_000

/** Numbers from 0 to `high`, spread evenly and in no order, the same everywhere. */
export function spread(shape, high, seed) {
  const array = nl.empty(shape)
  const { data } = array
  for (let i = 0; i < data.length; i++) data[i] = high * (((i + seed) * 0.6180339887498949) % 1)
  return array
}

const disposeAll = (...arrays) => {
  for (const array of arrays) array.dispose()
}

const perElement = (kernel, sizes) => (seconds) => {
  const bytes = bytesOf(kernel, 'f64', sizes)
  return `${digits(bytes / seconds / 1e9)} GB/s, ${digits((seconds / LENGTH) * 1e9)} ns an element`
}

const flopRate = (kernel, sizes) => (seconds) => `${digits(kernel.flops(sizes) / seconds / 1e9)} GFLOP/s`

/** @type {(n: number) => Work} */
const integral = (n) => {
  let value = Number.NaN
  return {
    name: 'integral2d',
    title: `integral of sin(x + y) over [0, pi]², ${n} x ${n} midpoints (true value 0)`,
    heading: `integral2d(${n})`,
    kernel: classic.integral2d,
    sizes: { n },
    scale: () => Math.PI ** 2,
    rate: (seconds) => `${digits((seconds / n ** 2) * 1e9)} ns a point`,
    prepare: () => ({
      run: () => {
        value = integral2d(n)
      },
      result: () => Float64Array.of(value),
      dispose() {},
    }),
  }
}

/** @type {(n: number) => Work} */
const matmul = (n) => {
  const sizes = { m: n, n, k: n }
  return {
    name: `matmul ${n}`,
    title: `product of two ${n} x ${n} float64 matrices`,
    heading: `matmul, ${n} × ${n}`,
    kernel: blas.gemm,
    sizes,
    rate: flopRate(blas.gemm, sizes),
    prepare() {
      const [a, b] = [spread([n, n], 1, 1), spread([n, n], 1, 2)]
      const out = nl.empty([n, n])
      const run = () => nl.matmul(a, b, { out })
      return { run, result: () => out.data, dispose: () => disposeAll(a, b, out) }
    },
  }
}

/** @type {Work} */
const sum = {
  name: 'sum',
  title: 'sum of 10^7 float64',
  heading: 'sum, 10⁷ elements',
  kernel: reduce.sum,
  sizes: { m: 1, n: LENGTH },
  rate: perElement(reduce.sum, { m: 1, n: LENGTH }),
  prepare() {
    const x = spread(LENGTH, 1, 0)
    const out = nl.empty([])
    return { run: () => nl.sum(x, { out }), result: () => out.data, dispose: () => disposeAll(x, out) }
  },
}

/** @type {Work} */
const axpy = {
  name: 'axpy',
  title: 'y += a x, 10^7 float64',
  heading: 'axpy, 10⁷ elements',
  kernel: blas.axpy,
  sizes: { n: LENGTH },
  rate: perElement(blas.axpy, { n: LENGTH }),
  prepare() {
    const [x, y] = [spread(LENGTH, 1, 0), nl.empty(LENGTH)]
    return {
      run: () => nl.blas.axpy(1.5, x, y),
      reset: () => y.data.fill(0.7),
      result: () => y.data,
      dispose: () => disposeAll(x, y),
    }
  },
}

/** @type {Work} */
const sin = {
  name: 'sin',
  title: 'sin of 10^7 float64 from 0 to 10',
  heading: 'sin, 10⁷ elements',
  kernel: math.sin,
  sizes: { m: 1, n: LENGTH },
  rate: perElement(math.sin, { m: 1, n: LENGTH }),
  prepare() {
    const [x, out] = [spread(LENGTH, 10, 0), nl.empty(LENGTH)]
    return { run: () => nl.sin(x, { out }), result: () => out.data, dispose: () => disposeAll(x, out) }
  },
}

/** In the order in which they are shown; matmul 3000 is for backends that are fast enough at matmul 1000. */
export const WORKS = [integral(10_000), matmul(1000), matmul(3000), sum, axpy, sin]
