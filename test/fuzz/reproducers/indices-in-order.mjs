// The first index of an NDArray's element was computed after the second one had changed a variable in it.
// SPDX-License-Identifier: MIT

export const seed = 10001354

export function program(m, dt, df) {
  dt.set(m & 1, m++ & 1, 0)
  df.set(m & 1, 0, m++)
  return [df.get(m & 1, m++ & 1), m, 0]
}
