// Reductions: variables and elements that every iteration combines a value into, by one operation whose order does not
// matter, and that nothing else of the body looks at.
// SPDX-License-Identifier: MIT

import type { Access } from './accesses.js'
import type { Body } from './body.js'
import { isExact, isModular, storageOf } from './combinations.js'
import type { Expression, Position, Statement, Variable } from './ir.js'
import { arrayArguments, bare, placeOf, same, some } from './same.js'
import { type Form, formAt, type Subject } from './updates.js'
import { expressionsOf, listsOf, useOf } from './walk.js'

interface Update extends Pick<Form, 'op' | 'along' | 'fails' | 'overflow'> {
  readonly position: Position
}

export interface Uses {
  readonly updates: Update[]
  /** Other writes and reads. */
  readonly others: Access[]
}

class Search {
  readonly uses: Uses = { updates: [], others: [] }

  constructor(private readonly subject: Subject) {}

  block(body: readonly Statement[], around: Position): void {
    const seen = new Set<Statement>()
    for (const [at, s] of body.entries()) {
      if (seen.has(s)) continue
      const form = formAt(body, at, this.subject)
      for (const more of form?.more ?? []) seen.add(more)
      if (form === undefined) this.#other(s, placeOf(s, around))
      else this.uses.updates.push({ ...form, position: placeOf(form.at, around) })
    }
  }

  #other(s: Statement, position: Position): void {
    const { subject, uses } = this
    const { variable } = subject
    if (subject.cellOf(s) !== undefined || subject.uses(s)) uses.others.push({ variable, write: true, position })
    for (const e of expressionsOf(s)) {
      if (some(e, subject.reads))
        uses.others.push({ variable, write: false, position: readPosition(e, subject, position) })
    }
    for (const inner of listsOf(s)) this.block(inner, position)
  }
}

function usesOf({ loop }: Body, subject: Subject): Uses {
  const search = new Search(subject)
  search.block(loop.body, loop.position)
  return search.uses
}

function readPosition(e: Expression, subject: Subject, around: Position): Position {
  let position = around
  some(e, (part) => {
    if (part.kind !== 'load' || !subject.reads(part)) return false
    position = part.position
    return true
  })
  return position
}

/**
 * The variables that are set along with one, by each of its updates; undefined where one of them is used otherwise, too.
 * Of equals `<=` takes the last, and only whole numbers have a value to spare that says there was none.
 */
export function followersOf(body: Body, { updates }: Uses): readonly Variable[] | undefined {
  const beside = new Set(updates.flatMap(({ along }) => along))
  const whole = updates.some(({ op }) => op.endsWith('='))
  const follows = (variable: Variable) => {
    const own = usesOfScalar(body, variable)
    // An iteration's own says nothing of the order, unless it is read.
    if (!body.isOutside(variable)) return own.updates.length === 0 && own.others.every((use) => use.write)
    const always = updates.every(({ along }) => along.filter(({ id }) => id === variable.id).length === 1)
    const only =
      own.updates.length === 0 && own.others.length === updates.length && own.others.every((use) => use.write)
    return always && only && (!whole || variable.type === 'i32' || variable.type === 'i64')
  }
  return [...beside].every(follows) ? [...beside].filter((variable) => body.isOutside(variable)) : undefined
}

export function usesOfScalar(body: Body, variable: Variable): Uses {
  const is = (e: Expression) => e.kind === 'variable' && e.variable.id === variable.id
  const cell = { is, reads: is }
  return usesOf(body, {
    variable,
    reads: is,
    cellOf: (s) => (s.kind === 'assign' && s.variable.id === variable.id ? cell : undefined),
    uses: (s) => s.kind === 'call' && s.results.some(({ id }) => id === variable.id),
    isCopy: (s) => s.value !== undefined && is(bare(s.value)) && body.definition(s.variable) === s,
    isPlaceOf: (write) => write.kind === 'assign' && write.variable.id === variable.id,
    allows: ({ op, parts, cut }) => !cut || (variable.type === 'i32' && isModular(op, parts)),
  })
}

/** Of an array outside the loop, also by names that the body has for it or its rows. */
export function usesOfArray(body: Body, root: Variable): Uses {
  const isRoot = (variable: Variable) => body.roots(variable).some(({ array }) => array.id === root.id)
  const reads = (e: Expression) => e.kind === 'load' && isRoot(e.array)
  // An index is computed once for each access.
  const isSame = (a: Expression, b: Expression) => same(a, b) || same(body.expanded(a), body.expanded(b))
  return usesOf(body, {
    variable: root,
    reads,
    cellOf: (s) => {
      if (s.kind !== 'store' || !isRoot(s.array)) return undefined
      const is = (e: Expression) =>
        !s.atomic &&
        e.kind === 'load' &&
        e.array.id === s.array.id &&
        e.indices.every((index, axis) => isSame(index, s.indices[axis] as Expression))
      return { is, reads }
    },
    uses: (s) => s.kind === 'call' && arrayArguments(s).some(isRoot),
    isCopy: (s) => s.value !== undefined && reads(bare(s.value)) && body.definition(s.variable) === s,
    isPlaceOf: (write, read, between, before) => {
      const from = bare(read)
      if (write.kind !== 'store' || write.atomic || from.kind !== 'load' || from.array.id !== write.array.id)
        return false
      if (useOf(between).assigned.has(write.array)) return false
      if (![...from.indices, ...write.indices].every((index) => body.staysThrough(index, between))) return false
      // One that is computed before the copy, for the write.
      const kept = (e: Expression) => {
        const only = e.kind === 'variable' ? body.definition(e.variable) : undefined
        if (only?.kind !== 'let' || !only.value || !before.includes(only)) return e
        const since = [...before.slice(before.indexOf(only)), ...between]
        return body.staysThrough(only.value, since) ? only.value : e
      }
      return from.indices.every((index, axis) => {
        const other = bare(write.indices[axis] as Expression)
        return isSame(index, other) || isSame(index, kept(other))
      })
    },
    allows: ({ op, parts, cut }) => isExact(op, parts, cut, storageOf(root)),
  })
}
