// What a program does with inputs, in JavaScript and compiled, and whether that is the same.
// SPDX-License-Identifier: MIT

import { ARRAYS, copyOfInputs, inputs } from './data.mjs'
import { render } from './render.mjs'

const MOST_TURNS = 200_000
/** Between two libraries of mathematical functions. */
const MOST_ULP = 2
export const INPUTS = 4

const within = (array, i) => Number.isInteger(i) && i >= 0 && i < array.length

function at(array, i) {
  if (!within(array, i)) throw new RangeError('index')
  return array[i]
}

function put(array, i, value) {
  if (!within(array, i)) throw new RangeError('index')
  array[i] = value
}

function* range(start, stop, step = 1) {
  if (stop === undefined) yield* range(0, start)
  else for (let i = start; step > 0 ? i < stop : i > stop; i += step) yield i
}

/** A program that does not end in time, as shrinking may make them. */
class Invalid extends Error {
  name = 'Invalid'
}

/** The program as a function of inputs in JavaScript. */
export function reference(program) {
  const { text, parameters } = render(program, 'reference')
  let turns = 0
  const tick = () => {
    if (++turns > MOST_TURNS) throw new Invalid('it does not end')
  }
  const fn = new Function('at', 'put', 'tick', 'range', 'prange', `return ${text}`)(at, put, tick, range, range)
  return (given) => {
    turns = 0
    return outcome(fn, parameters, given)
  }
}

/** The result, or the error that a program may throw, and the arrays, which are those of `given`. */
export function outcome(fn, parameters, given) {
  try {
    return { result: fn(...parameters.map((name) => given[name])), arrays: given }
  } catch (error) {
    if (error.name !== 'RangeError' && error.name !== 'Error') throw error
    return { error: error.name, message: error.message }
  }
}

/** Runs a program in JavaScript. */
export function expectations(program, seed) {
  const run = reference(program)
  return Array.from({ length: INPUTS }, (_, which) => run(copyOfInputs(inputs(seed, which))))
}

const bits = new DataView(new ArrayBuffer(8))

/** The place of a number among all of them, in their order. */
function rank(value) {
  bits.setFloat64(0, value)
  const place = bits.getBigInt64(0)
  return place < 0n ? -(2n ** 63n) - place : place
}

function same(a, b, ulps) {
  if (Object.is(a, b)) return true
  if (ulps === 0 || typeof a !== 'number' || typeof b !== 'number' || Number.isNaN(a) || Number.isNaN(b)) return false
  const distance = rank(a) - rank(b)
  return (distance < 0n ? -distance : distance) <= BigInt(ulps)
}

const shown = (value) => (Object.is(value, -0) ? '-0' : String(value))

/** What differs, in words; undefined where nothing does. */
export function difference(expected, got) {
  const ends = ({ error }) => error ?? 'a result'
  if (ends(expected) !== ends(got))
    return `${ends(got)} instead of ${ends(expected)}: ${got.message ?? expected.message ?? ''}`
  if (expected.error === 'Error' && expected.message !== got.message)
    return `'${got.message}', not '${expected.message}'`
  // What was stored before an error depends on the order of threads.
  if (expected.error) return undefined
  for (const [i, value] of expected.result.entries()) {
    if (!same(value, got.result[i], i === 2 ? MOST_ULP : 0))
      return `result ${i} is ${shown(got.result[i])}, not ${shown(value)}`
  }
  for (const name of Object.keys(ARRAYS)) {
    const array = got.arrays[name]
    const wrong = expected.arrays[name].findIndex(
      (value, i) => !same(value, array[i], name === 'approximate' ? MOST_ULP : 0),
    )
    if (wrong >= 0) return `${name}[${wrong}] is ${shown(array[wrong])}, not ${shown(expected.arrays[name][wrong])}`
  }
  return undefined
}
