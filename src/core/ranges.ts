// Free address ranges: neighbours merge, the smallest range that is large enough is taken first.
// SPDX-License-Identifier: MIT

export class FreeRanges {
  /** size by start, start by end, and the starts in the order of (size, start). */
  #sizes = new Map<number, number>()
  #starts = new Map<number, number>()
  #sorted: number[] = []

  /** How many free bytes end right at `end`. */
  endingAt(end: number): number {
    const start = this.#starts.get(end)
    return start === undefined ? 0 : end - start
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

  /** The start of `size` bytes that are free no more, or undefined. */
  take(size: number): number | undefined {
    const start = this.#sorted[this.#search(size, 0)]
    if (start === undefined) return undefined
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
