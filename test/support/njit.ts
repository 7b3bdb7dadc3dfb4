// A function as plain JavaScript and compiled for each target, side by side.
// SPDX-License-Identifier: MIT

import { inspect } from 'node:util'
import * as nl from 'numloom'
import { expect } from 'vitest'
import { type NjitOptions, njit } from '../../dist/njit.js'

/** What the functions of tests take: arrays whose elements are there, numbers, results of every form. */
// biome-ignore lint/suspicious/noExplicitAny: indices are checked where they run, which is what is tested
export type Any = any

export const TARGETS = ['native', 'wasm'] as const

/** Numbers at which integers, doubles and conversions part. */
export const TRAPS = [
  ...[0, -0, 1, -1, 2, -3, 7, 0.5, -0.5, 1.5, -1.5, 2.5, 0.1, 1 / 3, 0.49999999999999994, 255, 256, 300, -129],
  ...[2 ** 30, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 1e10, -1e10],
  ...[2 ** 52 + 0.5, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 62, 2 ** 63, 1e21, 1e300, 5e-324],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
]

/** Deep copies of arguments; views stay views. */
function copies(args: readonly unknown[]): unknown[] {
  return args.map((arg) => {
    if (ArrayBuffer.isView(arg)) return (arg as Float64Array).slice()
    if (!(arg instanceof nl.NDArray)) return arg
    const whole = nl.array(arg.toArray() as number[], { dtype: arg.dtype })
    if (arg.ndim === 0) return whole
    if (arg.isContiguous) return whole.reshape(arg.shape)
    // Every other row backwards, in an array of twice the height: strided whatever the array was.
    const [rows = 0, ...rest] = arg.shape
    const wide = nl.zeros([2 * rows, ...rest], { dtype: arg.dtype })
    const view = wide.slice('::-2')
    const put = (indices: number[]) => {
      if (indices.length === arg.ndim) view.set(...indices, whole.get(...indices))
      else for (let i = 0; i < (arg.shape[indices.length] as number); i++) put([...indices, i])
    }
    put([])
    return view
  })
}

/** Values in a form that compares by Object.is, element by element. */
function plain(value: unknown): unknown {
  if (value instanceof nl.NDArray) return { dtype: value.dtype, shape: [...value.shape], elements: value.toArray() }
  if (ArrayBuffer.isView(value)) return { type: value.constructor.name, elements: Array.from(value as Float64Array) }
  if (Array.isArray(value)) return value.map(plain)
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
  }
  return value
}

function outcome(fn: (...args: unknown[]) => unknown, given: readonly unknown[]): unknown {
  const args = copies(given)
  try {
    const result = fn(...args)
    const same = args.findIndex((arg) => typeof arg === 'object' && arg === result)
    return { result: same >= 0 ? `argument ${same}` : plain(result), args: args.map(plain) }
  } catch (error) {
    const failure = error as Error
    return { error: failure.constructor.name, message: failure.message }
  }
}

const shown = (value: unknown) => inspect(value, { depth: 0, maxArrayLength: 3 })

/** Where two values differ, of which one may have thousands of elements. */
function* differences(found: unknown, wanted: unknown, path = ''): Generator<string, void, undefined> {
  if (Object.is(found, wanted)) return
  const parts = (value: unknown) => (value !== null && typeof value === 'object' ? Object.keys(value) : undefined)
  const [ours, theirs] = [parts(found), parts(wanted)]
  if (!ours || !theirs) yield `${path}: ${shown(found)} instead of ${shown(wanted)}`
  else if (ours.join() !== theirs.join()) yield `${path}: {${ours}} instead of {${theirs}} ${inspect(found)}`
  else
    for (const part of ours)
      yield* differences(Reflect.get(found as object, part), Reflect.get(wanted as object, part), `${path}.${part}`)
}

/**
 * Expects the same results, errors and arguments afterwards of a function in plain JavaScript and of the one compiled for
 * each target, for each list of arguments. Globals that are functions are called as they are in plain JavaScript.
 */
export function same(
  fn: (...args: Any[]) => unknown,
  lists: readonly (readonly unknown[])[],
  options: NjitOptions = {},
) {
  const wanted = lists.map((args) => outcome(fn, args))
  for (const target of TARGETS) {
    const compiled = njit({ target, cache: false, ...options }, fn)
    for (const [i, args] of lists.entries()) {
      const what = `${fn.name || 'the function'} on ${target} of (${args.map(String).join('; ').slice(0, 200)})`
      expect([...differences(outcome(compiled, args), wanted[i])].slice(0, 5), what).toEqual([])
    }
  }
}

/** All pairs of numbers, as two arrays. */
export function pairs(numbers: readonly number[]): [Float64Array, Float64Array] {
  const all = numbers.flatMap((x) => numbers.map((y) => [x, y] as const))
  return [Float64Array.from(all, ([x]) => x), Float64Array.from(all, ([, y]) => y)]
}

/** How many doubles lie between two; 0 for two NaNs. */
export function distance(a: number, b: number): number {
  if (Object.is(a, b)) return 0
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.POSITIVE_INFINITY
  const bits = new BigInt64Array(Float64Array.of(a, b).buffer)
  const [x, y] = Array.from(bits, (value) => (value < 0n ? -(value & 0x7fffffffffffffffn) : value)) as [bigint, bigint]
  return Number(x < y ? y - x : x - y)
}
