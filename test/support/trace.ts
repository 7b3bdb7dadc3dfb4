// Runs a loop in the typed form on small integers, and notes which elements each iteration reads and writes.
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
  readonly touches: Touch[] = []
  iteration = 0

  constructor(
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
    this.touches.push({ iteration: this.iteration, element, write })
  }

  block(body: readonly Statement[]): void {
    for (const s of body) this.statement(s)
  }

  statement(s: Statement): void {
    if (s.kind === 'let') this.values.set(s.variable.id, s.value ? this.of(s.value) : 0)
    else if (s.kind === 'assign') this.values.set(s.variable.id, this.of(s.value))
    else if (s.kind === 'if') this.block(this.of(s.condition) ? s.yes : s.no)
    else if (s.kind === 'for') this.loop(s, () => {})
    else if (s.kind === 'alias') {
      const place = this.aliases.get(s.source.id) ?? `${s.source.id}`
      this.aliases.set(s.variable.id, [place, ...s.row.map((index) => this.of(index) + 0)].join())
    } else if (s.kind === 'store') {
      this.of(s.value)
      this.touch(s.array.id, s.indices, true)
    }
  }

  loop(s: ForLoop, begin: (value: number) => void): void {
    const [start, stop] = [this.of(s.start), this.of(s.stop)]
    for (let value = start; s.step > 0 ? value < stop : value > stop; value += s.step) {
      begin(value)
      this.values.set(s.variable.id, value)
      this.block(s.body)
    }
  }
}

/** An element that one iteration writes and another one touches. */
export function conflictIn(loop: ForLoop, values: Numbers, extent: number): string | undefined {
  const trace = new Trace(new Map(values), extent)
  trace.loop(loop, (value) => {
    trace.iteration = value
  })
  const writers = new Map<string, number>()
  for (const { element, write, iteration } of trace.touches) {
    if (!write) continue
    if ((writers.get(element) ?? iteration) !== iteration) return element
    writers.set(element, iteration)
  }
  return trace.touches.find(({ element, iteration }) => (writers.get(element) ?? iteration) !== iteration)?.element
}
