// What a program does with inputs, in JavaScript and compiled, and whether that is the same.
// SPDX-License-Identifier: MIT

import * as nl from '../../dist/index.js'
import { ARRAYS, argumentsOf, GRIDS, inputs } from './data.mjs'
import { render } from './render.mjs'

const MOST_TURNS = 200_000
/** Between two libraries of mathematical functions. */
const MOST_ULP = 2
export const INPUTS = 4

const outOf = (index, axis, size) => Object.assign(new RangeError('index'), { index, axis, size })

function check(index, axis, size, least = 0) {
  if (!(Number.isInteger(index) && index >= least && index < size)) throw outOf(index, axis, size)
}

/** Indices of an NDArray, each of which is looked at before the next is computed. */
function checked({ shape }, indices) {
  return indices.map((index, axis) => {
    const value = index()
    check(value, axis, shape[axis], -shape[axis])
    return value
  })
}

function fits(value) {
  if (BigInt.asIntN(64, value) !== value) throw new RangeError('it does not fit in 64 bits')
  return value
}

/** What programs call in the place of what is checked in compiled code. */
const CHECKED = {
  at(array, i) {
    check(i, 0, array.length)
    return typeof array[i] === 'bigint' ? fits(array[i]) : array[i]
  },
  put(array, i, value) {
    check(i, 0, array.length)
    array[i] = value()
  },
  change(array, i, change) {
    const value = change(CHECKED.at(array, i))
    array[i] = typeof value === 'bigint' ? fits(value) : value
  },
  atomicAdd(array, i, value) {
    array[i] = CHECKED.at(array, i) + value
  },
  get: (array, ...indices) => array.get(...checked(array, indices)),
  set(array, ...indicesAndValue) {
    const indices = checked(array, indicesAndValue.slice(0, -1))
    array.set(...indices, indicesAndValue.at(-1)())
  },
  row: (array, i) => array.row(...checked(array, [i])),
  fits,
  nl,
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
  const known = { ...CHECKED, tick, range, prange: range }
  const fn = new Function(...Object.keys(known), `return ${text}`)(...Object.values(known))
  return (given) => {
    turns = 0
    return outcome(fn, parameters, given)
  }
}

const ERRORS = new Set(['Error', 'RangeError', 'TypeError', 'ValueError'])

/** The result, or the error that a program may throw, and the arrays, which are those of `given`. */
export function outcome(fn, parameters, given) {
  try {
    return { result: fn(...parameters.map((name) => given[name])), arrays: given }
  } catch (error) {
    if (!ERRORS.has(error.name)) throw error
    return { error: error.name, message: error.message, index: error.index, size: error.size }
  }
}

/** Runs a program in JavaScript. */
export function expectations(program, seed) {
  const run = reference(program)
  return Array.from({ length: INPUTS }, (_, which) => run(argumentsOf(inputs(seed, which))))
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

const elementsOf = (array) => (ArrayBuffer.isView(array) ? array : array.toTypedArray())
const shown = (value) => (Object.is(value, -0) ? '-0' : String(value))

/** Messages of errors that programs throw. */
const OWN = /^left|left$/

/** What differs, in words; undefined where nothing does. */
export function difference(expected, got) {
  const ends = ({ error }) => error ?? 'a result'
  if (ends(expected) !== ends(got))
    return `${ends(got)} instead of ${ends(expected)}: ${got.message ?? expected.message ?? ''}`
  if (OWN.test(`${expected.message}${got.message}`) && expected.message !== got.message)
    return `'${got.message}', not '${expected.message}'`
  for (const field of ['index', 'size']) {
    // Beyond 2^53 an index is exact in compiled functions.
    const ulps = Math.abs(expected[field]) > Number.MAX_SAFE_INTEGER ? MOST_ULP : 0
    if (!same(expected[field], got[field], ulps)) return `${field} is ${got[field]}, not ${expected[field]}`
  }
  // What was stored before an error depends on the order of threads.
  if (expected.error) return undefined
  for (const [i, value] of expected.result.entries()) {
    if (!same(value, got.result[i], i === 2 ? MOST_ULP : 0))
      return `result ${i} is ${shown(got.result[i])}, not ${shown(value)}`
  }
  for (const name of [...Object.keys(ARRAYS), ...Object.keys(GRIDS)]) {
    const [array, right] = [elementsOf(got.arrays[name]), elementsOf(expected.arrays[name])]
    const wrong = right.findIndex((value, i) => !same(value, array[i], name === 'approximate' ? MOST_ULP : 0))
    if (wrong >= 0) return `${name}[${wrong}] is ${shown(array[wrong])}, not ${shown(right[wrong])}`
  }
  return undefined
}
