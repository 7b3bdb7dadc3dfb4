// PolyBench's jacobi_1d: the mean of three neighbours, from A to B and back, step by step.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { allNear } from './near.mjs'

function jacobi_1d(n, steps, a, b) {
  for (let step = 0; step < steps; step++) {
    for (const i of prange(1, n - 1)) b[i] = 0.33333 * (a[i - 1] + a[i] + a[i + 1])
    for (const i of prange(1, n - 1)) a[i] = 0.33333 * (b[i - 1] + b[i] + b[i + 1])
  }
}

/** A wave that is 0 at both ends: each sweep multiplies it by the same number. */
const WAVES = 3
const angle = (n) => (Math.PI * WAVES) / (n - 1)
const start = (n) => Float64Array.from({ length: n }, (_, i) => (i === n - 1 ? 0 : Math.sin(i * angle(n))))

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'jacobi_1d',
  about: ({ n, steps }) => `means of three, ${n} cells, ${steps} steps`,
  js: jacobi_1d,
  options: { parallel: true },
  tests: [
    { n: 10, steps: 1 },
    { n: 1000, steps: 20 },
  ],
  bench: { n: 200_000, steps: 50 },
  make: ({ n, steps }) => [n, steps, start(n), start(n)],
  outputs: [2, 3],
  check(_, [n, , a, b], { steps }) {
    const factor = 0.33333 * (1 + 2 * Math.cos(angle(n)))
    const wave = start(n)
    allNear('a', a, (i) => wave[i] * factor ** (2 * steps), 1e-11)
    allNear('b', b, (i) => wave[i] * factor ** (2 * steps - 1), 1e-11)
  },
}
