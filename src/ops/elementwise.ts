// Operations on elements, with broadcasting and `out`.
// SPDX-License-Identifier: MIT

import type { KernelArgument } from '../backends/backend.js'
import { allocate, type NDArray } from '../core/array.js'
import { broadcastShapes, broadcastStrides, type Shape, sameShape } from '../core/shape.js'
import type { Kernel } from '../kernel/define.js'
import * as elementwise from '../kernels/elementwise.js'
import * as elementary from '../kernels/math.js'
import { run } from '../runtime.js'
import type { ArrayLike } from './create.js'
import { forEachGrid, toGrids } from './layout.js'
import { type OutOption, operands, release, result, withCallThreads } from './operand.js'
import { mapPlain } from './plain.js'

type Operation = (inputs: readonly ArrayLike[], options: OutOption) => NDArray

/** The operation of a kernel whose arguments are m, n, then each input and the output with two strides. */
function operation(kernel: Kernel): Operation {
  const cost = kernel.flops({ m: 1, n: 1 })
  return function apply(inputs, options): NDArray {
    if (options.threads !== undefined) return withCallThreads(kernel.name, options, (rest) => apply(inputs, rest))
    return mapPlain(kernel, cost, inputs, options.out) ?? map(kernel, cost, inputs, options.out)
  }
}

function map(kernel: Kernel, cost: number, inputs: readonly ArrayLike[], out: NDArray | undefined): NDArray {
  const { info, arrays } = operands(kernel, inputs)
  try {
    const shape = broadcast(kernel.name, arrays)
    const to = out === undefined ? allocate(shape, info) : result(kernel.name, shape, info, out, arrays, true)
    compute(kernel, cost, [...arrays, to], to, out)
    return to
  } finally {
    release(arrays, inputs)
  }
}

/** Whether all arrays are `size` elements one behind the other. A loop: this is on the way of every call. */
function areUnit(all: readonly NDArray[], size: number): boolean {
  for (let i = 0; i < all.length; i++) {
    const array = all[i] as NDArray
    if (array.size !== size || !array.isContiguous) return false
  }
  return true
}

/** Runs the kernel on the inputs and the output, `to`; frees that where it throws, unless it is the user's `out`. */
function compute(kernel: Kernel, cost: number, all: readonly NDArray[], to: NDArray, out: NDArray | undefined): void {
  try {
    if (areUnit(all, to.size)) {
      const args: KernelArgument[] = [1, to.size]
      for (const array of all) args.push(array.pointer(), 0, 1)
      run(kernel, to.info.code, to.size * cost, args, to.shape)
    } else mapGrids(kernel, cost, all, to.shape)
  } catch (error) {
    if (to !== out) to.dispose()
    throw error
  }
}

function broadcast(operation: string, arrays: readonly NDArray[]): Shape {
  const first = (arrays[0] as NDArray).shape
  if (arrays.every((array) => sameShape(array.shape, first))) return first
  return broadcastShapes(
    operation,
    arrays.map((array) => array.shape),
  )
}

function mapGrids(kernel: Kernel, cost: number, all: readonly NDArray[], shape: Shape): void {
  const grids = toGrids(
    shape,
    all.map((array) => broadcastStrides(array.shape, array.strides, shape)),
  )
  const { m, n, rows, columns, outer } = grids
  const whole = outer.length === 0 ? shape : undefined
  const dtype = (all[0] as NDArray).info.code
  forEachGrid(grids, (skips) => {
    const args: KernelArgument[] = [m, n]
    all.forEach((array, k) => {
      args.push(array.pointer(skips[k]), rows[k] as number, columns[k] as number)
    })
    run(kernel, dtype, m * n * cost, args, whole)
  })
}

const NO_OPTIONS: OutOption = {}

function unary(kernel: Kernel) {
  const apply = operation(kernel)
  return (x: ArrayLike, options: OutOption = NO_OPTIONS) => apply([x], options)
}
function binary(kernel: Kernel) {
  const apply = operation(kernel)
  return (x: ArrayLike, y: ArrayLike, options: OutOption = NO_OPTIONS) => apply([x, y], options)
}
function ternary(kernel: Kernel) {
  const apply = operation(kernel)
  return (x: ArrayLike, y: ArrayLike, z: ArrayLike, options: OutOption = NO_OPTIONS) => apply([x, y, z], options)
}

/** x + y, element by element. Throws ShapeError, DTypeError, ValueError, like every operation here. */
export const add = binary(elementwise.add)
/** x - y, element by element. */
export const subtract = binary(elementwise.subtract)
/** x * y, element by element; int32 wraps. */
export const multiply = binary(elementwise.multiply)
/** x / y, element by element; integers are divided as float64. */
export const divide = binary(elementwise.divide)
/** -x, element by element. */
export const negative = unary(elementwise.negative)
/** |x|, element by element; the least int32 stays as it is. */
export const abs = unary(elementwise.abs)
/** The square root, element by element; NaN below 0. */
export const sqrt = unary(elementwise.sqrt)
/** x * y + z, element by element; rounded once where the instruction set fuses, else twice. */
export const fma = ternary(elementwise.fma)

/** The sine of angles in radians: at most 1 ULP off (float32: 2), for arguments of any size. */
export const sin = unary(elementary.sin)
/** The cosine of angles in radians: at most 1 ULP off (float32: 2), for arguments of any size. */
export const cos = unary(elementary.cos)
/** e to the power of x: at most 1 ULP off. */
export const exp = unary(elementary.exp)
/** The natural logarithm: at most 1 ULP off; -Infinity at 0, NaN below. */
export const log = unary(elementary.log)
