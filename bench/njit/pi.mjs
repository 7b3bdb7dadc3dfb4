// Pi by the part of random points that lie in a quarter of a circle. Each point's coordinates are hashes of its number,
// so that they are the same whichever thread makes them.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { near } from './near.mjs'

function pi(n) {
  const random = (counter) => {
    let bits = counter
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
    return ((bits ^ (bits >>> 16)) >>> 0) / 4294967296
  }
  let inside = 0
  for (const i of prange(n)) {
    const x = random(2 * i)
    const y = random(2 * i + 1)
    if (x * x + y * y < 1) inside += 1
  }
  return (4 * inside) / n
}

/** The hash once more, by whole numbers without a limit. @param {bigint} counter */
function bitsOf(counter) {
  const scatter = (bits, shift, factor) => ((bits ^ (bits >> shift)) * factor) & 0xffffffffn
  const bits = scatter(scatter(counter, 16n, 0x85ebca6bn), 13n, 0xc2b2ae35n)
  return bits ^ (bits >> 16n)
}

function exactCount(n) {
  let inside = 0
  for (let i = 0n; i < n; i++) if (bitsOf(2n * i) ** 2n + bitsOf(2n * i + 1n) ** 2n < 1n << 64n) inside++
  return inside
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'pi',
  about: (n) => `pi by ${n} random points`,
  js: pi,
  options: { parallel: true },
  tests: [1, 1000, 12_345],
  bench: 12_000_000,
  make: (n) => [n],
  outputs: [],
  check(value, _, n) {
    if (n <= 20_000) near('pi', value, (4 * exactCount(n)) / n, 0)
    // Five standard deviations of a mean of n.
    else near('pi', value, Math.PI, (5 * Math.sqrt(Math.PI * (4 - Math.PI))) / Math.sqrt(n) / (1 + Math.PI))
  },
}
