// A heated plate: each cell becomes the mean of its four neighbours until none changes by more than a tolerance. The
// upper edge is held at 0, the others at 100; inner cells start at the mean of the edge.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { allNear, near } from './near.mjs'

function plate(n, tolerance, most, even, odd) {
  const sweep = (from, to) => {
    let change = 0
    for (const i of prange(1, n - 1)) {
      for (let j = 1; j < n - 1; j++) {
        const at = i * n + j
        const mean = (from[at - n] + from[at + n] + from[at - 1] + from[at + 1]) / 4
        change = Math.max(change, Math.abs(mean - from[at]))
        to[at] = mean
      }
    }
    return change
  }
  let sweeps = 0
  let change = 0
  do {
    if (sweeps % 2 === 0) change = sweep(even, odd)
    else change = sweep(odd, even)
    sweeps++
  } while (change >= tolerance && sweeps < most)
  return [sweeps, change]
}

function startOf(n) {
  const mean = (100 * (3 * n - 4)) / (4 * n - 4)
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    if (i === 0) return 0
    return j === 0 || j === n - 1 || i === n - 1 ? 100 : mean
  })
}

/** Largest changes on 500 x 500, by sweep. */
const CHANGES = { 1: 18.737475, 2: 9.368737, 4: 4.098823, 8: 2.289577, 16: 1.136604 }
/** Where 500 x 500 is first below 0.001. */
const SWEEPS = 16_955

/** The same by rows, as sums: how far a cell is from its neighbours' mean is added to it. */
function expected(n, sweeps) {
  const start = startOf(n)
  let rows = Array.from({ length: n }, (_, i) => start.subarray(i * n, (i + 1) * n))
  for (let sweep = 0; sweep < sweeps; sweep++) {
    rows = rows.map((row, i) => {
      if (i === 0 || i === n - 1) return row
      const [above, below] = [rows[i - 1], rows[i + 1]]
      return row.map((t, j) => {
        if (j === 0 || j === n - 1) return t
        return t + 0.25 * (above[j] - t) + 0.25 * (below[j] - t) + 0.25 * (row[j - 1] - t) + 0.25 * (row[j + 1] - t)
      })
    })
  }
  return rows
}

function check([sweeps, change], args, { n, tolerance, most }) {
  if (most <= 64) {
    const rows = expected(n, sweeps)
    allNear('the plate', args[sweeps % 2 === 0 ? 3 : 4], (at) => rows[Math.floor(at / n)][at % n], 1e-12)
  }
  if (n !== 500) return
  near('the inner cells at the start', startOf(n)[n + 1], 74.9499, 1e-8)
  if (CHANGES[sweeps]) near(`the change in sweep ${sweeps}`, change, CHANGES[sweeps], 1e-6)
  if (tolerance === 0.001) near('sweeps', sweeps, Math.min(most, SWEEPS), 0)
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'plate',
  about: ({ n, tolerance, most }) =>
    `a heated plate, ${n} x ${n}, until changes are below ${tolerance}, at most ${most} sweeps`,
  js: plate,
  options: { parallel: true },
  tests: [1, 2, 4, 8, 16, 64].map((most) => ({ n: 500, tolerance: 0.001, most })),
  bench: { n: 500, tolerance: 0.001, most: 1000 },
  rounds: 3,
  complete: { n: 500, tolerance: 0.001, most: 100_000 },
  make: ({ n, tolerance, most }) => [n, tolerance, most, startOf(n), startOf(n)],
  outputs: [3, 4],
  check,
}
