// PolyBench's gemm: C = alpha A B + beta C, in the order of loops that runs along the rows of B and C.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { numbers } from './inputs.mjs'
import { allNear } from './near.mjs'

function gemm(n, alpha, beta, a, b, c) {
  for (const i of prange(n)) {
    for (let j = 0; j < n; j++) c[i * n + j] *= beta
    for (let k = 0; k < n; k++) {
      for (let j = 0; j < n; j++) c[i * n + j] += alpha * a[i * n + k] * b[k * n + j]
    }
  }
}

const make = (n) => [n, 1.5, 1.2, numbers(n * n, 0, 1, 1), numbers(n * n, 0, 1, 2), numbers(n * n, 0, 1, 3)]

/** A matrix times a vector. */
const times = (matrix, vector) =>
  vector.map((_, i) => vector.reduce((sum, value, j) => sum + matrix[i * vector.length + j] * value, 0))

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'gemm',
  about: (n) => `C = alpha A B + beta C, ${n} x ${n}`,
  js: gemm,
  options: { parallel: true },
  tests: [1, 7, 50],
  bench: 500,
  make,
  outputs: [5],
  // By what it does to a vector: C x = alpha A (B x) + beta C0 x.
  check(_, [n, alpha, beta, a, b, c]) {
    const x = numbers(n, -1, 1, 4)
    const [first, second] = [times(a, times(b, x)), times(make(n)[5], x)]
    allNear('C x', times(c, x), (i) => alpha * first[i] + beta * second[i], 1e-11)
  },
}
