// What compiled functions have of numloom, as plain JavaScript has it: the same function runs either way.
// SPDX-License-Identifier: MIT

import { NDArray } from '../core/array.js'
import { ValueError } from '../core/errors.js'
import type { NumericArray } from './target.js'

/** How a prange deals its iterations out to threads, as OpenMP's clauses. In plain JavaScript it changes nothing. */
export interface LoopOptions {
  schedule?: 'static' | 'dynamic' | 'guided' | 'auto'
  chunk?: number
  /** How many nested pranges are one loop, this one and those in it: each is the only statement of the one around it. */
  collapse?: number
}

function* count(start: number, stop: number, step: number): Generator<number, void, undefined> {
  if (step > 0) for (let i = start; i < stop; i += step) yield i
  else for (let i = start; i > stop; i += step) yield i
}

/** What is said of other arguments. */
export function rangeMessage(name: string): string {
  return `${name}() takes (stop), (start, stop) or (start, stop, step): whole numbers, and a step that is not 0`
}

function counted(
  name: string,
  args: readonly (number | LoopOptions | undefined)[],
): Generator<number, void, undefined> {
  const numbers = args.filter((arg) => typeof arg === 'number')
  const [start, stop, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers
  if (!Number.isInteger(start) || typeof stop !== 'number' || !Number.isInteger(step) || step === 0) {
    throw new ValueError(rangeMessage(name))
  }
  return count(start as number, stop, step)
}

/** The numbers from `start` (0) up to but without `stop`, by `step` (1). Throws ValueError for fractions and a step of 0. */
export function range(stop: number): Generator<number, void, undefined>
export function range(start: number, stop: number, step?: number): Generator<number, void, undefined>
export function range(...args: (number | undefined)[]): Generator<number, void, undefined> {
  return counted('range', args)
}

/**
 * As range. Under `njit({ parallel: true }, ...)` the iterations run on several threads: they must not depend on each
 * other, but for reductions (`s += x`, `s = Math.max(s, x)`, `counts[k] += 1`,
 * `if (x < s) { s = x; at = i }`).
 */
export function prange(stop: number, options?: LoopOptions): Generator<number, void, undefined>
export function prange(
  start: number,
  stop: number,
  step?: number,
  options?: LoopOptions,
): Generator<number, void, undefined>
export function prange(...args: (number | LoopOptions | undefined)[]): Generator<number, void, undefined> {
  return counted('prange', args)
}

/** Adds to an element, as one step: other iterations of a prange may add to it too. The order of additions is open. */
export function atomicAdd(array: NumericArray | NDArray, ...indicesAndValue: (number | bigint)[]): void {
  const value = indicesAndValue.at(-1) as number
  const indices = indicesAndValue.slice(0, -1) as number[]
  if (array instanceof NDArray) array.set(...indices, ((array.get(...indices) as number) + value) as number)
  else (array as Float64Array)[indices[0] as number] = ((array as Float64Array)[indices[0] as number] as number) + value
}
