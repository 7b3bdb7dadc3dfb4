// Names and what they stand for, as JavaScript resolves them.
// SPDX-License-Identifier: MIT

import type { Position, Variable } from './ir.js'
import type { LoopHead } from './loop-head.js'
import type { Value } from './value.js'

/** A variable of the user's text, in one expansion of the function that declares it. */
export class Local {
  /** All that was ever assigned to it. */
  value: Value | undefined
  /** Where it was assigned. */
  readonly assignments = new Set<unknown>()
  /** The value of a global that is no array or function. */
  literal: number | boolean | bigint | undefined
  /** What became of it in the typed form: one variable a field. */
  variables: readonly Variable[] | undefined
  /** Of the `for` that declares it with `let` in its head. */
  head: LoopHead | undefined
  /** The same number as an integer of 64 bits, for use as an index where a double might round it. */
  companion: Variable | undefined

  constructor(
    readonly name: string,
    readonly constant: boolean,
    readonly position: Position,
  ) {}
}

export class Scope {
  readonly #locals = new Map<string, Local>()
  readonly #library = new Set<string>()

  constructor(readonly parent: Scope | undefined) {}

  declare(name: string, constant: boolean, position: Position): Local {
    const local = new Local(name, constant, position)
    this.#locals.set(name, local)
    return local
  }

  has(name: string): boolean {
    return this.#locals.has(name)
  }

  /** Says that a name is that of numloom's own function. */
  declareLibrary(name: string): void {
    this.#library.add(name)
  }

  hasLibrary(name: string): boolean {
    return this.#library.has(name) || this.parent?.hasLibrary(name) === true
  }

  find(name: string): Local | undefined {
    return this.#locals.get(name) ?? this.parent?.find(name)
  }
}
