// The iterations of a region from `first` to `last` as loops: those of a nest are counted as if it was one loop.
// SPDX-License-Identifier: MIT

import type { Emitter } from './emit.js'
import type { Accumulators } from './hoist.js'
import type { Expression, ForLoop, Scalar, Statement, Variable } from './ir.js'
import { arithmetic, constantOf, convert, math, newLabel, newVariable, use } from './typed.js'
import { mayFail } from './walk.js'

/** Their lines, and whether they may fail: then those that take long begin with the line `stop`. */
export function iterations(
  emitter: Emitter,
  nest: readonly ForLoop[],
  reduced: Accumulators,
  stop: string,
): { readonly lines: readonly string[]; readonly fails: boolean } {
  let fails = false
  const lines = emitter.collect(() => {
    const list = prepared(emitter, nest, reduced)
    fails = mayFail(list)
    emitter.stops = { label: (nest.at(-1) as ForLoop).label, line: stop }
    emitter.statements(list)
    emitter.stops = undefined
  })
  return { lines, fails }
}

function prepared(emitter: Emitter, nest: readonly ForLoop[], reduced: Accumulators): Statement[] {
  const declare = (name: string, text: string) => {
    const variable = newVariable(name, 'i64', (nest[0] as ForLoop).position)
    emitter.declare(variable, text)
    return variable
  }
  const levels = nest.map((loop, i) => {
    const inside = nest.slice(i + 1).map((_, k) => `context->count[${i + 1 + k}]`)
    return {
      loop,
      start: use(declare('start', `context->start[${i}]`)),
      inside: use(declare('inside', inside.join(' * ') || '1')),
    }
  })
  const list = part(levels, use(declare('from', 'first')), use(declare('to', 'last')))
  return emitter.prepared(list, reduced)
}

interface Level {
  readonly loop: ForLoop
  readonly start: Expression
  /** How many iterations of the nest one of this loop is. */
  readonly inside: Expression
}

const plus = (a: Expression, b: Expression) => arithmetic('i64', '+', a, b)
const minus = (a: Expression, b: Expression) => arithmetic('i64', '-', a, b)
const times = (a: Expression, b: Expression) => arithmetic('i64', '*', a, b)
const over = (a: Expression, b: Expression) => arithmetic('i64', '/', a, b)

/** Loops over iterations of a nest by their numbers. */
function part([level, ...inner]: readonly Level[], first: Expression, last: Expression): Statement[] {
  const { loop, start, inside } = level as Level
  const { variable, position } = loop
  const type = variable.type as Scalar
  const list: Statement[] = []
  const define = (name: string, of: Scalar, value: Expression): Variable => {
    const defined = newVariable(name, of, position)
    list.push({ kind: 'let', variable: defined, value: convert(value, of) })
    return defined
  }
  const at = (turn: Expression) => plus(start, times(turn, constantOf('i64', loop.step)))
  if (inner.length === 0) {
    const [from, to] = [use(define('from', type, at(first))), use(define('to', type, at(last)))]
    return [...list, { ...loop, start: from, stop: to, parallel: undefined }]
  }
  const one = constantOf('i64', 1)
  const row = newVariable('row', 'i64', position)
  const from = use(define('from', 'i64', over(first, inside)))
  const to = use(define('to', 'i64', over(minus(plus(last, inside), one), inside)))
  const before = times(use(row), inside)
  const body: Statement[] = [
    { kind: 'let', variable, value: convert(at(use(row)), type) },
    ...part(
      inner,
      math('i64', 'max', minus(first, before), constantOf('i64', 0)),
      math('i64', 'min', minus(last, before), inside),
    ),
  ]
  const rows: ForLoop = {
    ...{ kind: 'for', variable: row, start: from, stop: to, step: 1, body, label: newLabel(), position },
    ...{ parallel: undefined, prange: false },
  }
  return [...list, rows]
}
