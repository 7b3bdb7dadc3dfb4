// A loop for threads with one iteration was refused: its counter is a constant, as if all iterations had the same.
// SPDX-License-Identifier: MIT

import { prange } from '../../../dist/njit.js'

export const seed = 10001904

export function program(n, ob) {
  for (const j13 of prange(1)) {
    ob[j13] = 0.5
  }
  if (n < 3) {
    for (const j14 of prange(2, n)) {
      ob[j14] = 1.5
    }
  }
  return [0, 0, 0]
}
