// What inference knows of a value: a number by its interval, an array by its type, a compound by its fields, a function by
// its text and the scope that it closes over.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import * as number from './interval.js'
import type { ArrayType, Scalar, Storage } from './ir.js'
import type { Scope } from './scope.js'

export type FunctionNode = es.FunctionDeclaration | es.FunctionExpression | es.ArrowFunctionExpression

export interface Closure {
  readonly kind: 'function'
  readonly name: string
  readonly node: FunctionNode
  readonly scope: Scope
}

export interface Compound {
  readonly kind: 'compound'
  /** Of an object; a tuple has none. */
  readonly names: readonly string[] | undefined
  readonly fields: readonly Value[]
}

export type Value =
  | number.Interval
  | ArrayType
  | Compound
  | Closure
  | { readonly kind: 'bool' | 'big' }
  /** No value yet, or not on every way to here. */
  | { readonly kind: 'unset' }

export const BOOL: Value = { kind: 'bool' }
export const BIG: Value = { kind: 'big' }
export const UNSET: Value = { kind: 'unset' }

/** The value of both; undefined where one variable cannot hold them. */
export function joinValues(a: Value, b: Value): Value | undefined {
  return combine(a, b, number.join)
}

export function widenValues(a: Value, b: Value): Value | undefined {
  return combine(a, b, number.widen)
}

type Combine = (a: number.Interval, b: number.Interval) => number.Interval

function combine(a: Value, b: Value, numbers: Combine): Value | undefined {
  if (a === b) return a
  if (a.kind === 'unset' || b.kind === 'unset') return UNSET
  if (a.kind === 'number' && b.kind === 'number') return numbers(a, b)
  if (a.kind === 'array' && b.kind === 'array') {
    if (a.storage !== b.storage || a.rank !== b.rank || a.form !== b.form) return undefined
    return a.contiguous && b.contiguous ? b : { ...a, contiguous: false }
  }
  if (a.kind === 'compound' && b.kind === 'compound') return combineCompounds(a, b, numbers)
  if (a.kind === 'function' && b.kind === 'function') return a.node === b.node ? a : undefined
  return a.kind === b.kind ? a : undefined
}

function combineCompounds(a: Compound, b: Compound, numbers: Combine): Value | undefined {
  if (a.fields.length !== b.fields.length || a.names?.join() !== b.names?.join()) return undefined
  const fields = a.fields.map((field, i) => combine(field, b.fields[i] as Value, numbers))
  return fields.every((field) => field !== undefined) ? { ...a, fields: fields as Value[] } : undefined
}

/** What the elements of a tuple of numbers, booleans, bigints or tuples of those have in common; undefined of others. */
export function anyField({ names, fields }: Compound): Value | undefined {
  const [first] = fields
  if (names || first === undefined) return undefined
  const joined = fields.reduce<Value | undefined>((all, field) => all && joinValues(all, field), first)
  return joined !== undefined && isPlain(joined) ? joined : undefined
}

function isPlain(value: Value): boolean {
  return value.kind === 'compound' ? value.fields.every(isPlain) : scalarOf(value) !== undefined
}

export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a.kind === 'number' && b.kind === 'number') return number.equal(a, b)
  if (a.kind === 'array' && b.kind === 'array') return joinValues(a, b) !== undefined && a.contiguous === b.contiguous
  if (a.kind === 'array') return false
  if (a.kind === 'compound' && b.kind === 'compound') {
    return a.fields.every((field, i) => sameValue(field, b.fields[i] as Value))
  }
  if (a.kind === 'function' && b.kind === 'function') return a.node === b.node
  return a.kind === b.kind
}

/** As the message of an error names it. */
export function describe(value: Value): string {
  switch (value.kind) {
    case 'number':
      return 'a number'
    case 'bool':
      return 'a boolean'
    case 'big':
      return 'a bigint'
    case 'function':
      return 'a function'
    case 'unset':
      return 'nothing'
    case 'compound':
      return value.names ? `an object of ${value.names.join(', ')}` : `a tuple of ${value.fields.length}`
    default:
      return describeArray(value)
  }
}

const TYPED: Readonly<Record<Storage, string>> = {
  f8: 'Float64Array',
  f4: 'Float32Array',
  i8: 'BigInt64Array',
  u8: 'BigUint64Array',
  i4: 'Int32Array',
  u4: 'Uint32Array',
  i2: 'Int16Array',
  u2: 'Uint16Array',
  i1: 'Int8Array',
  u1: 'Uint8Array',
  c1: 'Uint8ClampedArray',
}

/** The storage of each kind of typed array, by the name of its constructor. */
export const STORAGES: ReadonlyMap<string, Storage> = new Map(
  Object.entries(TYPED).map(([storage, name]) => [name, storage as Storage]),
)

export function typedArrayName(storage: Storage): string {
  return TYPED[storage]
}

function describeArray(type: ArrayType): string {
  return type.form === 'typed'
    ? `a ${TYPED[type.storage]}`
    : `an NDArray of ${type.rank} dimension${type.rank === 1 ? '' : 's'}`
}

const RANGES: Readonly<Partial<Record<Storage, readonly [number, number]>>> = {
  i4: [number.MIN_I32, number.MAX_I32],
  u4: [0, 2 ** 32 - 1],
  i2: [-(2 ** 15), 2 ** 15 - 1],
  u2: [0, 2 ** 16 - 1],
  i1: [-128, 127],
  u1: [0, 255],
  c1: [0, 255],
}

/** What an element is when it is read. */
export function elementOf(storage: Storage): Value {
  if (storage === 'i8' || storage === 'u8') return BIG
  const range = RANGES[storage]
  return range ? number.interval(range[0], range[1], true) : number.ANY
}

/** The type of a variable that holds such scalars. */
export function scalarOf(value: Value): Scalar | undefined {
  if (value.kind === 'number') return number.representation(value)
  return value.kind === 'bool' || value.kind === 'big' ? value.kind : undefined
}

/** How a boolean counts in arithmetic. */
export function asNumber(value: Value): number.Interval | undefined {
  if (value.kind === 'number') return value
  return value.kind === 'bool' ? number.interval(0, 1, true) : undefined
}
