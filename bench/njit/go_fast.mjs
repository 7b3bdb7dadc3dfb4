// The first example of Numba's manual: a matrix plus the sum of its diagonal's hyperbolic tangents. On NDArrays.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { prange } from 'numloom/njit'
import { numbers } from './inputs.mjs'
import { allNear } from './near.mjs'

function go_fast(a, out) {
  const [m, n] = a.shape
  let trace = 0
  for (let i = 0; i < m; i++) trace += Math.tanh(a.get(i, i))
  for (const i of prange(m)) {
    for (let j = 0; j < n; j++) out.set(i, j, a.get(i, j) + trace)
  }
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'go_fast',
  about: (n) => `a matrix plus the tanh of its diagonal, ${n} x ${n}`,
  js: go_fast,
  options: { parallel: true },
  tests: [1, 10, 100],
  bench: 2000,
  make: (n) => [nl.array(numbers(n * n, -2, 2, 1)).reshape([n, n]), nl.zeros([n, n])],
  outputs: [1],
  check(_, [a, out], n) {
    const cells = a.data
    let trace = 0
    for (let i = 0; i < n; i++) {
      const power = Math.exp(2 * cells[i * (n + 1)])
      trace += (power - 1) / (power + 1)
    }
    allNear('out', out.data, (at) => cells[at] + trace, 1e-12)
  },
}
