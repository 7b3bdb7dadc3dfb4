// Angles between pairs of points on a sphere, by half the angles' sines.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { numbers } from './inputs.mjs'
import { allNear } from './near.mjs'

function arc_distance(latitude1, longitude1, latitude2, longitude2, angles) {
  for (const i of prange(angles.length)) {
    const down = Math.sin((latitude2[i] - latitude1[i]) / 2)
    const across = Math.sin((longitude2[i] - longitude1[i]) / 2)
    const part = down * down + Math.cos(latitude1[i]) * Math.cos(latitude2[i]) * across * across
    angles[i] = 2 * Math.atan2(Math.sqrt(part), Math.sqrt(1 - part))
  }
}

const vector = (latitude, longitude) => [
  Math.cos(latitude) * Math.cos(longitude),
  Math.cos(latitude) * Math.sin(longitude),
  Math.sin(latitude),
]

/** The angle of two unit vectors. */
function angleOf([ax, ay, az], [bx, by, bz]) {
  const cross = Math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
  return Math.atan2(cross, ax * bx + ay * by + az * bz)
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'arc_distance',
  about: (n) => `distances of ${n} pairs of points on a sphere`,
  js: arc_distance,
  options: { parallel: true },
  tests: [1, 1001],
  bench: 1_000_000,
  make: (n) => [
    numbers(n, -1.5, 1.5, 1),
    numbers(n, -3, 3, 20),
    numbers(n, -1.5, 1.5, 300),
    numbers(n, -3, 3, 4000),
    new Float64Array(n),
  ],
  outputs: [4],
  check(_, [latitude1, longitude1, latitude2, longitude2, angles]) {
    const expected = (i) => angleOf(vector(latitude1[i], longitude1[i]), vector(latitude2[i], longitude2[i]))
    allNear('angles', angles, expected, 1e-11)
  },
}
