// How the programs' checks say that a value is wrong.
// SPDX-License-Identifier: MIT

const isNear = (value, expected, tolerance) => Math.abs(value - expected) <= tolerance * (1 + Math.abs(expected))

/** Throws unless both are within `tolerance` of each other, relative to `expected` where that is large. */
export function near(what, value, expected, tolerance) {
  if (isNear(value, expected, tolerance)) return
  throw new Error(`${what} is ${value} and should be ${expected}, within ${tolerance}`)
}

/** The same for every element. @param {(i: number) => number} expected */
export function allNear(what, values, expected, tolerance) {
  const wrong = values.findIndex((value, i) => !isNear(value, expected(i), tolerance))
  if (wrong >= 0) near(`${what}[${wrong}]`, values[wrong], expected(wrong), tolerance)
}
