// The integral of sin(x + y) over [0, pi] x [0, pi] by the midpoint rule.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { near } from './near.mjs'

function integral2d(n) {
  const h = Math.PI / n
  let sum = 0
  for (const i of prange(n)) {
    const x = (i + 0.5) * h
    for (let j = 0; j < n; j++) sum += Math.sin(x + (j + 0.5) * h)
  }
  return sum * h * h
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'integral2d',
  about: (n) => `the integral of sin(x + y), ${n} x ${n} midpoints`,
  js: integral2d,
  options: { parallel: true },
  tests: [1, 2, 3, 10, 257],
  bench: 10_000,
  make: (n) => [n],
  outputs: [],
  // sin(x + y) = sin x cos y + cos x sin y, and the cosines at the midpoints cancel in pairs: 0 for every n.
  check: (value) => near('the integral', value, 0, 1e-10),
}
