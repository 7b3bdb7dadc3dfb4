// An array argument in memory: its elements at their strides, and a pattern everywhere else, which nobody may touch.
// SPDX-License-Identifier: MIT

import type { Code, TypedArray } from '../../dist/core/dtype.js'
import type { Layout } from './cases.ts'
import { ARRAYS } from './values.ts'

/** A NaN as float32 and, twice, as float64: what is read out of bounds shows in the result. */
const PATTERN = 0x7ff7abcd
/** Words in front of the lowest element and behind the highest, as far as a vector store could reach. */
const GUARD_WORDS = 64

export interface Operand {
  readonly dtype: Code
  readonly strides: readonly number[]
  /** The memory before the call. */
  readonly image: Uint32Array
  /** Where the first element is in the image, in elements. */
  readonly first: number
  /** Where all elements are in the image, in elements, in C order. */
  readonly places: Int32Array
}

/** Elements from the lowest to the first, and from the first to the highest. */
function reach(extents: readonly number[], strides: readonly number[]): { before: number; after: number } {
  let before = 0
  let after = 0
  if (extents.includes(0)) return { before, after: -1 }
  extents.forEach((extent, axis) => {
    const distance = (extent - 1) * (strides[axis] as number)
    if (distance < 0) before -= distance
    else after += distance
  })
  return { before, after }
}

function placesOf(extents: readonly number[], strides: readonly number[], first: number): Int32Array {
  const [rows, columns] = extents.length === 1 ? [1, extents[0] as number] : (extents as [number, number])
  const [rowStride, step] = strides.length === 1 ? [0, strides[0] as number] : (strides as [number, number])
  const places = new Int32Array(rows * columns)
  for (let i = 0, k = 0; i < rows; i++) for (let j = 0; j < columns; j++) places[k++] = first + i * rowStride + j * step
  return places
}

/** Lays elements out. `output` says that they will be written. */
export function layOut(
  values: TypedArray,
  dtype: Code,
  extents: readonly number[],
  layout: Layout,
  output: boolean,
): Operand {
  const strides = layout.strides(extents, output)
  const itemWords = ARRAYS[dtype].BYTES_PER_ELEMENT / 4
  const { before, after } = reach(extents, strides)
  // The guard in front keeps the alignment to 64 bytes, from which `skip` then departs.
  const front = GUARD_WORDS + Math.ceil((before * itemWords) / 16) * 16
  const first = front / itemWords + layout.skip
  const words = front + (layout.skip + after + 1) * itemWords + GUARD_WORDS
  const image = new Uint32Array(Math.ceil(words / 2) * 2).fill(PATTERN)
  const places = placesOf(extents, strides, first)
  const elements = viewOf(image, dtype)
  for (let k = 0; k < places.length; k++) elements[places[k] as number] = values[k] as never
  return { dtype, strides, image, first, places }
}

/** Memory that a kernel may fill as it likes, within bounds. */
export function layOutScratch(dtype: Code, length: number): Operand {
  const contiguous: Layout = { name: 'scratch', strides: () => [1], skip: 0 }
  return layOut(new ARRAYS[dtype](length), dtype, [length], contiguous, true)
}

export function viewOf(image: Uint32Array, dtype: Code): TypedArray {
  return new ARRAYS[dtype](
    image.buffer as ArrayBuffer,
    image.byteOffset,
    image.byteLength / ARRAYS[dtype].BYTES_PER_ELEMENT,
  )
}

/** The elements of an operand in memory, in C order. */
export function gather(operand: Operand, memory: Uint32Array): TypedArray {
  const from = viewOf(memory, operand.dtype)
  const values = new ARRAYS[operand.dtype](operand.places.length)
  for (let k = 0; k < values.length; k++) values[k] = from[operand.places[k] as number] as never
  return values
}

/** The index of the first word that changed, -1 for none. With `exceptElements`, only what lies around them counts. */
export function firstChange(operand: Operand, memory: Uint32Array, exceptElements: boolean): number {
  if (exceptElements) {
    // Word by word: a NaN written as a number may come out as another NaN.
    const itemWords = ARRAYS[operand.dtype].BYTES_PER_ELEMENT / 4
    for (const place of operand.places) {
      for (let word = place * itemWords; word < (place + 1) * itemWords; word++) {
        memory[word] = operand.image[word] as number
      }
    }
  }
  const { image } = operand
  for (let word = 0; word < image.length; word++) if (memory[word] !== image[word]) return word
  return -1
}
