// Loops over arrays, ranges, and nests of ranges in the typed form.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { type Builder, NONE, scalarBuilt } from './build.js'
import { bind } from './build-assignments.js'
import { buildCut } from './build-cut.js'
import { arrayOf, loaded } from './build-elements.js'
import { build, scalarIn, valueAt } from './build-expressions.js'
import { type Counted, countedLoop, kept, wholeBound } from './build-loops.js'
import { aliasOf, inOrder } from './build-order.js'
import { chosen, keptTuple } from './build-tuples.js'
import { MAX_I32, MIN_I32, representation } from './interval.js'
import type { ArrayType, Expression, Scalar, Variable } from './ir.js'
import { type Level, levelsOf } from './nests.js'
import { rangeMessage } from './plain.js'
import { arithmetic, compare, constantOf, convert, elementType, extentOf, math, newVariable, use } from './typed.js'
import { anyField, type Compound, elementOf, type Value } from './value.js'

export function buildForOf(b: Builder, node: es.ForOfStatement, labels: readonly string[]): void {
  const range = b.notes.ranges.get(node.right)
  if (!range && !b.notes.values.has(node.right)) buildCut(b, node.right)
  else if (range) overNest(b, levelsOf(b, { node, range, labels }))
  else if (valueAt(b, node.right)?.kind === 'compound') overTuple(b, node, labels)
  else overArray(b, node, labels)
}

function overTuple(b: Builder, node: es.ForOfStatement, labels: readonly string[]): void {
  const list = keptTuple(b, build(b, node.right), node.start)
  const item = anyField(valueAt(b, node.right) as Compound) as Value
  const variable = newVariable('', 'i32', node.start)
  countedLoop(b, node, {
    ...{ variable, start: constantOf('i32', 0), stop: constantOf('i32', list.length), step: 1, labels },
    body: () => {
      bind(b, patternOf(node), chosen(list, use(variable), item), item)
      b.statement(node.body)
    },
  })
}

function patternOf(node: es.ForOfStatement): es.Pattern {
  return ((node.left as es.VariableDeclaration).declarations[0] as es.VariableDeclarator).id
}

function overArray(b: Builder, node: es.ForOfStatement, labels: readonly string[]): void {
  const source = arrayOf(b, node.right)
  const array = b.reassigned.has(source) ? standIn(b, source, node) : source
  const index = newVariable('', b.extentType, node.start)
  const { storage } = array.type as ArrayType
  const indices = [use(index)]
  const load: Expression = { kind: 'load', type: elementType(storage), array, indices, position: node.right.start }
  const element = { array, indices, load }
  countedLoop(b, node, {
    ...{
      variable: index,
      start: constantOf(b.extentType, 0),
      stop: convert(extentOf(array, 0), b.extentType),
      step: 1,
    },
    labels,
    body: () => {
      bind(b, patternOf(node), scalarBuilt(loaded(b, element, node.right.start)), elementOf(storage))
      b.statement(node.body)
    },
  })
}

function standIn(b: Builder, source: Variable, node: es.Node): Variable {
  const alias = aliasOf(source, node.start)
  b.emit(alias)
  return alias.variable
}

interface Counting extends Pick<Counted, 'variable' | 'start' | 'stop' | 'step' | 'by'> {
  /** Of the user's variable. */
  readonly value: Expression
}

/** How a range counts; with a step that varies it counts turns. */
function countingOf(b: Builder, { node, range }: Level): Counting {
  const { item } = range
  const given = inOrder(b, [range.start, range.stop, range.step], (part) => (part ? build(b, part) : NONE))
  const [start, stop, third] = given.map(scalarIn) as [Expression, Expression, Expression]
  const step = range.step ? third : constantOf('i32', 1)
  if (step.kind === 'constant') {
    const by = Number(step.value)
    const fits = item.hi + Math.max(by, 0) <= MAX_I32 && item.lo + Math.min(by, 0) >= MIN_I32
    const type: Scalar = fits && representation(item) === 'i32' ? 'i32' : 'i64'
    const pattern = patternOf(node)
    const variable = newVariable((pattern as es.Identifier).name ?? '', type, pattern.start)
    const first = kept(b, convert(start, type), node)
    const end = kept(b, wholeBound(b, range.stop, stop, by > 0, by > 0), node)
    return { variable, start: first, stop: end, step: by, value: use(variable) }
  }
  const by = use(b.let('', convert(step, 'i64'), node.start))
  const from = use(b.let('', convert(start, 'i64'), node.start))
  const failure = b.failure('ValueError', rangeMessage(range.prange ? 'prange' : 'range'))
  b.emit({ kind: 'fail', when: compare('==', by, constantOf('i64', 0)), failure, position: node.right.start })
  const turns = kept(b, math('i64', 'range_turns', from, convert(stop, 'f64'), by), node)
  const variable = newVariable('', 'i64', node.start)
  const value = convert(arithmetic('i64', '+', from, arithmetic('i64', '*', use(variable), by)), representation(item))
  return { variable, start: constantOf('i64', 0), stop: turns, step: 1, by, value }
}

/** The bounds of all loops, each where the one around it runs at all; then the loops, with nothing between them. */
function overNest(b: Builder, levels: readonly Level[], before: readonly Counting[] = []): void {
  const level = levels[before.length] as Level
  const counting = countingOf(b, level)
  const known = [...before, counting]
  if (known.length === levels.length) {
    loops(b, levels, known, 0)
    return
  }
  const { start, stop, step } = counting
  const yes = b.collect(() => overNest(b, levels, known))
  const condition = compare(step > 0 ? '<' : '>', start, stop)
  b.emit({ kind: 'if', condition, yes, no: [], position: level.node.start })
}

function loops(b: Builder, levels: readonly Level[], countings: readonly Counting[], at: number): void {
  const { prange, schedule } = (levels[0] as Level).range
  const { node, range, labels } = levels[at] as Level
  const turn = () => {
    for (const [i, { value }] of countings.entries()) {
      const level = levels[i] as Level
      bind(b, patternOf(level.node), scalarBuilt(value), level.range.item)
    }
    b.statement(node.body)
  }
  const collapse = levels.length - at
  const body = collapse > 1 ? () => loops(b, levels, countings, at + 1) : turn
  const single = range.item.lo >= range.item.hi
  countedLoop(b, node, { ...(countings[at] as Counting), labels, prange, single, schedule, collapse, body })
}
