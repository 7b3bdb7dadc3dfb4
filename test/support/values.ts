// Elements to test kernels with: moderate ones, and those where code breaks.
// SPDX-License-Identifier: MIT

import type { Code, TypedArray } from '../../dist/core/dtype.js'
import type { Random } from './random.ts'

export const ARRAYS = { f64: Float64Array, f32: Float32Array, i32: Int32Array, i64: BigInt64Array } as const

export const isFloat = (dtype: Code): boolean => dtype.startsWith('f')

const INT32_EXTREMES = [0, 1, -1, 2, -2, 2147483647, -2147483648, 2147483646, -2147483647, 65535, 65536, -65536, 46341]

/** Floats around which sign, range and reduction go wrong. */
export function specialFloats(dtype: Code): number[] {
  const [smallest, normal, largest] =
    dtype === 'f64' ? [2 ** -1074, 2 ** -1022, Number.MAX_VALUE] : [2 ** -149, 2 ** -126, (2 - 2 ** -23) * 2 ** 127]
  const epsilon = dtype === 'f64' ? 2 ** -52 : 2 ** -23
  const positive = [
    ...[0, smallest, 3 * smallest, normal / 2, normal - smallest, normal, normal * (1 + epsilon), largest, Infinity],
    ...[largest * (1 - epsilon), largest / 2, 1, 1 + epsilon, 1 - epsilon / 2, 0.5, 2, 3, 10, 1e-10, 1e22, 1e10],
    // Where exp overflows, underflows and becomes subnormal, in float32 and float64.
    ...[88.72283935546875, 88.72284, 89, 103.97, 103.98, 87.34, 709.782712893384, 709.7827128933841, 710],
    ...[745.1332191019412, 745.14, 708.396418532264],
    ...[2 ** 23, 2 ** 24, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53, 2 ** 63, 2 ** 100, 2 ** 1000, 5e-324, 1e-40],
    ...[Math.PI, Math.PI / 2, Math.PI / 4, 1.5 * Math.PI, 2 * Math.PI, 1e5, 105414357.85, 1073741824.5],
  ]
  return [NaN, ...positive, ...positive.map((x) => -x)]
}

/** The element, a float, whose bits are these. */
function fromBits(dtype: Code, high: number, low: number): number {
  const bits = new Uint32Array([low, high])
  return dtype === 'f64' ? (new Float64Array(bits.buffer)[0] as number) : (new Float32Array(bits.buffer)[1] as number)
}

/** Floats of every kind, `length` of them; the first are the special ones. */
export function hardFloats(dtype: Code, length: number, random: Random): TypedArray {
  const special = specialFloats(dtype)
  const kinds: (() => number)[] = [
    () => random.pick(special),
    () => fromBits(dtype, random.bits(), random.bits()),
    () => random.uniform(-10, 10),
    () => random.uniform(-750, 750),
    () => random.uniform(-1, 1) * 2 ** random.uniform(-60, 60),
    // Close to multiples of pi/2, where a sine or cosine cancels.
    () => (random.below(2 ** 20) - 2 ** 19) * (Math.PI / 2) * (1 + (random.below(5) - 2) * 2 ** -52),
    () => (random.below(200) - 100) * (Math.PI / 4),
    // Close to 1, where a logarithm cancels.
    () => 1 + random.uniform(-1, 1) * 2 ** -random.below(50),
  ]
  const values = new ARRAYS[dtype as 'f64'](length)
  for (let i = 0; i < length; i++) values[i] = special[i] ?? (kinds[i % kinds.length] as () => number)()
  return values
}

/** Floats from -4 to 4 with all bits random, or integers of which some are extreme. */
export function moderateValues(dtype: Code, length: number, random: Random): TypedArray {
  if (dtype === 'i64') return BigInt64Array.from({ length }, () => BigInt(random.bits()) - 2n ** 31n)
  const values = new ARRAYS[dtype as 'f64' | 'f32' | 'i32'](length)
  const integer = () => {
    const kind = random.below(3)
    if (kind === 0) return random.pick(INT32_EXTREMES)
    return kind === 1 ? random.below(200) - 100 : random.bits() | 0
  }
  for (let i = 0; i < length; i++) values[i] = isFloat(dtype) ? random.uniform(-4, 4) : integer()
  return values
}

/** Moderate values, and here and there one that is not finite. */
export function valuesWithInfinities(dtype: Code, length: number, random: Random): TypedArray {
  const values = moderateValues(dtype, length, random)
  for (let i = random.below(40); i < length; i += 1 + random.below(80))
    values[i] = random.pick([Infinity, -Infinity, NaN])
  return values
}

/** Values that differ in their last digits alone: a plain sum of many of them always rounds to the same side. */
export function alikeValues(dtype: Code, length: number, random: Random): TypedArray {
  const values = moderateValues(dtype, length, random)
  const epsilon = dtype === 'f64' ? 2 ** -52 : 2 ** -23
  for (let i = 0; i < length; i++) values[i] = 0.3 * (1 + random.below(4) * epsilon)
  return values
}
