// Medians, quartiles and means of samples. Medians, because a shared machine delays single runs, never speeds one up.
// SPDX-License-Identifier: MIT

/** @param {readonly number[]} samples @param {number} q from 0 to 1; interpolated */
export function quantile(samples, q) {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low)
}

/** @param {readonly number[]} samples */
export const least = (samples) => Math.min(...samples)

/**
 * Median, quartiles and the spread between them as a part of the median.
 * @param {readonly number[]} samples
 */
export function summary(samples) {
  const [q1, middle, q3] = [0.25, 0.5, 0.75].map((q) => quantile(samples, q))
  return { median: middle, q1, q3, least: least(samples), spread: (q3 - q1) / middle, samples: samples.length }
}

/** @param {readonly number[]} values */
export const geometricMean = (values) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
