// Elements of arrays in the typed form: the index as an integer, checked, then the load or the store.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { type Builder, scalarBuilt } from './build.js'
import { build, scalar, scalarIn, valueAt } from './build-expressions.js'
import { before } from './build-order.js'
import { type Interval, MAX_EXACT, representation } from './interval.js'
import type { ArrayType, Expression, Position, Scalar, Variable } from './ir.js'
import {
  arithmetic,
  compare,
  constantOf,
  convert,
  elementType,
  extentOf,
  isInteger,
  math,
  use,
  wrapped,
} from './typed.js'

interface Place {
  readonly array: Variable
  readonly indices: readonly Expression[]
}

export interface Element extends Place {
  readonly load: Expression
}

/** `object[index]`. */
export function buildElement(b: Builder, node: es.MemberExpression): Element {
  const array = arrayOf(b, node.object)
  return elementAt(b, array, [node.property], node.start)
}

export function arrayOf(b: Builder, node: es.Node): Variable {
  const built = build(b, node)
  if (built.kind === 'array') return built.variable
  throw new Error(`njit: ${node.type} gives no array`)
}

/** The element at an index for each node, one an axis. */
export function elementAt(b: Builder, object: Variable, nodes: readonly es.Node[], position: Position): Element {
  const { array, indices } = checkedIndices(b, object, nodes)
  const { storage } = array.type as ArrayType
  const load: Expression = { kind: 'load', type: elementType(storage), array, indices, position }
  return { array, indices, load }
}

/** Indices of leading axes, checked one after the other, of the array as it was before they were computed. */
export function checkedIndices(b: Builder, object: Variable, nodes: readonly es.Node[]): Place {
  let place: Place = { array: object, indices: [] }
  for (const [axis, node] of nodes.entries()) {
    const at = b.out.length
    const index = indexOf(b, node)
    const { array, indices } = placeBefore(b, place, at)
    place = { array, indices: [...indices, checkedIndex(b, array, axis, index, node)] }
  }
  return place
}

/** A place as it was before the statements from `at` on. */
function placeBefore(b: Builder, { array, indices }: Place, at: number): Place {
  const [kept, ...rest] = before(b, [{ kind: 'array', variable: array }, ...indices.map(scalarBuilt)], at)
  return { array: kept?.kind === 'array' ? kept.variable : array, indices: rest.map(scalarIn) }
}

/** An element by the array and the indices (and with the old value, if it is read) that it had then. */
export function elementBefore(b: Builder, element: Element, reads: boolean, at: number): Element {
  const [load = element.load] = before(b, reads ? [scalarBuilt(element.load)] : [], at).map(scalarIn)
  return { ...placeBefore(b, element, at), load }
}

/** Stores the value of a node into an element that was found before. */
export function storeValue(b: Builder, element: Element, value: es.Node, node: es.Node): void {
  const at = b.out.length
  const computed = scalar(b, value)
  buildStore(b, elementBefore(b, element, false, at), computed, node)
}

/** The value of an element. A BigUint64Array may hold more than 64 bits with a sign do. */
export function loaded(b: Builder, { array, load }: Element, position: Position): Expression {
  if ((array.type as ArrayType).storage !== 'u8') return load
  const value = use(b.let('', load, position))
  const failure = b.failure('RangeError', 'the element does not fit in 64 bits with a sign')
  b.emit({ kind: 'fail', when: compare('<', value, constantOf('big', 0n)), failure, position })
  return value
}

interface Index {
  readonly index: Expression
  /** As a double, where 64 bits may not hold it. */
  readonly guard: Expression | undefined
}

function indexOf(b: Builder, node: es.Node): Index {
  const { lo, hi } = valueAt(b, node) as Interval
  const whole = integerIndex(b, node, Number.MAX_VALUE)
  const guard = whole && Math.max(-lo, hi) > MAX_INDEX ? convert(scalar(b, node), 'f64') : undefined
  return { index: whole ?? convert(scalar(b, node), 'f64'), guard }
}

/** An index that is checked, as an integer. Those of an NDArray count from the end where they are negative. */
function checkedIndex(b: Builder, array: Variable, axis: number, { guard, ...found }: Index, node: es.Node) {
  const { form } = array.type as ArrayType
  const { lo, hi } = valueAt(b, node) as Interval
  let { index } = found
  const signed = form === 'ndarray' && !(lo >= 0)
  const given = signed ? use(b.let('', index.type === 'i32' ? convert(index, 'i64') : index, node.start)) : undefined
  if (given) index = fromEnd(b, given, array, axis, node.start)
  const range: [number, number] = signed ? [lo, Math.max(hi, MAX_EXACT)] : [lo, hi]
  if (index.type === 'f64') index = use(b.let('', index, node.start))
  b.emit({ kind: 'check', array, axis, index, given, guard, range, position: node.start })
  return index.type === 'f64' ? convert(index, 'i64') : index
}

function fromEnd(b: Builder, given: Expression, array: Variable, axis: number, position: Position): Expression {
  const type = given.type as Scalar
  const condition = compare('<', given, constantOf(type, 0))
  const moved = arithmetic(type, '+', given, extentOf(array, axis))
  return use(b.let('', { kind: 'select', type, condition, yes: moved, no: given }, position))
}

/** Products of two extents stay below, and sums of some of them do not leave 64 bits. */
const MAX_INDEX = 2 ** 62

/**
 * An index as an integer of 64 bits. A double would round it beyond 2^53, where it is out of bounds in either case, so
 * sums, differences and products need not be exact as doubles here. Where they may leave 64 bits (`most` above MAX_INDEX),
 * the check looks at the double first.
 */
export function integerIndex(b: Builder, node: es.Node, most = MAX_INDEX): Expression | undefined {
  const value = valueAt(b, node)
  if (value?.kind !== 'number' || !value.whole || value.nan || !(Math.max(-value.lo, value.hi) <= most))
    return undefined
  const companion = node.type === 'Identifier' ? b.notes.locals.get(node)?.companion : undefined
  if (companion) return use(companion)
  const combined =
    node.type === 'BinaryExpression' ? combinedIndex(b, node as es.BinaryExpression, value, most) : undefined
  if (combined || !isPure(node)) return combined
  const built = build(b, node)
  if (built.kind !== 'scalar' || built.expression.type === 'f64') return undefined
  return isInteger(built.expression.type) ? built.expression : convert(built.expression, 'i32')
}

function combinedIndex(b: Builder, { operator, left, right }: es.BinaryExpression, value: Interval, most: number) {
  if ((operator !== '+' && operator !== '-' && operator !== '*') || !isPure(left) || !isPure(right)) return undefined
  const [a, c] = [integerIndex(b, left, most), integerIndex(b, right, most)]
  if (!a || !c) return undefined
  const short = a.type === 'i32' && c.type === 'i32' && Math.max(-value.lo, value.hi) < 2 ** 31
  return arithmetic(short ? 'i32' : 'i64', operator, a, c)
}

/** A constant that might be rounded as a double has its exact value beside it, for where it is an index. */
export function bindCompanion(b: Builder, pattern: es.Pattern, init: es.Expression): void {
  const local = pattern.type === 'Identifier' ? b.notes.locals.get(pattern) : undefined
  if (local?.value?.kind !== 'number' || local.assignments.size > 1 || representation(local.value) !== 'f64') return
  const value = isPure(init) ? integerIndex(b, init, Number.MAX_VALUE) : undefined
  if (value) local.companion = b.let(local.name, convert(value, 'i64'), pattern.start)
}

/** Whether a node may be built twice: it is made of variables, constants, operators and elements. */
export function isPure(node: es.Node): boolean {
  const expression = node as es.Expression
  switch (expression.type) {
    case 'Identifier':
    case 'Literal':
      return true
    case 'BinaryExpression':
      return isPure(expression.left) && isPure(expression.right)
    case 'UnaryExpression':
      return isPure(expression.argument)
    case 'MemberExpression':
      return isPure(expression.object) && (!expression.computed || isPure(expression.property))
    default:
      return false
  }
}

export function buildStore(b: Builder, element: Element, value: Expression, node: es.Node): void {
  const { array, indices } = element
  const { storage, form } = array.type as ArrayType
  const cut = storage === 'i4' && form === 'ndarray' ? int32(b, value, node.start) : stored(storage, value)
  b.emit({ kind: 'store', array, indices, value: cut, position: node.start, atomic: false })
}

/** A value as an element of an NDArray of int32, which takes no others. */
export function int32(b: Builder, value: Expression, position: Position): Expression {
  if (value.type === 'i32' || value.type === 'bool') return value
  const kept = use(b.let('', convert(value, 'f64'), position))
  const failure = b.failure('ValueError', '{} is not an int32', true)
  b.emit({ kind: 'fail', when: compare('!=', wrapped(kept), kept), failure, value: kept, position })
  return wrapped(kept)
}

/** A value as it is stored: doubles as they are, integers cut to the width, bytes clamped. */
function stored(storage: ArrayType['storage'], value: Expression): Expression {
  if (storage === 'f8' || storage === 'f4') return convert(value, 'f64')
  if (storage === 'i8' || storage === 'u8') return value
  if (storage === 'c1') return math('i32', 'clamp', convert(value, 'f64'))
  return isInteger(value.type) ? value : wrapped(value)
}
