// What SIMD loops reduce, in C.
// SPDX-License-Identifier: MIT

import { combination } from './combinations.js'
import type { Names } from './emit-expressions.js'
import type { Expression, ForLoop, Reduction, ReductionOp, Statement, Variable } from './ir.js'
import { isUse, some } from './same.js'
import { eachStatement, expressionsOf } from './walk.js'

/** Reductions of doubles and of lanes of them, named in semantics.h. */
const OF_DOUBLES: Readonly<Record<string, string>> = { '+': 'nl_sum', min: 'nl_min', max: 'nl_max' }
const OF_LANES = { min: 'NL_LEAST_LANE', max: 'NL_MOST_LANE' }

/** A least or greatest double that is an `nl_lane` (see semantics.h) while a loop looks for it. */
export interface Lane {
  readonly op: 'min' | 'max'
  readonly name: string
}

type Assign = Extract<Statement, { kind: 'assign' }>

function combinationOf({ variable, value }: Assign) {
  const is = (e: Expression) => isUse(e, variable)
  return combination(value, { is, reads: (e) => some(e, is) })
}

/** What an assignment combines its variable with. */
export const combinedWith = (s: Assign): readonly Expression[] | undefined => combinationOf(s)?.parts

/** The least or greatest double that a loop looks for in a variable and does nothing else with, which has no order. */
export function extremeIn(body: readonly Statement[], variable: Variable): Reduction | undefined {
  const ops = new Set<ReductionOp | undefined>()
  eachStatement(body, (s) => {
    if (s.kind === 'assign' && s.variable === variable) ops.add(combinationOf(s)?.op)
  })
  const [op, ...others] = ops
  const isExtreme = (op === 'min' || op === 'max') && others.length === 0 && variable.type === 'f64'
  return isExtreme && onlyCombines(body, variable) ? { variable, op } : undefined
}

/** The variables that a loop may have in lanes: all that it does with them is to combine them. */
export function lanesOf(names: Names, { body, simd }: ForLoop): ReadonlyMap<Variable, Lane> {
  const lanes = new Map<Variable, Lane>()
  for (const { variable, op } of simd?.reductions ?? []) {
    if (variable.type !== 'f64' || (op !== 'min' && op !== 'max') || !onlyCombines(body, variable)) continue
    lanes.set(variable, { op, name: `${names.of(variable)}_lane` })
  }
  return lanes
}

function onlyCombines(body: readonly Statement[], variable: Variable): boolean {
  let combines = true
  eachStatement(body, (s) => {
    if (s.kind === 'assign' && s.variable === variable) combines &&= combinedWith(s) !== undefined
    else combines &&= !expressionsOf(s).some((e) => some(e, (part) => isUse(part, variable)))
  })
  return combines
}

/** Iterations may be run several at a time; what they add up is added in any order. */
export function pragma(names: Names, reductions: readonly Reduction[], lanes: ReadonlyMap<Variable, Lane>): string {
  if (reductions.length === 0) return 'NL_INDEPENDENT'
  const clauses = reductions.map(({ variable, op }) => {
    const lane = lanes.get(variable)
    if (lane) return ` reduction(${OF_LANES[lane.op]}:${lane.name})`
    return ` reduction(${variable.type === 'f64' ? (OF_DOUBLES[op] ?? op) : op}:${names.of(variable)})`
  })
  return `_Pragma("omp simd${clauses.join('')}")`
}
