// The pass that makes pranges parallel: which loops run on the team, with which reductions, or why not.
// SPDX-License-Identifier: MIT

import { placeOf, problem } from './diagnostic.js'
import { type Access, independence, type Refusal, suspects } from './independence.js'
import type { ForLoop, FunctionIr, Position, ProgramIr, Statement, Variable } from './ir.js'
import type { Settings } from './options.js'
import { listsOf, nestOf } from './walk.js'

/** What became of a prange, for parallelDiagnostics(). */
export interface LoopReport {
  readonly position: Position
  readonly loop: ForLoop
  readonly parallel: boolean
  /** How many nested loops it is. */
  readonly collapsed: number
  /** Why it runs on one thread. */
  readonly reason: string | undefined
  readonly reductions: readonly { readonly name: string; readonly op: string }[]
  readonly privates: readonly string[]
  readonly shared: readonly string[]
  /** Pairs of arrays that are looked at when the loop is entered: where they overlap, it runs on one thread. */
  readonly distinct: readonly (readonly [string, string])[]
}

/**
 * Decides about all pranges of a program. Throws NjitError for one whose iterations depend on each other; with `race` they
 * are looked at when it runs.
 */
export function parallelize(
  program: ProgramIr,
  { parallel, schedule, race }: Pick<Settings, 'parallel' | 'schedule' | 'race'>,
): LoopReport[] {
  const loops: LoopReport[] = []
  const aloneBecause = race ? 'it is checked for races' : parallel ? undefined : 'njit was not given { parallel: true }'
  const visitLoop = (f: FunctionIr, nest: readonly ForLoop[], inside: boolean) => {
    const [loop, ...inner] = nest as [ForLoop, ...ForLoop[]]
    const alone = nest.every(({ single }) => single) ? 'it has at most one iteration' : aloneBecause
    const reason = inside ? 'it is inside of another prange' : alone
    for (const part of inner) part.parallel = undefined
    if (race && !inside) loop.watched = watchedIn(f, nest)
    if (reason !== undefined) {
      loop.parallel = undefined
      loops.push(serialReport(nest, reason))
      return
    }
    loops.push(decide(f, nest))
    if (loop.parallel) loop.parallel = { ...loop.parallel, schedule: loop.parallel.schedule ?? schedule }
  }
  const visit = (f: FunctionIr, list: readonly Statement[], inside: boolean) => {
    for (const statement of list) {
      const nest = statement.kind === 'for' && statement.prange ? nestOf(statement) : []
      if (nest.length > 0) visitLoop(f, nest, inside)
      for (const inner of listsOf(nest.at(-1) ?? statement)) visit(f, inner, inside || nest.length > 0)
    }
  }
  for (const f of [program.main, ...program.functions]) visit(f, f.body, false)
  return loops
}

function serialReport([loop, ...inner]: readonly ForLoop[], reason: string): LoopReport {
  const none = { loop: loop as ForLoop, reductions: [], privates: [], shared: [], distinct: [] }
  return { position: (loop as ForLoop).position, parallel: false, collapsed: 1 + inner.length, reason, ...none }
}

/**
 * Iterations of a nest are independent where those of each of its loops are: two of them differ in the outermost counter,
 * or agree in it and differ in one within.
 */
function decide(f: FunctionIr, nest: readonly ForLoop[]): LoopReport {
  const verdicts = nest.map((loop) => {
    const verdict = independence(loop, f.body)
    if (!verdict.independent) throw refusal(loop, verdict)
    return verdict
  })
  const [loop] = nest as [ForLoop]
  const [verdict] = verdicts as [(typeof verdicts)[number]]
  const reductions = uniqueBy(
    verdicts.flatMap((found) => found.reductions),
    ({ variable }) => variable,
  )
  const reduced = new Set(reductions.map(({ variable }) => variable))
  if (loop.parallel)
    Object.assign(loop.parallel, { reductions, distinct: verdict.distinct, again: verdicts.some(({ again }) => again) })
  const named = (variables: readonly Variable[]) => [...new Set(variables.map(({ name }) => name).filter(Boolean))]
  return {
    position: loop.position,
    loop,
    parallel: true,
    collapsed: nest.length,
    reason: undefined,
    reductions: reductions.map(({ variable, op }) => ({ name: variable.name, op })),
    privates: named(verdict.privates),
    shared: named(verdict.shared.filter((variable) => !reduced.has(variable))),
    distinct: verdict.distinct.map(([a, b]) => [a.name, b.name] as const),
  }
}

function uniqueBy<T, K>(list: readonly T[], key: (item: T) => K): T[] {
  return [...new Map(list.map((item) => [key(item), item])).values()]
}

function watchedIn(f: FunctionIr, nest: readonly ForLoop[]): readonly Variable[] {
  const watched = nest.flatMap((loop) => {
    const found = suspects(loop, f.body)
    if ('independent' in found) throw refusal(loop, found)
    return found
  })
  return [...new Set(watched)]
}

function refusal(loop: ForLoop, { reason, first, second, leaves, fixes = fixesOf(first) }: Refusal) {
  if (leaves) {
    const fix = 'let iterations that have nothing to do `continue`, or write range instead of prange.'
    return problem('NL4002', first.position, `this prange cannot run in parallel: ${reason}`, fix)
  }
  const access = ({ write, position }: typeof first) => `${write ? 'write' : 'read'} at line ${lineOf(position)}`
  const conflict =
    first.position === second.position ? `the ${access(first)}` : `the ${access(first)}, the ${access(second)}`
  const message = `the iterations of this prange cannot be shown to be independent: ${reason.slice(0, -1)} (${conflict}).`
  return problem('NL4002', first.position || loop.position, message, fixes, {
    conflict: [first, second].map(({ variable, write, position }) => ({
      variable: variable.name,
      write,
      line: lineOf(position),
    })),
  })
}

function fixesOf({ variable }: Access): string {
  const fixes = fixesFor(variable.name, kindOf(variable))
  return `${fixes} { race: 'check' } tells whether they conflict with your data.`
}

const kindOf = ({ type }: Variable) => (typeof type === 'object' ? 'array' : type === 'bool' ? 'flag' : 'number')

/** What helps where iterations conflict in a variable. */
export function fixesFor(name: string, kind: 'array' | 'flag' | 'number'): string {
  const v = name || 's'
  const forms = {
    array: `${v}[k] += ...`,
    flag: `${v} = ${v} && ...`,
    number: `${v} += ..., ${v} = Math.max(${v}, ...)`,
  }
  const reduction = `(1) a reduction: ${forms[kind]} and nothing else`
  return `${reduction}; (2) atomicAdd(array, index, value); (3) a serial loop: range instead of prange.`
}

function lineOf(position: Position): number {
  return placeOf(position).line
}
