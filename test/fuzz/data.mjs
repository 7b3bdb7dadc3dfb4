// The parameters that every program may use, and values for them.
// SPDX-License-Identifier: MIT

import { Random } from './random.mjs'

/**
 * Typed arrays by the names of parameters. `approximate` is only stored into: its values may be a few ULP off. Without
 * BigUint64Array, of which njit refuses the elements that do not fit in 64 bits with a sign.
 */
export const ARRAYS = {
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
  approximate: Float64Array,
}

/** Arrays are at least so long; `n` is at most so large. */
export const LEAST = 16

/** In the order in which programs take them; `n` counts, `m` is an int32, `x` and `y` are any numbers. */
export const PARAMETERS = ['n', 'm', 'x', 'y', ...Object.keys(ARRAYS)]

export const isBig = (array) => array === 'i8'

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

function filled(name, random) {
  const array = new ARRAYS[name](LEAST + random.below(25))
  const value = isBig(name) ? anyBig : name === 'f8' || name === 'g8' || name === 'f4' ? anyFloat : anyInteger
  return name === 'approximate' ? array : array.map(() => value(random))
}

/** Arguments by name: the first inputs are empty ones, n = 0. */
export function inputs(seed, which) {
  const random = new Random(seed * 31 + which)
  const scalars = {
    n: which === 0 ? 0 : 1 + random.below(LEAST),
    m: anyInteger(random),
    x: anyFloat(random),
    y: anyFloat(random),
  }
  return { ...scalars, ...Object.fromEntries(Object.keys(ARRAYS).map((name) => [name, filled(name, random)])) }
}

export const copyOfInputs = (given) =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, ArrayBuffer.isView(value) ? value.slice() : value]),
  )
