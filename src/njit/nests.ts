// Which pranges `collapse` makes one loop of: each has nothing in it but the next, whose bounds stay the same.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import type { Builder } from './build.js'
import { isInvariant } from './build-invariant.js'
import type { RangeCall } from './builtins.js'
import { reject } from './diagnostic.js'

/** One loop of a nest. */
export interface Level {
  readonly node: es.ForOfStatement
  readonly range: RangeCall
  readonly labels: readonly string[]
}

/** The loops that are built as one: as many as `collapse` says. */
export function levelsOf(b: Builder, outermost: Level): readonly Level[] {
  const levels = [outermost]
  const { prange, collapse } = outermost.range
  while (prange && levels.length < collapse) {
    const inner = innerOf(b, (levels.at(-1) as Level).node.body, collapse)
    for (const bound of [inner.range.start, inner.range.stop, inner.range.step]) {
      if (bound && !isInvariant(b, bound, outermost.node)) {
        const fix = 'compute it before the outer loop, or leave collapse out where it depends on the iteration.'
        refuse(bound, collapse, 'this may differ from one iteration of the outer loop to the next', fix)
      }
    }
    if (inner.range.collapse > 1 || inner.range.schedule) {
      refuse(inner.node.right, collapse, 'this one has options of its own', 'give them to the outer loop alone.')
    }
    levels.push(inner)
  }
  return levels
}

const WHAT: Readonly<Record<string, string>> = {
  ...{ VariableDeclaration: 'a declaration', FunctionDeclaration: 'a function', IfStatement: 'a condition' },
  ...{ ForStatement: 'a serial loop', ForOfStatement: 'a serial loop', WhileStatement: 'a serial loop' },
  ...{ DoWhileStatement: 'a serial loop', ExpressionStatement: 'an assignment or a call' },
}

function refuse(node: es.Node, collapse: number, what: string, fix: string): never {
  const wanted = `'collapse: ${collapse}' makes one loop of ${collapse} pranges with nothing between them`
  reject('NL4004', node, `${wanted}, and ${what}.`, fix)
}

/** The loop that is all of a body. */
function innerOf(b: Builder, body: es.Statement, collapse: number): Level {
  const inner = prangeOf(b, body)
  if (inner) return inner
  const parts = body.type === 'BlockStatement' ? body.body.filter(({ type }) => type !== 'EmptyStatement') : [body]
  const [first, second] = parts
  if (first === undefined) return refuse(body, collapse, 'there is none in this one', 'leave collapse out.')
  if (second === undefined && first !== body) return innerOf(b, first, collapse)
  const between = second && prangeOf(b, first) ? second : first
  const what = prangeOf(b, between) ? 'one more prange' : (WHAT[between.type] ?? 'a statement')
  const change = what === 'a serial loop' ? 'make it a prange' : 'move it into the inner loop or before the outer one'
  return refuse(between, collapse, `here is ${what}`, `${change}, or leave collapse out.`)
}

function prangeOf(b: Builder, node: es.Statement, labels: readonly string[] = []): Level | undefined {
  if (node.type === 'LabeledStatement') return prangeOf(b, node.body, [...labels, node.label.name])
  const range = node.type === 'ForOfStatement' ? b.notes.ranges.get(node.right) : undefined
  return node.type === 'ForOfStatement' && range?.prange ? { node, range, labels } : undefined
}
