// What the body of a loop does to variables: which it declares and assigns, and which arrays stand for which.
// SPDX-License-Identifier: MIT

import type { Expression, ForLoop, Statement, Variable } from './ir.js'
import { arrayArguments, eachStatement, isRandom, some } from './visit.js'

/** An array outside the loop that a variable stands for: as a whole, a row of it, or (undefined) some part of it. */
export interface Root {
  readonly array: Variable
  readonly row: readonly Expression[] | undefined
}

type Definition = Extract<Statement, { kind: 'let' | 'assign' | 'alias' | 'allocate' | 'call' | 'for' }>

export class Names {
  readonly declared = new Map<number, Variable>()
  readonly #definitions = new Map<number, Definition[]>()
  /** Outside arrays that the body stores into. */
  readonly #stored = new Set<number>()

  constructor(readonly loop: ForLoop) {
    this.#define(loop.variable, loop)
    eachStatement(loop.body, (s) => this.#see(s))
    eachStatement(loop.body, (s) => this.#seeStores(s))
  }

  #define(variable: Variable, definition: Definition): void {
    const list = this.#definitions.get(variable.id)
    if (list === undefined) this.#definitions.set(variable.id, [definition])
    else list.push(definition)
  }

  #see(s: Statement): void {
    switch (s.kind) {
      case 'assign':
        this.#define(s.variable, s)
        break
      case 'let':
      case 'for':
      case 'allocate':
        this.declared.set(s.variable.id, s.variable)
        this.#define(s.variable, s)
        break
      case 'alias':
        if (s.declares) this.declared.set(s.variable.id, s.variable)
        this.#define(s.variable, s)
        break
      case 'call':
        for (const result of s.results) this.#define(result, s)
        break
      default:
    }
  }

  #seeStores(s: Statement): void {
    const written = s.kind === 'store' ? [s.array] : s.kind === 'call' ? arrayArguments(s) : []
    for (const variable of written) for (const { array } of this.roots(variable)) this.#stored.add(array.id)
  }

  isOutside(variable: Variable): boolean {
    return variable.id !== this.loop.variable.id && !this.declared.has(variable.id)
  }

  isAssigned(variable: Variable): boolean {
    return this.#definitions.has(variable.id)
  }

  isStored(array: Variable): boolean {
    return this.#stored.has(array.id)
  }

  /** The only statement that gives a variable of the body its value. */
  definition(variable: Variable): Definition | undefined {
    const list = this.#definitions.get(variable.id)
    return list?.length === 1 && !this.isOutside(variable) ? list[0] : undefined
  }

  /** The outside arrays that an array variable may stand for; none for one that the body allocates. */
  roots(variable: Variable, seen: ReadonlySet<number> = new Set()): readonly Root[] {
    if (this.isOutside(variable)) return [{ array: variable, row: [] }]
    if (seen.has(variable.id)) return []
    const within = new Set([...seen, variable.id])
    const only = this.definition(variable)
    if (only?.kind === 'alias' && only.declares) {
      return this.roots(only.source, within).map(({ array, row }) => ({ array, row: row && [...row, ...only.row] }))
    }
    const sources = (this.#definitions.get(variable.id) ?? []).flatMap((definition) => {
      if (definition.kind === 'alias') return [definition.source]
      return definition.kind === 'call' ? arrayArguments(definition) : []
    })
    return sources.flatMap((source) => this.roots(source, within)).map(({ array }) => ({ array, row: undefined }))
  }

  /** Whether an expression has the same value wherever and whenever the body evaluates it. */
  isInvariant(e: Expression): boolean {
    return !some(e, (part) => {
      if (part.kind === 'variable') return !this.isOutside(part.variable) || this.isAssigned(part.variable)
      if (part.kind === 'load') return !this.isOutside(part.array) || this.isStored(part.array)
      if (part.kind === 'extent') return !this.isOutside(part.array)
      return isRandom(part)
    })
  }
}
