// PolyBench's lu: A = L U in place, without pivots, row by row. Each row needs those above it, so it is serial.
// SPDX-License-Identifier: MIT

import { numbers } from './inputs.mjs'
import { allNear } from './near.mjs'

function lu(n, a) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      for (let k = 0; k < j; k++) a[i * n + j] -= a[i * n + k] * a[k * n + j]
      a[i * n + j] /= a[j * n + j]
    }
    for (let j = i; j < n; j++) {
      for (let k = 0; k < i; k++) a[i * n + j] -= a[i * n + k] * a[k * n + j]
    }
  }
}

/** The diagonal outweighs its row: no pivots are needed. */
const matrix = (n) => numbers(n * n, -1, 1, 1).map((value, at) => (at % (n + 1) === 0 ? n + value : value))

const dot = (n, term, from = 0, to = n) => {
  let sum = 0
  for (let j = from; j < to; j++) sum += term(j)
  return sum
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'lu',
  about: (n) => `A = L U in place, ${n} x ${n}`,
  js: lu,
  options: {},
  tests: [1, 2, 50],
  bench: 500,
  make: (n) => [n, matrix(n)],
  outputs: [1],
  // By what they do to a vector: L (U x) = A x.
  check(_, [n, a]) {
    const [x, original] = [numbers(n, -1, 1, 2), matrix(n)]
    const ux = x.map((_, i) => dot(n, (j) => a[i * n + j] * x[j], i))
    const lux = x.map((_, i) => ux[i] + dot(n, (j) => a[i * n + j] * ux[j], 0, i))
    allNear('L U x', lux, (i) => dot(n, (j) => original[i * n + j] * x[j]), 1e-11)
  },
}
