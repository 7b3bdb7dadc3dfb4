// Questions about the typed form: what an expression has in it, and which expressions compute the same.
// SPDX-License-Identifier: MIT

import type { Expression, Position, Statement, Variable } from './ir.js'
import { partsOf } from './walk.js'

/** Whether something holds of an expression or anything in it. */
export function some(e: Expression, test: (part: Expression) => boolean): boolean {
  return test(e) || partsOf(e).some((part) => some(part, test))
}

/** Whether an expression is the value of a variable. */
export const isUse = (e: Expression, { id }: Variable) => e.kind === 'variable' && e.variable.id === id

export const isVariable = (value: Expression | Variable): value is Variable => 'id' in value

/** The arrays among the arguments of a call. */
export function arrayArguments(call: Extract<Statement, { kind: 'call' }>): readonly Variable[] {
  return call.args.filter((value) => isVariable(value)).filter(({ type }) => typeof type === 'object')
}

/** Those that it may store into. */
export function storedArguments(call: Extract<Statement, { kind: 'call' }>): readonly Variable[] {
  const stored = new Set(call.args.filter((_, i) => call.callee.stored?.[i] ?? true))
  return arrayArguments(call).filter((array) => stored.has(array))
}

/** Where a statement stands; of one without a place of its own, the place of what it declares or else `around`. */
export function placeOf(s: Statement, around: Position): Position {
  if ('position' in s) return s.position
  return s.kind === 'let' ? s.variable.position : around
}

/** The expression below conversions that keep the value. */
export function bare(e: Expression): Expression {
  return e.kind === 'convert' && e.how === 'exact' ? bare(e.operand) : e
}

/** A text that only expressions share which compute the same, where their variables and elements are the same. */
export function keyOf(expression: Expression): string {
  const e = bare(expression)
  const inner = partsOf(e).map(keyOf).join(' ')
  switch (e.kind) {
    case 'constant':
      return Object.is(e.value, -0) ? '-0' : `${typeof e.value} ${e.value}`
    case 'variable':
      return `v${e.variable.id}`
    case 'extent':
      return `x${e.array.id}.${e.axis}`
    case 'disjoint':
      return `(disjoint ${e.left.id} ${e.right.id})`
    case 'load':
      return `(load ${e.array.id} ${inner})`
    case 'convert':
      return `(${e.how} ${e.type} ${inner})`
    case 'math':
      return `(${e.name} ${e.type} ${inner})`
    case 'select':
      return `(select ${inner})`
    default:
      return `(${e.op} ${e.type} ${inner})`
  }
}

/** Whether both are the same value when they are computed at the same moment. */
export function same(a: Expression, b: Expression): boolean {
  return keyOf(a) === keyOf(b) && !some(a, isRandom)
}

export const isRandom = (e: Expression) => e.kind === 'math' && e.name === 'random'
