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
  readonly itemsize: number
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
  const begin = first - before
  return { slot, first, begin, end: begin + bytes, itemsize: data.BYTES_PER_ELEMENT, written }
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

/** As many bytes are compared at a time, a multiple of every element. */
const PIECE_BYTES = 4096

/** Copies the elements that differ from those before the call: between them other threads may have stored. */
function copyChanged(from: Buffer, to: Buffer, before: Buffer, itemsize: number): void {
  const changed = (begin: number, end: number) => from.compare(before, begin, end, begin, end) !== 0
  for (let piece = 0; piece < from.length; piece += PIECE_BYTES) {
    const last = Math.min(piece + PIECE_BYTES, from.length)
    if (!changed(piece, last)) continue
    for (let at = piece; at < last; at += itemsize) {
      if (changed(at, at + itemsize)) from.copy(to, at, at, at + itemsize)
    }
  }
}

/** Copies in what lies outside the heap. Throws OutOfMemoryError, with nothing held, where there is no room. */
export function place(arrays: readonly ArrayArgument[]): Placed {
  const copies = copiesOf(arrays)
  const blocks: { address: number; release(): void }[] = []
  /** Of the copies of shared memory that are written to. */
  const before = new Map<Copy, Buffer>()
  const addresses: [number, number][] = []
  let bytes = 0
  try {
    for (const copy of copies) {
      const { buffer, extents, begin, end } = copy
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
      const isShared = buffer instanceof SharedArrayBuffer
      if (isShared && extents.some(({ written }) => written)) before.set(copy, Buffer.from(target))
    }
  } catch (error) {
    for (const block of blocks) block.release()
    throw error
  }
  const finish = () => {
    copies.forEach((copy, i) => {
      const { buffer, extents, begin } = copy
      const block = blocks[i] as (typeof blocks)[number]
      const origin = block.address + (begin % ALIGNMENT) - begin
      for (const extent of extents) {
        const length = extent.end - extent.begin
        if (!extent.written || length === 0) continue
        const from = Buffer.from(heap().buffer as ArrayBuffer, origin + extent.begin, length)
        const to = Buffer.from(buffer as ArrayBuffer, extent.begin, length)
        const old = before.get(copy)?.subarray(extent.begin - begin, extent.end - begin)
        told('out', length, () => {
          if (old === undefined) to.set(from)
          else copyChanged(from, to, old, extent.itemsize)
        })
        bytes += length
      }
      block.release()
    })
    return bytes
  }
  return { addresses, finish }
}
