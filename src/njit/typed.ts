// Makers of typed expressions: conversions, constants, and arithmetic in the type that was proven to do.
// SPDX-License-Identifier: MIT

import type { Arithmetic, Comparison, Expression, Position, Scalar, Storage, Type, Variable } from './ir.js'

export const TRUE: Expression = { kind: 'constant', type: 'bool', value: true }

export function constantOf(type: Scalar, value: number | bigint | boolean): Expression {
  return { kind: 'constant', type, value }
}

export function use(variable: Variable): Expression {
  return { kind: 'variable', type: variable.type as Scalar, variable }
}

export const isInteger = (type: Scalar) => type === 'i32' || type === 'i64'

/** To a type that holds the value. */
export function convert(operand: Expression, type: Scalar): Expression {
  if (operand.type === type) return operand
  if (operand.kind === 'constant')
    return constantOf(type, type === 'bool' ? Boolean(operand.value) : Number(operand.value))
  return { kind: 'convert', type, how: 'exact', operand }
}

/** ToInt32. */
export function wrapped(operand: Expression): Expression {
  if (operand.type === 'i32' || operand.type === 'bool') return convert(operand, 'i32')
  if (operand.kind === 'constant') return constantOf('i32', Number(operand.value) | 0)
  return { kind: 'convert', type: 'i32', how: 'wrap', operand }
}

export function unsigned(operand: Expression): Expression {
  return { kind: 'convert', type: 'i64', how: 'unsigned', operand }
}

export function arithmetic(type: Scalar, op: Arithmetic, left: Expression, right: Expression): Expression {
  return { kind: 'arithmetic', type, op, left: convert(left, type), right: convert(right, type) }
}

/** The narrowest type of both. */
export function common(a: Scalar, b: Scalar): Scalar {
  if (a === b) return a
  if (a === 'bool') return b
  if (b === 'bool') return a
  if (isInteger(a) && isInteger(b)) return 'i64'
  return 'f64'
}

export function compare(op: Comparison, left: Expression, right: Expression): Expression {
  const type = common(left.type, right.type)
  return { kind: 'compare', type: 'bool', op, left: convert(left, type), right: convert(right, type) }
}

export function not(operand: Expression): Expression {
  return { kind: 'unary', type: 'bool', op: '!', operand }
}

export function both(left: Expression, right: Expression): Expression {
  if (left === TRUE) return right
  return { kind: 'logic', type: 'bool', op: '&&', left, right }
}

export function either(left: Expression, right: Expression): Expression {
  return { kind: 'logic', type: 'bool', op: '||', left, right }
}

export function math(type: Scalar, name: string, ...args: Expression[]): Expression {
  return { kind: 'math', type, name, args }
}

/** Whether a value counts as true: 0 and NaN do not. */
export function truth(operand: Expression): Expression {
  if (operand.type === 'bool') return operand
  const some = compare('!=', operand, constantOf(operand.type, operand.type === 'big' ? 0n : 0))
  return operand.type === 'f64' ? both(some, compare('==', operand, operand)) : some
}

/** The type in which an element is read. */
export function elementType(storage: Storage): Scalar {
  if (storage === 'i8' || storage === 'u8') return 'big'
  if (storage === 'f8' || storage === 'f4') return 'f64'
  return storage === 'u4' ? 'i64' : 'i32'
}

export function extentOf(array: Variable, axis: number): Expression {
  return { kind: 'extent', type: 'i64', array, axis }
}

let variables = 0

export function newVariable(name: string, type: Type, position: Position): Variable {
  variables++
  return { id: variables, name, type, position }
}

let labels = 0

export function newLabel(): { readonly id: number } {
  labels++
  return { id: labels }
}
