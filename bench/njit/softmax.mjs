// Softmax of each row: e to the power of each element, as parts of their sum.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { numbers } from './inputs.mjs'
import { near } from './near.mjs'

function softmax(rows, columns, x, out) {
  for (const i of prange(rows)) {
    let most = -Infinity
    for (let j = 0; j < columns; j++) most = Math.max(most, x[i * columns + j])
    let sum = 0
    for (let j = 0; j < columns; j++) {
      const power = Math.exp(x[i * columns + j] - most)
      out[i * columns + j] = power
      sum += power
    }
    for (let j = 0; j < columns; j++) out[i * columns + j] /= sum
  }
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'softmax',
  about: ([rows, columns]) => `softmax of ${rows} rows of ${columns}`,
  js: softmax,
  options: { parallel: true },
  tests: [
    [1, 1],
    [7, 33],
  ],
  bench: [4096, 512],
  make: ([rows, columns]) => [rows, columns, numbers(rows * columns, -5, 5, 1), new Float64Array(rows * columns)],
  outputs: [3],
  // What defines it: a row sums to 1, and logarithms differ as the elements do.
  check(_, [rows, columns, x, out]) {
    for (let i = 0; i < rows; i++) {
      const row = out.subarray(i * columns, (i + 1) * columns)
      const sum = row.reduce((total, part) => total + part, 0)
      near(`the sum of row ${i}`, sum, 1, 1e-12)
      for (let j = 0; j < columns; j++) {
        const difference = x[i * columns + j] - x[i * columns]
        near(`out[${i}, ${j}]`, Math.log(row[j]) - Math.log(row[0]), difference, 1e-12)
      }
    }
  },
}
