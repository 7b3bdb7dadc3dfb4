// Making arrays.
// SPDX-License-Identifier: MIT

import { allocate, checkElement, copyOf, type Element, NDArray, type Nested, wrap } from '../core/array.js'
import { type DType, type DTypeInfo, dtypeInfo, type TypedArray, typedArrayInfo } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'

export interface DTypeOption {
  /** The element type; float64 unless told, or what the values are. */
  dtype?: DType
}

/** Extents, or the one extent of a vector. */
export type ShapeLike = number | readonly number[]

function shapeOf(shape: ShapeLike): readonly number[] {
  if (typeof shape === 'number') return [shape]
  if (typeof shape === 'object' && shape !== null && Symbol.iterator in shape) return [...shape]
  throw new ShapeError(`invalid shape ${String(shape)}: expected a size or an array of sizes`, { shapes: [] })
}

/** Writes to all elements of a new array. */
function filled(array: NDArray, value: Element): NDArray {
  const { data, at } = array.elements()
  ;(data as Float64Array).fill(value as number, at, at + array.size)
  return array
}

/** An array of whatever the memory held before. Throws ShapeError, DTypeError, OutOfMemoryError. */
export function empty(shape: ShapeLike, { dtype = 'float64' }: DTypeOption = {}): NDArray {
  return allocate(shapeOf(shape), dtypeInfo(dtype))
}

/** An array of zeros. Throws ShapeError, DTypeError, OutOfMemoryError. */
export function zeros(shape: ShapeLike, options: DTypeOption = {}): NDArray {
  const array = empty(shape, options)
  return filled(array, array.dtype === 'int64' ? 0n : 0)
}

/** An array of ones. Throws ShapeError, DTypeError, OutOfMemoryError. */
export function ones(shape: ShapeLike, options: DTypeOption = {}): NDArray {
  const array = empty(shape, options)
  return filled(array, array.dtype === 'int64' ? 1n : 1)
}

/** An array of one value; its dtype is the value's (float64 or int64) unless told. Throws as `empty`, and DTypeError. */
export function full(shape: ShapeLike, value: Element, options: DTypeOption = {}): NDArray {
  const info = dtypeInfo(options.dtype ?? (typeof value === 'bigint' ? 'int64' : 'float64'))
  checkElement(value, info)
  return filled(allocate(shapeOf(shape), info), value)
}

/** The identity-like matrix of n rows and `columns` (n unless told) columns, with ones on diagonal `k`. */
export function eye(n: number, options: DTypeOption & { columns?: number; k?: number } = {}): NDArray {
  const { columns = n, k = 0, ...dtype } = options
  if (!Number.isInteger(k)) throw new ValueError(`eye: the diagonal k must be an integer, not ${String(k)}`)
  const array = zeros([n, columns], dtype)
  const one = array.dtype === 'int64' ? 1n : 1
  for (let i = Math.max(0, -k); i < n && i + k < columns; i++) array.set(i, i + k, one)
  return array
}

/**
 * `arange(stop)` or `arange(start, stop, { step })`: start + i * step for i from 0 to ceil((stop - start) / step) - 1.
 * Throws ValueError for a step of 0 or numbers that are not finite.
 */
export function arange(start: number, stop?: number, options: DTypeOption & { step?: number } = {}): NDArray {
  const [from, to] = stop === undefined ? [0, start] : [start, stop]
  const { step = 1, ...dtype } = options
  const length = Math.max(0, Math.ceil((to - from) / step))
  if (step === 0 || !Number.isFinite(length)) {
    throw new ValueError(`arange: from ${from} to ${to} by ${step} is no finite range`)
  }
  return generated(empty(length, dtype), (i) => from + i * step)
}

/** `count` (50 unless told) numbers from start to stop, both included unless `endpoint` is false. */
export function linspace(
  start: number,
  stop: number,
  count = 50,
  options: DTypeOption & { endpoint?: boolean } = {},
): NDArray {
  const { endpoint = true, ...dtype } = options
  const array = empty(count, dtype)
  const intervals = endpoint ? count - 1 : count
  const step = intervals > 0 ? (stop - start) / intervals : 0
  generated(array, (i) => start + i * step)
  if (endpoint && count > 1) array.set(count - 1, array.info.code === 'i32' ? Math.trunc(stop) : stop)
  return array
}

function generated(array: NDArray, value: (i: number) => number): NDArray {
  const { data, at } = array.elements()
  if (array.dtype === 'int64') {
    for (let i = 0; i < array.size; i++) data[at + i] = BigInt(Math.trunc(value(i)))
  } else {
    for (let i = 0; i < array.size; i++) data[at + i] = value(i)
  }
  return array
}

/** What array() and asarray() take. */
export type ArrayLike = NDArray | TypedArray | Nested

/** A new array from an array, a typed array, or nested arrays of numbers or bigints. Throws ShapeError, DTypeError. */
export function array(values: ArrayLike, options: DTypeOption = {}): NDArray {
  if (values instanceof NDArray) return copied(values, options)
  if (!ArrayBuffer.isView(values)) return fromNested(values, options)
  const source = wrapChecked(values)
  try {
    return copied(source, options)
  } finally {
    source.dispose()
  }
}

function copied(source: NDArray, { dtype }: DTypeOption): NDArray {
  return copyOf(source, dtype ? dtypeInfo(dtype) : source.info)
}

/**
 * Like array(), but without a copy where the values are an array or a typed array of the dtype. Throws as array(), and
 * DisposedError.
 */
export function asarray(values: ArrayLike, options: DTypeOption = {}): NDArray {
  const { dtype } = options
  if (values instanceof NDArray) {
    if (dtype === undefined || dtype === values.dtype) {
      values.checkAlive()
      return values
    }
  } else if (ArrayBuffer.isView(values)) {
    if (dtype === undefined || dtype === checkedInfo(values).name) return wrapChecked(values)
  }
  return array(values, options)
}

function wrapChecked(values: ArrayBufferView): NDArray {
  checkedInfo(values)
  return wrap(values as TypedArray)
}

function checkedInfo(values: ArrayBufferView): DTypeInfo {
  const info = typedArrayInfo(values)
  if (info !== undefined) return info
  const name = values.constructor.name
  throw new DTypeError(`a ${name} has no dtype here; use Float64Array, Float32Array, Int32Array or BigInt64Array`, {
    dtypes: [name],
  })
}

function fromNested(values: Nested, options: DTypeOption): NDArray {
  const shape: number[] = []
  for (let level: Nested | undefined = values; Array.isArray(level); level = level[0]) shape.push(level.length)
  const flat: unknown[] = []
  const walk = (level: unknown, axis: number) => {
    const isLeaf = axis === shape.length
    if (Array.isArray(level) === isLeaf || (Array.isArray(level) && level.length !== shape[axis])) {
      throw new ShapeError(`array: the nested arrays are ragged: (${shape.join(', ')}) does not hold everywhere`, {
        shapes: [shape],
      })
    }
    if (Array.isArray(level)) for (const item of level) walk(item, axis + 1)
    else flat.push(level)
  }
  walk(values, 0)
  const info = nestedInfo(flat, options)
  for (const value of flat) checkElement(value, info)
  const made = allocate(shape, info)
  const { data, at } = made.elements()
  ;(data as Float64Array).set(flat as number[], at)
  return made
}

function nestedInfo(flat: readonly unknown[], options: DTypeOption): DTypeInfo {
  if (options.dtype !== undefined) return dtypeInfo(options.dtype)
  const kinds = new Set(flat.map((value) => typeof value))
  if (kinds.size <= 1 && (kinds.has('number') || kinds.size === 0)) return dtypeInfo('float64')
  if (kinds.size === 1 && kinds.has('bigint')) return dtypeInfo('int64')
  const names = [...kinds]
  throw new DTypeError(`array: elements must be all numbers or all bigints, not ${names.join(' and ')}`, {
    dtypes: names,
  })
}
