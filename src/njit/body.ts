// What the body of a loop does to variables: which it declares and assigns, and which arrays stand for which.
// SPDX-License-Identifier: MIT

import type { Expression, ForLoop, Label, Statement, Variable } from './ir.js'
import { arrayArguments, bare, isRandom, some, storedArguments } from './same.js'
import { eachStatement, listsOf, mapped, mayStore, useOf } from './walk.js'

/** An array outside the loop that a variable stands for: as a whole, a row of it, or (undefined) some part of it. */
export interface Root {
  readonly array: Variable
  readonly row: readonly Expression[] | undefined
}

type Definition = Extract<Statement, { kind: 'let' | 'assign' | 'alias' | 'allocate' | 'call' | 'for' }>
type Definitions = ReadonlyMap<number, readonly Definition[]>

function definitionsIn(body: readonly Statement[]): Definitions {
  const found = new Map<number, Definition[]>()
  const add = ({ id }: Variable, definition: Definition) => {
    found.set(id, [...(found.get(id) ?? []), definition])
  }
  eachStatement(body, (s) => {
    if (s.kind === 'assign' || s.kind === 'alias' || declares(s)) add(s.variable, s)
    if (s.kind === 'call') for (const result of s.results) add(result, s)
  })
  return found
}

function declares(s: Statement): s is Extract<Statement, { kind: 'let' | 'alias' | 'allocate' | 'for' }> {
  return s.kind === 'let' || s.kind === 'for' || s.kind === 'allocate' || (s.kind === 'alias' && s.declares)
}

/** Whether an expression may have different values at different moments, as its variables have by `changes`. */
function varies(e: Expression, changes: (variable: Variable) => boolean): boolean {
  return some(e, (part) => {
    if (part.kind === 'variable') return changes(part.variable)
    if (part.kind === 'extent') return changes(part.array)
    return part.kind === 'load' || part.kind === 'disjoint' || isRandom(part)
  })
}

/** The counted loops that the one with a label is in, the outermost first. */
function loopsAround({ id }: Label, list: readonly Statement[]): readonly ForLoop[] | undefined {
  for (const s of list) {
    if (s.kind === 'for' && s.label.id === id) return []
    for (const inner of listsOf(s)) {
      const found = loopsAround({ id }, inner)
      if (found !== undefined) return s.kind === 'for' ? [s, ...found] : found
    }
  }
  return undefined
}

export class Body {
  readonly declared = new Map<number, Variable>()
  readonly #definitions: Definitions
  readonly #around: Definitions
  /** Outside arrays that the body stores into. */
  readonly #stored = new Set<number>()

  /** `around` are the statements of the function that the loop is in. */
  constructor(
    readonly loop: ForLoop,
    private readonly around: readonly Statement[],
  ) {
    this.#definitions = definitionsIn([loop])
    this.#around = definitionsIn(around)
    eachStatement(loop.body, (s) => {
      if (declares(s)) this.declared.set(s.variable.id, s.variable)
    })
    eachStatement(loop.body, (s) => this.#seeStores(s))
  }

  #seeStores(s: Statement): void {
    const written = s.kind === 'store' ? [s.array] : s.kind === 'call' ? storedArguments(s) : []
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

  /** What a variable always is; undefined where it may change, or has its value from elsewhere. */
  valueOf(variable: Variable): Expression | undefined {
    const only = this.isOutside(variable) ? this.#outer(variable) : this.definition(variable)
    return only?.kind === 'let' ? only.value : undefined
  }

  /** The array or row that an array variable always is. */
  aliasOf(variable: Variable): Extract<Statement, { kind: 'alias' }> | undefined {
    const only = this.isOutside(variable) ? this.#outer(variable) : this.definition(variable)
    return only?.kind === 'alias' && only.declares ? only : undefined
  }

  /** The definition of a variable around the loop, where it means the same within. */
  #outer(variable: Variable): Definition | undefined {
    const [only, ...others] = this.#around.get(variable.id) ?? []
    if (others.length > 0 || this.isAssigned(variable)) return undefined
    if (only?.kind === 'alias') return this.#isConstant(only.source) ? only : undefined
    const value = only?.kind === 'let' ? only.value : undefined
    return value === undefined || varies(value, (part) => !this.#isConstant(part)) ? undefined : only
  }

  /** Whether a variable has one value as long as it is in scope. */
  #isConstant(variable: Variable): boolean {
    const list = this.#around.get(variable.id) ?? []
    const [only] = list
    return (
      only === undefined || (list.length === 1 && declares(only) && (only.kind !== 'let' || only.value !== undefined))
    )
  }

  /** Loops around this one, the outermost first, whose bounds are within what they were when they began. */
  outerLoops(): readonly ForLoop[] {
    // A pass may have copied the loop since `around` was built; its label is still the same.
    const outer = loopsAround(this.loop.label, this.around) ?? []
    return outer.filter((loop) => {
      const changed = definitionsIn([loop])
      const kept = [loop.start, loop.stop].every((e) => !varies(e, ({ id }) => changed.has(id)))
      return kept && this.#isConstant(loop.variable)
    })
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

  /** Whether the body changes what a variable is, or which array it stands for, while it is in scope. */
  #changes(variable: Variable): boolean {
    return this.isAssigned(variable) && this.definition(variable) === undefined
  }

  /** Whether nothing that the body does changes an expression's value, while the variables in it are in scope. */
  isFixed(e: Expression): boolean {
    return !some(e, (part) => {
      if (part.kind === 'variable') return this.#changes(part.variable)
      if (part.kind === 'extent') return this.#changes(part.array)
      if (part.kind === 'load') return !this.#isOutsideAlways(part.array) || this.isStored(part.array)
      return isRandom(part)
    })
  }

  /** Whether an expression has the same value before and after some statements of the body. */
  staysThrough(e: Expression, between: readonly Statement[]): boolean {
    const { assigned } = useOf(between)
    const stores = mayStore(between)
    return !some(e, (part) => {
      if (part.kind === 'variable') return assigned.has(part.variable)
      if (part.kind === 'extent') return assigned.has(part.array)
      if (part.kind === 'load') return assigned.has(part.array) || (stores && !this.isFixed(part))
      return isRandom(part)
    })
  }

  /** An expression with the values of variables that stand for fixed ones. */
  expand(e: Expression): Expression {
    const inner = bare(e)
    if (inner.kind !== 'variable') return inner
    const only = this.definition(inner.variable)
    return only?.kind === 'let' && only.value !== undefined && this.isFixed(only.value)
      ? this.expand(only.value)
      : inner
  }

  /** The same in all its parts. */
  expanded(e: Expression): Expression {
    return mapped(e, (part) => {
      const value = part.kind === 'variable' ? this.expand(part) : part
      return value === part || value === bare(part) ? part : this.expanded(value)
    })
  }

  /** Whether an expression has the same value wherever and whenever the body evaluates it. */
  isInvariant(e: Expression): boolean {
    return !some(e, (part) => {
      if (part.kind === 'variable') return !this.isOutside(part.variable) || this.isAssigned(part.variable)
      if (part.kind === 'load') return !this.#isOutsideAlways(part.array) || this.isStored(part.array)
      if (part.kind === 'extent') return !this.#isOutsideAlways(part.array)
      return part.kind === 'disjoint' || isRandom(part)
    })
  }

  /** Whether an array variable is from outside, and stands for the same array in all of the body. */
  #isOutsideAlways(array: Variable): boolean {
    return this.isOutside(array) && !this.isAssigned(array)
  }
}
