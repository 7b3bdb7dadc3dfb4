// Inference of members and of calls.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { asFunction, builtinCall, builtinConstant } from './builtins.js'
import { callClosure, callInstance, isRecursive, Unreached } from './calls.js'
import { reject } from './diagnostic.js'
import { evaluate, onlyNumber, rejectExpression } from './expressions.js'
import type { Inference } from './infer.js'
import * as number from './interval.js'
import { arrayField, changesVariables, checkStored, fieldOf, rejectArrayField } from './patterns.js'
import type { Local } from './scope.js'
import { anyField, type Closure, describe, elementOf, UNSET, type Value } from './value.js'

export function member(inf: Inference, node: es.MemberExpression): Value {
  const { object: base, property } = node
  if (node.optional) rejectExpression(node, "'?.'")
  if (base.type === 'Identifier' && !inf.scope.find(base.name) && !node.computed) {
    const value = builtinConstant(`${base.name}.${(property as es.Identifier).name}`)
    if (value !== undefined) return value
    rejectOfEngine(node, base.name, (property as es.Identifier).name)
  }
  const value = evaluate(inf, base)
  if (node.computed) return element(inf, node, value)
  const name = (property as es.Identifier).name
  if (value.kind === 'array') return arrayField(value, name, inf.maxExtent) ?? rejectArrayField(value, name, node)
  if (value.kind === 'compound' && !value.names && name === 'length') return number.constant(value.fields.length)
  return fieldOf(value, name, node).value
}

/** What engines have beside the language, `process.pid`: passing in the object would not help. */
function rejectOfEngine(node: es.Node, object: string, property: string): void {
  if (Object(Reflect.get(globalThis, object)) !== Reflect.get(globalThis, object)) return
  const what = `${object}.${property}`
  const written = asFunction(what)
  if (written) reject('NL3004', node, `'${what}' by itself is not in the language of njit.`, `write ${written}.`)
  if (typeof Reflect.get(Reflect.get(globalThis, object), property) === 'function') {
    const fix = 'call it outside, and pass its result in, or write a function of your own.'
    reject('NL3004', node, `'${what}' is not in the language of njit.`, fix)
  }
  const fix = `if it is a number, boolean, bigint or array, pass it in: njit({ globals: { ${property}: ${what} } }, ...).`
  reject('NL3004', node, `'${what}' is not in the language of njit.`, fix)
}

function element(inf: Inference, node: es.MemberExpression, value: Value): Value {
  if (value.kind === 'compound') {
    const { property } = node
    if (property.type === 'Literal' && typeof property.value === 'number') {
      return fieldOf(value, property.value, node).value
    }
    onlyNumber(evaluate(inf, property), property)
    const any = anyField(value)
    if (any !== undefined) return any
    const isArrays = value.fields.every(({ kind }) => kind === 'array')
    const fix = isArrays ? 'write i === 0 ? x : y, or one array with an axis more.' : 'use one kind of value.'
    const what = `${describe(value)}${isArrays ? ', all of them arrays,' : ' of several kinds'}`
    reject('NL2013', property, `${what} is indexed by a constant.`, fix)
  }
  const index = evaluate(inf, node.property)
  if (value.kind !== 'array') {
    reject('NL2014', node, `${describe(value)} has no elements.`, 'index a typed array.')
  }
  if (value.form === 'ndarray') {
    reject('NL2015', node, 'an NDArray is not indexed by brackets.', 'write a.get(i, j) and a.set(i, j, value).')
  }
  onlyNumber(index, node.property)
  narrowIndex(inf, node.property, 0)
  return elementOf(value.storage)
}

/** A variable that was an index is within bounds from there on. */
function narrowIndex(inf: Inference, node: es.Node, least: number): void {
  const local = node.type === 'Identifier' ? inf.notes.locals.get(node) : undefined
  const value = local && inf.env?.get(local)
  if (value?.kind !== 'number') return
  const narrowed = number.where(
    number.where(value, '>=', number.constant(least)) ?? value,
    '<',
    number.constant(inf.maxExtent),
  )
  if (narrowed) inf.env?.set(local as Local, narrowed)
}

export function call(inf: Inference, node: es.CallExpression): Value {
  const { callee } = node
  const found = callee.type === 'Identifier' ? inf.scope.find(callee.name) : undefined
  if (found) {
    const closure = evaluate(inf, callee)
    if (closure.kind !== 'function')
      reject('NL2016', callee, `${describe(closure)} is not a function.`, 'call a function.')
    const args = node.arguments.map((arg) => evaluate(inf, arg))
    if (isRecursive(inf, closure)) return callInstance(inf, node, closure, args)
    return expanded(inf, node, closure, args)
  }
  if (callee.type === 'MemberExpression' && !callee.computed) {
    const value = arrayMethod(inf, node, callee)
    if (value !== undefined) return value
  }
  if (callee.type === 'ArrowFunctionExpression' || callee.type === 'FunctionExpression') {
    const closure = evaluate(inf, callee)
    const args = node.arguments.map((arg) => evaluate(inf, arg))
    if (closure.kind === 'function') return expanded(inf, node, closure, args)
  }
  return builtinCall(inf, node)
}

function expanded(inf: Inference, node: es.CallExpression, closure: Closure, args: readonly Value[]): Value {
  let result: Value = UNSET
  inf.attempt(() => {
    result = callClosure(inf, node, closure, args).result ?? UNSET
  })
  if (inf.env !== undefined) return result
  // It always throws. What is before it is there nevertheless.
  inf.note(node, UNSET)
  throw new Unreached()
}

function rejectMethod(value: Value, name: string, node: es.Node): never {
  if (value.kind === 'compound' && value.names?.includes(name)) {
    const fix = `take it out first: const { ${name} } = ..., then ${name}(...).`
    reject('NL2004', node, `'${name}' of an object is not called as its method.`, fix)
  }
  const fix = 'use functions, and typed arrays for lists: new Float64Array(n).'
  reject('NL2004', node, `${describe(value)} has no method '${name}' here.`, fix)
}

function arrayMethod(inf: Inference, node: es.CallExpression, callee: es.MemberExpression): Value | undefined {
  const base = callee.object
  const known = base.type !== 'Identifier' || inf.scope.find(base.name) !== undefined
  if (!known) return undefined
  const array = evaluate(inf, base)
  const name = (callee.property as es.Identifier).name
  if (array.kind !== 'array') {
    rejectMethod(array, name, callee)
  }
  const args = node.arguments.map((arg) => evaluate(inf, arg))
  if (array.form === 'typed' || !['get', 'set', 'row'].includes(name)) {
    reject('NL2017', callee, `${describe(array)} has no method '${name}' here.`, 'write the loop: it will be fast.')
  }
  const indices = name === 'set' ? args.slice(0, -1) : args
  const wanted = name === 'row' ? 1 : array.rank
  if (indices.length !== wanted) {
    const got = `${indices.length} ${indices.length === 1 ? 'index' : 'indices'}`
    reject('NL2018', node, `${name}() has ${got} for ${describe(array)}.`, `give ${wanted}.`)
  }
  // An argument may change the variable that one before it was.
  const areStill = !changesVariables(node.arguments)
  for (const [i, index] of indices.entries()) {
    onlyNumber(index, node.arguments[i] as es.Node)
    if (areStill) narrowIndex(inf, node.arguments[i] as es.Node, -inf.maxExtent)
  }
  if (name === 'set') {
    const stored = args.at(-1) as Value
    checkStored(elementOf(array.storage), stored, node)
    if (stored.kind === 'bool') onlyNumber(stored, node.arguments.at(-1) as es.Node)
    return { kind: 'unset' }
  }
  if (name === 'get') return elementOf(array.storage)
  if (array.rank === 1) reject('NL2019', node, 'the rows of an array of one dimension are numbers.', 'use get(i).')
  return { ...array, rank: array.rank - 1 }
}
