// Numbers for readers: times, ratios, counts, with three significant digits and the unit that fits.
// SPDX-License-Identifier: MIT

/** Three significant digits, never in exponent form. @param {number} value */
export function digits(value) {
  const size = Math.abs(value)
  if (size >= 100 || value === 0) return value.toFixed(0)
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : Math.min(8, 2 - Math.floor(Math.log10(size))))
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds >= 1) return `${digits(seconds)} s`
  if (seconds >= 1e-3) return `${digits(seconds * 1e3)} ms`
  return seconds >= 1e-6 ? `${digits(seconds * 1e6)} us` : `${digits(seconds * 1e9)} ns`
}

/** @param {number | undefined} value */
export const ratio = (value) => (value === undefined || !Number.isFinite(value) ? '-' : `${digits(value)}x`)

/** @param {number} value */
export const percent = (value) => `${digits(value * 100)}%`

/** @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`
