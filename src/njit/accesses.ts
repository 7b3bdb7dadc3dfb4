// Where the body of a loop reads and writes elements of arrays outside it, and which of these may meet in different
// iterations.
// SPDX-License-Identifier: MIT

import type { Space } from './affine.js'
import type { Body } from './body.js'
import { neverMeet, Prover } from './disjoint.js'
import type { Expression, Position, Statement, Variable } from './ir.js'
import type { Polynomial } from './polynomial.js'
import { arrayArguments, storedArguments } from './same.js'
import { expressionsOf, listsOf, partsOf } from './walk.js'

/** A read or write of a variable or an element, in the user's text. */
export interface Access {
  readonly variable: Variable
  readonly write: boolean
  readonly position: Position
}

export interface ArrayAccess extends Access {
  /** One an axis where it is known; undefined: any element. */
  readonly indices: readonly (Polynomial | undefined)[] | undefined
  readonly atomic: boolean
  /** Polynomials that are at least 0 where this runs. */
  readonly facts: readonly Polynomial[]
}

type Write = 'read' | 'write' | 'atomic'

class Collector {
  readonly found: ArrayAccess[] = []
  #facts: readonly Polynomial[]
  readonly #provers = new Map<readonly Polynomial[], Prover>()

  constructor(
    private readonly body: Body,
    private readonly space: Space,
  ) {
    this.#facts = space.facts
  }

  block(body: readonly Statement[]): void {
    for (const s of body) this.#statement(s)
  }

  #statement(s: Statement): void {
    for (const e of expressionsOf(s)) this.#loads(e)
    if (s.kind === 'store') this.#add(s.array, s.indices, s.position, s.atomic ? 'atomic' : 'write')
    if (s.kind === 'call') {
      for (const array of arrayArguments(s)) this.#add(array, undefined, s.position, 'read')
      for (const array of storedArguments(s)) this.#add(array, undefined, s.position, 'write')
    }
    const around = this.#facts
    if (s.kind === 'for') this.#facts = [...around, ...this.space.enter(s)]
    for (const block of listsOf(s)) this.block(block)
    this.#facts = around
  }

  #isNonnegative(p: Polynomial): boolean {
    const prover = this.#provers.get(this.#facts) ?? new Prover(this.space, this.#facts)
    this.#provers.set(this.#facts, prover)
    return prover.isNonnegative(p)
  }

  #loads(e: Expression): void {
    if (e.kind === 'load') this.#add(e.array, e.indices, e.position, 'read')
    for (const part of partsOf(e)) this.#loads(part)
  }

  #add(array: Variable, at: readonly Expression[] | undefined, position: Position, how: Write): void {
    for (const root of this.body.roots(array)) {
      const place = at && root.row && [...root.row, ...at]
      this.found.push({
        variable: root.array,
        write: how !== 'read',
        atomic: how === 'atomic',
        position,
        indices: place?.map((e) => this.space.index(e, (p) => this.#isNonnegative(p))),
        facts: this.#facts,
      })
    }
  }
}

export function arrayAccesses(body: Body, space: Space): readonly ArrayAccess[] {
  const collector = new Collector(body, space)
  collector.block(body.loop.body)
  return collector.found
}

/** The outside arrays that are written to. */
export function writtenArrays(accesses: readonly ArrayAccess[]): Map<number, Variable> {
  return new Map(accesses.filter(({ write }) => write).map(({ variable }) => [variable.id, variable]))
}

/** Pairs of arrays, the first of them written to, that must not share memory for the proofs to hold. */
export function distinctPairs(accesses: readonly ArrayAccess[]): [Variable, Variable][] {
  const written = writtenArrays(accesses)
  const read = new Map(accesses.map(({ variable }) => [variable.id, variable]))
  for (const id of written.keys()) read.delete(id)
  const all = [...written.values(), ...read.values()]
  return [...written.values()].flatMap((a, i) => all.slice(i + 1).map((b): [Variable, Variable] => [a, b]))
}

/** Two accesses of one array that are not proven to keep apart in different iterations. */
export function firstConflict(
  array: Variable,
  accesses: readonly ArrayAccess[],
  step: number,
  space: Space,
): [ArrayAccess, ArrayAccess] | undefined {
  const all = accesses.filter(({ variable }) => variable.id === array.id)
  const own = [...all.filter(({ write }) => write), ...all.filter(({ write }) => !write)]
  const provers = new Map<string, readonly Prover[]>()
  const numbers = new Map<readonly Polynomial[], number>()
  const proversFor = (a: ArrayAccess, b: ArrayAccess) => {
    const key = [a, b].map(({ facts }) => numbers.get(facts) ?? numbers.set(facts, numbers.size).size - 1).join()
    const facts = [...new Set([...a.facts, ...b.facts])]
    const found = provers.get(key) ?? space.cases.map((more) => new Prover(space, [...facts, ...more]))
    provers.set(key, found)
    return found
  }
  for (const [i, a] of own.entries()) {
    for (const b of own.slice(i)) {
      if ((!a.write && !b.write) || (a.atomic && b.atomic)) continue
      if (!proversFor(a, b).every((prover) => apart(a, b, step, space, prover))) return [a, b]
    }
  }
  return undefined
}

function apart(a: ArrayAccess, b: ArrayAccess, step: number, space: Space, prover: Prover): boolean {
  if (a.indices === undefined || b.indices === undefined) return false
  return a.indices.some((f, axis) => {
    const g = b.indices?.[axis]
    return f !== undefined && g !== undefined && neverMeet(f, g, step, space, prover)
  })
}
