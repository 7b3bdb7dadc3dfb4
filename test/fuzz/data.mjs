// The parameters that every program may use, and values for them.
// SPDX-License-Identifier: MIT

import * as nl from '../../dist/index.js'
import { Random } from './random.mjs'

/** Typed arrays by the names of parameters. `approximate` is only stored into: its values may be a few ULP off. */
const TYPED = {
  f8: Float64Array,
  g8: Float64Array,
  f4: Float32Array,
  i4: Int32Array,
  u4: Uint32Array,
  i2: Int16Array,
  u2: Uint16Array,
  i1: Int8Array,
  u1: Uint8Array,
  c1: Uint8ClampedArray,
  i8: BigInt64Array,
  u8: BigUint64Array,
  approximate: Float64Array,
}

/** Views of one buffer, which may be the same elements. */
const OVERLAPPING = { oa: Float64Array, ob: Float64Array, oc: Int32Array, od: Int32Array, oe: Uint8Array }
export const ARRAYS = { ...TYPED, ...OVERLAPPING }

/** NDArrays of two dimensions, each with a layout of its own. */
export const GRIDS = {
  df: (rows, columns, data) => nl.array(data, { dtype: 'float64' }).reshape(rows, columns),
  dt: (rows, columns, data) => nl.array(data, { dtype: 'float32' }).reshape(columns, rows).T,
  ds: (rows, columns, data) =>
    nl
      .array(data, { dtype: 'float64' })
      .reshape(rows, 2 * columns)
      .slice(':', '::2'),
  di: (rows, columns, data) => nl.array(data, { dtype: 'int32' }).reshape(rows, columns).slice('::-1', ':'),
  dg: (rows, columns, data) => nl.array(data, { dtype: 'int64' }).reshape(rows, columns),
}
/** Extents are at least so large. */
export const LEAST_EXTENT = 3

/** Arrays are at least so long; `n` is at most so large. */
export const LEAST = 16

/** In the order in which programs take them; `n` counts. */
export const PARAMETERS = ['n', 'm', 'x', 'y', ...Object.keys(ARRAYS), ...Object.keys(GRIDS)]

export const isBig = (array) => array === 'i8' || array === 'u8' || array === 'dg'

const INTEGERS = [0, 1, -1, 2, 3, 7, 255, 256, -128, 32767, 65536, 2 ** 31 - 1, -(2 ** 31), 12345, -98765]
const FLOATS = [
  ...[0, -0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 1e-300, 5e-324, 1e300, 1.7976931348623157e308, Number.NaN],
  ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, 2 ** 31, 2 ** 32, -(2 ** 63), 4294967295.5, -1e9],
]

export function anyFloat(random) {
  if (random.chance(0.3)) return random.pick(FLOATS)
  if (random.chance(0.3)) return random.below(41) - 20
  return (random.bits() / 2 ** 32 - 0.5) * 10 ** (random.below(12) - 3)
}

const anyInteger = (random) => (random.chance(0.4) ? random.pick(INTEGERS) : random.bits() >> random.below(31))

const BIGS = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n, -12345678901n]
const anyBig = (random) =>
  random.chance(0.4) ? random.pick(BIGS) : BigInt.asIntN(64, (BigInt(random.bits()) << 32n) | BigInt(random.bits()))

const FLOATING = new Set(['f8', 'g8', 'f4', 'df', 'dt', 'ds'])

function anyFor(name, random) {
  if (FLOATING.has(name)) return anyFloat(random)
  return isBig(name) ? anyBig(random) : anyInteger(random)
}

/** Those of a BigUint64Array that fit in 64 bits with a sign: njit refuses the others. */
function filled(name, random) {
  const array = new TYPED[name](LEAST + random.below(25))
  if (name === 'approximate') return array
  return array.map(() => (name === 'u8' ? BigInt.asUintN(63, anyBig(random)) : anyFor(name, random)))
}

/**
 * Where the views of the buffer begin, in bytes: apart, the same, or overlapping in part. Doubles overlap doubles only, since
 * the bits of a NaN are open.
 */
function offsets(which, random) {
  const part = 8 * 40
  if (which < 2) return { oa: 0, ob: part, oc: 2 * part, od: 3 * part, oe: 4 * part }
  if (which === 2) return { oa: 0, ob: 0, oc: part, od: part, oe: 2 * part }
  return { oa: 0, ob: 8 * random.below(16), oc: part, od: part + 4 * random.below(16), oe: part + random.below(64) }
}

function grid(name, random) {
  const [rows, columns] = [LEAST_EXTENT + random.below(3), LEAST_EXTENT + random.below(3)]
  const values = Array.from({ length: 2 * rows * columns }, () => anyFor(name, random))
  return { rows, columns, values: name === 'ds' ? values : values.slice(0, rows * columns) }
}

/** So many seeds in a row are compiled together, for arguments of the same types: each other type is a compilation more. */
export const BLOCK = 16

/** Whether scalars are whole numbers or doubles, and whether that is told by a signature, which takes either as doubles. */
function typesOf(seed) {
  const random = new Random(Math.floor(seed / BLOCK) * 7919)
  const whole = { n: true, m: random.chance(0.7), x: random.chance(0.3), y: random.chance(0.3) }
  return { signed: random.chance(0.4), whole }
}

/** The signature of a block's programs with these parameters, behind a first one that is a whole number; or none. */
export function signatureOf(seed, parameters) {
  const { signed, whole } = typesOf(seed)
  const typeOf = (name) => {
    if (name in whole) return whole[name] ? 'i4' : 'f8'
    return GRID_TYPES[name] ?? `${ELEMENTS[name] ?? name}[:]`
  }
  return signed ? `(${['i4', ...parameters.map(typeOf)].join(', ')})` : undefined
}

const ELEMENTS = { g8: 'f8', c1: 'u1', approximate: 'f8', oa: 'f8', ob: 'f8', oc: 'i4', od: 'i4', oe: 'u1' }
const GRID_TYPES = { df: 'f8[:,:]', dt: 'f4[:,:]', ds: 'f8[:,:]', di: 'i4[:,:]', dg: 'i8[:,::1]' }

/** Numbers count as whole ones up to 2^30; as doubles whole ones pass by a signature only. */
function scalar({ signed, whole }, random) {
  if (whole) return anyInteger(random) >> 1
  const value = anyFloat(random)
  return signed || !Number.isInteger(value) || Object.is(value, -0) || Math.abs(value) > 2 ** 30 ? value : value + 0.5
}

/** What arguments are made of: the first inputs are empty ones, n = 0. */
export function inputs(seed, which) {
  const random = new Random(seed * 31 + which)
  const { signed, whole } = typesOf(seed)
  const scalars = {
    n: which === 0 ? 0 : 1 + random.below(LEAST),
    m: scalar({ signed, whole: whole.m }, random),
    x: scalar({ signed, whole: whole.x }, random),
    y: scalar({ signed, whole: whole.y }, random),
  }
  const byName = (names, make) => Object.fromEntries(Object.keys(names).map((name) => [name, make(name, random)]))
  const shared = Float64Array.from({ length: 256 }, () => anyFloat(random))
  return { scalars, typed: byName(TYPED, filled), shared, offsets: offsets(which, random), grids: byName(GRIDS, grid) }
}

/** Arguments by name: arrays of their own, with the values of inputs. */
export function argumentsOf({ scalars, typed, shared, offsets, grids }) {
  const { buffer } = shared.slice()
  const map = (from, change) =>
    Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value, name)]))
  return {
    ...scalars,
    ...map(typed, (array) => array.slice()),
    ...map(OVERLAPPING, (Kind, name) => new Kind(buffer, offsets[name], LEAST + 4)),
    ...map(grids, ({ rows, columns, values }, name) => GRIDS[name](rows, columns, values)),
  }
}
