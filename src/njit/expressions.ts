// Inference of expressions.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { asFunction, builtinCall, builtinConstant, cutValue, isMasked, type RangeCall, rangeOf } from './builtins.js'
import { Unreached } from './calls.js'
import { reject } from './diagnostic.js'
import type { Inference } from './infer.js'
import { call, member } from './infer-members.js'
import * as number from './interval.js'
import { assignPattern, checkStored, compound, refine, storedElement } from './patterns.js'
import { anyField, asNumber, BIG, BOOL, describe, elementOf, joinValues, STORAGES, UNSET, type Value } from './value.js'

/** The value of an expression. `name` is that of the variable it is to be assigned to, for functions. */
export function evaluate(inf: Inference, node: es.Node, name = ''): Value {
  return inf.note(node, resultOf(inf, node as es.Expression, name))
}

function resultOf(inf: Inference, node: es.Expression, name: string): Value {
  switch (node.type) {
    case 'Literal':
      return literal(node)
    case 'Identifier':
      return identifier(inf, node)
    case 'UnaryExpression':
      return unary(inf, node)
    case 'UpdateExpression':
      return update(inf, node)
    case 'BinaryExpression':
      rejectOperator(node)
      if (isMasked(node)) return cutValue(inf, node)
      return binary(node, node.operator, evaluate(inf, node.left), evaluate(inf, node.right))
    case 'LogicalExpression':
      return logical(inf, node)
    case 'ConditionalExpression':
      return conditional(inf, node)
    case 'AssignmentExpression':
      return assignment(inf, node)
    case 'SequenceExpression':
      return node.expressions.map((item) => evaluate(inf, item)).at(-1) as Value
    case 'MemberExpression':
      return member(inf, node)
    case 'ArrayExpression':
      return compound(
        undefined,
        node.elements.map((item) => (item && item.type !== 'SpreadElement' ? evaluate(inf, item) : notPlain(node))),
      )
    case 'ObjectExpression':
      return object(inf, node)
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      if (node.async || node.generator) rejectExpression(node)
      return { kind: 'function', name, node, scope: inf.scope }
    case 'CallExpression':
      return call(inf, node)
    case 'NewExpression':
      return builtinCall(inf, node)
    default:
      rejectExpression(node)
  }
}

function notPlain(node: es.Node): never {
  reject('NL1009', node, 'a tuple has a fixed number of values.', 'list them one by one, without spread or holes.')
}

function literal(node: es.Literal): Value {
  if (typeof node.value === 'number') return number.constant(node.value)
  if (typeof node.value === 'boolean') return BOOL
  if (typeof node.value === 'bigint') {
    if (BigInt.asIntN(64, node.value) === node.value || node.value === 2n ** 63n) return BIG
    reject(
      'NL2040',
      node,
      `${node.raw} does not fit in 64 bits.`,
      'bigints have 64 bits and a sign here; use a smaller one.',
    )
  }
  const what = typeof node.value === 'string' ? 'strings are' : `'${node.raw}' is`
  reject('NL1010', node, `${what} not in the language of njit.`, 'use numbers to tell things apart.')
}

/** What to write for something built in that is no value. */
function insteadOf(name: string): string | undefined {
  if (name === 'Math') return 'call its functions: Math.sqrt(x); as a function, (x) => Math.sqrt(x).'
  if (STORAGES.has(name)) return `make arrays with new ${name}(n).`
  const written = asFunction(name)
  return (
    written && `call it: ${name}(x)${name === 'Number' ? ', or use its constants' : ''}; as a function, ${written}.`
  )
}

function identifier(inf: Inference, node: es.Identifier): Value {
  const local = inf.scope.find(node.name)
  if (local !== undefined) {
    inf.use(local, node)
    return inf.read(local, node)
  }
  if (node.name === 'arguments') {
    reject('NL1012', node, "'arguments' is not in the language of njit.", 'name the parameters one by one.')
  }
  if (node.name === 'undefined') return UNSET
  const value = builtinConstant(node.name)
  if (value !== undefined) return value
  const fix = insteadOf(node.name)
  if (fix) reject('NL3004', node, `'${node.name}' by itself is not in the language of njit.`, fix)
  reject(
    'NL3001',
    node,
    `'${node.name}' is a free name: the text of a function does not show what it stands for.`,
    `pass it in: njit({ globals: { ${node.name} } }, ...).`,
  )
}

function unary(inf: Inference, node: es.UnaryExpression): Value {
  const { operator } = node
  if (operator === 'typeof' || operator === 'void' || operator === 'delete') {
    const fix = operator === 'typeof' ? 'types are known: write a function for each.' : 'leave it out.'
    reject('NL1012', node, `'${operator}' is not in the language of njit.`, fix)
  }
  if (operator === '!') return evaluateTest(inf, node.argument)
  const value = evaluate(inf, node.argument)
  if (value.kind === 'big' && operator !== '+') return BIG
  const operand = numeric(value, node)
  if (operator === '-') return number.negate(operand)
  if (operator === '+') return operand
  const bits = number.toInt32(operand)
  return number.interval(-1 - bits.hi, -1 - bits.lo, true)
}

/** Whether a value can be a condition; the result of its negation. */
export function condition(value: Value, node: es.Node): Value {
  if (value.kind === 'number' || value.kind === 'bool' || value.kind === 'big') return BOOL
  reject('NL2007', node, `${describe(value)} is no condition.`, 'compare it with something.')
}

export function numeric(value: Value, node: es.Node): number.Interval {
  const found = asNumber(value)
  if (found !== undefined) return found
  const fixes: Partial<Record<Value['kind'], string>> = {
    big: 'write Number(...) to make it a number.',
    array: 'write a loop over its elements: a.get(i, j) of an NDArray, a[i] of a typed array.',
    function: 'call the function.',
  }
  const fix = fixes[value.kind] ?? 'use a number.'
  reject('NL2008', node, `a number is needed here, not ${describe(value)}.`, fix)
}

/** Where JavaScript does not take a boolean for a number: indices, sizes, elements of NDArrays. */
export function onlyNumber(value: Value, node: es.Node): number.Interval {
  if (value.kind !== 'bool') return numeric(value, node)
  reject('NL2008', node, 'a number is needed here, not a boolean.', 'write Number(...), or ? 1 : 0 behind it.')
}

function update(inf: Inference, node: es.UpdateExpression): Value {
  const { argument } = node
  const before = argument.type === 'MemberExpression' ? storedElement(inf, argument) : evaluate(inf, argument)
  const one = number.constant(1)
  let after: Value = BIG
  if (before.kind !== 'big') {
    const value = numeric(before, node)
    after = node.operator === '++' ? number.add(value, one) : number.subtract(value, one)
  }
  stored(inf, argument, before, after)
  return node.prefix ? after : before
}

/** A value goes to a variable, or to an element whose place was evaluated with the value before. */
function stored(inf: Inference, target: es.Node, before: Value, value: Value): void {
  if (target.type === 'MemberExpression') checkStored(before, value, target)
  else assignPattern(inf, target, () => value)
}

/** Before the right side is told to be no value. */
function rejectOperator({ operator, start }: es.BinaryExpression): void {
  if (operator !== 'in' && operator !== 'instanceof') return
  const fix = operator === 'in' ? 'compare the index with the length.' : 'types are known: write a function for each.'
  reject('NL1012', { start }, `'${operator}' is not in the language of njit.`, fix)
}

const COMPARISONS = new Set(['<', '<=', '>', '>=', '==', '!=', '===', '!=='])

export function binary(node: es.Node, operator: string, left: Value, right: Value): Value {
  if (COMPARISONS.has(operator)) return comparison(node, operator, left, right)
  if (left.kind === 'big' || right.kind === 'big') {
    if (left.kind !== right.kind) {
      reject(
        'NL2009',
        node,
        'a bigint and a number do not mix.',
        'write BigInt(...) or Number(...) around one of them.',
      )
    }
    if (operator === '>>>' || operator === '**') {
      reject('NL2010', node, `'${operator}' of bigints is not in the language of njit.`, 'use another operator.')
    }
    return BIG
  }
  const a = numeric(left, node)
  const b = numeric(right, node)
  switch (operator) {
    case '+':
      return number.add(a, b)
    case '-':
      return number.subtract(a, b)
    case '*':
      return number.multiply(a, b)
    case '/':
      return number.divide(a, b)
    case '%':
      return number.remainder(a, b)
    case '**':
      return number.ANY
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
    case '>>>':
      return number.bitwise(operator, a, b)
    default:
      rejectExpression(node, `'${operator}'`)
  }
}

export function comparison(node: es.Node, operator: string, left: Value, right: Value): Value {
  const plain = (value: Value) => value.kind === 'number' || value.kind === 'bool' || value.kind === 'big'
  const strict = operator === '===' || operator === '!=='
  if (plain(left) && plain(right) && (left.kind === 'big') === (right.kind === 'big')) {
    if (!strict || left.kind === right.kind) return BOOL
  }
  const fix = insteadOfComparing(left.kind, right.kind)
  reject('NL2011', node, `${describe(left)} and ${describe(right)} are not compared.`, fix)
}

function insteadOfComparing(left: Value['kind'], right: Value['kind']): string {
  if (left === 'unset' || right === 'unset')
    return 'leave it out: no value is undefined here, and a parameter that may be missing has a default.'
  if (left === 'array' && right === 'array')
    return 'keep a boolean that says which array it is, and set it where the array is; compare elements in a loop.'
  if (left === 'compound' && right === 'compound') return 'compare what is in them, one by one.'
  if (left === 'function' && right === 'function') return 'keep a boolean that says which function it is.'
  const isMixed = (a: Value['kind'], b: Value['kind']) => a === 'big' && (b === 'number' || b === 'bool')
  if (isMixed(left, right) || isMixed(right, left)) return 'write BigInt(...) or Number(...) around one of them.'
  return 'compare values of one type.'
}

/** A condition. Of `a && b` it matters only whether it is true, so that its operands may be of several types. */
export function evaluateTest(inf: Inference, node: es.Expression): Value {
  if (node.type === 'LogicalExpression') {
    logical(inf, node, (_, part) => evaluateTest(inf, part as es.Expression))
    return inf.note(node, BOOL)
  }
  return condition(evaluate(inf, node), node)
}

/** An expression whose value nobody uses: its parts may be of any types. */
export function evaluateEffect(inf: Inference, node: es.Expression): void {
  if (node.type === 'LogicalExpression' && node.operator !== '??') {
    const { left, right } = node
    const and = node.operator === '&&'
    const work = () => inf.env && evaluateEffect(inf, right)
    inf.branch(left, and ? work : () => {}, and ? () => {} : work)
  } else if (node.type === 'ConditionalExpression') {
    const { test, consequent, alternate } = node
    inf.branch(
      test,
      () => inf.env && evaluateEffect(inf, consequent),
      () => inf.env && evaluateEffect(inf, alternate),
    )
  } else {
    evaluate(inf, node)
    return
  }
  inf.note(node, UNSET)
}

/** `a && b` and `a || b`: the second operand is evaluated where the first does not decide. */
function logical(inf: Inference, node: es.LogicalExpression, part = evaluate): Value {
  if (node.operator === '??') rejectExpression(node, "'??'")
  const left = part(inf, node.left)
  condition(left, node.left)
  const before = inf.env
  inf.env = refine(inf, node.left, node.operator === '&&', before)
  if (inf.env === undefined) {
    inf.env = before
    return left
  }
  let right: Value | undefined
  inf.attempt(() => {
    right = part(inf, node.right)
    condition(right, node.right)
  })
  const skipped = refine(inf, node.left, node.operator !== '&&', before)
  inf.env = inf.meet(inf.env, skipped)
  if (inf.env === undefined) throw new Unreached()
  if (right === undefined) return left
  const joined = joinValues(left, right)
  if (joined !== undefined) return joined
  twoValues(node, left, right)
}

function conditional(inf: Inference, node: es.ConditionalExpression): Value {
  let yes: Value | undefined
  let no: Value | undefined
  inf.branch(
    node.test,
    () => {
      if (inf.env) yes = evaluate(inf, node.consequent)
    },
    () => {
      if (inf.env) no = evaluate(inf, node.alternate)
    },
  )
  if (!yes && !no) throw new Unreached()
  const one = yes && no ? (yes.kind === 'unset') === (no.kind === 'unset') : true
  const joined = yes && no ? (one ? joinValues(yes, no) : undefined) : (yes ?? no)
  if (joined !== undefined) return joined
  twoValues(node, yes as Value, no as Value)
}

function twoValues(node: es.Node, one: Value, other: Value): never {
  if (one.kind === 'function' && other.kind === 'function') {
    const fix = 'write one function, and the condition in it.'
    reject('NL2012', node, 'it is one of two functions, and which one is known only when it runs.', fix)
  }
  reject('NL2012', node, `the result is ${describe(one)} or ${describe(other)}.`, 'make both of one type.')
}

function assignment(inf: Inference, node: es.AssignmentExpression): Value {
  const { operator, left } = node
  if (operator === '=') {
    let value: Value | undefined
    assignPattern(inf, left, () => {
      value = evaluate(inf, node.right, left.type === 'Identifier' ? left.name : '')
      return value
    })
    return value as Value
  }
  if (operator === '??=') rejectExpression(node, `'${operator}'`)
  if (operator === '&&=' || operator === '||=') {
    reject('NL1012', node, `'${operator}' takes an element at a simple index.`, 'keep the index in a variable.')
  }
  const before = left.type === 'MemberExpression' ? storedElement(inf, left) : evaluate(inf, left)
  const value = binary(node, operator.slice(0, -1), before, evaluate(inf, node.right))
  stored(inf, left, before, value)
  return value
}

function object(inf: Inference, node: es.ObjectExpression): Value {
  const names: string[] = []
  const fields = node.properties.map((property) => {
    const plain = property.type === 'Property' && !property.computed && property.kind === 'init' && !property.method
    if (!plain || property.key.type !== 'Identifier' || property.key.name === '__proto__') {
      reject(
        'NL1011',
        property,
        'an object has plain names and values here.',
        "write '{ name: value }', the name without quotes.",
      )
    }
    const { name } = property.key
    if (names.includes(name))
      reject('NL1011', property, `'${name}' stands twice in this object.`, 'leave one of them out.')
    names.push(name)
    return evaluate(inf, property.value)
  })
  return compound(names, fields)
}

/** The values that a `for...of` runs over. */
export function iterated(inf: Inference, node: es.Expression): Pick<RangeCall, 'narrowed'> & { item: Value } {
  const range = rangeOf(inf, node)
  if (range !== undefined) return range
  const value = evaluate(inf, node)
  if (value.kind === 'array' && value.form === 'typed') return { item: elementOf(value.storage), narrowed: undefined }
  const any = value.kind === 'compound' ? anyField(value) : undefined
  if (any !== undefined) return { item: any, narrowed: undefined }
  const fixes: Partial<Record<Value['kind'], string>> = {
    array: 'loop over range(a.shape[0]) and use a.get(i).',
    compound: 'loop over a tuple of numbers or tuples of them, and write what is done with others as a function.',
  }
  const fix = fixes[value.kind] ?? 'loop over a typed array, range(n) or prange(n).'
  reject('NL2020', node, `${describe(value)} cannot be looped over.`, fix)
}

const EXPRESSIONS: Readonly<Record<string, readonly [string, string]>> = {
  AwaitExpression: ["'await' is not in the language of njit.", 'await before the call, and pass the value.'],
  YieldExpression: ["'yield' is not in the language of njit.", 'write results into an array.'],
  MetaProperty: ["'new.target' and 'import.meta' are not in the language of njit.", 'pass numbers as arguments.'],
  ImportExpression: ["'import()' is not in the language of njit.", 'import around the function, and pass values in.'],
  ClassExpression: ['classes are not in the language of njit.', 'use variables, tuples and functions.'],
  TaggedTemplateExpression: ['strings are not in the language of njit.', 'use numbers to tell things apart.'],
  ThisExpression: ["'this' is not in the language of njit.", 'pass what it holds as arguments.'],
  TemplateLiteral: ['strings are not in the language of njit.', 'use numbers to tell things apart.'],
  ArrowFunctionExpression: ['async functions are not in the language of njit.', 'make it a plain function.'],
  FunctionDeclaration: ['async functions and generators are not in the language of njit.', 'make it a plain function.'],
  ChainExpression: ["'?.' is not in the language of njit.", "write '.': nothing is null or undefined here."],
  SpreadElement: ["'...' is not in the language of njit.", 'list the values one by one, or write a loop.'],
  FunctionExpression: ['async functions and generators are not in the language of njit.', 'make it a plain function.'],
}

export function rejectExpression(node: es.Node, what?: string): never {
  const [message, fix] = EXPRESSIONS[node.type] ?? [
    `${what ?? node.type} is not in the language of njit.`,
    'write it in another way; docs/njit.md lists what there is.',
  ]
  reject('NL1012', node, message, fix)
}
