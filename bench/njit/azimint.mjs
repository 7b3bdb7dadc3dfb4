// Azimuthal integration: the mean of data by rings of radius, each ring looking at all points.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { numbers } from './inputs.mjs'
import { allNear } from './near.mjs'

function azimint(data, radius, means) {
  const rings = means.length
  let outer = 0
  for (let i = 0; i < radius.length; i++) outer = Math.max(outer, radius[i])
  for (const ring of prange(rings)) {
    const from = (outer * ring) / rings
    const to = (outer * (ring + 1)) / rings
    let sum = 0
    let count = 0
    for (let i = 0; i < radius.length; i++) {
      if (radius[i] >= from && radius[i] < to) {
        sum += data[i]
        count++
      }
    }
    means[ring] = count > 0 ? sum / count : 0
  }
}

/** In one pass over the points in order of their radius. */
function expected(data, radius, rings) {
  const order = Array.from(radius.keys()).sort((i, j) => radius[i] - radius[j])
  const outer = radius[order.at(-1)]
  let at = 0
  return Array.from({ length: rings }, (_, ring) => {
    const members = []
    for (; at < order.length && radius[order[at]] < (outer * (ring + 1)) / rings; at++) members.push(data[order[at]])
    return members.length === 0 ? 0 : members.reduce((sum, value) => sum + value, 0) / members.length
  })
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'azimint',
  about: ({ points, rings }) => `means of ${points} points in ${rings} rings`,
  js: azimint,
  options: { parallel: true },
  tests: [
    { points: 10, rings: 20 },
    { points: 1000, rings: 17 },
  ],
  bench: { points: 100_000, rings: 500 },
  make: ({ points, rings }) => [numbers(points, 0, 1, 1), numbers(points, 0, 10, 77), new Float64Array(rings)],
  outputs: [2],
  check(_, [data, radius, means]) {
    const reference = expected(data, radius, means.length)
    allNear('means', means, (ring) => reference[ring], 1e-12)
  },
}
