// Reductions over some or all axes, and dot.
// SPDX-License-Identifier: MIT

import type { KernelArgument } from '../backends/backend.js'
import { contiguous, finished, type NDArray } from '../core/array.js'
import type { DTypeInfo } from '../core/dtype.js'
import { dtypeInfo } from '../core/dtype.js'
import { AxisError, ShapeError, ValueError } from '../core/errors.js'
import type { Kernel } from '../kernel/define.js'
import * as reductions from '../kernels/reduce.js'
import { run } from '../runtime.js'
import { type ArrayLike, asarray } from './create.js'
import { forEachGrid, toGrids } from './layout.js'
import { type OutOption, operands, release, result, withCallThreads } from './operand.js'

export interface ReduceOptions extends OutOption {
  /** The axis or axes to reduce; all unless told. Negative ones count from the end. */
  axis?: number | readonly number[]
  /** Whether the reduced axes stay, with extent 1. */
  keepdims?: boolean
}

/** The axes to reduce, without repetition. Throws AxisError. */
function reducedAxes(operation: string, array: NDArray, axis: ReduceOptions['axis']): Set<number> {
  if (axis === undefined) return new Set(array.shape.keys())
  const axes = (Array.isArray(axis) ? (axis as readonly number[]) : [axis as number]).map((given) => {
    if (Number.isInteger(given) && given >= -array.ndim && given < array.ndim) return (given + array.ndim) % array.ndim
    throw new AxisError(`${operation}: axis ${given} is out of range for shape (${array.shape.join(', ')})`, {
      axis: given,
      shape: array.shape,
    })
  })
  if (new Set(axes).size === axes.length) return new Set(axes)
  throw new AxisError(`${operation}: an axis is named twice in ${String(axis)}`, {
    axis: axes[0] as number,
    shape: array.shape,
  })
}

function reduce(kernel: Kernel, info: DTypeInfo, x: NDArray, options: ReduceOptions): NDArray {
  if (options.axis === undefined && !options.keepdims && x.isContiguous) {
    const out = result(kernel.name, [], info, options.out, [x])
    return finished(out, options.out, () => {
      run(kernel, x.info.code, x.size, [1, x.size, x.pointer(), 0, 1, out.pointer(), 0], x.shape)
    })
  }
  return reduceAxes(kernel, info, x, options)
}

function reduceAxes(kernel: Kernel, info: DTypeInfo, x: NDArray, options: ReduceOptions): NDArray {
  const axes = reducedAxes(kernel.name, x, options.axis)
  const kept = [...x.shape.keys()].filter((axis) => !axes.has(axis))
  const pick = (from: readonly number[], which: readonly number[]) => which.map((axis) => from[axis] as number)
  const shape = pick(x.shape, kept)
  const finalShape = options.keepdims ? x.shape.map((extent, axis) => (axes.has(axis) ? 1 : extent)) : shape
  const out = result(kernel.name, finalShape, info, options.out, [x])
  const keptStrides = out.strides.filter((_, axis) => !options.keepdims || !axes.has(axis))
  const last = [...axes].sort((a, b) => a - b)
  const order = [...kept, ...last]
  const rows = x.view(pick(x.shape, order), pick(x.strides, order), x.offset)
  try {
    return finished(out, options.out, () => runRows(kernel, rows, kept.length, out, keptStrides))
  } finally {
    rows.dispose()
  }
}

/** Reduces the axes from `kept` on. They have to run on as one; if not, a copy makes them. */
function runRows(kernel: Kernel, x: NDArray, kept: number, out: NDArray, outStrides: readonly number[]): void {
  const inner = toGrids(x.shape.slice(kept), [x.strides.slice(kept)])
  if (inner.m !== 1 || inner.outer.length > 0) {
    const copy = contiguous(x)
    try {
      runRows(kernel, copy, kept, out, outStrides)
    } finally {
      if (copy !== x) copy.dispose()
    }
    return
  }
  const shape = x.shape.slice(0, kept)
  const grids = toGrids(
    [...shape, 1],
    [
      [...x.strides.slice(0, kept), 0],
      [...outStrides, 0],
    ],
  )
  const forRows = (rows: number, stride: number, outStride: number, from: number, to: number) => {
    const args: KernelArgument[] = [rows, inner.n, x.pointer(from), stride, inner.columns[0] as number]
    run(kernel, x.info.code, rows * inner.n, [...args, out.pointer(to), outStride])
  }
  const [stride, outStride] = grids.columns as [number, number]
  const [step, outStep] = grids.rows as [number, number]
  forEachGrid(grids, ([from, to]) => {
    for (let i = 0; i < grids.m; i++) {
      forRows(grids.n, stride, outStride, (from as number) + i * step, (to as number) + i * outStep)
    }
  })
}

/**
 * The sum over all elements or along axes, pairwise: the error grows with the logarithm of the length. int32 is summed
 * in int64. Throws AxisError, ShapeError, DTypeError, ValueError.
 */
export function sum(x: ArrayLike, options: ReduceOptions = {}): NDArray {
  if (options.threads !== undefined) return withCallThreads('sum', options, (rest) => sum(x, rest))
  const array = asarray(x)
  try {
    if (array.info.code === 'i32') return reduce(reductions.sum_to_i64, dtypeInfo('int64'), array, options)
    const { info } = operands(reductions.sum, [array])
    return reduce(reductions.sum, info, array, options)
  } finally {
    if (array !== x) array.dispose()
  }
}

function extreme(kernel: Kernel, x: ArrayLike, options: ReduceOptions): NDArray {
  if (options.threads !== undefined) return withCallThreads(kernel.name, options, (rest) => extreme(kernel, x, rest))
  const { info, arrays } = operands(kernel, [x])
  try {
    return extremeOf(kernel, info, arrays[0] as NDArray, options)
  } finally {
    release(arrays, [x])
  }
}

function extremeOf(kernel: Kernel, info: DTypeInfo, array: NDArray, options: ReduceOptions): NDArray {
  if (array.size === 0 && [...reducedAxes(kernel.name, array, options.axis)].some((axis) => array.shape[axis] === 0)) {
    throw new ValueError(`${kernel.name}: no elements along a reduced axis of shape (${array.shape.join(', ')})`)
  }
  return reduce(kernel, info, array, options)
}

/** The least element, over all or along axes; NaN if there is one. Throws as sum, and ValueError for none at all. */
export function min(x: ArrayLike, options: ReduceOptions = {}): NDArray {
  return extreme(reductions.min, x, options)
}

/** The greatest element, over all or along axes; NaN if there is one. Throws as sum, and ValueError for none at all. */
export function max(x: ArrayLike, options: ReduceOptions = {}): NDArray {
  return extreme(reductions.max, x, options)
}

/** The inner product of two vectors. Throws ShapeError. */
export function innerProduct(x: ArrayLike, y: ArrayLike, { out }: OutOption): NDArray {
  const { info, arrays } = operands(reductions.dot, [x, y])
  const [a, b] = arrays as [NDArray, NDArray]
  try {
    if (a.shape[0] !== b.shape[0]) {
      throw new ShapeError(`dot: vectors of ${a.size} and ${b.size} elements`, { shapes: [a.shape, b.shape] })
    }
    return finished(result('dot', [], info, out, arrays), out, (to) => {
      const args = [a.size, a.pointer(), a.strides[0] as number, b.pointer(), b.strides[0] as number, to.pointer()]
      run(reductions.dot, info.code, 2 * a.size, args)
    })
  } finally {
    release(arrays, [x, y])
  }
}
