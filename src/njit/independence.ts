// Whether the iterations of a prange are independent: no order of them, nor running them at the same time, changes what
// they compute. Only what is proven counts. Scalars may be reductions, elements must be proven to be an iteration's own.
// SPDX-License-Identifier: MIT

import {
  type Access,
  type ArrayAccess,
  arrayAccesses,
  distinctPairs,
  firstConflict,
  writtenArrays,
} from './accesses.js'
import { Space } from './affine.js'
import { Body } from './body.js'
import type { Expression, ForLoop, Position, Reduction, ReductionOp, Statement, Variable } from './ir.js'
import { followersOf, type Uses, usesOfArray, usesOfScalar } from './reductions.js'
import { isVariable, placeOf } from './same.js'
import { eachStatement, expressionsOf, nestOf, partsOf } from './walk.js'

export type { Access } from './accesses.js'

export type Verdict =
  | {
      readonly independent: true
      readonly reductions: readonly Reduction[]
      /** What each iteration has for itself. */
      readonly privates: readonly Variable[]
      /** What is outside and no reduction: scalars that are read, and arrays. */
      readonly shared: readonly Variable[]
      /** Pairs of arrays that must not overlap in memory for this to hold; checked when the loop is entered. */
      readonly distinct: readonly (readonly [Variable, Variable])[]
      /** Whether an error may be one that the iterations in order do not have. */
      readonly again: boolean
    }
  | {
      readonly independent: false
      /** One sentence. */
      readonly reason: string
      readonly first: Access
      readonly second: Access
      /** Whether the loop is left early. */
      readonly leaves?: boolean
      /** What helps, where it is not what helps for most. */
      readonly fixes?: string
    }

export type Refusal = Extract<Verdict, { independent: false }>

/** `around`, the statements of the function that the loop is in, tells what constants are and the bounds of outer counters. */
export function independence(loop: ForLoop, around: readonly Statement[] = []): Verdict {
  const body = new Body(loop, around)
  const used = usedOutside(body)
  const left = leaving(loop)
  if (left !== undefined) return left
  const reductions = used.flatMap((variable) => followingReductions(body, variable))
  const following = new Set(reductions.map(({ variable }) => variable.id))
  for (const variable of used) {
    if (!body.isAssigned(variable) || following.has(variable.id)) continue
    const found = typeof variable.type === 'object' ? replacedArray(body, variable) : scalarReduction(body, variable)
    if ('independent' in found) return found
    reductions.push(found)
  }
  const space = new Space(body)
  const accesses = arrayAccesses(body, space)
  for (const array of writtenArrays(accesses).values()) {
    const conflict = firstConflict(array, accesses, loop.step, space)
    if (conflict === undefined) continue
    const reduction = arrayReduction(body, array)
    if (reduction === undefined) return arrayRefusal(array, conflict)
    reductions.push(reduction)
  }
  const reduced = new Set(reductions.map(({ variable }) => variable.id))
  const failing = reductions.find(({ fails }) => fails)
  const changed = accesses.find((access) => !reduced.has(access.variable.id) && !isRepeatable(access, accesses))
  if (failing && changed) return failsBeside(body, failing.variable, changed)
  return {
    independent: true,
    again: changed === undefined && reductions.some(({ fails, overflow }) => fails || overflow),
    reductions,
    privates: [...body.declared.values()],
    shared: used.filter(({ id }) => !reduced.has(id)),
    distinct: distinctPairs(accesses),
  }
}

/**
 * The outside variables and arrays in which iterations may conflict: all that the body changes but for reductions. A loop
 * that is left early, or lets arrays stand for others, is refused whatever its data.
 */
export function suspects(loop: ForLoop, around: readonly Statement[]): readonly Variable[] | Refusal {
  const body = new Body(loop, around)
  const used = usedOutside(body)
  const replaced = used.find((variable) => typeof variable.type === 'object' && body.isAssigned(variable))
  const refusal = leaving(loop) ?? (replaced && replacedArray(body, replaced))
  if (refusal !== undefined) return refusal
  const following = new Set(
    used.flatMap((variable) => followingReductions(body, variable)).map(({ variable }) => variable),
  )
  return used.filter((variable) => {
    if (typeof variable.type === 'object')
      return body.isStored(variable) && arrayReduction(body, variable) === undefined
    return body.isAssigned(variable) && !following.has(variable) && 'independent' in scalarReduction(body, variable)
  })
}

/** The outside variables that the body names, in the order of its text. */
function usedOutside(body: Body): readonly Variable[] {
  const found = new Map<number, Variable>()
  const see = (variable: Variable) => {
    if (body.isOutside(variable)) found.set(variable.id, variable)
  }
  const seeIn = (e: Expression): void => {
    if (e.kind === 'variable') see(e.variable)
    if (e.kind === 'load' || e.kind === 'extent') see(e.array)
    if (e.kind === 'disjoint') [e.left, e.right].forEach(see)
    partsOf(e).forEach(seeIn)
  }
  eachStatement(body.loop.body, (s) => {
    expressionsOf(s).forEach(seeIn)
    if (s.kind === 'assign' || s.kind === 'alias') see(s.variable)
    if (s.kind === 'alias') see(s.source)
    if (s.kind === 'store' || s.kind === 'check') see(s.array)
    if (s.kind === 'call') for (const variable of [...s.args.filter(isVariable), ...s.results]) see(variable)
  })
  return [...found.values()]
}

/** What would end the loop, or leave for something around it. */
function leaving(loop: ForLoop): Refusal | undefined {
  const within = new Set<number>()
  let around = loop.position
  let found: Refusal | undefined
  const refuse = (what: string) => {
    const at = { variable: loop.variable, write: false, position: around }
    const reason = `${what} would end the loop while other iterations run.`
    found ??= { independent: false, reason, first: at, second: at, leaves: true }
  }
  eachStatement(loop.body, (s) => {
    around = placeOf(s, around)
    if (s.kind === 'return') refuse('a return')
    else if (s.kind === 'break' && !within.has(s.label.id)) refuse('a break')
    else if (s.kind === 'continue' && !within.has(s.label.id) && s.label.id !== loop.label.id) {
      refuse('a continue of an outer loop')
    } else if (s.kind === 'for' || s.kind === 'loop' || s.kind === 'block') within.add(s.label.id)
  })
  return found
}

/** Of what is set along with a variable that is reduced. */
function followingReductions(body: Body, variable: Variable): readonly Reduction[] {
  if (typeof variable.type === 'object') return []
  const uses = usesOfScalar(body, variable)
  return (followersOf(body, uses) ?? []).map((follower) => ({
    variable: follower,
    op: uses.updates[0]?.op as ReductionOp,
    along: variable,
  }))
}

function scalarReduction(body: Body, variable: Variable): Reduction | Refusal {
  const uses: Uses = usesOfScalar(body, variable)
  const { updates, others } = uses
  const [update] = updates
  const write = others.find((use) => use.write)
  if (write !== undefined) {
    if (nestOf(body.loop).at(-1)?.lasts?.includes(variable)) return { variable, op: 'last' }
    const read = others.find((use) => !use.write) ?? write
    const reason =
      read === write
        ? `Different iterations assign ${called(variable)}, and which one comes last decides its value.`
        : `Some iterations assign ${called(variable)} and read what others assigned to it, and this is no reduction.`
    return { independent: false, reason, first: write, second: read }
  }
  const change = (position: Position): Access => ({ variable, write: true, position })
  const at = change(update?.position ?? body.loop.position)
  const [read] = others
  if (followersOf(body, uses) === undefined) {
    const reason = `Some iterations that replace ${called(variable)} set others with it, which are also used elsewhere.`
    return { independent: false, reason, first: at, second: at }
  }
  if (update === undefined || read !== undefined) {
    const reason = `Some iterations read ${called(variable)} while others change it.`
    return { independent: false, reason, first: at, second: read ?? at }
  }
  const other = updates.find(({ op }) => op !== update.op)
  if (other === undefined) return reductionOf(variable, updates)
  const reason = `Different iterations change ${called(variable)} by different operations, so their order matters.`
  return { independent: false, reason, first: at, second: change(other.position) }
}

function replacedArray(body: Body, variable: Variable): Refusal {
  let position = body.loop.position
  eachStatement(body.loop.body, (s) => {
    if (s.kind === 'alias' && s.variable.id === variable.id) position = s.position
    if (s.kind === 'call' && s.results.some(({ id }) => id === variable.id)) position = s.position
  })
  const at = { variable, write: true, position }
  const reason = `Some iterations let ${called(variable)} stand for another array, which others go on with.`
  return { independent: false, reason, first: at, second: at }
}

function reductionOf(variable: Variable, updates: Uses['updates']): Reduction {
  const fails = updates.some((update) => update.fails)
  const overflow = updates.find((update) => update.overflow)?.overflow
  return { variable, op: updates[0]?.op as ReductionOp, ...(fails && { fails }), ...(overflow && { overflow }) }
}

function arrayReduction(body: Body, variable: Variable): Reduction | undefined {
  const { updates, others } = usesOfArray(body, variable)
  const [update] = updates
  const alike = others.length === 0 && updates.every(({ op, along }) => op === update?.op && along.length === 0)
  return update && alike ? reductionOf(variable, updates) : undefined
}

/** Whether a loop may do this once more, and has the same elements after it: it does not read what it stores. */
function isRepeatable({ write, atomic, variable }: ArrayAccess, accesses: readonly ArrayAccess[]): boolean {
  return !write || (!atomic && !accesses.some((other) => !other.write && other.variable.id === variable.id))
}

/** Iterations that changed something cannot run once more, to see whether they fail in order. */
function failsBeside(body: Body, variable: Variable, changed: ArrayAccess): Refusal {
  const { updates } = (typeof variable.type === 'object' ? usesOfArray : usesOfScalar)(body, variable)
  const position = updates.find(({ fails }) => fails)?.position ?? body.loop.position
  const [name, array] = [called(variable), called(changed.variable)]
  const how = changed.atomic ? `they add to ${array}` : `they change ${array}, which they read`
  const apart = changed.atomic ? 'a reduction instead of atomicAdd' : 'store into another array than they read'
  return {
    independent: false,
    reason: `What fails where ${name} is set depends on the order of iterations, and they cannot run once more in order, as ${how}.`,
    first: { variable, write: true, position },
    second: accessOf(changed),
    fixes: `(1) read what is needed to set ${name} into constants before; (2) ${apart}; (3) a serial loop: range instead of prange.`,
  }
}

function arrayRefusal(array: Variable, [a, b]: readonly [ArrayAccess, ArrayAccess]): Refusal {
  const reason = b.write
    ? `Different iterations may write the same element of ${called(array)}.`
    : `Some iterations may read elements of ${called(array)} that others write.`
  return { independent: false, reason, first: accessOf(a), second: accessOf(b) }
}

const accessOf = ({ variable, write, position }: Access): Access => ({ variable, write, position })

const called = ({ name, type }: Variable) =>
  name === '' ? (typeof type === 'object' ? 'an array' : 'a variable') : `'${name}'`
