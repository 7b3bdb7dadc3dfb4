// Arrays from outside the heap, for the length of one call of a compiled wasm function: the part that the function can
// reach is copied into the heap, and what it wrote is copied back. SPDX-License-Identifier: MIT

import { told } from '../backends/outside.js'
import { heap } from '../core/heap.js'
import type { ArrayArgument, NumericArray } from './target.js'

const ALIGNMENT = 16

/** The reach of an argument: bytes of its buffer. */
interface Extent {
  readonly slot: number
  readonly first: number
  readonly begin: number
  readonly end: number
  readonly written: boolean
}

/** Extents that overlap share one copy, so that the function sees stores through the one in the other. */
interface Copy {
  readonly buffer: ArrayBufferLike
  readonly extents: Extent[]
  readonly begin: number
  end: number
}

function extentOf({ slot, bytes, before, written }: ArrayArgument, data: NumericArray, at: number): Extent {
  const first = data.byteOffset + at * data.BYTES_PER_ELEMENT
  return { slot, first, begin: first - before, end: first - before + bytes, written }
}

function copiesOf(arrays: readonly ArrayArgument[]): Copy[] {
  const byBuffer = new Map<ArrayBufferLike, Extent[]>()
  for (const argument of arrays) {
    const { memory } = argument
    if (typeof memory === 'number') continue
    const extents = byBuffer.get(memory.data.buffer) ?? []
    extents.push(extentOf(argument, memory.data, memory.at))
    byBuffer.set(memory.data.buffer, extents)
  }
  return [...byBuffer].flatMap(([buffer, extents]) => merged(buffer, extents))
}

function merged(buffer: ArrayBufferLike, extents: Extent[]): Copy[] {
  const copies: Copy[] = []
  for (const extent of extents.sort((a, b) => a.begin - b.begin)) {
    const last = copies[copies.length - 1]
    if (last !== undefined && extent.begin < last.end) {
      last.extents.push(extent)
      last.end = Math.max(last.end, extent.end)
    } else {
      copies.push({ buffer, extents: [extent], begin: extent.begin, end: extent.end })
    }
  }
  return copies
}

export interface Placed {
  /** Addresses in the heap, by slot. */
  readonly addresses: readonly (readonly [slot: number, address: number])[]
  /** Copies back what was written, and frees the copies. Returns how many bytes were copied in all. */
  finish(): number
}

/** Copies in what lies outside the heap. Throws OutOfMemoryError, with nothing held, where there is no room. */
export function place(arrays: readonly ArrayArgument[]): Placed {
  const copies = copiesOf(arrays)
  const blocks: { address: number; release(): void }[] = []
  const addresses: [number, number][] = []
  let bytes = 0
  try {
    for (const { buffer, extents, begin, end } of copies) {
      const block = heap().borrow(end - begin + ALIGNMENT)
      blocks.push(block)
      // Elements keep their alignment, which atomic operations need.
      const origin = block.address + (begin % ALIGNMENT) - begin
      for (const { slot, first } of extents) addresses.push([slot, origin + first])
      // The buffer of an empty array may be detached.
      if (end === begin) continue
      const target = new Uint8Array(heap().buffer, origin + begin, end - begin)
      told('in', end - begin, () => target.set(new Uint8Array(buffer, begin, end - begin)))
      bytes += end - begin
    }
  } catch (error) {
    for (const block of blocks) block.release()
    throw error
  }
  const finish = () => {
    copies.forEach(({ buffer, extents, begin }, i) => {
      const block = blocks[i] as (typeof blocks)[number]
      const origin = block.address + (begin % ALIGNMENT) - begin
      for (const extent of extents) {
        const length = extent.end - extent.begin
        if (!extent.written || length === 0) continue
        const from = new Uint8Array(heap().buffer, origin + extent.begin, length)
        told('out', length, () => new Uint8Array(buffer, extent.begin, length).set(from))
        bytes += length
      }
      block.release()
    })
    return bytes
  }
  return { addresses, finish }
}
