// What is free in the heap: ranges whose neighbours merge, the smallest that is large enough taken first, and before them
// the blocks that were freed last.
//
// Best fit over merged ranges, the end of the heap last, wastes little: test/memory.test.ts holds it against a million random
// allocations.
// SPDX-License-Identifier: MIT

class FreeRanges {
  /** size by start, start by end, and the starts in the order of (size, start). */
  #sizes = new Map<number, number>()
  #starts = new Map<number, number>()
  #sorted: number[] = []
  /** Where the heap ends. */
  #end = 0

  /** How many free bytes end right at `end`. */
  endingAt(end: number): number {
    const start = this.#starts.get(end)
    return start === undefined ? 0 : end - start
  }

  largest(): number {
    const start = this.#sorted[this.#sorted.length - 1]
    return start === undefined ? 0 : (this.#sizes.get(start) as number)
  }

  add(start: number, size: number): void {
    let from = start
    let to = start + size
    const before = this.#starts.get(from)
    if (before !== undefined) {
      this.#remove(before)
      from = before
    }
    const after = this.#sizes.get(to)
    if (after !== undefined) {
      this.#remove(to)
      to += after
    }
    this.#insert(from, to - from)
  }

  /** New memory behind the end. */
  extend(start: number, size: number): void {
    this.#end = start + size
    this.add(start, size)
  }

  /** The start of `size` bytes that are free no more, or undefined. What lies at the end of the heap is taken last. */
  take(size: number): number | undefined {
    const fitting = this.#search(size, 0)
    let start = this.#sorted[fitting]
    if (start === undefined) return undefined
    if (start + (this.#sizes.get(start) as number) === this.#end) start = this.#sorted[fitting + 1] ?? start
    const whole = this.#sizes.get(start) as number
    this.#remove(start)
    if (whole > size) this.#insert(start + size, whole - size)
    return start
  }

  #insert(start: number, size: number): void {
    this.#sizes.set(start, size)
    this.#starts.set(start + size, start)
    this.#sorted.splice(this.#search(size, start), 0, start)
  }

  #remove(start: number): void {
    const size = this.#sizes.get(start) as number
    this.#sorted.splice(this.#search(size, start), 1)
    this.#sizes.delete(start)
    this.#starts.delete(start + size)
  }

  /** The index of the first range that is not before (size, start). */
  #search(size: number, start: number): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      const at = this.#sorted[middle] as number
      const bytes = this.#sizes.get(at) as number
      if (bytes < size || (bytes === size && at < start)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** At most so much, or this share of what is in use, is kept unmerged. */
const HOT_BYTES = 2 ** 16
const HOT_SHARE = 1 / 256

/**
 * The free blocks of the heap. A few are kept as they were freed and taken again newest first, while caches still hold
 * them; all others are merged with their neighbours, or holes of every size would remain.
 */
export class FreeBlocks {
  #hot = new Map<number, number[]>()
  #hotBytes = 0
  #cold = new FreeRanges()

  /** The address of a block that is free no more, or undefined. */
  take(size: number): number | undefined {
    const address = this.#hot.get(size)?.pop()
    if (address === undefined) return this.#cold.take(size)
    this.#hotBytes -= size
    return address
  }

  /** Frees a block; `inUse` bytes still are not. */
  give(address: number, size: number, inUse: number): void {
    if (this.#hotBytes + size > Math.max(HOT_BYTES, inUse * HOT_SHARE)) {
      this.merge()
      this.#cold.add(address, size)
      return
    }
    this.#hotBytes += size
    const blocks = this.#hot.get(size)
    if (blocks) blocks.push(address)
    else this.#hot.set(size, [address])
  }

  /** Merges all, which may make room for another size. */
  merge(): void {
    if (this.#hotBytes === 0) return
    for (const [size, addresses] of this.#hot) {
      for (const address of addresses) this.#cold.add(address, size)
    }
    this.#hot.clear()
    this.#hotBytes = 0
  }

  /** Adds new memory behind the end of the heap. */
  extend(start: number, size: number): void {
    this.#cold.extend(start, size)
  }

  /** How many free bytes end right at `end`. */
  endingAt(end: number): number {
    return this.#cold.endingAt(end)
  }

  /** The largest piece that is free in one. */
  largest(): number {
    this.merge()
    return this.#cold.largest()
  }
}
