// PolyBench's atax: y = transpose(A) (A x), on NDArrays.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { prange } from 'numloom/njit'
import { numbers } from './inputs.mjs'
import { allNear } from './near.mjs'

function atax(a, x, y) {
  const [m, n] = a.shape
  for (let j = 0; j < n; j++) y[j] = 0
  for (const i of prange(m)) {
    let sum = 0
    for (let j = 0; j < n; j++) sum += a.get(i, j) * x[j]
    for (let j = 0; j < n; j++) y[j] += a.get(i, j) * sum
  }
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'atax',
  about: ([m, n]) => `y = transpose(A) (A x), ${m} x ${n}`,
  js: atax,
  options: { parallel: true },
  tests: [
    [1, 1],
    [7, 5],
    [40, 60],
  ],
  bench: [1800, 2200],
  make: ([m, n]) => [
    nl.array(numbers(m * n, 0, 1, 1)).reshape([m, n]),
    numbers(n, -1, 1, 2),
    // What is there before does not count.
    new Float64Array(n).fill(5),
  ],
  outputs: [2],
  // Column by column of transpose(A) A.
  check(_, [a, x, y]) {
    const [m, n] = a.shape
    const cells = a.data
    const product = Array.from({ length: m }, (_, i) =>
      cells.subarray(i * n, (i + 1) * n).reduce((sum, value, j) => sum + value * x[j], 0),
    )
    allNear('y', y, (j) => product.reduce((sum, value, i) => sum + cells[i * n + j] * value, 0), 1e-10)
  },
}
