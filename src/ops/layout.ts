// From any number of axes to the m x n grids that kernels take: axes that run on are merged, the rest is looped over.
// SPDX-License-Identifier: MIT

import type { Shape } from '../core/shape.js'

/** Grids of one size; `skips[k][g]` is how far operand k's grid g begins behind its first element. */
export interface Grids {
  readonly m: number
  readonly n: number
  /** Strides of each operand: along rows, along columns. */
  readonly rows: readonly number[]
  readonly columns: readonly number[]
  /** The extents and strides of the axes that are left over. */
  readonly outer: Shape
  readonly outerStrides: readonly Shape[]
}

/** Merges the axes of operands that share a shape. */
export function toGrids(shape: Shape, strides: readonly Shape[]): Grids {
  if (shape.includes(0)) return noElements(strides.length)
  const extents: number[] = []
  const merged: number[][] = strides.map(() => [])
  for (let axis = 0; axis < shape.length; axis++) {
    const extent = shape[axis] as number
    if (extent === 1) continue
    const last = extents.length - 1
    const runsOn = last >= 0 && strides.every((s, k) => merged[k]?.[last] === (s[axis] as number) * extent)
    if (runsOn) {
      extents[last] = (extents[last] as number) * extent
      strides.forEach((s, k) => {
        ;(merged[k] as number[])[last] = s[axis] as number
      })
    } else {
      extents.push(extent)
      strides.forEach((s, k) => {
        ;(merged[k] as number[]).push(s[axis] as number)
      })
    }
  }
  const ndim = extents.length
  return {
    n: extents[ndim - 1] ?? 1,
    m: extents[ndim - 2] ?? 1,
    columns: merged.map((s) => s[ndim - 1] ?? 0),
    rows: merged.map((s) => s[ndim - 2] ?? 0),
    outer: extents.slice(0, Math.max(0, ndim - 2)),
    outerStrides: merged.map((s) => s.slice(0, Math.max(0, ndim - 2))),
  }
}

function noElements(operands: number): Grids {
  const zeros = new Array<number>(operands).fill(0)
  return { m: 1, n: 0, rows: zeros, columns: zeros, outer: [], outerStrides: zeros.map(() => []) }
}

/** Calls `visit` for every grid with each operand's skip. */
export function forEachGrid(grids: Grids, visit: (skips: readonly number[]) => void): void {
  const { outer, outerStrides } = grids
  const skips = outerStrides.map(() => 0)
  const walk = (axis: number) => {
    if (axis === outer.length) {
      visit(skips)
      return
    }
    const extent = outer[axis] as number
    for (let i = 0; i < extent; i++) {
      walk(axis + 1)
      for (let k = 0; k < skips.length; k++) {
        skips[k] = (skips[k] as number) + (outerStrides[k]?.[axis] as number)
      }
    }
    for (let k = 0; k < skips.length; k++) {
      skips[k] = (skips[k] as number) - extent * (outerStrides[k]?.[axis] as number)
    }
  }
  walk(0)
}
