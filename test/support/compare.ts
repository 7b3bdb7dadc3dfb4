// Results against what the oracle says, within the bound of the definition.
// SPDX-License-Identifier: MIT

import type { Code, TypedArray } from '../../dist/core/dtype.js'
import type { Kernel, Sizes } from '../../dist/kernel/define.js'
import { isElementwise } from './cases.ts'
import type { Expected } from './oracle.ts'

/** The oracle's own error: its values are rounded to 64 bits, and the definition's bound speaks of exact ones. */
const ORACLE_ULP = 0.001
const EPSILON: Partial<Record<Code, number>> = { f64: 2 ** -52, f32: 2 ** -23 }
const LARGEST: Partial<Record<Code, number>> = { f64: Number.MAX_VALUE, f32: (2 - 2 ** -23) * 2 ** 127 }
const SMALLEST: Partial<Record<Code, number>> = { f64: 2 ** -1074, f32: 2 ** -149 }
/** The size of a result of values from -4 to 4. */
const MODERATE = 16
const MOST_PROBLEMS = 4

const bitsOf = new DataView(new ArrayBuffer(8))

/** The unit in the last place of a value of the dtype, just below it or just above it where it is a power of two. */
export function ulpOf(dtype: Code, value: number, below = false): number {
  bitsOf.setFloat64(0, Math.abs(value))
  let exponent = (bitsOf.getUint16(0) >> 4) - 1023
  const isPower = (bitsOf.getUint32(0) & 0xfffff) === 0 && bitsOf.getUint32(4) === 0
  if (isPower && below) exponent--
  const digits = dtype === 'f64' ? 52 : 23
  return 2 ** Math.max(exponent - digits, dtype === 'f64' ? -1074 : -149)
}

/** The error in units in the last place of high + low (see Expected); Infinity for a wrong kind of number. */
export function errorInUlp(dtype: Code, got: number, high: number, low: number): number {
  if (Number.isNaN(high) || Number.isNaN(got)) return Number.isNaN(high) && Number.isNaN(got) ? 0 : Infinity
  if (!Number.isFinite(high)) return got === high ? 0 : Infinity
  if (!Number.isFinite(got)) {
    // An infinity stands for the first value that is too large: right if the exact one rounds to it.
    const largest = LARGEST[dtype] as number
    const beyond = (Math.abs(high) - largest) / ulpOf(dtype, largest)
    return Math.sign(got) === Math.sign(high) ? Math.max(0, 1 - beyond) : Infinity
  }
  const ulp = ulpOf(dtype, high, low * Math.sign(high) < 0)
  return Math.abs((got - high) / ulp - low * (ulpOf('f64', high) / ulp))
}

const text = (x: number | bigint) => (Object.is(x, -0) ? '-0' : String(x))

/** What is wrong with element i; undefined where it is right. */
type Judge = (i: number, got: number | bigint) => string | undefined

function judgeIntegers(values: TypedArray): Judge {
  return (i, got) => (got === values[i] ? undefined : `${got}, not ${values[i]}`)
}

function judgeByUlp(bound: number, dtype: Code, signed: boolean, { high, low }: Expected & { kind: 'floats' }): Judge {
  return (i, got) => {
    const [value, right] = [got as number, high[i] as number]
    const error = errorInUlp(dtype, value, right, low[i] as number)
    if (!(error <= bound + ORACLE_ULP)) return `${text(value)}, not ${right}: ${error} ULP off, ${bound} allowed`
    if (signed && value === 0 && right === 0 && !Object.is(value, right)) return `${text(value)}, not ${text(right)}`
    return undefined
  }
}

function judgeByScale(factor: number, dtype: Code, { high, low, scale }: Expected & { kind: 'floats' }): Judge {
  return (i, got) => {
    const [value, right] = [got as number, high[i] as number]
    if (Number.isNaN(right) ? Number.isNaN(value) : value === right) return undefined
    // Where infinities are among the terms of other elements, those of this one are still moderate.
    const size = Number.isFinite(scale[i]) ? (scale[i] as number) : MODERATE
    const bound = factor * (EPSILON[dtype] as number) * size + (SMALLEST[dtype] as number)
    const off = Math.abs(value - right - (low[i] as number) * ulpOf('f64', right))
    return off <= bound ? undefined : `${value}, not ${right}: off by ${off}, ${bound} allowed`
  }
}

function judgeFor({ error, ...kernel }: Kernel, dtype: Code, sizes: Sizes, expected: Expected): Judge {
  if (expected.kind === 'integers') return judgeIntegers(expected.values)
  if ('eps' in error) return judgeByScale(error.eps(sizes), dtype, expected)
  // A reduction may return either of two equal zeros.
  return judgeByUlp(error.ulp[dtype] ?? 0, dtype, isElementwise(kernel), expected)
}

/** What is wrong with one output of a dtype, in words; nothing where all is right. */
export function problemsWith(kernel: Kernel, dtype: Code, sizes: Sizes, got: TypedArray, expected: Expected): string[] {
  const judge = judgeFor(kernel, dtype, sizes, expected)
  const problems: string[] = []
  for (let i = 0; i < got.length && problems.length < MOST_PROBLEMS; i++) {
    const problem = judge(i, got[i] as number | bigint)
    if (problem !== undefined) problems.push(`element ${i} is ${problem}`)
  }
  return problems
}
