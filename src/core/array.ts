/// <reference lib="esnext.disposable" preserve="true" />
// NDArray: shape, strides, dtype and offset over a region of memory. Arithmetic lives in src/ops.
// SPDX-License-Identifier: MIT

import type { KernelArgument } from '../backends/backend.js'
import { asRef } from '../kernel/define.js'
import { copyElements } from '../ops/copy.js'
import { type DType, type DTypeInfo, type TypedArray, typedArrayInfo } from './dtype.js'
import { DisposedError, DTypeError, IndexError, ValueError } from './errors.js'
import { format } from './format.js'
import { heap } from './heap.js'
import { type Region, wrappedRegion } from './region.js'
import { checkShape, contiguousStrides, inferShape, sizeOf } from './shape.js'
import { type SliceItem, sliceView } from './slice.js'

/** An element: a bigint for int64, else a number. */
export type Element = number | bigint

/** Nested arrays of elements. */
export type Nested = Element | Nested[]

/** Keeps a region alive as long as a typed array over it is; one that shares only its buffer does not count. */
const keptBy = new WeakMap<TypedArray, Region>()

let created: ((array: NDArray) => void) | undefined

/** @internal Has every new array shown to `listener`; undefined ends that. */
export function onCreation(listener: ((array: NDArray) => void) | undefined): void {
  created = listener
}

export class NDArray {
  readonly shape: readonly number[]
  /** Steps between elements along each axis, counted in elements. */
  readonly strides: readonly number[]
  /** Where the first element is, counted in elements from the start of its memory. */
  readonly offset: number
  /** The number of elements. */
  readonly size: number
  /** @internal */
  readonly info: DTypeInfo
  #region: Region | undefined

  /** @internal Use zeros, array, asarray, ... */
  constructor(info: DTypeInfo, shape: readonly number[], strides: readonly number[], region: Region, offset: number) {
    this.info = info
    this.shape = shape
    this.strides = strides
    this.offset = offset
    this.size = sizeOf(shape)
    this.#region = region
    const { block } = region
    block.holders++
    block.tally.arrays++
    if (created !== undefined) created(this)
  }

  get dtype(): DType {
    return this.info.name
  }

  get ndim(): number {
    return this.shape.length
  }

  /** Bytes of the elements; a view of fewer elements counts only these. */
  get nbytes(): number {
    return this.size * this.info.itemsize
  }

  /** @internal The memory. Throws DisposedError. */
  get region(): Region {
    const region = this.#region
    if (region === undefined || region.block.tally.retired) {
      const how = region === undefined ? 'was disposed of' : 'was freed by shutdown()'
      throw new DisposedError(`this array of shape (${this.shape.join(', ')}) ${how}`)
    }
    return region
  }

  /** @internal Throws DisposedError after dispose(). */
  checkAlive(): void {
    this.region
  }

  /** @internal What a kernel gets for the element that is `skip` elements behind the first. */
  pointer(skip = 0): KernelArgument {
    const { address, outside } = this.region
    if (outside === undefined) return address + (this.offset + skip) * this.info.itemsize
    return asRef(outside, this.offset + skip)
  }

  /** @internal The typed array that holds the elements, and the index of the first. Invalid after the next allocation. */
  elements(): { data: TypedArray; at: number } {
    const { address, outside } = this.region
    if (outside !== undefined) return { data: outside, at: this.offset }
    return { data: heap().view(this.info.code), at: address / this.info.itemsize + this.offset }
  }

  /** @internal Another look at the same memory. */
  view(shape: readonly number[], strides: readonly number[], offset: number): NDArray {
    return new NDArray(this.info, shape, strides, this.region, offset)
  }

  /** Whether the elements lie one behind the other in C order. */
  get isContiguous(): boolean {
    let expected = 1
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      const extent = this.shape[axis] as number
      if (extent !== 1 && this.strides[axis] !== expected) return this.size === 0
      expected *= extent
    }
    return true
  }

  #index(indices: readonly number[]): number {
    this.checkAlive()
    if (indices.length !== this.shape.length) {
      const problem = `${indices.length} indices for an array of ${this.shape.length} dimensions`
      throw new IndexError(`${problem}, shape (${this.shape.join(', ')})`, { shape: this.shape })
    }
    let at = 0
    for (let axis = 0; axis < indices.length; axis++) {
      const index = indices[axis] as number
      const extent = this.shape[axis] as number
      if (!Number.isInteger(index) || index < -extent || index >= extent) {
        const problem = `index ${String(index)} is out of range for axis ${axis} with size ${extent}`
        throw new IndexError(`${problem}, shape (${this.shape.join(', ')})`, { shape: this.shape })
      }
      at += (index < 0 ? index + extent : index) * (this.strides[axis] as number)
    }
    return at
  }

  /**
   * The element at an index for each axis; negative ones count from the end. Of an int64 array it is a bigint:
   * `a.get<bigint>(i)`; nl.Element where the dtype is not known. Throws IndexError.
   */
  get<T extends Element = number>(...indices: number[]): T {
    const skip = this.#index(indices)
    const { data, at } = this.elements()
    return data[at + skip] as T
  }

  /** Sets the element at an index for each axis to the last argument. Throws IndexError, DTypeError. */
  set(...indicesAndValue: [...indices: number[], value: Element]): void {
    const value = indicesAndValue[indicesAndValue.length - 1] as Element
    const skip = this.#index(indicesAndValue.slice(0, -1) as number[])
    checkElement(value, this.info)
    const { data, at } = this.elements()
    data[at + skip] = value
  }

  /** The only element of an array of size 1. Throws ValueError. */
  item(): Element {
    this.checkAlive()
    if (this.size !== 1) throw new ValueError(`item(): the array has ${this.size} elements, not 1`)
    const { data, at } = this.elements()
    return data[at] as Element
  }

  /**
   * A view, by one item an axis: an index (drops the axis), a string `'start:stop:step'`, `'...'` for all axes not
   * named, null for a new axis of extent 1. Throws IndexError.
   */
  slice(...items: SliceItem[]): NDArray {
    this.checkAlive()
    const { shape, strides, skip } = sliceView(this.shape, this.strides, items)
    return this.view(shape, strides, this.offset + skip)
  }

  /** A view of the part at an index of the first axis; negative ones count from the end. Throws IndexError. */
  row(index: number): NDArray {
    return this.slice(index)
  }

  /** The transpose: a view with the axes in reverse. */
  get T(): NDArray {
    return this.view([...this.shape].reverse(), [...this.strides].reverse(), this.offset)
  }

  /** The same elements in another shape, one extent of which may be -1; a view where the array is contiguous. */
  reshape(...extents: number[] | [readonly number[]]): NDArray {
    this.checkAlive()
    const wanted = (Array.isArray(extents[0]) ? extents[0] : extents) as readonly number[]
    const shape = inferShape(wanted, this.shape)
    const source = contiguous(this)
    const reshaped = source.view(shape, contiguousStrides(shape), source.offset)
    if (source !== this) source.dispose()
    return reshaped
  }

  /**
   * The elements of a contiguous array as a typed array over the same memory, without a copy. Throws ValueError for
   * other layouts: toTypedArray() copies.
   *
   * It keeps the memory while it is held itself. What is made from it (`subarray()`, another view of its `buffer`) does not:
   * hold on to the array or to this, or pass the part to asarray(). Where memory is not shared, it is empty after the heap
   * grew: get it anew.
   */
  get data(): TypedArray {
    const { region } = this
    if (!this.isContiguous) throw new ValueError('data: the array is not contiguous; use toTypedArray(), which copies')
    const { data, at } = this.elements()
    const view = new this.info.Array(data.buffer, data.byteOffset + at * this.info.itemsize, this.size)
    if (region.outside === undefined) heap().lend(region)
    keptBy.set(view, region)
    return view
  }

  /** A copy of the elements, in C order. */
  toTypedArray(): TypedArray {
    const copy = heap().outsideArray(this.info.code, this.size)
    const source = contiguous(this)
    const { data, at } = source.elements()
    copy.set(data.subarray(at, at + this.size) as never)
    if (source !== this) source.dispose()
    return copy
  }

  /** A copy of the elements as nested arrays. */
  toArray(): Nested {
    const flat = this.toTypedArray()
    let at = 0
    const nest = (axis: number): Nested => {
      if (axis === this.shape.length) return flat[at++] as Element
      return Array.from({ length: this.shape[axis] as number }, () => nest(axis + 1))
    }
    return nest(0)
  }

  /** Whether dispose() was called. */
  get disposed(): boolean {
    return this.#region === undefined || this.#region.block.tally.retired === true
  }

  /** Gives up the memory, which is freed at once if no view uses it. Every later use throws DisposedError. */
  dispose(): void {
    const region = this.#region
    if (region === undefined) return
    this.#region = undefined
    const { block } = region
    block.holders--
    block.tally.arrays--
    if (block.holders === 0) heap().free(region)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  toString(): string {
    this.checkAlive()
    return format(this)
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    try {
      return this.toString()
    } catch (error) {
      if (!(error instanceof DisposedError)) throw error
      return `NDArray (${this.disposed ? 'disposed' : 'its typed array is gone'})`
    }
  }
}

/** Throws unless a value can be stored in a dtype: bigints in int64 and numbers elsewhere, whole ones in integers. */
export function checkElement(value: unknown, info: DTypeInfo): void {
  if (info.code === 'i64' ? typeof value === 'bigint' : typeof value === 'number') {
    if (info.code !== 'i32' || (value as number) === ((value as number) | 0)) return
    throw new ValueError(`${String(value)} is not an int32`)
  }
  const wanted = info.code === 'i64' ? 'a bigint' : 'a number'
  throw new DTypeError(`an element of ${info.name} must be ${wanted}, not ${typeof value}`, { dtypes: [info.name] })
}

/** A new contiguous array with whatever its memory held before. Throws ShapeError, OutOfMemoryError. */
export function allocate(shape: readonly number[], info: DTypeInfo): NDArray {
  checkShape(shape)
  const { region, address } = heap().allocate(sizeOf(shape) * info.itemsize, info.code)
  const offset = region.outside ? 0 : (address - region.address) / info.itemsize
  return new NDArray(info, shape, contiguousStrides(shape), region, offset)
}

/** A typed array as a one-dimensional array over the same memory, without a copy. Throws DisposedError. */
export function wrap(data: TypedArray): NDArray {
  const info = typedArrayInfo(data) as DTypeInfo
  const region = regionOf(data)
  const offset = region.outside === undefined ? (data.byteOffset - region.address) / info.itemsize : 0
  return new NDArray(info, [data.length], [1], region, offset)
}

function regionOf(data: TypedArray): Region {
  if (data.length === 0) {
    if (isDetached(data.buffer)) throw new DisposedError('the buffer of this typed array was transferred, or replaced')
    return wrappedRegion(data)
  }
  if (!heap().owns(data.buffer)) return wrappedRegion(data)
  const known = keptBy.get(data)
  if (known !== undefined && !known.block.released) return known
  const region = heap().regionAt(data, known)
  keptBy.set(data, region)
  return region
}

/** Newer engines have a property for it. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).length < 0
  } catch {
    return true
  }
}

/** The elements in C order: the array itself where they are, else a copy. */
export function contiguous(array: NDArray): NDArray {
  if (array.isContiguous) return array
  return copyOf(array, array.info)
}

/** A copy in a dtype, in C order. */
export function copyOf(array: NDArray, info: DTypeInfo): NDArray {
  return finished(allocate(array.shape, info), undefined, (copy) => copyElements(array, copy))
}

/** The array after `work` on it; a new one, which is not `out`, is freed where that throws. */
export function finished(array: NDArray, out: NDArray | undefined, work: (array: NDArray) => void): NDArray {
  try {
    work(array)
    return array
  } catch (error) {
    if (array !== out) array.dispose()
    throw error
  }
}
