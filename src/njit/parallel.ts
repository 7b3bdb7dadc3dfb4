// The pass that makes pranges parallel: which loops run on the team, with which reductions, or why not.
// SPDX-License-Identifier: MIT

import { placeOf, problem } from './diagnostic.js'
import { independence, type Refusal, suspects } from './independence.js'
import type { ForLoop, FunctionIr, Position, ProgramIr, Statement, Variable } from './ir.js'
import type { Settings } from './options.js'
import { listsOf } from './walk.js'

type Pair = readonly [Variable, Variable]

/** What became of a prange, for parallelDiagnostics(). */
export interface LoopReport {
  readonly position: Position
  readonly parallel: boolean
  /** Why it runs on one thread. */
  readonly reason: string | undefined
  readonly reductions: readonly { readonly name: string; readonly op: string }[]
  readonly privates: readonly string[]
  readonly shared: readonly string[]
  /** Pairs of arrays that are looked at when the loop is entered: where they overlap, it runs on one thread. */
  readonly distinct: readonly (readonly [string, string])[]
}

/** Arrays that must be apart for a loop to be run in parallel. */
export type Distinct = Map<ForLoop, readonly Pair[]>

/**
 * Decides about all pranges of a program. Throws NjitError for one whose iterations depend on each other; with `race` they
 * are looked at when it runs.
 */
export function parallelize(
  program: ProgramIr,
  { parallel, schedule, race }: Pick<Settings, 'parallel' | 'schedule' | 'race'>,
): { loops: LoopReport[]; distinct: Distinct } {
  const loops: LoopReport[] = []
  const distinct: Distinct = new Map()
  const aloneBecause = race ? 'it is checked for races' : parallel ? undefined : 'njit was not given { parallel: true }'
  const visitLoop = (f: FunctionIr, loop: ForLoop, inside: boolean) => {
    const alone = loop.single ? 'it has at most one iteration' : aloneBecause
    const reason = inside ? 'it is inside of another prange' : alone
    if (race && !inside) loop.watched = watchedIn(f, loop)
    if (reason !== undefined) {
      loop.parallel = undefined
      loops.push(serialReport(loop, reason))
      return
    }
    loops.push(decide(f, loop, distinct))
    if (loop.parallel) loop.parallel = { ...loop.parallel, schedule: loop.parallel.schedule ?? schedule }
  }
  const visit = (f: FunctionIr, list: readonly Statement[], inside: boolean) => {
    for (const statement of list) {
      const found = statement.kind === 'for' && statement.prange
      if (found) visitLoop(f, statement, inside)
      for (const inner of listsOf(statement)) visit(f, inner, inside || found)
    }
  }
  for (const f of [program.main, ...program.functions]) visit(f, f.body, false)
  return { loops, distinct }
}

function serialReport({ position }: ForLoop, reason: string): LoopReport {
  return { position, parallel: false, reason, reductions: [], privates: [], shared: [], distinct: [] }
}

function decide(f: FunctionIr, loop: ForLoop, distinct: Distinct): LoopReport {
  const verdict = independence(loop, f.body)
  if (!verdict.independent) throw refusal(loop, verdict)
  if (loop.parallel) loop.parallel.reductions = verdict.reductions
  distinct.set(loop, verdict.distinct)
  const named = (variables: readonly Variable[]) => [...new Set(variables.map(({ name }) => name).filter(Boolean))]
  return {
    position: loop.position,
    parallel: true,
    reason: undefined,
    reductions: verdict.reductions.map(({ variable, op }) => ({ name: variable.name, op })),
    privates: named(verdict.privates),
    shared: named(verdict.shared),
    distinct: verdict.distinct.map(([a, b]) => [a.name, b.name] as const),
  }
}

function watchedIn(f: FunctionIr, loop: ForLoop): readonly Variable[] {
  const found = suspects(loop, f.body)
  if ('independent' in found) throw refusal(loop, found)
  return found
}

function refusal(loop: ForLoop, { reason, first, second }: Refusal) {
  const { name } = first.variable
  const access = ({ write, position }: typeof first) => `${write ? 'write' : 'read'} at line ${lineOf(position)}`
  const conflict =
    first.position === second.position ? `the ${access(first)}` : `the ${access(first)}, the ${access(second)}`
  const message = `the iterations of this prange cannot be shown to be independent: ${reason} (${conflict}).`
  return problem('NL4002', first.position || loop.position, message, fixesFor(name), {
    conflict: [first, second].map(({ variable, write, position }) => ({
      variable: variable.name,
      write,
      line: lineOf(position),
    })),
  })
}

/** What helps where iterations conflict in a variable. */
export function fixesFor(name: string): string {
  const reduction = `(1) a reduction: ${name || 's'} += ... and nothing else`
  return `${reduction}; (2) atomicAdd(array, index, value); (3) a serial loop: range instead of prange.`
}

function lineOf(position: Position): number {
  return placeOf(position).line
}
