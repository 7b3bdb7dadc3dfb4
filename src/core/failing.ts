// Lets a chosen allocation fail, for tests: what happens then must not wait for a machine without memory.
//
// Not part of the public API. The heap itself knows nothing of it, and so its way of every call stays as short as it is.
// SPDX-License-Identifier: MIT

import { type Heap, heap } from './heap.js'

const POINTS = ['allocate', 'borrow', 'outsideArray'] as const

/**
 * The nth allocation from now on throws OutOfMemoryError; the others before and after it work. `stop` ends that and tells
 * whether it came so far.
 */
export function failAllocation(nth: number): { stop: () => boolean } {
  const target = heap()
  let seen = 0
  for (const point of POINTS) {
    const real = target[point] as (this: Heap, ...args: unknown[]) => unknown
    const failing = (...args: unknown[]) => {
      seen++
      if (seen === nth) throw target.outOfMemory(args.find((arg) => typeof arg === 'number') as number)
      return real.apply(target, args)
    }
    Object.defineProperty(target, point, { value: failing, configurable: true })
  }
  const stop = () => {
    for (const point of POINTS) Reflect.deleteProperty(target, point)
    return seen >= nth
  }
  return { stop }
}
