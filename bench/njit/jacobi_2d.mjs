// PolyBench's jacobi_2d: the mean of a cell and its four neighbours, from A to B and back, step by step. On NDArrays.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { prange } from 'numloom/njit'
import { allNear } from './near.mjs'

function jacobi_2d(steps, a, b) {
  const n = a.shape[0]
  for (let step = 0; step < steps; step++) {
    for (const i of prange(1, n - 1)) {
      for (let j = 1; j < n - 1; j++) {
        b.set(i, j, 0.2 * (a.get(i, j) + a.get(i, j - 1) + a.get(i, j + 1) + a.get(i + 1, j) + a.get(i - 1, j)))
      }
    }
    for (const i of prange(1, n - 1)) {
      for (let j = 1; j < n - 1; j++) {
        a.set(i, j, 0.2 * (b.get(i, j) + b.get(i, j - 1) + b.get(i, j + 1) + b.get(i + 1, j) + b.get(i - 1, j)))
      }
    }
  }
}

/** A slope, which stays as it is, and a wave on it that is 0 at the border: each sweep multiplies it by one number. */
const [WAVES_DOWN, WAVES_ACROSS] = [2, 3]
const slope = (i, j) => 1 + 0.01 * i - 0.02 * j
const wave = (i, j, n) =>
  Math.sin((Math.PI * WAVES_DOWN * i) / (n - 1)) * Math.sin((Math.PI * WAVES_ACROSS * j) / (n - 1))

function valuesAt(n, height) {
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    return slope(i, j) + height * wave(i, j, n)
  })
}

const start = (n) => nl.array(valuesAt(n, 1)).reshape([n, n])

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'jacobi_2d',
  about: ({ n, steps }) => `means of five, ${n} x ${n}, ${steps} steps`,
  js: jacobi_2d,
  options: { parallel: true },
  tests: [
    { n: 5, steps: 1 },
    { n: 60, steps: 20 },
  ],
  bench: { n: 400, steps: 25 },
  make: ({ n, steps }) => [steps, start(n), start(n)],
  outputs: [1, 2],
  check(_, [, a, b], { n, steps }) {
    const factor =
      0.2 * (1 + 2 * Math.cos((Math.PI * WAVES_DOWN) / (n - 1)) + 2 * Math.cos((Math.PI * WAVES_ACROSS) / (n - 1)))
    const [inA, inB] = [valuesAt(n, factor ** (2 * steps)), valuesAt(n, factor ** (2 * steps - 1))]
    allNear('a', a.data, (at) => inA[at], 1e-11)
    allNear('b', b.data, (at) => inB[at], 1e-11)
  },
}
