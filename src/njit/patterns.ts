// Where values go (declarations, destructuring, assignments), and what a condition says of variables.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { reject } from './diagnostic.js'
import { evaluate } from './expressions.js'
import type { Env, Inference } from './infer.js'
import { constant, type Interval, interval, MAX_EXACT, where } from './interval.js'
import type { ArrayType } from './ir.js'
import type { Local } from './scope.js'
import { type Compound, describe, UNSET, type Value } from './value.js'

export function fieldOf(value: Value, name: string | number, node: es.Node): { value: Value; index: number } {
  if (value.kind === 'compound') {
    const index = typeof name === 'number' ? (value.names ? -1 : name) : (value.names?.indexOf(name) ?? -1)
    const field = value.fields[index]
    if (field !== undefined) return { value: field, index }
  }
  const what = typeof name === 'number' ? `no element ${name}` : `no '${name}'`
  const fix =
    value.kind === 'compound' ? 'use what it has, or add it where it is made.' : 'take it from an array or an object.'
  reject('NL2004', node, `${describe(value)} has ${what}.`, fix)
}

/** What an array has by a name; undefined where it has no such thing. */
export function arrayField(array: ArrayType, name: string, maxExtent: number): Value | undefined {
  const extent = interval(0, maxExtent, true)
  if (array.form === 'typed') return name === 'length' ? extent : undefined
  if (name === 'shape')
    return compound(
      undefined,
      Array.from({ length: array.rank }, () => extent),
    )
  if (name === 'size') return interval(0, array.rank === 1 ? maxExtent : MAX_EXACT, true)
  return name === 'ndim' ? constant(array.rank) : undefined
}

export function rejectArrayField(array: ArrayType, name: string, node: es.Node): never {
  const fix =
    array.form === 'typed'
      ? 'use a.length and a[i].'
      : 'use a.shape[0], a.size, a.get(i, j), a.set(i, j, value) or a.row(i).'
  reject('NL2004', node, `${describe(array)} has no '${name}' here.`, fix)
}

/** A part of a pattern with the value that it takes. */
export interface Part {
  readonly target: es.Pattern
  readonly name: string | number
  readonly value: Value
  readonly index: number
  /** Its default, where that is what it takes. */
  readonly otherwise: es.Expression | undefined
}

function partOf(value: Value, name: string | number, target: es.Pattern, maxExtent: number): Part {
  const hasDefault = target.type === 'AssignmentPattern'
  const inner = hasDefault ? target.left : target
  if (value.kind === 'array') {
    if (typeof name === 'number') {
      const fix = 'write const a = x[0] and so on; of an NDArray, x.get(0).'
      reject('NL1008', target, `${describe(value)} is not taken apart by a pattern.`, fix)
    }
    const field = arrayField(value, name, maxExtent) ?? rejectArrayField(value, name, target)
    return { target: inner, name, value: field, index: -1, otherwise: undefined }
  }
  const field = hasDefault && isMissing(value, name) ? { value: UNSET, index: -1 } : fieldOf(value, name, target)
  const otherwise = hasDefault && field.value.kind === 'unset' ? target.right : undefined
  return { target: inner, name, ...field, otherwise }
}

/** Whether a tuple or an object has nothing by a name, nor has its prototype. */
function isMissing(value: Value, name: string | number): boolean {
  if (value.kind !== 'compound' || name in (value.names ? {} : [])) return false
  return value.names ? !value.names.includes(`${name}`) : !(Number(name) < value.fields.length)
}

/** The parts of a pattern. */
export function patternParts(pattern: es.Pattern, value: Value, maxExtent: number): Part[] {
  if (pattern.type === 'ArrayPattern') {
    return pattern.elements.flatMap((target, i) => (target ? [partOf(value, i, target, maxExtent)] : []))
  }
  const { properties } = pattern as es.ObjectPattern
  return properties.map((property) => {
    if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') {
      reject('NL1007', property, 'only plain names can be taken out of an object.', "write 'const { a, b } = ...'.")
    }
    return partOf(value, property.key.name, property.value as es.Pattern, maxExtent)
  })
}

/** The parts of a pattern, one after the other, with their values: a default may name those before it. */
function eachPart(
  inf: Inference,
  pattern: es.Pattern,
  value: Value,
  work: (target: es.Pattern, value: () => Value) => void,
) {
  for (const { target, otherwise, value: own } of patternParts(pattern, value, inf.maxExtent)) {
    work(target, () => (otherwise ? evaluate(inf, otherwise) : own))
  }
}

/** The variables that a pattern declares. */
export function namesOf(pattern: es.Pattern | null): es.Identifier[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern]
    case 'ArrayPattern':
      return pattern.elements.flatMap(namesOf)
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) => (property.type === 'Property' ? namesOf(property.value) : []))
    case 'AssignmentPattern':
      return namesOf(pattern.left)
    default:
      return []
  }
}

export function bindPattern(inf: Inference, pattern: es.Pattern, value: Value, constant: boolean): void {
  if (pattern.type === 'Identifier') {
    inf.assign(inf.declare(pattern, constant), value, pattern)
  } else if (pattern.type === 'ArrayPattern' || pattern.type === 'ObjectPattern') {
    eachPart(inf, pattern, value, (target, part) => bindPattern(inf, target, part(), constant))
  } else {
    reject('NL1008', pattern, 'this pattern is not in the language of njit.', 'take the values out one by one.')
  }
}

/** Assignment to what exists. The place of an element is evaluated before its value. */
export function assignPattern(inf: Inference, target: es.Node, value: () => Value): void {
  const pattern = target as es.Pattern
  if (pattern.type === 'Identifier') {
    const given = value()
    inf.assign(writable(inf, pattern), given, pattern)
  } else if (pattern.type === 'ArrayPattern' || pattern.type === 'ObjectPattern') {
    eachPart(inf, pattern, value(), (target, part) => assignPattern(inf, target, part))
  } else if (pattern.type === 'MemberExpression') {
    checkStored(storedElement(inf, pattern), value(), pattern)
  } else {
    reject('NL1008', pattern, 'this pattern is not in the language of njit.', 'assign the values one by one.')
  }
}

function writable(inf: Inference, node: es.Identifier): Local {
  const local = inf.scope.find(node.name)
  if (local === undefined) {
    reject('NL3002', node, `'${node.name}' is not a variable of this function.`, `declare it: let ${node.name} = 0.`)
  }
  if (local.constant) {
    reject('NL3003', node, `'${node.name}' is a constant.`, `declare it with 'let' to assign to it.`)
  }
  inf.use(local, node)
  if (inf.env && !inf.env.has(local)) inf.rejectEarly(local, node)
  return local
}

/** The value that `object[index]` had, which is to be stored into. */
export function storedElement(inf: Inference, node: es.MemberExpression): Value {
  const element = evaluate(inf, node)
  const array = inf.notes.values.get(node.object)
  if (array?.kind !== 'array') {
    reject(
      'NL2005',
      node,
      `${array ? describe(array) : 'this'} cannot be changed.`,
      'make a new one, or use variables.',
    )
  }
  if (!node.computed) {
    const { name } = node.property as es.Identifier
    reject('NL2005', node, `'${name}' of ${describe(array)} cannot be changed.`, 'make a new array.')
  }
  return element
}

export function checkStored(element: Value, value: Value, node: es.Node): void {
  const numeric = value.kind === 'number' || value.kind === 'bool'
  if (element.kind === 'big' ? value.kind === 'big' : numeric) return
  const fix = element.kind === 'big' ? 'write BigInt(...), or 1n for 1.' : 'write Number(...).'
  reject(
    'NL2006',
    node,
    `the elements are ${element.kind === 'big' ? 'bigints' : 'numbers'}, not ${describe(value)}.`,
    fix,
  )
}

const MIRRORED: Readonly<Record<string, string>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '===': '===',
  '!==': '!==',
}
const OPPOSITE: Readonly<Record<string, string>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '===': '!==',
  '!==': '===',
}

/**
 * What is known of the variables where a condition holds, or does not; undefined where that cannot be. It is a copy: each
 * way from here changes its own.
 */
export function refine(inf: Inference, test: es.Expression, holds: boolean, env: Env | undefined): Env | undefined {
  // The variables may have changed since they were compared.
  const refined = changesVariables(test) ? env : narrowed(inf, test, holds, env)
  return refined && new Map(refined)
}

/** Whether an expression assigns to variables, or calls a function that may. */
export function changesVariables(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(changesVariables)
  if (node === null || typeof node !== 'object' || !('type' in node)) return false
  if (node.type === 'AssignmentExpression' || node.type === 'UpdateExpression') return true
  if (node.type === 'CallExpression' && (node as es.CallExpression).callee.type !== 'MemberExpression') return true
  return Object.values(node).some(changesVariables)
}

function narrowed(inf: Inference, test: es.Expression, holds: boolean, env: Env | undefined): Env | undefined {
  if (env === undefined) return undefined
  if (test.type === 'Literal') return Boolean(test.value) === holds ? env : undefined
  if (test.type === 'UnaryExpression' && test.operator === '!') return narrowed(inf, test.argument, !holds, env)
  if (test.type === 'LogicalExpression' && test.operator !== '??') {
    const both = (test.operator === '&&') === holds
    const left = narrowed(inf, test.left, holds, env)
    if (both) return narrowed(inf, test.right, holds, left)
    const right = narrowed(inf, test.right, holds, narrowed(inf, test.left, !holds, env))
    return inf.meet(left, right)
  }
  if (test.type === 'BinaryExpression') return refineComparison(inf, test, holds, env)
  return env
}

function refineComparison(inf: Inference, test: es.BinaryExpression, holds: boolean, env: Env): Env | undefined {
  const operator = { '==': '===', '!=': '!==' }[test.operator as string] ?? test.operator
  const left = numberAt(inf, test.left as es.Expression, env)
  const right = numberAt(inf, test.right, env)
  if (!(operator in MIRRORED) || !left || !right) return env
  // Where a comparison is false, one of the two may be NaN; then it says nothing of the other.
  const ordered = !left.value.nan && !right.value.nan
  if (!holds && !ordered && operator !== '!==') return env
  const op = holds ? operator : (OPPOSITE[operator] as string)
  const narrowedLeft = where(left.value, op, right.value)
  const narrowedRight = where(right.value, MIRRORED[op] as string, left.value)
  if (narrowedLeft === undefined || narrowedRight === undefined) return undefined
  const known = new Map(env)
  if (left.local) known.set(left.local, narrowedLeft)
  if (right.local) known.set(right.local, narrowedRight)
  return known
}

function numberAt(
  inf: Inference,
  node: es.Expression,
  env: Env,
): { value: Interval; local: Local | undefined } | undefined {
  const local = node.type === 'Identifier' ? inf.notes.locals.get(node) : undefined
  const value = (local && env.get(local)) ?? inf.notes.values.get(node)
  return value?.kind === 'number' ? { value, local } : undefined
}

/** The value of an object literal or tuple, from the values of its fields. */
export function compound(names: readonly string[] | undefined, fields: readonly Value[]): Compound {
  return { kind: 'compound', names, fields }
}
