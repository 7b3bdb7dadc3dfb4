// How an array prints: NumPy's way, with long axes shortened.
// SPDX-License-Identifier: MIT

import type { Element, NDArray } from './array.js'

const EDGE = 3
const LONG = 1000

function formatElement(value: Element): string {
  if (typeof value === 'bigint' || Number.isInteger(value)) return Object.is(value, -0) ? '-0' : String(value)
  return String(Number(value.toPrecision(8)))
}

/** The elements in nested brackets; arrays of more than 1000 show three at both ends of each axis. */
export function format(array: NDArray): string {
  const shorten = array.size > LONG
  const rows = (at: number[]): string => {
    const axis = at.length
    if (axis === array.ndim) return formatElement(array.get(...at))
    const extent = array.shape[axis] as number
    const cut = shorten && extent > 2 * EDGE
    const indices = cut ? [0, 1, 2, extent - 3, extent - 2, extent - 1] : Array.from({ length: extent }, (_, i) => i)
    const parts = indices.map((i) => rows([...at, i]))
    if (cut) parts.splice(EDGE, 0, '...')
    const separator = axis === array.ndim - 1 ? ', ' : `,${'\n'.repeat(array.ndim - 1 - axis)}${' '.repeat(axis + 7)}`
    return `[${parts.join(separator)}]`
  }
  const suffix = array.dtype === 'float64' ? '' : `, dtype=${array.dtype}`
  const shape = array.size === 0 && array.ndim > 1 ? `, shape=(${array.shape.join(', ')})` : ''
  return `array(${rows([])}${shape}${suffix})`
}
