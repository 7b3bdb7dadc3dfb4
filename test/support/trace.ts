// Runs loops in the typed form on small integers, and notes which elements each iteration of one reads and writes.
// SPDX-License-Identifier: MIT

import type { Expression, ForLoop, Statement } from '../../dist/njit/ir.js'
import { partsOf } from '../../dist/njit/walk.js'

export interface Touch {
  readonly iteration: number
  readonly element: string
  readonly write: boolean
}

type Numbers = Map<number, number>

class Trace {
  /** Elements that one iteration of the loop wrote and another one touched. */
  readonly conflicts: string[] = []
  #touches: Touch[] = []
  #iteration = 0

  constructor(
    private readonly watched: ForLoop,
    private readonly values: Numbers,
    private readonly extent: number,
    private readonly aliases = new Map<number, string>(),
  ) {}

  of(e: Expression): number {
    switch (e.kind) {
      case 'constant':
        return Number(e.value)
      case 'variable':
        return this.values.get(e.variable.id) ?? 0
      case 'extent':
        return this.extent
      case 'load':
        this.touch(e.array.id, e.indices, false)
        // Elements are arbitrary; these take few values, so that indices from them meet.
        return e.indices.reduce((sum, index) => sum + this.of(index), 0) & 1
      case 'select':
        return this.of(e.condition) ? this.of(e.yes) : this.of(e.no)
      case 'math':
        return Math[e.name as 'min'](...e.args.map((part) => this.of(part)))
      default: {
        const [a = 0, b = 0] = partsOf(e).map((part) => this.of(part))
        return this.#operation(e, a, b)
      }
    }
  }

  #operation(e: Expression, a: number, b: number): number {
    switch ('op' in e ? e.op : '') {
      case '+':
        return a + b
      case '-':
        return e.kind === 'unary' ? -a : a - b
      case '*':
        return a * b
      case '%':
        return a % b
      case '&':
        return a & b
      case '<':
        return Number(a < b)
      default:
        return a
    }
  }

  touch(id: number, indices: readonly Expression[], write: boolean): void {
    const place = this.aliases.get(id) ?? `${id}`
    const element = [place, ...indices.map((index) => this.of(index) + 0)].join()
    this.#touches.push({ iteration: this.#iteration, element, write })
  }

  block(body: readonly Statement[]): void {
    for (const s of body) this.statement(s)
  }

  statement(s: Statement): void {
    if (s.kind === 'let') this.values.set(s.variable.id, s.value ? this.of(s.value) : 0)
    else if (s.kind === 'assign') this.values.set(s.variable.id, this.of(s.value))
    else if (s.kind === 'if') this.block(this.of(s.condition) ? s.yes : s.no)
    else if (s.kind === 'for') this.#loop(s)
    else if (s.kind === 'alias') {
      const place = this.aliases.get(s.source.id) ?? `${s.source.id}`
      this.aliases.set(s.variable.id, [place, ...s.row.map((index) => this.of(index) + 0)].join())
    } else if (s.kind === 'store') {
      this.of(s.value)
      this.touch(s.array.id, s.indices, true)
    }
  }

  #loop(s: ForLoop): void {
    if (s === this.watched) {
      this.#touches = []
      // Names that arrays have outside of the loop are arrays of their own to it, which it checks for overlap.
      this.aliases.clear()
    }
    // A step of 0 is an error before the loop.
    if (s.by && this.of(s.by) === 0) return
    const [start, stop] = [this.of(s.start), this.of(s.stop)]
    for (let value = start; s.step > 0 ? value < stop : value > stop; value += s.step) {
      if (s === this.watched) this.#iteration = value
      this.values.set(s.variable.id, value)
      this.block(s.body)
    }
    if (s === this.watched) this.conflicts.push(...conflictsAmong(this.#touches))
  }
}

function conflictsAmong(touches: readonly Touch[]): string[] {
  const writers = new Map<string, number>()
  const isOthers = ({ element, iteration }: Touch) => (writers.get(element) ?? iteration) !== iteration
  const found = touches.filter((touch) => {
    if (!touch.write) return false
    if (!writers.has(touch.element)) writers.set(touch.element, touch.iteration)
    return isOthers(touch)
  })
  return [...found, ...touches.filter(isOthers)].map(({ element }) => element)
}

/** An element that one iteration of a loop writes and another one touches, when a nest runs that the loop is in. */
export function conflictIn(loop: ForLoop, values: Numbers, extent: number, nest = loop): string | undefined {
  const trace = new Trace(loop, new Map(values), extent)
  trace.statement(nest)
  return trace.conflicts[0]
}
