// The pass that takes checks of indices out of loops, and tells the C compiler which loops it may make SIMD.
//
// A nest of counted loops gets two versions: one without the checks whose indices stay in bounds, and with stores that
// nobody else reads, where that can be said before it begins; and the one as it is, for all other cases. Nothing is thrown
// earlier than it would be.
// SPDX-License-Identifier: MIT

import { inBlocks } from './blocks.js'
import { vectorizable } from './dependence.js'
import type { Expression, ForLoop, Reduction, ReductionOp, Statement, Variable } from './ir.js'
import { extremeIn } from './lanes.js'
import { Ranges } from './ranges.js'
import { skipping } from './rare.js'
import { keyOf } from './same.js'
import { simplified } from './simplify.js'
import { both, compare, constantOf, TRUE } from './typed.js'
import { type Pass, verifyStatements } from './verify.js'
import { eachExpression, eachStatement, expressionsOf, listsOf, someStatement, useOf } from './walk.js'

/** Sums of a region, which may be added up in any order. */
export type Accumulators = ReadonlyMap<Variable, Reduction>

/** Reductions that C has for the lanes of a loop. */
export const IN_LANES: ReadonlySet<ReductionOp> = new Set<ReductionOp>(['+', '*', 'min', 'max'])

/** Arrays of a nest whose overlap is looked at. */
const MOST_APART = 8

/** Statements with their loops in versions. Checks that a version goes without are added to `removed`. */
export function hoist(
  list: readonly Statement[],
  accumulators: Accumulators,
  around: readonly Statement[],
  removed: Set<Statement>,
): Statement[] {
  const inner = (statements: readonly Statement[]) => hoist(statements, accumulators, around, removed)
  return list.flatMap((statement) => {
    if (statement.kind === 'for' && statement.parallel) return [statement]
    if (statement.kind !== 'for' || hasRegion(statement)) return [withLists(statement, inner)]
    const findings = find(statement, accumulators, around)
    for (const check of findings.removed) removed.add(check)
    return versions(statement, findings, inner)
  })
}

/** Without any check, for { boundsCheck: false }. */
export function withoutChecks(list: readonly Statement[]): Statement[] {
  return list.filter(({ kind }) => kind !== 'check').map((statement) => withLists(statement, withoutChecks))
}

function withLists(s: Statement, map: (list: readonly Statement[]) => Statement[]): Statement {
  if (s.kind === 'if') return { ...s, yes: map(s.yes), no: map(s.no) }
  return 'body' in s ? { ...s, body: map(s.body) } : s
}

const hasRegion = (loop: ForLoop): boolean =>
  someStatement(loop.body, (s) => s.kind === 'for' && s.parallel !== undefined)

/** A loop whose iterations do not depend on each other through memory. */
interface Independent {
  readonly conditions: readonly Expression[]
  /** What it adds up in any order; undefined where it carries along what has an order. */
  readonly reductions: readonly Reduction[] | undefined
}

/** What is found out of a nest. */
interface Findings {
  readonly removed: Set<Statement>
  readonly simd: Map<ForLoop, Independent>
  /** Arrays that share memory with none of the others under the condition. */
  apart: readonly Variable[]
  condition: Expression
}

function versions(loop: ForLoop, findings: Findings, inner: (list: readonly Statement[]) => Statement[]): Statement[] {
  if (findings.removed.size === 0 && findings.simd.size === 0) return [{ ...loop, body: inner(loop.body) }]
  const copy = fast(loop, findings)
  const done = remaining(copy.body) ? [{ ...copy, body: inner(copy.body) }] : inChunks(copy, findings.simd.has(loop))
  const rest: Statement[] = findings.apart.length > 0 ? [{ kind: 'apart', arrays: findings.apart, body: done }] : done
  if (findings.condition === TRUE) return rest
  const slow = { ...loop, body: inner(loop.body) }
  const { condition } = findings
  return [{ kind: 'if', condition, yes: rest, no: [slow], likely: true, position: loop.position }]
}

/**
 * An innermost loop without checks in chunks: with functions of Math by the library's kernels, where its iterations are
 * independent; or passing over those that do nothing.
 */
function inChunks(loop: ForLoop, independent: boolean): Statement[] {
  if (!independent) return [loop]
  const blocks = inBlocks(loop)
  if (blocks) return verified('blocks', blocks)
  const rare = loop.simd === undefined ? skipping(loop) : undefined
  return rare ? verified('rare', rare) : [loop]
}

/** Such loops are left at their end alone: what the function returns does not matter. */
function verified(pass: Pass, list: Statement[]): Statement[] {
  verifyStatements(pass, [], list)
  return list
}

const remaining = (list: readonly Statement[]): boolean => someStatement(list, ({ kind }) => kind === 'check')

function fast(loop: ForLoop, findings: Findings): ForLoop {
  const map = (list: readonly Statement[]): Statement[] => {
    const left = list.filter((s) => !findings.removed.has(s))
    return simplified(
      left.flatMap((s) => (s.kind === 'for' ? inChunks(fast(s, findings), findings.simd.has(s)) : [withLists(s, map)])),
    )
  }
  const reductions = findings.simd.get(loop)?.reductions
  return { ...loop, body: map(loop.body), simd: reductions && { reductions } }
}

function find(loop: ForLoop, accumulators: Accumulators, around: readonly Statement[]): Findings {
  const ranges = new Ranges(loop)
  const { assigned } = useOf(loop.body)
  const findings: Findings = { removed: new Set(), simd: new Map(), apart: [], condition: TRUE }
  const conditions: Expression[] = []
  const visit = (list: readonly Statement[]) => {
    for (const s of list) {
      if (s.kind === 'for') ranges.enter(s)
      ranges.see(s, assigned)
      const bounds = s.kind === 'check' ? inBounds(ranges, s) : undefined
      if (bounds) {
        conditions.push(...bounds)
        findings.removed.add(s)
      }
      for (const inner of listsOf(s)) visit(inner)
    }
  }
  visit(loop.body)
  const loops: ForLoop[] = [loop]
  eachStatement(loop.body, (s) => s.kind === 'for' && loops.push(s))
  for (const candidate of loops) {
    const apart = isInnermost(candidate, findings.removed) && simd(candidate, ranges, accumulators, around)
    if (!apart) continue
    conditions.push(...apart.conditions)
    findings.simd.set(candidate, apart)
  }
  const apart = arraysApart(loop, ranges)
  findings.apart = apart.arrays
  conditions.push(...apart.conditions)
  const seen = new Set<string>()
  for (const condition of [...ranges.conditions, ...conditions]) {
    const key = keyOf(condition)
    if (!seen.has(key)) findings.condition = both(findings.condition, condition)
    seen.add(key)
  }
  return findings
}

/** The arrays of a nest, where it stores into some: C keeps elements of the others in registers if none overlap. */
function arraysApart(loop: ForLoop, ranges: Ranges): { arrays: Variable[]; conditions: Expression[] } {
  const none = { arrays: [], conditions: [] }
  const stored = new Set<Variable>()
  const arrays = new Set<Variable>()
  let known = true
  const see = (array: Variable, into: Set<Variable>) => {
    const root = ranges.root(array)?.root
    if (root === undefined) known = false
    else into.add(root)
  }
  eachStatement([loop], (s) => {
    if (s.kind === 'call' || s.kind === 'allocate' || (s.kind === 'alias' && !s.declares)) known = false
    if (s.kind === 'store') see(s.array, stored)
    for (const e of expressionsOf(s)) eachExpression(e, (part) => part.kind === 'load' && see(part.array, arrays))
  })
  for (const array of stored) arrays.add(array)
  if (!known || stored.size === 0 || arrays.size < 2 || arrays.size > MOST_APART) return none
  const list = [...arrays]
  const conditions = list.flatMap((left, i) =>
    list.slice(i + 1).flatMap((right): Expression[] => {
      return stored.has(left) || stored.has(right) ? [{ kind: 'disjoint', type: 'bool', left, right }] : []
    }),
  )
  return { arrays: list, conditions }
}

type Check = Extract<Statement, { kind: 'check' }>

/** The conditions under which an index is never out of bounds; undefined where it cannot be said before the loops. */
function inBounds(ranges: Ranges, { array, axis, index, range: [lo, hi] }: Check): Expression[] | undefined {
  const extent = ranges.extent(array, axis)
  const found = index.type === 'f64' ? undefined : ranges.of(index)
  const top = found?.hi ?? (Number.isFinite(hi) ? constantOf('f64', hi) : undefined)
  if (extent === undefined || top === undefined || (lo < 0 && !found) || index.type === 'f64') return undefined
  const below = compare('<', top, extent)
  return lo >= 0 || found === undefined ? [below] : [compare('>=', found.lo, constantOf('f64', 0)), below]
}

function isInnermost(loop: ForLoop, removed: ReadonlySet<Statement>): boolean {
  let innermost = true
  eachStatement(loop.body, (s) => {
    const stays = s.kind === 'check' && !removed.has(s)
    if (stays || ['for', 'loop', 'call', 'fail', 'allocate', 'return', 'break', 'continue', 'block'].includes(s.kind))
      innermost = false
    if (s.kind === 'store' && s.atomic) innermost = false
  })
  return innermost
}

/** Whether iterations may be run several at a time, under conditions that are known before the nest. */
function simd(
  loop: ForLoop,
  ranges: Ranges,
  accumulators: Accumulators,
  around: readonly Statement[],
): Independent | undefined {
  const { declared, assigned } = useOf(loop.body)
  const carried = [...assigned].filter((variable) => !declared.has(variable))
  const stores = loop.body.some((s) => s.kind === 'store' || s.kind === 'if')
  const { safe, distinct } = vectorizable(loop, around)
  if (!safe || (!stores && carried.length === 0)) return undefined
  const conditions: Expression[] = []
  for (const [left, right] of distinct) {
    const [a, b] = [ranges.root(left)?.root, ranges.root(right)?.root]
    if (!a || !b || a === b) return undefined
    conditions.push({ kind: 'disjoint', type: 'bool', left: a, right: b })
  }
  return { conditions, reductions: inAnyOrder(loop, carried, accumulators) }
}

function inAnyOrder(
  { body }: ForLoop,
  carried: readonly Variable[],
  accumulators: Accumulators,
): Reduction[] | undefined {
  const found = carried.flatMap((variable) => accumulators.get(variable) ?? extremeIn(body, variable) ?? [])
  const known = found.every(({ variable, op }) => typeof variable.type === 'string' && IN_LANES.has(op))
  return known && found.length === carried.length ? found : undefined
}
