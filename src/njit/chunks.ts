// A counted loop as chunks of a constant length, each of which is gone through in several ways.
// SPDX-License-Identifier: MIT

import type { Expression, ForLoop, Statement, Variable } from './ir.js'
import { arithmetic, constantOf, convert, math, newLabel, newVariable, use } from './typed.js'

const NOTHING_SPECIAL = { parallel: undefined, prange: false }

/** The chunk at hand. */
export class Chunk {
  /** Counts from 0 within the chunk. */
  readonly turn: Variable
  /** How many turns of the loop it has: the length, and fewer in the last one. */
  readonly count: Variable
  readonly #first: Variable

  constructor(
    readonly loop: ForLoop,
    readonly length: number,
  ) {
    const { position, variable } = loop
    this.turn = newVariable('', 'i32', position)
    this.count = newVariable('count', 'i32', position)
    this.#first = newVariable('first', variable.type, position)
  }

  /** Turns of the loop with another body: all of the chunk, or `stop` of them. */
  go(body: readonly Statement[], simd: ForLoop['simd'], stop: Expression = use(this.count)): ForLoop {
    const { variable, step, position } = this.loop
    const type = variable.type as 'i32' | 'i64'
    const along = arithmetic(type, '*', convert(use(this.turn), type), constantOf(type, step))
    const value = arithmetic(type, '+', use(this.#first), along)
    const counter = { variable: this.turn, start: constantOf('i32', 0), stop, step: 1, label: newLabel(), position }
    return { kind: 'for', ...counter, body: [{ kind: 'let', variable, value }, ...body], simd, ...NOTHING_SPECIAL }
  }

  /** The loop as chunks, each with these statements. */
  each(body: readonly Statement[]): Statement[] {
    const { start, stop, step, position, label, variable } = this.loop
    const turns = newVariable('turns', 'i64', position)
    const done = newVariable('done', 'i64', position)
    const left = arithmetic('i64', '-', use(turns), use(done))
    const along = arithmetic('i64', '*', use(done), constantOf('i64', step))
    const first = arithmetic('i64', '+', convert(start, 'i64'), along)
    const counter = {
      variable: done,
      start: constantOf('i64', 0),
      stop: use(turns),
      step: this.length,
      label,
      position,
    }
    return [
      declaration(turns, math('i64', 'turns', convert(start, 'i64'), convert(stop, 'i64'), constantOf('i64', step))),
      {
        ...{ kind: 'for', ...counter, ...NOTHING_SPECIAL },
        body: [
          declaration(this.count, convert(math('i64', 'min', constantOf('i64', this.length), left), 'i32')),
          declaration(this.#first, convert(first, variable.type as 'i32' | 'i64')),
          ...body,
        ],
      },
    ]
  }
}

export function declaration(variable: Variable, value: Expression): Statement {
  return { kind: 'let', variable, value }
}
