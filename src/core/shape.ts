// Shapes: checks, strides, broadcasting.
// SPDX-License-Identifier: MIT

import { ShapeError } from './errors.js'

export type Shape = readonly number[]

/** The number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis] as number
  return size
}

/** Throws ShapeError unless every extent is a non-negative integer and the size is a safe integer. */
export function checkShape(shape: Shape): void {
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 0) {
      throw new ShapeError(`invalid shape (${shape.join(', ')}): sizes must be non-negative integers`, {
        shapes: [shape],
      })
    }
  }
  if (!Number.isSafeInteger(sizeOf(shape))) {
    throw new ShapeError(`invalid shape (${shape.join(', ')}): too many elements`, { shapes: [shape] })
  }
}

/** The strides of C order, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis] as number
  }
  return strides
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false
  return true
}

/** The shape that all broadcast to, by NumPy's rule. Throws ShapeError, naming the operation and all shapes. */
export function broadcastShapes(operation: string, shapes: readonly Shape[]): Shape {
  const ndim = Math.max(...shapes.map((shape) => shape.length))
  return Array.from({ length: ndim }, (_, axis) => {
    let extent = 1
    for (const shape of shapes) {
      const own = shape[axis - ndim + shape.length] ?? 1
      if (own === 1 || own === extent) continue
      if (extent !== 1) {
        const list = shapes.map((s) => `(${s.join(', ')})`).join(' and ')
        throw new ShapeError(`${operation}: shapes ${list} do not broadcast`, { shapes })
      }
      extent = own
    }
    return extent
  })
}

/** The strides of an array as if it had the broadcast shape: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, strides: Shape, target: Shape): number[] {
  const shift = target.length - shape.length
  return target.map((_, axis) => (axis < shift || shape[axis - shift] === 1 ? 0 : (strides[axis - shift] as number)))
}

/** The shape for reshaping: one extent of `wanted` may be -1. Throws ShapeError. */
export function inferShape(wanted: readonly number[], from: Shape): number[] {
  const size = sizeOf(from)
  const shape = [...wanted]
  const open = shape.indexOf(-1)
  if (open >= 0) {
    const rest = shape.reduce((product, extent, axis) => (axis === open ? product : product * extent), 1)
    shape[open] = rest === 0 ? 0 : size / rest
  }
  const fits = shape.every((extent) => Number.isInteger(extent) && extent >= 0) && sizeOf(shape) === size
  if (fits) return shape
  throw new ShapeError(
    `cannot reshape an array of shape (${from.join(', ')}), ${size} elements, into (${wanted.join(', ')})`,
    { shapes: [from, wanted] },
  )
}
