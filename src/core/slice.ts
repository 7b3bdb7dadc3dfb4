// Basic indexing: indices, 'start:stop:step', '...' and null, to a view's shape and strides.
// SPDX-License-Identifier: MIT

import { IndexError } from './errors.js'
import type { Shape } from './shape.js'

export type SliceItem = number | string | null

interface View {
  readonly shape: number[]
  readonly strides: number[]
  skip: number
}

const RANGE = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/

/** The view that `items` select. Throws IndexError. */
export function sliceView(shape: Shape, strides: Shape, items: readonly SliceItem[]): View {
  const view: View = { shape: [], strides: [], skip: 0 }
  let axis = 0
  for (const item of expandEllipsis(shape, items)) {
    if (item === null) {
      view.shape.push(1)
      view.strides.push(0)
      continue
    }
    const extent = shape[axis] as number
    const stride = strides[axis] as number
    if (typeof item === 'number') view.skip += resolveIndex(item, extent, axis, shape) * stride
    else addRange(view, item, extent, stride, shape)
    axis++
  }
  return view
}

/** Puts ':' for every axis that the items leave out. */
function expandEllipsis(shape: Shape, items: readonly SliceItem[]): SliceItem[] {
  const named = items.filter((item) => item !== null && item !== '...').length
  const ellipses = items.filter((item) => item === '...').length
  if (named > shape.length || ellipses > 1) {
    const problem = ellipses > 1 ? "more than one '...'" : `${named} indices`
    throw new IndexError(`slice: ${problem} for an array of shape (${shape.join(', ')})`, { shape })
  }
  const rest = new Array<SliceItem>(shape.length - named).fill(':')
  const at = ellipses === 1 ? items.indexOf('...') : items.length
  return [...items.slice(0, at), ...rest, ...items.slice(at + 1)]
}

function resolveIndex(index: number, extent: number, axis: number, shape: Shape): number {
  if (Number.isInteger(index) && index >= -extent && index < extent) return index < 0 ? index + extent : index
  throw new IndexError(
    `slice: index ${index} is out of range for axis ${axis} with size ${extent}, shape (${shape.join(', ')})`,
    { shape },
  )
}

/** Python's rule: bounds outside the axis are clipped to it. */
function addRange(view: View, text: string, extent: number, stride: number, shape: Shape): void {
  const match = RANGE.exec(text)
  const step = Number(match?.[3] ?? 1)
  if (!match || step === 0) {
    const expected = "expected 'start:stop:step' with a step other than 0, or '...'"
    throw new IndexError(`slice: '${text}' is no range: ${expected}`, { shape })
  }
  const [lowest, highest] = step > 0 ? [0, extent] : [-1, extent - 1]
  const clip = (bound: string | undefined, missing: number) => {
    if (bound === undefined) return missing
    const index = Number(bound) < 0 ? Number(bound) + extent : Number(bound)
    return Math.min(Math.max(index, lowest), highest)
  }
  const start = clip(match[1], step > 0 ? lowest : highest)
  const stop = clip(match[2], step > 0 ? highest : lowest)
  const length = Math.max(0, Math.ceil((stop - start) / step))
  view.shape.push(length)
  view.strides.push(stride * step)
  if (length > 0) view.skip += start * stride
}
