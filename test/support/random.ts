// Random numbers that are the same in every run: a failure names its seed.
// SPDX-License-Identifier: MIT

export class Random {
  #state: number

  constructor(seed: string | number) {
    let hash = 0x811c9dc5
    for (const character of String(seed)) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
    this.#state = hash >>> 0
  }

  /** 32 random bits. */
  bits(): number {
    // SplitMix32.
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }

  /** From [low, high), with 53 random bits. */
  uniform(low: number, high: number): number {
    return low + ((this.bits() * 2 ** 21 + (this.bits() >>> 11)) / 2 ** 53) * (high - low)
  }

  /** A whole number from 0 to count - 1. */
  below(count: number): number {
    return Math.floor((this.bits() / 2 ** 32) * count)
  }

  pick<T>(list: ArrayLike<T>): T {
    return list[this.below(list.length)] as T
  }
}
