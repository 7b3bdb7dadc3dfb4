// Memory of the heap over which users got typed arrays, by NDArray's `data`: what they pass back, whole or in part, is
// an array of the heap and no memory from outside.
//
// A part of a typed array does not tell which array it came from, only where it lies.
// SPDX-License-Identifier: MIT

import type { Block } from './region.js'

export class Lent {
  #blocks = new Map<number, Block>()
  /** Where they begin, in order: a program may lend many. */
  #addresses: number[] = []

  add(block: Block): void {
    const { address } = block
    if (!this.#blocks.has(address)) this.#addresses.splice(this.#after(address), 0, address)
    this.#blocks.set(address, block)
  }

  has(block: Block): boolean {
    return this.#blocks.has(block.address)
  }

  delete({ address }: Block): void {
    if (this.#blocks.delete(address)) this.#addresses.splice(this.#after(address) - 1, 1)
  }

  /** The block in which so many bytes lie. */
  find(address: number, bytes: number): Block | undefined {
    const block = this.#blocks.get(this.#addresses[this.#after(address) - 1] as number)
    return block !== undefined && address + bytes <= block.address + block.size ? block : undefined
  }

  /** How many begin there or before. */
  #after(address: number): number {
    let low = 0
    let high = this.#addresses.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#addresses[middle] as number) <= address) low = middle + 1
      else high = middle
    }
    return low
  }
}
