// GCC computed 0 - x as -x where x was converted from an integer, so that 0 - 0 was -0.
// SPDX-License-Identifier: MIT

export const seed = 40000882

export function program(n, oa, ob) {
  ob[0] = 0 / 1 - Math.trunc(0.5)
  ob[1] = Number(n > n + 1) + -oa[0]
  return [0, 0, 0]
}
