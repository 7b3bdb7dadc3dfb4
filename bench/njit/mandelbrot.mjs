// The Mandelbrot set: after how many steps of z = z z + c is |z| above 2, on a grid of c.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { near } from './near.mjs'

function mandelbrot(n, limit, counts) {
  for (const row of prange(n)) {
    const y = -1.25 + ((row + 0.5) * 2.5) / n
    for (let column = 0; column < n; column++) {
      const x = -2 + ((column + 0.5) * 2.5) / n
      let [re, im] = [0, 0]
      let count = 0
      while (count < limit && re * re + im * im <= 4) {
        const next = re * re - im * im + x
        im = 2 * re * im + y
        re = next
        count++
      }
      counts[row * n + column] = count
    }
  }
}

const AREA = 1.5065918849

/** Whether c is well inside the set's heart or the disc left of it, where z never leaves. */
function isWellInside(x, y) {
  const q = (x - 0.25) ** 2 + y * y
  return q * (q + x - 0.25) < 0.249 * y * y - 1e-6 || (x + 1) ** 2 + y * y < 0.0624
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'mandelbrot',
  about: ({ n, limit }) => `the Mandelbrot set, ${n} x ${n}, at most ${limit} steps`,
  js: mandelbrot,
  options: { parallel: true },
  tests: [
    { n: 16, limit: 50 },
    { n: 150, limit: 200 },
  ],
  bench: { n: 800, limit: 200 },
  make: ({ n, limit }) => [n, limit, new Int32Array(n * n)],
  outputs: [2],
  check(_, [n, limit, counts]) {
    for (const [at, count] of counts.entries()) {
      const [x, y] = [-2 + (((at % n) + 0.5) * 2.5) / n, -1.25 + ((Math.floor(at / n) + 0.5) * 2.5) / n]
      if (isWellInside(x, y)) near(`steps of ${x} + ${y} i inside`, count, limit, 0)
      // z is c after one step, c c + c after two.
      else if (Math.hypot(x, y) > 2.001) near(`steps of ${x} + ${y} i`, count, 1, 0)
      else if (Math.hypot(x, y) < 1.999 && Math.hypot(x, y) * Math.hypot(x + 1, y) > 2.001)
        near(`steps of ${x} + ${y} i`, count, 2, 0)
    }
    const inside = counts.reduce((sum, count) => sum + (count === limit ? 1 : 0), 0)
    // What a grid misses lies along the border; what has not left yet, too.
    near('the area', (inside / counts.length) * 6.25, AREA, 1 / n + 4 / limit)
  },
  // Near the border a rounding decides: C contracts products and sums.
  outliers: 1e-3,
}
