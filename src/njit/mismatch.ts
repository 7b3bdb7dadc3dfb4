// Errors of arguments that a compiled function does not take, and what to pass instead.
// SPDX-License-Identifier: MIT

import { NjitError } from '../core/errors.js'
import type { ArrayType, Storage } from './ir.js'
import type { ArgumentType, Parameter, Signature } from './signature.js'
import { typedArrayName, type Value } from './value.js'

/** NL5005: a value that no compiled function takes. `index` counts from 0. */
export function noArgument(name: string, index: number, value: unknown): NjitError {
  const what =
    value === null ? 'null' : typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value
  const fix = Array.isArray(value) ? ' Pass Float64Array.from(...).' : ''
  const takes = 'compiled functions take numbers, booleans, bigints, typed arrays and NDArrays'
  const text = `NL5005: argument ${index + 1} of '${name}' is ${what}; ${takes}.${fix}`
  return new NjitError(text, { code: 'NL5005', function: name })
}

/** NL5006: no signature takes the arguments. Tells the nearest one. */
export function noSignature(
  name: string,
  signatures: readonly Signature[],
  types: readonly ArgumentType[],
  args: readonly unknown[],
): NjitError {
  const given = types.map(({ text }) => text).join(', ')
  const valid = signatures.map(({ text }) => text).join('; ')
  const text = `NL5006: '${name}' has no signature for (${given}); njit was given ${valid}. ${nearest(signatures, types, args)}`
  return new NjitError(text, { code: 'NL5006', function: name })
}

function nearest(signatures: readonly Signature[], types: readonly ArgumentType[], args: readonly unknown[]): string {
  const ranked = signatures.map((signature) => {
    const { parameters } = signature
    const wrong = types.flatMap((type, i) => (parameters[i]?.accepts(type, args[i]) === false ? [i] : []))
    return { signature, wrong, apart: Math.abs(parameters.length - types.length) }
  })
  ranked.sort((a, b) => a.apart - b.apart || a.wrong.length - b.wrong.length)
  const { signature, wrong, apart } = ranked[0] as (typeof ranked)[number]
  const { text, parameters } = signature
  if (apart > 0)
    return `The nearest, ${text}, takes ${parameters.length} argument${parameters.length === 1 ? '' : 's'}, not ${types.length}.`
  const at = wrong[0] as number
  const [parameter, type, arg] = [parameters[at] as Parameter, types[at] as ArgumentType, args[at]]
  const found = typeof arg === 'number' || typeof arg === 'bigint' ? shown(arg) : type.text
  const fix = conversion(parameter, type)
  return `The nearest, ${text}, has ${parameter.text} as argument ${at + 1}, not ${found}: pass ${fix}, or add a signature.`
}

function shown(value: number | bigint): string {
  if (typeof value === 'bigint') return `${value}n`
  return Object.is(value, -0) ? '-0' : String(value)
}

/** An argument that is beyond what a bigint is in compiled code. */
export function wideBigint(name: string, args: readonly unknown[], value: bigint): RangeError {
  const unsigned = value > 0n ? ', or BigInt.asUintN(63, x) where a signature has u8' : ''
  const text = `NL5005: argument ${args.indexOf(value) + 1} of '${name}' is ${value}n, which does not fit in 64 bits with a sign. Pass BigInt.asIntN(64, x)${unsigned}.`
  return Object.assign(new RangeError(text), { code: 'NL5005', function: name })
}

const WHOLE: Readonly<Record<string, string>> = { i4: 'x | 0', u4: 'x >>> 0', u8: 'BigInt.asUintN(63, x)' }
const DTYPES: Readonly<Record<string, string>> = { f8: 'float64', f4: 'float32', i4: 'int32', i8: 'int64' }

/** What makes the wanted type of a value `x`. */
function conversion(parameter: Parameter, { value }: ArgumentType): string {
  const { scalar, storage, typical } = parameter
  if (scalar) return scalarConversion(scalar.value.kind as 'number' | 'bool' | 'big', storage, value)
  return arrayConversion(typical.value as ArrayType, value)
}

function scalarConversion(kind: 'number' | 'bool' | 'big', storage: string, { kind: found }: Value): string {
  if (found === 'array') return { number: 'a number', bool: 'a boolean', big: 'a bigint' }[kind]
  if (kind !== found) return { number: 'Number(x)', bool: 'Boolean(x)', big: 'BigInt(x)' }[kind]
  return WHOLE[storage] ?? `a whole number that ${storage} has`
}

const isBig = (storage: Storage) => storage === 'i8' || storage === 'u8'

function arrayConversion({ rank, storage, form }: ArrayType, value: Value): string {
  if (value.kind !== 'array' || value.rank !== rank) return `an array of ${rank} dimension${rank === 1 ? '' : 's'}`
  if (value.storage === storage)
    return value.form === 'typed' ? 'nl.asarray(x)' : 'nl.array(x), which copies in C order'
  if (form === 'ndarray') return DTYPES[storage] ? `nl.array(x, { dtype: '${DTYPES[storage]}' })` : 'a typed array'
  const by = isBig(storage) === isBig(value.storage) ? '' : isBig(storage) ? ', BigInt' : ', Number'
  return `${typedArrayName(storage)}.from(x${by})`
}
