// What every operation does with its arguments: arrays from what users pass, dtypes by promotion, `out` checked.
// SPDX-License-Identifier: MIT

import { allocate, copyOf, NDArray } from '../core/array.js'
import { within } from '../core/context.js'
import { type DTypeInfo, dtypeInfo, promote } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { ownerOf } from '../core/region.js'
import { type Shape, sameShape } from '../core/shape.js'
import { countOf } from '../core/threads.js'
import type { Kernel } from '../kernel/define.js'
import { type ArrayLike, asarray } from './create.js'

export interface OutOption {
  /** Receives the result; of the result's shape and dtype. It may be an input, but not overlap one otherwise. */
  out?: NDArray
  /** The most threads that this call may use. It goes before every other setting but OMP_THREAD_LIMIT. */
  threads?: number
}

/** Runs an operation whose options name a thread count with that count. Throws ValueError. */
export function withCallThreads<O extends OutOption>(operation: string, options: O, fn: (rest: O) => NDArray): NDArray {
  const { threads, ...rest } = options
  const count = countOf(threads as number, `${operation}: threads`)
  return within({ threads: count, blasThreads: count }, () => fn(rest as O))
}

const isScalar = (value: unknown): value is number => typeof value === 'number'

/**
 * The arrays of an operation's arguments in one dtype. Numbers are weak: they take the arrays' dtype, except that a
 * fraction makes int32 float64. `kernel` says which dtypes there are; integers without one become float64.
 */
export function operands(kernel: Kernel, args: readonly ArrayLike[]): { info: DTypeInfo; arrays: NDArray[] } {
  const arrays: (NDArray | undefined)[] = []
  try {
    for (const value of args) arrays.push(isScalar(value) ? undefined : asarray(value))
    const info = commonInfo(kernel, args, arrays)
    for (let i = 0; i < args.length; i++) {
      const array = arrays[i]
      if (array === undefined) arrays[i] = constant(args[i] as number, info)
      else if (array.info !== info) {
        arrays[i] = convert(array, info)
        if (array !== args[i]) array.dispose()
      }
    }
    return { info, arrays: arrays as NDArray[] }
  } catch (error) {
    release(arrays, args)
    throw error
  }
}

/** Frees what operands() made for one call: arrays of arguments that were numbers, lists or of another dtype. */
export function release(arrays: readonly (NDArray | undefined)[], args: readonly ArrayLike[]): void {
  for (let i = 0; i < arrays.length; i++) {
    const array = arrays[i]
    if (array !== undefined && array !== args[i]) array.dispose()
  }
}

function commonInfo(kernel: Kernel, args: readonly ArrayLike[], arrays: readonly (NDArray | undefined)[]): DTypeInfo {
  let info: DTypeInfo | undefined
  for (const array of arrays) {
    if (array !== undefined) info = info === undefined ? array.info : promote(info, array.info)
  }
  info ??= dtypeInfo('float64')
  const whole = args.every((value) => !isScalar(value) || value === (value | 0))
  if (info.code === 'i32' && !(whole && kernel.dtypes.includes('i32'))) info = dtypeInfo('float64')
  if (kernel.dtypes.includes(info.code)) return info
  const names = arrays.flatMap((array) => (array ? [array.dtype] : []))
  throw new DTypeError(`${kernel.name}: there is no kernel for ${info.name}, which ${names.join(' and ')} would need`, {
    dtypes: names,
  })
}

function constant(value: number, info: DTypeInfo): NDArray {
  const array = allocate([], info)
  const { data, at } = array.elements()
  data[at] = value
  return array
}

/** The array in another dtype; itself where it has it. */
export function convert(array: NDArray, info: DTypeInfo): NDArray {
  if (array.info === info) return array
  return copyOf(array, info)
}

/**
 * `out`, checked, or a new array. `out` may be one of the inputs where the operation works element by element
 * (`inPlace`), else it must not share elements with them. Throws ShapeError, DTypeError, ValueError.
 */
export function result(
  operation: string,
  shape: Shape,
  info: DTypeInfo,
  out: NDArray | undefined,
  inputs: readonly NDArray[],
  inPlace = false,
): NDArray {
  if (out === undefined) return allocate(shape, info)
  if (!(out instanceof NDArray)) throw new DTypeError(`${operation}: out must be an NDArray`, { dtypes: [typeof out] })
  out.checkAlive()
  if (!sameShape(out.shape, shape)) {
    const [have, want] = [`(${out.shape.join(', ')})`, `(${shape.join(', ')})`]
    throw new ShapeError(`${operation}: out has shape ${have}, but the result has shape ${want}`, {
      shapes: [out.shape, shape],
    })
  }
  if (out.info !== info) {
    throw new DTypeError(`${operation}: out is ${out.dtype}, but the result is ${info.name}`, {
      dtypes: [out.dtype, info.name],
    })
  }
  for (const input of inputs) {
    if (inPlace && input === out) continue
    if (overlaps(out, input) && !(inPlace && sameElements(out, input))) {
      throw new ValueError(
        `${operation}: out overlaps an input${inPlace ? ' without being the same elements' : ''}; pass a copy`,
      )
    }
  }
  return out
}

function sharesMemory(a: NDArray, b: NDArray): boolean {
  const [x, y] = [a.region.outside, b.region.outside]
  if (x === undefined && y === undefined) return ownerOf(a.region.block) === ownerOf(b.region.block)
  return x?.buffer === y?.buffer
}

/** Whether two arrays may share elements. */
function overlaps(a: NDArray, b: NDArray): boolean {
  if (!sharesMemory(a, b) || a.size === 0 || b.size === 0) return false
  return highest(b) >= lowest(a) && highest(a) >= lowest(b)
}

/** Whether two arrays are the same view. */
function sameElements(a: NDArray, b: NDArray): boolean {
  return (
    lowest(a) === lowest(b) &&
    a.info === b.info &&
    sameShape(a.shape, b.shape) &&
    a.strides.every((stride, axis) => stride === b.strides[axis] || (a.shape[axis] as number) <= 1)
  )
}

/** The address of the lowest element, within the heap or the outer buffer. */
function lowest(array: NDArray): number {
  return addressOf(array, Math.min)
}

/** The address of the last byte of the highest element. */
function highest(array: NDArray): number {
  return addressOf(array, Math.max) + array.info.itemsize - 1
}

function addressOf(array: NDArray, choose: (a: number, b: number) => number): number {
  let element = array.offset
  for (let axis = 0; axis < array.ndim; axis++) {
    element += choose(0, ((array.shape[axis] as number) - 1) * (array.strides[axis] as number))
  }
  const { outside, address } = array.region
  return (outside?.byteOffset ?? address) + element * array.info.itemsize
}
