// Numbers for the programs: the same in every run, spread evenly over an interval and in no order.
// SPDX-License-Identifier: MIT

const GOLDEN = 0.6180339887498949

/** @param {number} n @param {number} low @param {number} high @param {number} seed */
export const numbers = (n, low, high, seed) =>
  Float64Array.from({ length: n }, (_, i) => low + (((i + seed) * GOLDEN) % 1) * (high - low))
