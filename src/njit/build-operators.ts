// Operators in the typed form, in the narrowest type that was proven to hold the result.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import type { Builder } from './build.js'
import { condition, numberConstant, scalar, valueAt } from './build-expressions.js'
import type { Arithmetic, Comparison, Expression, Scalar } from './ir.js'
import {
  arithmetic,
  common,
  compare,
  constantOf,
  convert,
  isInteger,
  math,
  not,
  unsigned,
  use,
  wrapped,
} from './typed.js'
import { scalarOf } from './value.js'

/** The narrowest type of an expression's value, as inference proved it. */
export function provenType(b: Builder, node: es.Node): Scalar {
  const value = valueAt(b, node)
  return (value && scalarOf(value)) ?? 'f64'
}

export function unary(b: Builder, node: es.UnaryExpression): Expression {
  if (node.operator === '!') return not(condition(b, node.argument))
  const operand = scalar(b, node.argument)
  if (operand.type === 'big') {
    return node.operator === '~' ? { kind: 'unary', type: 'big', op: '~', operand } : negated(b, node, operand)
  }
  if (node.operator === '+') return operand.type === 'bool' ? convert(operand, 'i32') : operand
  if (node.operator === '~') return { kind: 'unary', type: 'i32', op: '~', operand: wrapped(operand) }
  const value = valueAt(b, node)
  if (operand.kind === 'constant' && value?.kind === 'number' && value.lo === value.hi && !value.negativeZero) {
    return numberConstant(value.lo)
  }
  const type = isInteger(operand.type) ? provenType(b, node) : 'f64'
  return { kind: 'unary', type, op: '-', operand: convert(operand, type) }
}

function negated(b: Builder, node: es.Node, operand: Expression): Expression {
  if (operand.kind === 'constant') return constantOf('big', -(operand.value as bigint))
  return bigOperation(b, node, '-', constantOf('big', 0n), operand)
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  ...{ '<': '<', '<=': '<=', '>': '>', '>=': '>=' },
  ...{ '==': '==', '===': '==', '!=': '!=', '!==': '!=' },
}

const BITS = new Set(['&', '|', '^', '<<', '>>', '>>>'])

/** An operator on operands that are there, for a node whose result inference knows. */
export function operation(
  b: Builder,
  node: es.Node,
  operator: string,
  left: Expression,
  right: Expression,
): Expression {
  const comparison = COMPARISONS[operator]
  if (comparison !== undefined) return compare(comparison, left, right)
  if (left.type === 'big') return bigOperation(b, node, operator as Arithmetic, left, right)
  if (BITS.has(operator)) return bitOperation(b, node, operator as Arithmetic, left, right)
  if (operator === '**') return power(b, node, left, right)
  const proven = provenType(b, node)
  const operands = common(common(left.type, right.type), 'i32')
  if (operator === '/' || !isInteger(proven) || !isInteger(operands)) {
    return arithmetic('f64', operator as Arithmetic, left, right)
  }
  const wide = common(operands, proven)
  return convert(arithmetic(wide, operator as Arithmetic, left, right), proven)
}

function power(b: Builder, node: es.Node, left: Expression, right: Expression): Expression {
  const base = convert(left, 'f64')
  if (right.kind === 'constant' && Number(right.value) === 2) {
    const kept = base.kind === 'variable' || base.kind === 'constant' ? base : use(b.let('', base, node.start))
    return arithmetic('f64', '*', kept, kept)
  }
  return math('f64', 'pow', base, convert(right, 'f64'))
}

function bitOperation(b: Builder, node: es.Node, op: Arithmetic, left: Expression, right: Expression): Expression {
  const zero = right.kind === 'constant' && Number(right.value) === 0
  if (op === '|' && zero) return wrapped(left)
  const result = arithmetic('i32', op, wrapped(left), wrapped(right))
  if (op !== '>>>') return result
  return convert(unsigned(result), provenType(b, node))
}

/** The failure of a bigint that 64 bits do not hold. */
export function tooBig(b: Builder): number {
  return b.failure('RangeError', 'the bigint does not fit in 64 bits; write BigInt.asIntN(64, ...) to cut it')
}

/** Whether an operand has its value once and for all: what has no name of the user's is assigned before it is used. */
const isKept = (e: Expression) => e.kind === 'constant' || (e.kind === 'variable' && e.variable.name === '')

/** With a failure where the result does not fit; `fits` is for results that are cut to 64 bits anyway. */
export function bigOperation(
  b: Builder,
  node: es.Node,
  op: Arithmetic,
  left: Expression,
  right: Expression,
  fits = false,
): Expression {
  const [a, c] = [left, right].map((operand) => (isKept(operand) ? operand : use(b.let('', operand, node.start))))
  const [first, second] = [a as Expression, c as Expression]
  if (op === '/' || op === '%') {
    const failure = b.failure('RangeError', 'Division by zero')
    b.emit({ kind: 'fail', when: compare('==', second, constantOf('big', 0n)), failure, position: node.start })
  }
  const inPlace = ['&', '|', '^', '%'].includes(op) || (op === '>>' && second.kind === 'constant')
  if (!fits && !inPlace) {
    const failure = tooBig(b)
    const name =
      { '+': 'big_add', '-': 'big_subtract', '*': 'big_multiply', '/': 'big_divide' }[op as '+'] ?? 'big_shift'
    const operand: Expression = op === '>>' ? { kind: 'unary', type: 'big', op: '-', operand: second } : second
    b.emit({ kind: 'fail', when: math('bool', `${name}_overflows`, first, operand), failure, position: node.start })
  }
  return arithmetic('big', op, first, second)
}
