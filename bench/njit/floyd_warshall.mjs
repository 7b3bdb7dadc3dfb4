// PolyBench's floyd_warshall: the shortest paths between all pairs, of whole numbers. Row k does not change in step k; a
// copy of it lets the other rows be done in any order.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'

function floyd_warshall(n, path) {
  const row = new Int32Array(n)
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) row[j] = path[k * n + j]
    for (const i of prange(n)) {
      const first = path[i * n + k]
      for (let j = 0; j < n; j++) path[i * n + j] = Math.min(path[i * n + j], first + row[j])
    }
  }
}

const NONE = 1_000_000

/** From each node a few edges, to where is scattered. */
function edges(n) {
  return Int32Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    if (i === j) return 0
    return (i * 7 + j * 13) % 11 === 0 || j === i + 1 ? 1 + ((i * 31 + j * 17) % 97) : NONE
  })
}

/** Dijkstra's way: the nearest node that is left is final. */
function distancesFrom(source, n, weights) {
  const distances = Int32Array.from(weights.subarray(source * n, (source + 1) * n))
  const left = new Set(distances.keys())
  while (left.size > 0) {
    let nearest = -1
    for (const node of left) if (nearest < 0 || distances[node] < distances[nearest]) nearest = node
    left.delete(nearest)
    for (const node of left) {
      distances[node] = Math.min(distances[node], distances[nearest] + weights[nearest * n + node])
    }
  }
  return distances
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'floyd_warshall',
  about: (n) => `shortest paths between all pairs of ${n} nodes`,
  js: floyd_warshall,
  options: { parallel: true },
  tests: [1, 2, 10, 60],
  bench: 500,
  make: (n) => [n, edges(n)],
  outputs: [1],
  check(_, [n, path]) {
    const weights = edges(n)
    for (let source = 0; source < n; source += Math.ceil(n / 20)) {
      const distances = distancesFrom(source, n, weights)
      const wrong = distances.findIndex((distance, node) => path[source * n + node] !== distance)
      if (wrong < 0) continue
      throw new Error(`from ${source} to ${wrong}: ${path[source * n + wrong]} instead of ${distances[wrong]}`)
    }
  },
}
