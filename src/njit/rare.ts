// The pass that goes quickly over the turns of a loop that do nothing.
//
// A loop that only does something where a condition holds, and cannot become SIMD because what it does has an order, asks
// for the condition of a chunk of turns first, which can. Where none of them does anything, nothing has changed for the
// next one either: so this holds also for conditions that depend on what the loop has found so far.
// SPDX-License-Identifier: MIT

import { Chunk, declaration } from './chunks.js'
import type { Expression, ForLoop, Statement } from './ir.js'
import { some as has } from './same.js'
import { arithmetic, compare, constantOf, either, math, newVariable, use } from './typed.js'
import { expressionsOf, useOf } from './walk.js'

/** Long enough to be worth a loop of SIMD, and short enough for few to be gone through in vain. */
const LENGTH = 32

type Let = Extract<Statement, { kind: 'let' }>
type If = Extract<Statement, { kind: 'if' }>

/** Functions that are computed in SIMD or cost next to nothing. */
const CHEAP = new Set(['abs', 'sqrt', 'min', 'max', 'floor', 'ceil', 'trunc'])

const isCheap = (e: Expression) =>
  !has(e, (part) => (part.kind === 'math' && !CHEAP.has(part.name)) || part.kind === 'disjoint')

/** What comes before the branch, and the branch; undefined where a loop does more, or too little to be worth it. */
function parts({ body }: ForLoop): { lets: Let[]; branch: If } | undefined {
  const branch = body.at(-1)
  const lets = body.slice(0, -1).filter((s): s is Let => s.kind === 'let')
  if (branch?.kind !== 'if' || branch.no.length > 0 || lets.length + 1 < body.length) return undefined
  const { assigned } = useOf(body)
  const values = [branch, ...lets].flatMap(expressionsOf)
  const fixed = lets.every(({ variable, value }) => value !== undefined && !assigned.has(variable))
  const loads = values.some((value) => has(value, ({ kind }) => kind === 'load'))
  return fixed && loads && values.every(isCheap) ? { lets, branch } : undefined
}

/** The loop in chunks; undefined where it is not of this kind. Nothing in it is checked, leaves it or calls. */
export function skipping(loop: ForLoop): Statement[] | undefined {
  const found = parts(loop)
  if (found === undefined) return undefined
  const { lets, branch } = found
  const { position } = loop
  const chunk = new Chunk(loop, LENGTH)
  const met = newVariable('met', 'i64', position)
  const [none, some] = [constantOf('i64', 0), constantOf('i64', 1)]
  const oneWhere = (condition: Expression): Expression => ({
    kind: 'select',
    type: 'i64',
    condition,
    yes: some,
    no: none,
  })
  const when = (condition: Expression, body: Statement): Statement => ({
    ...{ kind: 'if', condition, yes: [body], no: [], position },
  })
  const value = arithmetic('i64', '|', use(met), oneWhere(branch.condition))
  const look: Statement = { kind: 'assign', variable: met, value, position }
  // A number of turns that the compiler knows: a partial chunk is gone through anyway.
  const whole = constantOf('i32', LENGTH)
  const left = either(math('bool', 'goes_through'), compare('<', use(chunk.count), whole))
  return chunk.each([
    declaration(met, oneWhere(left)),
    when(compare('==', use(met), none), chunk.go([...lets, look], { reductions: [] }, whole)),
    when(compare('!=', use(met), none), chunk.go(loop.body, undefined)),
  ])
}
