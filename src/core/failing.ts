// Lets a chosen allocation fail, or the memory grow at every one, for tests: neither must wait for a machine that is full.
//
// Not part of the public API. The heap itself knows nothing of it, and so its way of every call stays as short as it is.
// SPDX-License-Identifier: MIT

import { type Heap, heap } from './heap.js'

const POINTS = ['allocate', 'borrow', 'outsideArray'] as const

/** Calls `before` with the bytes wanted at every allocation from now on. Returns what ends that. */
function atAllocations(before: (bytes: number) => void): () => void {
  const target = heap()
  for (const point of POINTS) {
    const real = target[point] as (this: Heap, ...args: unknown[]) => unknown
    const hooked = (...args: unknown[]) => {
      before(args.find((arg) => typeof arg === 'number') as number)
      return real.apply(target, args)
    }
    Object.defineProperty(target, point, { value: hooked, configurable: true })
  }
  return () => {
    for (const point of POINTS) Reflect.deleteProperty(target, point)
  }
}

/**
 * The nth allocation from now on throws OutOfMemoryError; the others before and after it work. `stop` ends that and tells
 * whether it came so far.
 */
export function failAllocation(nth: number): { stop: () => boolean } {
  let seen = 0
  const end = atAllocations((bytes) => {
    seen++
    if (seen === nth) throw heap().outOfMemory(bytes)
  })
  const stop = () => {
    end()
    return seen >= nth
  }
  return { stop }
}

/** The memory grows by a page, which replaces its buffer, before every allocation from now on. */
export function growAtAllocations(): { stop: () => number } {
  let grown = 0
  const end = atAllocations(() => {
    if (heap().growBy(1)) grown++
  })
  const stop = () => {
    end()
    return grown
  }
  return { stop }
}
