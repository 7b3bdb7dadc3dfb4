// Random numbers that are the same in every run: a failure names its seed.
// SPDX-License-Identifier: MIT

export class Random {
  #state

  constructor(seed) {
    this.#state = Math.imul(seed ^ 0x811c9dc5, 0x01000193) >>> 0
  }

  /** 32 random bits, by SplitMix32. */
  bits() {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }

  /** A whole number from 0 to count - 1. */
  below(count) {
    return Math.floor((this.bits() / 2 ** 32) * count)
  }

  chance(probability) {
    return this.bits() / 2 ** 32 < probability
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  /** One of the keys of a record, by the weights that are its values. */
  weighted(weights) {
    const entries = Object.entries(weights)
    let at = (this.bits() / 2 ** 32) * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      at -= weight
      if (at < 0) return key
    }
    return entries[0][0]
  }
}
