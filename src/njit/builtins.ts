// What the language has without a declaration: Math, Number, BigInt, typed arrays, and the functions of numloom.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { reject } from './diagnostic.js'
import { binary, evaluate, evaluateTest, numeric, onlyNumber } from './expressions.js'
import type { Inference } from './infer.js'
import * as number from './interval.js'
import type { ArrayType, LoopSchedule, Storage } from './ir.js'
import { changesVariables } from './patterns.js'
import type { Local } from './scope.js'
import { sourceOf } from './source.js'
import { BIG, BOOL, describe, STORAGES, UNSET, type Value } from './value.js'

const NUMBERS = ['EPSILON', 'MAX_SAFE_INTEGER', 'MIN_SAFE_INTEGER', 'MAX_VALUE', 'MIN_VALUE', 'NaN']
const INFINITIES = ['POSITIVE_INFINITY', 'NEGATIVE_INFINITY']
const MATHS = ['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2']

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['Infinity', Number.POSITIVE_INFINITY],
  ['NaN', Number.NaN],
  ...[...NUMBERS, ...INFINITIES].map((name): [string, number] => [`Number.${name}`, Number[name as 'EPSILON']]),
  ...[...STORAGES.keys()].map((name): [string, number] => {
    const { BYTES_PER_ELEMENT } = (globalThis as unknown as Record<string, Uint8ArrayConstructor>)[
      name
    ] as Uint8ArrayConstructor
    return [`${name}.BYTES_PER_ELEMENT`, BYTES_PER_ELEMENT]
  }),
  ...MATHS.map((name): [string, number] => [`Math.${name}`, Math[name as 'PI']]),
])

export function constantNumber(name: string): number | undefined {
  return CONSTANTS.get(name)
}

export function builtinConstant(name: string): Value | undefined {
  const value = CONSTANTS.get(name)
  return value === undefined ? undefined : number.constant(value)
}

/** Functions of Math by their number of arguments; -1: any. */
export const MATH: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ abs: 1, ceil: 1, floor: 1, round: 1, trunc: 1, sign: 1, sqrt: 1, cbrt: 1, fround: 1, clz32: 1, imul: 2 },
    ...{ sin: 1, cos: 1, tan: 1, asin: 1, acos: 1, atan: 1, atan2: 2, sinh: 1, cosh: 1, tanh: 1, asinh: 1, acosh: 1 },
    ...{
      atanh: 1,
      exp: 1,
      expm1: 1,
      log: 1,
      log1p: 1,
      log2: 1,
      log10: 1,
      pow: 2,
      hypot: -1,
      min: -1,
      max: -1,
      random: 0,
    },
  }),
)

const TESTS = ['Number.isNaN', 'Number.isFinite', 'Number.isInteger', 'Number.isSafeInteger', 'isNaN', 'isFinite']

/** What can be called with values alone, by its parameters as a function of the user's would have them. */
const CALLABLE: ReadonlyMap<string, string> = new Map([
  ...[...MATH].map(([name, wanted]): [string, string] => [`Math.${name}`, ['', 'x'][wanted] ?? 'x, y']),
  ...[...TESTS, 'Number', 'Boolean', 'BigInt'].map((name): [string, string] => [name, 'x']),
])

/** Exported by numloom. Free names that are these are taken for them: the language has them, as it has Math. */
const LANGUAGE = new Set(['prange', 'range', 'atomicAdd'])

/** Exported by numloom too, but functions of the user's own are called so as well. */
const CREATION = new Set(['zeros', 'ones', 'full', 'empty'])

/** What numloom is called where its functions are members: `nl`, or as compilers to CommonJS and Vite name imports. */
const NAMESPACE = /^nl$|numloom|njit|^__vite_ssr_import_\d+__$/i

const DTYPES: ReadonlyMap<string, Storage> = new Map([
  ['float64', 'f8'],
  ['float32', 'f4'],
  ['int32', 'i4'],
  ['int64', 'i8'],
])

/** The name that a call goes by: `Math.sin`, `Float64Array`, `prange`; empty where there is none. */
export function calleeName(inf: Inference, node: es.Node): string {
  if (node.type === 'Identifier') {
    const { name } = node as es.Identifier
    if (inf.scope.find(name)) return ''
    if (CREATION.has(name) && !inf.scope.hasLibrary(name)) rejectBare(node, name)
    return name
  }
  if (node.type === 'SequenceExpression') {
    // `(0, nl.zeros)(n)`, as compilers of modules write it.
    const { expressions } = node as es.SequenceExpression
    const isPlain = expressions.slice(0, -1).every(({ type }) => type === 'Literal')
    return isPlain ? calleeName(inf, expressions.at(-1) as es.Node) : ''
  }
  if (node.type !== 'MemberExpression') return ''
  const { object, property, computed } = node as es.MemberExpression
  if (computed || object.type !== 'Identifier' || inf.scope.find(object.name)) return ''
  const { name } = property as es.Identifier
  const isOurs = NAMESPACE.test(object.name) || inf.scope.hasLibrary(name)
  return isOurs && (LANGUAGE.has(name) || CREATION.has(name)) ? name : `${object.name}.${name}`
}

function rejectBare(node: es.Node, name: string): never {
  const message = `'${name}' is a free name: the text of a function does not show whether it is numloom's.`
  reject('NL3001', node, message, `write nl.${name}(...), or pass it in: njit({ globals: { ${name} } }, ...).`)
}

/** The value of a call of something built in. */
export function builtinCall(inf: Inference, node: es.CallExpression | es.NewExpression): Value {
  const name = calleeName(inf, node.callee)
  if (node.type === 'NewExpression') return created(inf, node, name)
  if (name.startsWith('Math.') && MATH.has(name.slice(5))) return math(inf, node, name.slice(5))
  if (TESTS.includes(name)) {
    numeric(single(inf, node), node)
    return BOOL
  }
  switch (name) {
    case 'Number': {
      const value = single(inf, node)
      return value.kind === 'big' ? number.interval(-(2 ** 64), 2 ** 64, true) : numeric(value, node)
    }
    case 'Boolean':
      return evaluateTest(inf, only(node))
    case 'BigInt': {
      const value = single(inf, node)
      if (value.kind !== 'big') numeric(value, node)
      return BIG
    }
    case 'BigInt.asIntN':
    case 'BigInt.asUintN':
      return asIntN(inf, node)
    case 'atomicAdd':
      return atomicAdd(inf, node)
    case 'zeros':
    case 'ones':
    case 'empty':
    case 'full':
      return newArray(inf, node, name)
    default:
      return unknown(node, name)
  }
}

/** How to write something built in where a function is a value; undefined of what cannot be. */
export function asFunction(name: string): string | undefined {
  const parameters = CALLABLE.get(name)
  return parameters === undefined ? undefined : `(${parameters}) => ${name}(${parameters})`
}

const INSTEAD: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'console.log': 'return the values, or set NUMLOOM_DISABLE_JIT=1 to look at them.',
    parseInt: 'use Math.trunc.',
    parseFloat: 'pass the number in.',
    Array: 'use a typed array: new Float64Array(n).',
    Map: 'use typed arrays.',
    Set: 'use typed arrays.',
    'performance.now': 'measure around the call.',
    'Date.now': 'measure around the call.',
    ...Object.fromEntries(
      [...STORAGES.keys()].flatMap((name) => [
        [`${name}.of`, `write new ${name}([a, b]).`],
        [`${name}.from`, `make it with new ${name}(n), and write a loop.`],
      ]),
    ),
  }),
)

function unknown(node: es.CallExpression | es.NewExpression, name: string): never {
  if (name === 'prange' || name === 'range') {
    reject('NL4001', node, `${name}() is for 'for...of' only.`, `write 'for (const i of ${name}(n))'.`)
  }
  const known =
    /^(Math|Number|BigInt|console|performance|Date|Object|JSON|String|\w*Array|Map|Set|parse\w+|new .*)/.test(name)
  const fix = INSTEAD.get(name.replace('new ', '')) ?? 'write it with what docs/njit.md lists.'
  if (known) reject('NL3004', node, `${name}() is not in the language of njit.`, fix)
  if (name === '')
    reject('NL2016', node, 'this is not a function that can be called here.', 'call a function by its name.')
  const last = name.split('.').at(-1) as string
  if (last !== name) {
    const own = `pass a function of yours in, njit({ globals: { ${last} } }, ...), and call ${last}(...).`
    const isLibrary = LANGUAGE.has(last) || CREATION.has(last)
    const fix = isLibrary
      ? `of numloom's write ${CREATION.has(last) ? 'nl.' : ''}${last}(...); or ${own}`
      : `write the loop, or ${own}`
    reject(
      'NL3004',
      node,
      `'${name}' is not in the language of njit, and what '${name.slice(0, -last.length - 1)}' is does not show.`,
      fix,
    )
  }
  if (name === sourceOf(node.start).name) {
    const fix = `name the function itself: njit(function ${name}(...) { ... }).`
    reject('NL3001', node, `'${name}' is a free name: the function has no name by which it could call itself.`, fix)
  }
  reject(
    'NL3001',
    node,
    `'${name}' is a free name: the text of a function does not show what it stands for.`,
    `pass the function in: njit({ globals: { ${name} } }, ...).`,
  )
}

function only(node: es.CallExpression): es.Expression {
  if (node.arguments.length !== 1) reject('NL2027', node, 'one argument is needed here.', 'pass one.')
  return node.arguments[0] as es.Expression
}

const single = (inf: Inference, node: es.CallExpression) => evaluate(inf, only(node))

function math(inf: Inference, node: es.CallExpression, name: string): Value {
  const args = node.arguments.map((arg) => numeric(evaluate(inf, arg), arg))
  const wanted = MATH.get(name) as number
  if (wanted >= 0 && args.length !== wanted) {
    reject(
      'NL2027',
      node,
      `Math.${name} takes ${wanted} argument${wanted === 1 ? '' : 's'}, not ${args.length}.`,
      'pass that many.',
    )
  }
  if (name === 'min' || name === 'max') {
    const empty = number.constant(name === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY)
    return args.length === 0 ? empty : args.reduce((a, b) => number.ofMath(name, a, b))
  }
  const none = number.constant(0)
  return number.ofMath(name, args[0] ?? none, args[1] ?? none)
}

function asIntN(inf: Inference, node: es.CallExpression): Value {
  const [bits, operand] = node.arguments
  const width = bits?.type === 'Literal' ? bits.value : undefined
  if (typeof width !== 'number' || !Number.isInteger(width) || width < 1 || width > 64 || operand === undefined) {
    reject('NL2028', node, 'a bigint is cut to a constant number of bits, 1 to 64.', 'write BigInt.asIntN(64, ...).')
  }
  const value = cutValue(inf, operand)
  if (value.kind !== 'big')
    reject('NL2029', operand, `a bigint is needed here, not ${describe(value)}.`, 'write BigInt(...).')
  return BIG
}

/** Operators of bigints whose lowest 64 bits follow from those of the operands. */
export const MODULAR = new Set(['+', '-', '*', '&', '|', '^'])

/** Whether it keeps some of the lower 64 bits of a bigint, by a mask that does not fit in 64 bits with a sign. */
export function isMasked({ operator, left, right }: es.BinaryExpression): boolean {
  const isMask = (node: es.Node) => {
    const { value } = node as es.Literal
    return node.type === 'Literal' && typeof value === 'bigint' && value >> 63n === 1n
  }
  return operator === '&' && (isMask(left) || isMask(right))
}

/** The value of what is cut to 64 bits: literals in it may have more. */
export function cutValue(inf: Inference, node: es.Node): Value {
  const expression = node as es.Expression
  if (expression.type === 'Literal' && typeof expression.value === 'bigint') return inf.note(node, BIG)
  if (expression.type === 'UnaryExpression' && expression.operator === '-') {
    const value = cutValue(inf, expression.argument)
    return inf.note(node, value.kind === 'big' ? BIG : evaluate(inf, node))
  }
  if (expression.type !== 'BinaryExpression' || !MODULAR.has(expression.operator)) return evaluate(inf, node)
  const [left, right] = [cutValue(inf, expression.left), cutValue(inf, expression.right)]
  return inf.note(node, binary(node, expression.operator, left, right))
}

function atomicAdd(inf: Inference, node: es.CallExpression): Value {
  const [array, ...rest] = node.arguments.map((arg) => evaluate(inf, arg))
  if (array?.kind !== 'array' || rest.length !== array.rank + 1) {
    reject(
      'NL2030',
      node,
      'atomicAdd takes an array, an index for each axis, and a number.',
      'write atomicAdd(a, i, value).',
    )
  }
  if (array.storage === 'c1') {
    reject('NL2030', node, 'atomicAdd does not add to a Uint8ClampedArray.', 'use a Uint8Array.')
  }
  for (const [i, value] of rest.slice(0, -1).entries()) onlyNumber(value, node.arguments[i + 1] as es.Node)
  const big = array.storage === 'i8' || array.storage === 'u8'
  const value = rest.at(-1) as Value
  if (big !== (value.kind === 'big')) {
    reject(
      'NL2006',
      node,
      `the elements are ${big ? 'bigints' : 'numbers'}, not ${describe(value)}.`,
      'convert the value.',
    )
  }
  return UNSET
}

/** `new Float64Array(n)`. */
function created(inf: Inference, node: es.NewExpression, name: string): Value {
  const storage = STORAGES.get(name)
  if (name === '')
    reject('NL3004', node, "only typed arrays are made by 'new', by their names.", 'write new Float64Array(n).')
  if (storage === undefined) return unknown(node, name.startsWith('new ') ? name : `new ${name}`)
  const [length] = node.arguments
  if (node.arguments.length !== 1 || length === undefined) {
    reject('NL2031', node, `${name} needs a length.`, `write new ${name}(n).`)
  }
  if (length.type === 'ArrayExpression') {
    for (const item of length.elements) {
      if (!item || item.type === 'SpreadElement')
        reject('NL1009', node, 'the list has a fixed number of values.', 'list them one by one.')
      const value = evaluate(inf, item)
      if ((storage === 'i8' || storage === 'u8') !== (value.kind === 'big')) {
        reject('NL2006', item, `${describe(value)} is no element of a ${name}.`, 'convert the value.')
      }
    }
  } else numeric(evaluate(inf, length), length)
  return { kind: 'array', storage, rank: 1, contiguous: true, form: 'typed' }
}

/** The parts of a call of zeros, ones, full or empty. */
export function arrayParts(node: es.CallExpression, name: string) {
  const [shape, ...rest] = node.arguments
  const value = name === 'full' ? rest.shift() : undefined
  const options = rest.shift()
  const extents =
    shape?.type === 'ArrayExpression' ? (shape.elements as (es.Node | null)[]) : [shape as es.Node | undefined]
  if (rest.length > 0 || extents.some((item) => !item) || (name === 'full' && !value)) {
    reject(
      'NL2032',
      node,
      `${name}() takes a shape${name === 'full' ? ', a value' : ''} and { dtype }.`,
      `write ${name}([m, n]).`,
    )
  }
  return { extents: extents as es.Node[], value, storage: dtypeOption(options) }
}

function dtypeOption(options: es.Node | undefined): Storage {
  if (options === undefined) return 'f8'
  const properties = (options as es.ObjectExpression).properties ?? []
  const [property] = properties
  const literal = property?.type === 'Property' ? property.value : undefined
  const named = property?.type === 'Property' && property.key.type === 'Identifier' && property.key.name === 'dtype'
  const storage = literal?.type === 'Literal' ? DTYPES.get(String(literal.value)) : undefined
  if (properties.length !== 1 || !named || storage === undefined) {
    reject('NL2033', options, 'the only option is a constant dtype.', `write { dtype: 'float32' }.`)
  }
  return storage
}

function newArray(inf: Inference, node: es.CallExpression, name: string): Value {
  const { extents, value, storage } = arrayParts(node, name)
  const sizes = extents.map((item) => evaluate(inf, item))
  const [first] = sizes
  const isTuple = node.arguments[0]?.type !== 'ArrayExpression' && first?.kind === 'compound' && !first.names
  const axes = isTuple ? first.fields : sizes
  for (const [i, axis] of axes.entries()) onlyNumber(axis, (extents[i] ?? extents[0]) as es.Node)
  if (value !== undefined) {
    const filled = evaluate(inf, value)
    if ((storage === 'i8') !== (filled.kind === 'big')) {
      reject('NL2006', value, `${describe(filled)} is no element of this array.`, 'convert the value.')
    }
    if (filled.kind !== 'big') onlyNumber(filled, value)
  }
  const type: ArrayType = { kind: 'array', storage, rank: axes.length, contiguous: true, form: 'ndarray' }
  return type
}

/** A call of range or prange as the subject of a `for...of`. */
export interface RangeCall {
  readonly prange: boolean
  readonly start: es.Node | undefined
  readonly stop: es.Node
  readonly step: es.Node | undefined
  readonly schedule: LoopSchedule | undefined
  /** How many nested loops are to be one. */
  readonly collapse: number
  /** The value of the loop's variable. */
  readonly item: number.Interval
  /** The local that holds the end, with what is known of it within the loop. */
  readonly narrowed: readonly [Local, number.Interval] | undefined
}

export function rangeOf(inf: Inference, node: es.Node): RangeCall | undefined {
  const range = readRange(inf, node)
  if (range === undefined) return undefined
  const known = inf.notes.ranges.get(node)
  const joined = known ? { ...range, item: number.join(known.item, range.item) } : range
  inf.notes.ranges.set(node, joined)
  return range
}

function readRange(inf: Inference, node: es.Node): RangeCall | undefined {
  if (node.type !== 'CallExpression') return undefined
  const call = node as es.CallExpression
  const name = calleeName(inf, call.callee)
  if (name !== 'prange' && name !== 'range') return undefined
  const args: es.Node[] = [...call.arguments]
  const options = args.at(-1)?.type === 'ObjectExpression' ? (args.pop() as es.ObjectExpression).properties : []
  const [option] = options
  if (option && name === 'range')
    reject('NL2037', option, 'a range runs on one thread, so it has no options.', 'leave them out, or write prange.')
  if (args.length < 1 || args.length > 3) {
    reject(
      'NL2034',
      node,
      `${name}() takes 1 to 3 numbers.`,
      `write ${name}(n), ${name}(start, stop) or ${name}(start, stop, step).`,
    )
  }
  const [start, stop, step] = args.length === 1 ? [undefined, args[0] as es.Node] : args
  const from = start ? whole(onlyNumber(evaluate(inf, start), start), start, name) : number.constant(0)
  const to = onlyNumber(evaluate(inf, stop as es.Node), stop as es.Node)
  // A step of -0 is one of 0.
  const by = step
    ? whole({ ...onlyNumber(evaluate(inf, step), step), negativeZero: false }, step, name)
    : number.constant(1)
  if (by.lo <= 0 && by.hi >= 0 && by.lo === by.hi)
    reject('NL2035', step as es.Node, 'the step is 0.', 'use another step.')
  const isSame = stop?.type === 'Identifier' && !changesVariables(step)
  const local = isSame ? inf.notes.locals.get(stop) : undefined
  const inside = by.lo > 0 && to.whole ? number.where(to, '>', from) : undefined
  return {
    prange: name === 'prange',
    start,
    stop: stop as es.Node,
    step,
    ...loopOptions(options),
    item: itemOf(from, to, by),
    narrowed: local && inside ? [local, inside] : undefined,
  }
}

/** A loop that counts further never ends. */
const FARTHEST = 2 ** 51

function itemOf(from: number.Interval, to: number.Interval, by: number.Interval): number.Interval {
  const last = Math.min(Math.ceil(to.hi) - 1, FARTHEST)
  const first = Math.max(Math.floor(to.lo) + 1, -FARTHEST)
  if (by.lo > 0) return number.interval(from.lo, Math.max(from.lo, last), true)
  if (by.hi < 0) return number.interval(Math.min(from.hi, first), from.hi, true)
  return number.interval(Math.min(from.lo, first), Math.max(from.hi, last), true)
}

function whole(value: number.Interval, node: es.Node, name: string): number.Interval {
  if (number.representation(value) !== 'f64') return value
  const fix = 'write Math.floor(...) | 0; where it may pass 2^31, count from 0 and add it in the loop: start + i.'
  reject('NL2036', node, `${name}() counts by whole numbers, and this may be a fraction or too large.`, fix)
}

const SCHEDULES = ['static', 'dynamic', 'guided', 'auto']

function loopOptions(properties: es.ObjectExpression['properties']): Pick<RangeCall, 'schedule' | 'collapse'> {
  let kind: string | undefined
  let chunk = 0
  let collapse = 1
  for (const property of properties) {
    const name = property.type === 'Property' && property.key.type === 'Identifier' ? property.key.name : ''
    const value = property.type === 'Property' && property.value.type === 'Literal' ? property.value.value : undefined
    if (name === 'schedule' && SCHEDULES.includes(String(value))) kind = String(value)
    else if (name === 'chunk' && Number.isInteger(value) && Number(value) > 0) chunk = Number(value)
    else if (name === 'collapse' && Number.isInteger(value) && Number(value) > 0) collapse = Number(value)
    else {
      const fix = "write { schedule: 'static' | 'dynamic' | 'guided' | 'auto', chunk: 16, collapse: 2 }."
      reject('NL2037', property, 'this option of prange is not known, or not a constant.', fix)
    }
  }
  return { schedule: kind === undefined ? undefined : { kind: kind as LoopSchedule['kind'], chunk }, collapse }
}
