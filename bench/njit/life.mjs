// Conway's game of life on a torus.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'

function life(n, generations, cells, others) {
  const generation = (from, to) => {
    for (const i of prange(n)) {
      const above = ((i + n - 1) % n) * n
      const here = i * n
      const below = ((i + 1) % n) * n
      for (let j = 0; j < n; j++) {
        const left = j === 0 ? n - 1 : j - 1
        const right = j === n - 1 ? 0 : j + 1
        const neighbours =
          from[above + left] +
          from[above + j] +
          from[above + right] +
          from[here + left] +
          from[here + right] +
          from[below + left] +
          from[below + j] +
          from[below + right]
        to[i * n + j] = neighbours === 3 || (neighbours === 2 && from[i * n + j] === 1) ? 1 : 0
      }
    }
  }
  for (let g = 0; g < generations; g += 2) {
    generation(cells, others)
    generation(others, cells)
  }
}

const GLIDER = [
  [0, 1],
  [1, 2],
  [2, 0],
  [2, 1],
  [2, 2],
]

/** A glider where it is after so many generations, alone; or a soup, of hashes' highest bits. */
function start({ n, glider }, generations = 0) {
  if (!glider) return Uint8Array.from({ length: n * n }, (_, at) => Math.imul(at ^ (at >> 5), 0x85ebca6b) >>> 31)
  const cells = new Uint8Array(n * n)
  for (const [i, j] of GLIDER) cells[((i + generations / 4) % n) * n + ((j + generations / 4) % n)] = 1
  return cells
}

/** The same from the side of those that live: each tells its neighbours. */
function expected(size) {
  const { n, generations } = size
  let cells = start(size)
  for (let g = 0; g < generations; g++) {
    const heard = new Uint8Array(n * n)
    for (let at = 0; at < n * n; at++) {
      if (cells[at] === 0) continue
      for (let k = 0; k < 9; k++) {
        const i = (Math.floor(at / n) + Math.floor(k / 3) - 1 + n) % n
        const j = ((at % n) + (k % 3) - 1 + n) % n
        if (k !== 4) heard[i * n + j]++
      }
    }
    cells = cells.map((cell, at) => (heard[at] === 3 || (cell === 1 && heard[at] === 2) ? 1 : 0))
  }
  return cells
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'life',
  about: ({ n, generations }) => `the game of life, ${n} x ${n}, ${generations} generations`,
  js: life,
  options: { parallel: true },
  tests: [
    { n: 12, generations: 40, glider: true },
    { n: 50, generations: 20, glider: false },
  ],
  bench: { n: 512, generations: 100, glider: false },
  make: (size) => [size.n, size.generations, start(size), new Uint8Array(size.n ** 2)],
  outputs: [2, 3],
  check(_, [, , cells], size) {
    const reference = size.glider ? start(size, size.generations) : expected(size)
    const wrong = reference.findIndex((cell, at) => cells[at] !== cell)
    if (wrong >= 0) throw new Error(`cell ${wrong} is ${cells[wrong]} after ${size.generations} generations`)
  },
}
