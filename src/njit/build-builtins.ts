// Calls of what is built in, in the typed form.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { type Builder, type Built, flatten, NONE, scalarBuilt } from './build.js'
import {
  arrayOf,
  buildElement,
  buildStore,
  checkedIndices,
  elementAt,
  elementBefore,
  int32,
  integerIndex,
  storeValue,
} from './build-elements.js'
import { build, condition, numberConstant, scalar, scalarIn, sequence, valueAt } from './build-expressions.js'
import { bigOperation, tooBig } from './build-operators.js'
import { inOrder } from './build-order.js'
import { arrayParts, MODULAR } from './builtins.js'
import { representation } from './interval.js'
import type { ArrayType, Expression, Position, Scalar, Variable } from './ir.js'
import {
  arithmetic,
  both,
  common,
  compare,
  constantOf,
  convert,
  isInteger,
  math,
  newVariable,
  use,
  wrapped,
} from './typed.js'
import { STORAGES } from './value.js'

const LAST_NAME = /[^.]*$/

function nameOf(node: es.Node): string {
  if (node.type === 'Identifier') return (node as es.Identifier).name
  if (node.type === 'SequenceExpression') return nameOf((node as es.SequenceExpression).expressions.at(-1) as es.Node)
  const { object, property } = node as es.MemberExpression
  return `${(object as es.Identifier).name ?? ''}.${(property as es.Identifier).name}`
}

export function buildBuiltin(b: Builder, node: es.CallExpression | es.NewExpression): Built {
  const name = nameOf(node.callee)
  const short = LAST_NAME.exec(name)?.[0] ?? ''
  if (node.type === 'NewExpression') return newTyped(b, node, name)
  const { callee } = node
  if (callee.type === 'MemberExpression' && valueAt(b, callee.object)?.kind === 'array')
    return method(b, node, callee, short)
  if (name.startsWith('Math.')) return scalarBuilt(mathCall(b, node, short))
  switch (short) {
    case 'isNaN':
    case 'isFinite':
    case 'isInteger':
    case 'isSafeInteger':
      return scalarBuilt(test(b, node, short))
    case 'Number':
      return scalarBuilt(toNumber(scalar(b, node.arguments[0] as es.Node)))
    case 'Boolean':
      return scalarBuilt(condition(b, node.arguments[0] as es.Expression))
    case 'BigInt':
      return scalarBuilt(toBig(b, node))
    case 'asIntN':
    case 'asUintN':
      return scalarBuilt(cutBig(b, node, short === 'asIntN'))
    case 'atomicAdd':
      return atomicAdd(b, node)
    default:
      return newNdarray(b, node, short)
  }
}

function toNumber(operand: Expression): Expression {
  if (operand.type === 'bool') return convert(operand, 'i32')
  return operand.type === 'big' ? convert(operand, 'f64') : operand
}

/** BigInt(x): of a fraction an error, as in JavaScript. */
function toBig(b: Builder, node: es.CallExpression): Expression {
  const operand = scalar(b, node.arguments[0] as es.Node)
  if (operand.type === 'big') return operand
  if (operand.type !== 'f64') return convert(convert(operand, 'i64'), 'big')
  const kept = use(b.let('', operand, node.start))
  const failure = b.failure(
    'RangeError',
    'the number cannot be a bigint of 64 bits: it is a fraction, too large or NaN',
  )
  b.emit({ kind: 'fail', when: math('bool', 'no_big', kept), failure, position: node.start })
  return { kind: 'convert', type: 'big', how: 'exact', operand: kept }
}

/** BigInt.asIntN(bits, ...) and asUintN: by shifts to the top and back, or by a mask. */
function cutBig(b: Builder, node: es.CallExpression, isSigned: boolean): Expression {
  const [bits, operand] = node.arguments as [es.Literal, es.Expression]
  const width = BigInt(bits.value as number)
  if (width === 64n && !isSigned) return unsignedBig(b, operand, node)
  const value = modular(b, operand)
  if (width < 64n && !isSigned) return arithmetic('big', '&', value, constantOf('big', (1n << width) - 1n))
  if (width < 64n) {
    const by = constantOf('big', 64n - width)
    return arithmetic('big', '>>', arithmetic('big', '<<', value, by), by)
  }
  return value
}

/** The lowest 64 bits without a sign. */
export function unsignedBig(b: Builder, operand: es.Expression, { start: position }: es.Node): Expression {
  const kept = use(b.let('', modular(b, operand), position))
  b.emit({ kind: 'fail', when: compare('<', kept, constantOf('big', 0n)), failure: tooBig(b), position })
  return kept
}

/** BigInt.asIntN(64, ...): sums, differences and products inside may wrap around, which cuts them the same way. */
function modular(b: Builder, node: es.Expression): Expression {
  if (node.type === 'Literal' && typeof node.value === 'bigint') return constantOf('big', BigInt.asIntN(64, node.value))
  if (node.type === 'BinaryExpression' && MODULAR.has(node.operator)) {
    const operands = [node.left as es.Expression, node.right]
    const [left, right] = inOrder(b, operands, (operand) => scalarBuilt(modular(b, operand))).map(scalarIn)
    return bigOperation(b, node, node.operator as '+', left as Expression, right as Expression, true)
  }
  if (node.type === 'BinaryExpression' && ['/', '<<', '>>'].includes(node.operator)) {
    const [left, right] = sequence(b, [node.left, node.right]).map(scalarIn)
    return bigOperation(b, node, node.operator as '/', left as Expression, right as Expression, true)
  }
  if (node.type === 'UnaryExpression' && node.operator === '-') {
    return bigOperation(b, node, '-', constantOf('big', 0n), modular(b, node.argument), true)
  }
  if (node.type === 'MemberExpression' && node.computed) {
    const array = valueAt(b, node.object)
    if (array?.kind === 'array' && array.storage === 'u8') return buildElement(b, node).load
  }
  return scalar(b, node)
}

function test(b: Builder, node: es.CallExpression, name: string): Expression {
  const x = use(b.let('', convert(scalar(b, node.arguments[0] as es.Node), 'f64'), node.start))
  if (name === 'isNaN') return compare('!=', x, x)
  const difference = arithmetic('f64', '-', x, x)
  const finite = compare('==', difference, constantOf('f64', 0))
  if (name === 'isFinite') return finite
  const whole = both(finite, compare('==', math('f64', 'trunc', x), x))
  return name === 'isInteger'
    ? whole
    : both(whole, compare('<=', math('f64', 'abs', x), constantOf('f64', Number.MAX_SAFE_INTEGER)))
}

/** Functions of integers, which keep their type where inference proved it. */
function mathCall(b: Builder, node: es.CallExpression, name: string): Expression {
  const args = sequence(b, node.arguments).map((built) => scalarIn(built))
  const value = valueAt(b, node)
  const proven: Scalar = value?.kind === 'number' ? representation(value) : 'f64'
  const whole = isInteger(proven) && args.every(({ type }) => isInteger(type) || type === 'bool')
  if (name === 'imul') return math('i32', 'imul', wrapped(args[0] as Expression), wrapped(args[1] as Expression))
  if (name === 'clz32') return math('i32', 'clz32', wrapped(args[0] as Expression))
  if (['floor', 'ceil', 'trunc', 'round'].includes(name)) {
    const [x] = args as [Expression]
    if (isInteger(x.type) || x.type === 'bool') return convert(x, common(x.type, 'i32'))
    return convert(math('f64', name, x), proven)
  }
  if (name === 'abs' && whole) return integerAbs(args[0] as Expression, proven)
  if (name === 'min' || name === 'max') return extreme(args, name, whole ? proven : 'f64')
  if (name === 'random') return use(b.let('', math('f64', name), node.start))
  const doubles = args.map((arg) => convert(arg, 'f64'))
  if (name === 'hypot') return hypot(doubles)
  return math('f64', name, ...doubles)
}

function integerAbs(x: Expression, proven: Scalar): Expression {
  const type = common(x.type, proven)
  const value = convert(x, type)
  const condition = compare('<', value, constantOf(type, 0))
  const negated: Expression = { kind: 'unary', type, op: '-', operand: value }
  return convert({ kind: 'select', type, condition, yes: negated, no: value }, proven)
}

function extreme(args: readonly Expression[], name: 'min' | 'max', proven: Scalar): Expression {
  const type =
    proven === 'f64' ? 'f64' : args.reduce<Scalar>((wide, arg) => common(wide, common(arg.type, 'i32')), proven)
  const [first, ...rest] = args.map((arg) => convert(arg, type))
  if (first === undefined) return numberConstant(name === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY)
  return convert(
    rest.reduce((a, c) => math(type, name, a, c), first),
    proven,
  )
}

function hypot(args: readonly Expression[]): Expression {
  const [first = constantOf('f64', 0), ...rest] = args
  if (rest.length === 0) return math('f64', 'abs', first)
  return math('f64', 'hypot', ...args)
}

// ---- arrays ---------------------------------------------------------------------------------------------------------

function method(b: Builder, node: es.CallExpression, callee: es.MemberExpression, name: string): Built {
  const array = arrayOf(b, callee.object)
  if (name === 'row') return row(b, node, array)
  if (name === 'get') return scalarBuilt(elementAt(b, array, node.arguments, node.start).load)
  const indices = node.arguments.slice(0, -1)
  storeValue(b, elementAt(b, array, indices, node.start), node.arguments.at(-1) as es.Node, node)
  return NONE
}

function row(b: Builder, node: es.CallExpression, object: Variable): Built {
  const { array: source, indices } = checkedIndices(b, object, node.arguments)
  const type = source.type as ArrayType
  const variable = newVariable('', { ...type, rank: type.rank - 1 }, node.start)
  b.emit({ kind: 'alias', variable, source, row: indices, declares: true, position: node.start })
  return { kind: 'array', variable }
}

function atomicAdd(b: Builder, node: es.CallExpression): Built {
  const array = arrayOf(b, node.arguments[0] as es.Node)
  const element = elementAt(b, array, node.arguments.slice(1, -1), node.start)
  const at = b.out.length
  const value = scalar(b, node.arguments.at(-1) as es.Node)
  const { array: place, indices } = elementBefore(b, element, false, at)
  const { storage, form } = array.type as ArrayType
  const only =
    storage === 'i4' && form === 'ndarray' ? { failure: b.failure('ValueError', '{} is not an int32', true) } : {}
  // Sums of integers of 32 bits are exact, so they may be cut before or after.
  const isExact = storage[0] !== 'f' && (value.type === 'i32' || value.type === 'bool') && only.failure === undefined
  const added = value.type === 'big' ? value : convert(value, isExact ? 'i32' : 'f64')
  b.emit({ kind: 'store', array: place, indices, value: added, position: node.start, atomic: true, ...only })
  return NONE
}

/** An extent of a new array, of which `given` was given, as an integer that is not negative. */
function extent(b: Builder, kept: Expression, given: Expression, failure: number, position: Position): Expression {
  const when = math('bool', 'no_extent', convert(kept, 'f64'))
  b.emit({ kind: 'fail', when, failure, value: convert(given, 'f64'), position })
  return convert(kept, 'i64')
}

/** The extents of a new NDArray. */
function shape(b: Builder, sizes: readonly Expression[], position: Position): Expression[] {
  return sizes.map((value, axis) => {
    const kept = use(b.let('', value, position))
    const shown = sizes.map((_, i) => (i === axis ? '{}' : '...')).join(', ')
    const failure = b.failure('ShapeError', `invalid shape (${shown}): sizes must be non-negative integers`, true)
    return extent(b, kept, kept, failure, position)
  })
}

function length(b: Builder, value: Expression, position: Position): Expression {
  const given = use(b.let('', value, position))
  const kept = given.type === 'f64' ? use(b.let('', cut(given), position)) : given
  return extent(b, kept, given, b.failure('RangeError', 'Invalid typed array length: {}', true), position)
}

const size = (b: Builder, node: es.Node): Expression => integerIndex(b, node) ?? convert(scalar(b, node), 'f64')

/** As the constructors of typed arrays read a length: without the fraction, and NaN as 0. */
function cut(length: Expression): Expression {
  const condition = compare('==', length, length)
  return { kind: 'select', type: 'f64', condition, yes: math('f64', 'trunc', length), no: constantOf('f64', 0) }
}

function newTyped(b: Builder, node: es.NewExpression, name: string): Built {
  const storage = STORAGES.get(name)
  if (storage === undefined) return NONE
  const type: ArrayType = { kind: 'array', storage, rank: 1, contiguous: true, form: 'typed' }
  const variable = newVariable('', type, node.start)
  const [given] = node.arguments
  if (given?.type !== 'ArrayExpression') {
    const extents = [length(b, size(b, given as es.Node), node.start)]
    b.emit({ kind: 'allocate', variable, extents, fill: undefined, position: node.start })
    return { kind: 'array', variable }
  }
  const items = sequence(b, given.elements as es.Node[]).map(scalarIn)
  b.emit({
    kind: 'allocate',
    variable,
    extents: [constantOf('i64', items.length)],
    fill: undefined,
    position: node.start,
  })
  for (const [i, item] of items.entries()) {
    const indices = [constantOf('i32', i)]
    buildStore(b, { array: variable, indices, load: item }, item, node)
  }
  return { kind: 'array', variable }
}

function newNdarray(b: Builder, node: es.CallExpression, name: string): Built {
  const { extents: nodes, value, storage } = arrayParts(node, name)
  const [first] = nodes as [es.Node]
  const isTuple = valueAt(b, first)?.kind === 'compound'
  const given = inOrder(b, value ? [...nodes, value] : nodes, (item) =>
    isTuple || item === value ? build(b, item) : scalarBuilt(size(b, item)),
  )
  const one: Expression = constantOf('i32', 1)
  const filled = value ? scalarIn(given.pop() as Built) : name === 'ones' ? one : undefined
  const extents = shape(b, given.flatMap(flatten).map(scalarIn), node.start)
  const fill =
    filled && (storage === 'i4' ? int32(b, filled, node.start) : convert(filled, storage === 'i8' ? 'big' : 'f64'))
  const type: ArrayType = { kind: 'array', storage, rank: extents.length, contiguous: true, form: 'ndarray' }
  const variable = newVariable('', type, node.start)
  b.emit({
    kind: 'allocate',
    variable,
    extents,
    fill,
    position: node.start,
  })
  return { kind: 'array', variable }
}
