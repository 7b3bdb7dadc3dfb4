// Walks over the typed form, and equality of expressions.
// SPDX-License-Identifier: MIT

import type { Expression, Position, Statement, Variable } from './ir.js'

export function operands(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'compare':
    case 'arithmetic':
    case 'logic':
      return [e.left, e.right]
    case 'unary':
    case 'convert':
      return [e.operand]
    case 'math':
      return e.args
    case 'select':
      return [e.condition, e.yes, e.no]
    case 'load':
      return e.indices
    default:
      return []
  }
}

/** Whether something holds of an expression or anything in it. */
export function some(e: Expression, test: (part: Expression) => boolean): boolean {
  return test(e) || operands(e).some((part) => some(part, test))
}

export const isExpression = (value: Expression | Variable): value is Expression => 'kind' in value
export const isVariable = (value: Expression | Variable): value is Variable => !('kind' in value)

/** The arrays among the arguments of a call. */
export function arrayArguments(call: Extract<Statement, { kind: 'call' }>): readonly Variable[] {
  return call.args.filter((value) => isVariable(value)).filter(({ type }) => typeof type === 'object')
}

/** The expressions that a statement evaluates, but for those of statements in it. */
export function expressionsOf(s: Statement): readonly Expression[] {
  switch (s.kind) {
    case 'let':
      return s.value === undefined ? [] : [s.value]
    case 'assign':
      return [s.value]
    case 'store':
      return [...s.indices, s.value]
    case 'check':
      return [s.index]
    case 'fail':
      return [s.when]
    case 'if':
      return [s.condition]
    case 'for':
      return [s.start, s.stop]
    case 'return':
      return s.values.filter(isExpression)
    case 'allocate':
      return s.fill === undefined ? s.extents : [...s.extents, s.fill]
    case 'alias':
      return s.row
    case 'call':
      return s.args.filter(isExpression)
    default:
      return []
  }
}

/** The blocks of a statement. */
export function blocksOf(s: Statement): readonly (readonly Statement[])[] {
  switch (s.kind) {
    case 'if':
      return [s.yes, s.no]
    case 'for':
    case 'loop':
    case 'block':
      return [s.body]
    default:
      return []
  }
}

export function eachStatement(body: readonly Statement[], visit: (s: Statement) => void): void {
  for (const s of body) {
    visit(s)
    for (const block of blocksOf(s)) eachStatement(block, visit)
  }
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
  const inner = operands(e).map(keyOf).join(' ')
  switch (e.kind) {
    case 'constant':
      return Object.is(e.value, -0) ? '-0' : `${typeof e.value} ${e.value}`
    case 'variable':
      return `v${e.variable.id}`
    case 'extent':
      return `x${e.array.id}.${e.axis}`
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
