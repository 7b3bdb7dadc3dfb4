// Types of arguments: found from values, or written as Numba's signatures are.
// SPDX-License-Identifier: MIT

import { NDArray } from '../core/array.js'
import { NjitError } from '../core/errors.js'
import * as number from './interval.js'
import type { ArrayType, Storage } from './ir.js'
import { BIG, BOOL, elementOf, STORAGES, UNSET, type Value } from './value.js'

/** Larger numbers count as doubles, and arrays with more elements as huge: so index + 1 and the like stay in 32 bits. */
export const SMALL = 2 ** 30

/** The type of an argument: what inference is given, and a text that only equal types share. */
export interface ArgumentType {
  readonly text: string
  readonly value: Value
}

const INTEGER: ArgumentType = { text: 'i4', value: number.interval(-SMALL, SMALL, true) }
const DOUBLE: ArgumentType = { text: 'f8', value: number.ANY }
const BOOLEAN: ArgumentType = { text: 'b1', value: BOOL }
/** Of an argument that is undefined, where its parameter has a default. */
export const MISSING: ArgumentType = { text: 'undefined', value: UNSET }
const BIGINT: ArgumentType = { text: 'i8', value: BIG }
/** Of signatures alone: bigints that are not negative, and have 63 bits. */
const UNSIGNED: ArgumentType = { text: 'u8', value: BIG }

const arrayTypes = new Map<string, ArgumentType>()

/** The same object for the same type. An `n` behind it is an NDArray where it might be a typed array as well. */
function arrayType(storage: Storage, rank: number, contiguous: boolean, form: ArrayType['form']): ArgumentType {
  const axes = Array.from({ length: rank }, (_, axis) => (contiguous && axis === rank - 1 ? '::1' : ':'))
  const text = `${storage}[${axes.join(',')}]${form === 'ndarray' && rank === 1 && contiguous ? 'n' : ''}`
  let type = arrayTypes.get(text)
  if (type === undefined) {
    type = { text, value: { kind: 'array', storage, rank, contiguous, form } }
    arrayTypes.set(text, type)
  }
  return type
}

/** Types of typed arrays by what made them, which every call looks up. */
const typedTypes = new Map<unknown, ArgumentType>(
  [...STORAGES].map(([name, storage]) => [
    (globalThis as unknown as Record<string, unknown>)[name],
    arrayType(storage, 1, true, 'typed'),
  ]),
)

/** Types of NDArrays by dtype, then by rank and layout. */
const ndarrayTypes = new Map<string, ArgumentType[]>()

function ndarrayType({ info, shape, isContiguous }: NDArray): ArgumentType {
  let list = ndarrayTypes.get(info.code)
  if (list === undefined) {
    list = []
    ndarrayTypes.set(info.code, list)
  }
  const at = 2 * shape.length + (isContiguous ? 1 : 0)
  list[at] ??= arrayType(NDARRAY_STORAGES[info.code], shape.length, isContiguous, 'ndarray')
  return list[at] as ArgumentType
}

const NDARRAY_STORAGES = { f64: 'f8', f32: 'f4', i32: 'i4', i64: 'i8' } as const

/** The type of a value; undefined for what a compiled function does not take. */
export function typeOf(value: unknown): ArgumentType | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) && Math.abs(value) <= SMALL && !Object.is(value, -0) ? INTEGER : DOUBLE
    case 'boolean':
      return BOOLEAN
    case 'bigint':
      return BIGINT
    default:
  }
  if (value instanceof NDArray) return ndarrayType(value)
  if (value === null || value === undefined) return undefined
  return typedTypes.get((value as object).constructor) ?? derived(value as object)
}

/** The type of a typed array of a class that extends another one, as Buffer does. */
function derived(value: object): ArgumentType | undefined {
  const name = ArrayBuffer.isView(value) ? (value as Uint8Array)[Symbol.toStringTag] : undefined
  return typedTypes.get((globalThis as unknown as Record<string, unknown>)[name ?? ''])
}

/** Whether an array has more elements than 32 bits count with room to spare. */
export function isHuge(value: unknown): boolean {
  if (value instanceof NDArray) return value.size > SMALL
  return ArrayBuffer.isView(value) && (value as Uint8Array).length > SMALL
}

const LONG: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ boolean: 'b1', bool: 'b1', int8: 'i1', int16: 'i2', int32: 'i4', int64: 'i8', uint8: 'u1', uint16: 'u2' },
    ...{ intc: 'i4', uintc: 'u4', intp: 'i8', uintp: 'u8', ssize_t: 'i8', size_t: 'u8' },
    ...{ uint32: 'u4', uint64: 'u8', float32: 'f4', float64: 'f8', double: 'f8', number: 'f8', bigint: 'i8' },
  }),
)

/** Numbers that a signature says are integers: all of that width, where those of other arguments are small. */
const INTEGERS = new Map<string, ArgumentType>(
  (['i1', 'u1', 'i2', 'u2', 'i4', 'u4'] satisfies Storage[]).map((text) => [text, { text, value: elementOf(text) }]),
)

/** Whether a number or bigint is among those that code for a type is right for. */
export function isWithin(wanted: ArgumentType, value: unknown): boolean {
  const { value: type } = wanted
  if (wanted === UNSIGNED) return (value as bigint) >= 0n
  if (type.kind !== 'number' || !type.whole) return true
  return Number.isInteger(value) && Number(value) >= type.lo && Number(value) <= type.hi && !Object.is(value, -0)
}

/** One parameter of a signature: what it accepts, and what it is compiled for. */
export interface Parameter {
  readonly text: string
  /** Its name: of the scalar, or of the elements. */
  readonly storage: string
  /** Whether it takes a value of a type. Integers are looked at: their code is right for those in range only. */
  accepts(type: ArgumentType, value?: unknown): boolean
  /** The type that arguments are converted to; undefined where it is the argument's own. */
  readonly scalar: ArgumentType | undefined
  /** What it is compiled for ahead of calls: of one dimension typed arrays, of others NDArrays. */
  readonly typical: ArgumentType
}

export interface Signature {
  readonly text: string
  readonly result: string | undefined
  readonly parameters: readonly Parameter[]
}

function malformed(text: string, problem: string): never {
  const message = `NL5002: the signature '${text}' is not valid: ${problem}. Write 'f8(f8[:,:], i4)', as Numba does.`
  throw new NjitError(message, { code: 'NL5002' })
}

function parameterOf(part: string, text: string): Parameter {
  const match = /^(\w+)\s*(?:\[([\s:,1]*)\](n?))?$/.exec(part)
  if (!match) malformed(text, `'${part}' is no type`)
  const name = LONG.get(match[1] as string) ?? (match[1] as string)
  const layout = match[2]?.replaceAll(/\s/g, '')
  if (layout === undefined) return scalarParameter(name, part, text)
  if (!/^(f[48]|[iu][1248]|c1)$/.test(name)) malformed(text, `there are no arrays of '${name}'`)
  const axes = layout === '' ? [] : layout.split(',')
  const contiguous = axes.at(-1) === '::1' && axes.slice(0, -1).every((axis) => axis === ':')
  if (/^::1(,:)+$/.test(layout))
    malformed(text, `'${part}' is Fortran's order, and [${':,'.repeat(axes.length - 1)}:] takes any`)
  if (!contiguous && axes.some((axis) => axis !== ':'))
    malformed(text, `'${part}' is no layout; there are [:], [::1], [:,:], [:,::1]`)
  const rank = axes.length
  const form = match[3] === 'n' || rank !== 1 ? 'ndarray' : undefined
  return {
    text: part,
    storage: name,
    scalar: undefined,
    typical: arrayType(name as Storage, rank, contiguous || form === undefined, form ?? 'typed'),
    accepts: ({ value }) =>
      value.kind === 'array' &&
      (value.storage === name || (name === 'u1' && value.storage === 'c1')) &&
      value.rank === rank &&
      (form === undefined || value.form === form) &&
      (!contiguous || value.contiguous),
  }
}

function scalarParameter(storage: string, text: string, signature: string): Parameter {
  const of = (scalar: ArgumentType, accepts: Parameter['accepts']) => ({
    text,
    storage,
    scalar,
    typical: scalar,
    accepts,
  })
  if (storage === 'b1') return of(BOOLEAN, ({ value }) => value.kind === 'bool')
  if (storage === 'i8') return of(BIGINT, ({ value }) => value.kind === 'big')
  if (storage === 'u8') {
    return of(UNSIGNED, (type, value) => type === UNSIGNED || (type === BIGINT && isWithin(UNSIGNED, value)))
  }
  if (storage === 'f8' || storage === 'f4') return of(DOUBLE, ({ value }) => value.kind === 'number')
  const scalar = INTEGERS.get(storage)
  if (!scalar) malformed(signature, `'${text}' is no type`)
  return of(scalar, (type, value) => type === scalar || isWithin(scalar, value))
}

/** `f8(f8[:], i4)`, or the parameters alone: `(f8[:], i4)`. Throws NjitError NL5002. */
export function parseSignature(text: string): Signature {
  const match = /^\s*([^()]*?)\s*\((.*)\)\s*$/.exec(text)
  if (!match) malformed(text, 'it has no parentheses')
  const list = match[2]?.trim() ?? ''
  const parts = list === '' ? [] : list.split(/,(?![^[]*\])/).map((part) => part.trim())
  const result = match[1] || undefined
  if (result !== undefined) resultType(result, text)
  return { text, result, parameters: parts.map((part) => parameterOf(part, text)) }
}

/** Throws NjitError NL5002 where a signature has more parameters than the function, which would take none of its calls. */
export function checkCount({ text, parameters }: Signature, name: string, most: number): void {
  const { length } = parameters
  if (length > most) malformed(text, `it has ${length} parameter${length === 1 ? '' : 's'}, and '${name}' has ${most}`)
}

/** What a signature says of the result; undefined where there shall be none. Its kind is what `accepts` looks at. */
export function resultType(result: string, text = result): Parameter | undefined {
  if (result === 'void' || result === 'none') return undefined
  const parameter = parameterOf(result, text)
  const { scalar } = parameter
  return scalar ? { ...parameter, accepts: ({ value }) => value.kind === scalar.value.kind } : parameter
}

/** The types that arguments are compiled for under a signature; undefined where they do not fit. */
export function matchSignature(
  { parameters }: Signature,
  types: readonly ArgumentType[],
  args: readonly unknown[] = [],
): ArgumentType[] | undefined {
  if (parameters.length !== types.length) return undefined
  if (!types.every((type, i) => parameters[i]?.accepts(type, args[i]))) return undefined
  return types.map((type, i) => parameters[i]?.scalar ?? type)
}

/** The types that a signature compiles for ahead of calls. */
export const defaultTypes = ({ parameters }: Signature): ArgumentType[] => parameters.map(({ typical }) => typical)
