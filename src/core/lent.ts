// Memory of the heap over which users got typed arrays, by NDArray's `data`: what they pass back, whole or in part, is
// an array of the heap and no memory from outside.
//
// A part of a typed array does not tell which array it came from, only where it lies.
// SPDX-License-Identifier: MIT

import type { Block } from './region.js'

export class Lent {
  #blocks = new Map<number, Block>()

  add(block: Block): void {
    this.#blocks.set(block.address, block)
  }

  has(block: Block): boolean {
    return this.#blocks.has(block.address)
  }

  delete(block: Block): void {
    this.#blocks.delete(block.address)
  }

  /** The block in which so many bytes lie. */
  find(address: number, bytes: number): Block | undefined {
    for (const block of this.#blocks.values()) {
      if (address >= block.address && address + bytes <= block.address + block.size) return block
    }
    return undefined
  }
}
