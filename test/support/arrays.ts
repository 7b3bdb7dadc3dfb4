// NDArrays beside NumPy's: random arrays and views of them, described in both languages, and comparison.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { expect } from 'vitest'
import type { Code } from '../../dist/core/dtype.js'
import type { Oracle, OracleArray, Result } from './oracle.ts'
import type { Random } from './random.ts'
import { moderateValues } from './values.ts'

const NAMES: Record<Code, nl.DType> = { f64: 'float64', f32: 'float32', i32: 'int32', i64: 'int64' }

export const codeOf = (dtype: nl.DType): Code =>
  (Object.entries(NAMES).find(([, name]) => name === dtype) as [Code, nl.DType])[0]

/** An array under a name that NumPy knows it by. */
export const named = (name: string, array: nl.NDArray): OracleArray => ({
  name,
  dtype: codeOf(array.dtype),
  shape: array.shape,
  data: array.toTypedArray(),
})

/** A new contiguous array of moderate random values. */
export function randomArray(shape: readonly number[], dtype: nl.DType, random: Random): nl.NDArray {
  const length = shape.reduce((a, b) => a * b, 1)
  return nl.array(moderateValues(codeOf(dtype), length, random)).reshape(shape)
}

export interface View {
  readonly base: nl.NDArray
  readonly view: nl.NDArray
  /** What NumPy applies to the base. */
  readonly text: string
}

/** A view of a shape, with gaps, in reverse or transposed, of a larger array. */
export function randomView(shape: readonly number[], dtype: nl.DType, random: Random): View {
  const transpose = random.below(3) === 0
  const wanted = transpose ? [...shape].reverse() : shape
  const items: string[] = []
  const extents = wanted.map((extent) => {
    const step = random.pick([1, 1, 1, 2, 3, -1, -2])
    const first = random.below(3)
    const span = extent === 0 ? 0 : (extent - 1) * Math.abs(step) + 1
    const total = first + span + random.below(3)
    const last = first + span
    if (step > 0) items.push(`${first}:${last}:${step}`)
    else items.push(`${last - 1}:${first === 0 ? '' : first - 1}:${step}`)
    if (extent === 0) items[items.length - 1] = `${first}:${first}`
    return total
  })
  const base = randomArray(extents, dtype, random)
  const sliced = base.slice(...items)
  const index = items.length > 0 ? `[${items.join(', ')}]` : ''
  return { base, view: transpose ? sliced.T : sliced, text: `${index}${transpose ? '.T' : ''}` }
}

/** Two or three shapes that broadcast. */
export function broadcastableShapes(count: number, random: Random): number[][] {
  const ndim = random.below(5)
  const full = Array.from({ length: ndim }, () => random.pick([0, 1, 2, 3, 4, 5, 7, 20]))
  return Array.from({ length: count }, () => {
    const own = full.slice(random.below(ndim + 1))
    return own.map((extent) => (random.below(4) === 0 ? 1 : extent))
  })
}

/** Checks dtype, shape and elements; floats may differ by `tolerance` times the larger of 1 and their size. */
export function expectLike(got: nl.NDArray, wanted: Result, tolerance = 0, message = ''): void {
  expect({ dtype: got.dtype, shape: got.shape }, message).toEqual({ dtype: NAMES[wanted.dtype], shape: wanted.shape })
  const values = got.toTypedArray()
  const wrong: string[] = []
  wanted.data.forEach((right: number | bigint, i: number) => {
    const value = values[i] as number | bigint
    if (Object.is(value, right)) return
    const off = Math.abs(Number(value) - Number(right))
    if (tolerance > 0 && off <= tolerance * Math.max(1, Math.abs(Number(right)))) return
    wrong.push(`element ${i} is ${value}, not ${right}`)
  })
  expect(wrong.slice(0, 5), message).toEqual([])
}

/** Compares a result with a NumPy expression over views. */
export async function expectNumpy(
  oracle: Oracle,
  got: nl.NDArray,
  expression: string,
  views: Readonly<Record<string, View>>,
  tolerance = 0,
): Promise<void> {
  // Each name stands for its view.
  const text = expression.replace(/\b([a-z])\b/g, (name) => (views[name] ? `${name}${views[name].text}` : name))
  const arrays = Object.entries(views).map(([name, { base }]) => named(name, base))
  const [wanted] = await oracle.numpy(text, arrays)
  const shapes = Object.entries(views).map(([name, { base }]) => `${name}: ${base.dtype} (${base.shape.join(', ')})`)
  expectLike(got, wanted as Result, tolerance, `${text} with ${shapes.join('; ')}`)
}
