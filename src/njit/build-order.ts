// JavaScript's order of evaluation: values keep what they are where statements that follow change what they read.
// SPDX-License-Identifier: MIT

import { type Builder, type Built, scalarBuilt } from './build.js'
import type { Expression, Position, Statement, Variable } from './ir.js'
import { some } from './same.js'
import { newVariable, use } from './typed.js'
import { mayStore, readBy, useOf } from './walk.js'

/** What is built of several in order. */
export function inOrder<T>(b: Builder, items: readonly T[], work: (item: T) => Built): Built[] {
  let results: Built[] = []
  for (const item of items) {
    const at = b.out.length
    const built = work(item)
    results = [...before(b, results, at), built]
  }
  return results
}

/** Takes values one after the other; those that are not taken yet keep what they are meanwhile. */
export function inTurn(b: Builder, values: readonly Built[], take: (value: Built, index: number) => void): void {
  let left = values
  for (const index of values.keys()) {
    const at = b.out.length
    take(left[0] as Built, index)
    left = before(b, left.slice(1), at)
  }
}

/** Values as they were before the statements from `at` on: in variables where those statements change what they read. */
export function before(b: Builder, values: readonly Built[], at: number): readonly Built[] {
  const later = b.out.slice(at)
  if (!later.some(hasEffect)) return values
  const changes = { assigned: useOf(later).assigned, stores: mayStore(later) }
  const keeping: Statement[] = []
  const kept = values.map((value) => asItWas(value, changes, keeping))
  b.out.splice(at, 0, ...keeping)
  return kept
}

function hasEffect(statement: Statement): boolean {
  return statement.kind !== 'let' && statement.kind !== 'check' && statement.kind !== 'fail'
}

interface Changes {
  readonly assigned: ReadonlySet<Variable>
  /** Whether elements may change. */
  readonly stores: boolean
}

function asItWas(value: Built, changes: Changes, keeping: Statement[]): Built {
  switch (value.kind) {
    case 'compound':
      return { kind: 'compound', fields: value.fields.map((field) => asItWas(field, changes, keeping)) }
    case 'array': {
      if (!changes.assigned.has(value.variable)) return value
      const alias = aliasOf(value.variable, 0)
      keeping.push(alias)
      return { kind: 'array', variable: alias.variable }
    }
    case 'scalar': {
      const { expression } = value
      if (!isChanged(expression, changes)) return value
      const variable = newVariable('', expression.type, 0)
      keeping.push({ kind: 'let', variable, value: expression })
      return scalarBuilt(use(variable))
    }
    default:
      return value
  }
}

function isChanged(value: Expression, { assigned, stores }: Changes): boolean {
  const loads = stores && some(value, ({ kind }) => kind === 'load')
  return loads || [...readBy(value)].some((variable) => assigned.has(variable))
}

/** A new variable for the array that a variable stands for now. */
export function aliasOf(source: Variable, position: Position): Extract<Statement, { kind: 'alias' }> {
  const variable = newVariable('', source.type, position)
  return { kind: 'alias', variable, source, row: [], declares: true, position }
}
