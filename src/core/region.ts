// Pieces of memory that arrays share, and how large the heap makes them.
//
// A region is what arrays hold: when it dies, its memory is free. What must outlive it, to be freed then, is in its block.
// SPDX-License-Identifier: MIT

import type { TypedArray } from './dtype.js'
import { DisposedError } from './errors.js'

const ALIGNMENT = 64

/** How many arrays use one kind of memory. */
export interface Tally {
  arrays: number
  /** Set when the memory is given back as a whole: its arrays are as good as disposed of. */
  retired?: boolean
}

/** What the heap knows of a region, without keeping it alive. */
export interface Block {
  /** In the heap; -1 outside it. */
  readonly address: number
  /** Of all regions that the block is of. */
  size: number
  readonly tally: Tally
  /** Arrays that use it and have not been disposed of. */
  holders: number
  /** Whether the memory was released, by whichever way came first. */
  released: boolean
  /** By which the watcher knows it; 0 where it is not watched. */
  watchId: number
  /** The block whose memory it is, where that is not its own; and how many blocks, this one too, use the memory. */
  readonly owner: Block | undefined
  users: number
}

export function newBlock(address: number, size: number, tally: Tally, owner?: Block): Block {
  return { address, size, tally, holders: 0, released: false, watchId: 0, owner, users: 1 }
}

/** The block that has the memory of a block. */
export const ownerOf = (block: Block): Block => block.owner ?? block

/** A block or page of the heap, or a typed array outside it (address -1). */
export class Region {
  readonly address: number
  readonly #outside: TypedArray | undefined
  readonly #bytes: number

  /** `first` is the one whose block it shares, which dies no sooner. */
  constructor(
    readonly block: Block,
    outside: TypedArray | undefined,
    readonly first?: Region,
  ) {
    this.address = block.address
    this.#outside = outside
    this.#bytes = outside === undefined ? block.size : outside.byteLength
  }

  /** Undefined in the heap. Throws DisposedError where its buffer was transferred or made smaller: a kernel would leave it. */
  get outside(): TypedArray | undefined {
    const outside = this.#outside
    if (outside !== undefined && outside.byteLength < this.#bytes) {
      const problem = `only ${outside.byteLength} of ${this.#bytes} bytes are left of the typed array that an array uses`
      throw new DisposedError(`${problem}: its buffer was transferred or made smaller`)
    }
    return outside
  }
}

/** Arrays over typed arrays of the user: their memory is not numloom's, nor is it told when they are collected. */
const wrapped: Tally = { arrays: 0 }

/** Memory that the user brought. */
export function wrappedRegion(data: TypedArray): Region {
  return new Region(newBlock(-1, data.byteLength, wrapped), data)
}

/**
 * Added to large blocks, so that arrays made one after another do not begin at the same place of a page: a load would wait
 * for a store to the same place of another page, whose address the processor compares by its low 12 bits only.
 */
const STAGGER_BYTES = 5 * ALIGNMENT
const STAGGERED_BYTES = 16 * 1024

/** Rounds up to one of eight sizes between powers of two, so that a freed block fits the next array of about its size. */
export function blockSize(bytes: number): number {
  const exponent = 31 - Math.clz32(bytes / ALIGNMENT)
  const step = ALIGNMENT * (1 << Math.max(exponent - 3, 0))
  return Math.ceil(bytes / step) * step + (bytes >= STAGGERED_BYTES ? STAGGER_BYTES : 0)
}
