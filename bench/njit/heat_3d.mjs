// PolyBench's heat_3d: the heat equation on a cube, from A to B and back, step by step.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { allNear } from './near.mjs'

function heat_3d(n, steps, a, b) {
  const step = (from, to) => {
    for (const i of prange(1, n - 1)) {
      for (let j = 1; j < n - 1; j++) {
        for (let k = 1; k < n - 1; k++) {
          const at = (i * n + j) * n + k
          const here = from[at]
          to[(i * n + j) * n + k] =
            0.125 * (from[at + n * n] - 2 * here + from[at - n * n]) +
            0.125 * (from[at + n] - 2 * here + from[at - n]) +
            0.125 * (from[at + 1] - 2 * here + from[at - 1]) +
            here
        }
      }
    }
  }
  for (let t = 0; t < steps; t++) {
    step(a, b)
    step(b, a)
  }
}

/** A slope, which stays as it is, and a wave on it that is 0 at the border: each sweep multiplies it by one number. */
const WAVES = [1, 2, 3]

function valuesAt(n, height) {
  const [down, across, deep] = WAVES.map((waves) => (x) => Math.sin((Math.PI * waves * x) / (n - 1)))
  return Float64Array.from({ length: n ** 3 }, (_, at) => {
    const [i, j, k] = [Math.floor(at / n / n), Math.floor(at / n) % n, at % n]
    return 1 + 0.1 * i - 0.2 * j + 0.05 * k + height * down(i) * across(j) * deep(k)
  })
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'heat_3d',
  about: ({ n, steps }) => `heat in a cube, ${n} x ${n} x ${n}, ${steps} steps`,
  js: heat_3d,
  options: { parallel: true },
  tests: [
    { n: 4, steps: 1 },
    { n: 20, steps: 10 },
  ],
  bench: { n: 100, steps: 20 },
  make: ({ n, steps }) => [n, steps, valuesAt(n, 1), valuesAt(n, 1)],
  outputs: [2, 3],
  check(_, [n, , a, b], { steps }) {
    const factor = WAVES.reduce((sum, waves) => sum + 0.25 * (Math.cos((Math.PI * waves) / (n - 1)) - 1), 1)
    const [inA, inB] = [valuesAt(n, factor ** (2 * steps)), valuesAt(n, factor ** (2 * steps - 1))]
    allNear('a', a, (at) => inA[at], 1e-11)
    allNear('b', b, (at) => inB[at], 1e-11)
  },
}
