// Whether two backends' results agree: each may be off the exact result by the bound of the kernel's definition, so
// two may be apart by twice that.
// SPDX-License-Identifier: MIT

const EPSILON = 2 ** -52
const LEAST = 2 ** -1074

/** The distance from |x| to the next float64, for finite x. @param {number} x */
function ulpOf(x) {
  const exponent = Math.floor(Math.log2(Math.abs(x)))
  return Math.max(LEAST, 2 ** (exponent - 52))
}

/**
 * The largest distance between two results, as a part of what is allowed: above 1 they disagree.
 * @param {import('./works.mjs').Work} work
 * @param {Float64Array} result
 * @param {Float64Array} reference
 */
export function deviation(work, result, reference) {
  const { error } = work.kernel
  const scale = work.scale ?? Math.abs
  const allowed =
    'ulp' in error
      ? (value) => 2 * error.ulp.f64 * ulpOf(value)
      : (
          (factor) => (value) =>
            factor * scale(value)
        )(2 * error.eps(work.sizes) * EPSILON)
  let worst = 0
  for (let i = 0; i < reference.length; i++) {
    if (result[i] === reference[i]) continue
    const part = Math.abs(result[i] - reference[i]) / allowed(reference[i])
    if (!(part <= worst)) worst = Number.isNaN(part) ? Number.POSITIVE_INFINITY : part
  }
  return worst
}
