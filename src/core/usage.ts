// memory(): what the arrays take, as numbers and as text.
// SPDX-License-Identifier: MIT

import { heap } from './heap.js'

export interface MemoryUse {
  /** Arrays that were neither disposed of nor found dead by the garbage collector. */
  readonly liveArrays: number
  /** Bytes of the blocks that arrays take, in the heap and outside it. */
  readonly bytesInUse: number
  /** The most that this was, since the start or resetPeakMemory(). */
  readonly peakBytes: number
  readonly byPlace: {
    /** In the WebAssembly memory. */
    readonly heap: { readonly arrays: number; readonly bytes: number }
    /** In buffers of their own, because the heap was full or there is none. */
    readonly outside: { readonly arrays: number; readonly bytes: number }
  }
  /** Bytes that the heap has got from the system for arrays, used or free; the rest of its 4 GiB is only address space. */
  readonly reservedBytes: number
  /** Bytes of these that no array uses, in all pieces together and in the largest. */
  readonly freeBytes: number
  readonly largestFreeBytes: number
  /**
   * The share of the heap that was holes when it was fullest: 1 - most bytes in use at once / bytes up to the highest
   * address ever used. 0 means that the heap grew no further than the arrays needed. (Johnstone and Wilson 1998, "The
   * memory fragmentation problem: solved?", their measure 4.)
   */
  readonly fragmentation: number
}

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`

function describe(use: MemoryUse): string {
  const { heap: inside, outside } = use.byPlace
  return [
    `arrays         ${use.liveArrays}: ${inside.arrays} in the heap, ${outside.arrays} outside`,
    `in use         ${mebibytes(use.bytesInUse)}: ${mebibytes(inside.bytes)} in the heap, ${mebibytes(outside.bytes)} outside`,
    `peak           ${mebibytes(use.peakBytes)}`,
    `reserved       ${mebibytes(use.reservedBytes)}`,
    `free           ${mebibytes(use.freeBytes)}, the largest piece ${mebibytes(use.largestFreeBytes)}`,
    `fragmentation  ${(100 * use.fragmentation).toFixed(1)} %`,
  ].join('\n')
}

/**
 * What arrays take of memory, in bytes. Print it, or read it.
 *
 * Blocks are counted, so that an array takes a little more than its `nbytes`, and arrays of up to 1 KiB share pages of 128
 * KiB. Those that were dropped without dispose() count until the collector found their memory unused; small ones, until
 * all of their page are dead. Typed arrays of your own, used in place by asarray(), are not numloom's memory: neither they
 * nor the arrays over them are counted.
 */
export function memory(): MemoryUse {
  const { inside, spilled, bytesInUse, bytesSpilled, peakBytes, peakInside, reservedBytes, highestBytes } = heap()
  const use = {
    liveArrays: inside.arrays + spilled.arrays,
    bytesInUse: bytesInUse + bytesSpilled,
    peakBytes,
    byPlace: {
      heap: { arrays: inside.arrays, bytes: bytesInUse },
      outside: { arrays: spilled.arrays, bytes: bytesSpilled },
    },
    reservedBytes,
    freeBytes: reservedBytes - bytesInUse,
    largestFreeBytes: heap().largestFreeBytes,
    fragmentation: highestBytes === 0 ? 0 : 1 - peakInside / highestBytes,
  }
  const text = { value: () => describe(use), enumerable: false }
  return Object.defineProperties(use, { toString: text, [Symbol.for('nodejs.util.inspect.custom')]: text })
}

/** Lets peakBytes begin anew from what is in use now. */
export function resetPeakMemory(): void {
  heap().peakBytes = heap().bytesInUse + heap().bytesSpilled
}
