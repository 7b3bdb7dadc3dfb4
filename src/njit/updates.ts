// The forms in which statements combine something into a variable or an element. Those of several statements are what one
// of JavaScript becomes: `v += f()`, `v = v && x[i] > 0`, `v = x[i] > v ? x[i] : v`, `if (m[i] && x[i] < v) v = x[i]`.
// SPDX-License-Identifier: MIT

import { type Cell, type Combined, chosen, combination, replacement, uncut } from './combinations.js'
import type { Expression, Failed, Position, ReductionOp, Statement, Variable } from './ir.js'
import { bare, isUse, same, some } from './same.js'
import { eachStatement, expressionsOf, useOf } from './walk.js'

type Let = Extract<Statement, { kind: 'let' }>
type If = Extract<Statement, { kind: 'if' }>
export type Write = Extract<Statement, { kind: 'assign' | 'store' }>

/** What is looked for: a scalar, or an array outside the loop. */
export interface Subject {
  readonly variable: Variable
  /** The cell that a statement writes to; undefined where it does not write to the subject. */
  readonly cellOf: (s: Statement) => Cell | undefined
  readonly reads: (e: Expression) => boolean
  /** Whether a statement uses the subject other than by its expressions or a cell. */
  readonly uses: (s: Statement) => boolean
  /** Whether a new variable is a copy of a cell that nobody changes. */
  readonly isCopy: (s: Let) => boolean
  /** Whether a write is to the cell that was read for a copy, with some statements between, and others before. */
  readonly isPlaceOf: (
    write: Write,
    read: Expression,
    between: readonly Statement[],
    before: readonly Statement[],
  ) => boolean
  readonly allows: (combined: Combined) => boolean
}

/** What fails where a sum does not fit. */
export interface Overflow {
  readonly failure: Failed
  readonly position: Position
}

export interface Form {
  readonly op: ReductionOp
  /** Where it writes. */
  readonly at: Statement
  /** What belongs to it behind its first statement. */
  readonly more: readonly Statement[]
  /** What else is set where a comparison replaces the value. */
  readonly along: readonly Variable[]
  /** Whether something of it may fail that would not be reached as often in order. */
  readonly fails: boolean
  readonly overflow?: Overflow | undefined
}

const plain = (op: ReductionOp, at: Statement, more: readonly Statement[] = []): Form => ({
  ...{ op, at, more, along: [], fails: false },
})

/** What a block has from a statement on. */
export function formAt(block: readonly Statement[], at: number, subject: Subject): Form | undefined {
  const s = block[at] as Statement
  if (s.kind === 'if') return replacing(s, s.condition, justBefore(block, at), subject)
  if (s.kind === 'let') {
    return (
      byCopy(block, at, s, subject) ??
      byKept(block, at, s, subject) ??
      byFlag(block, at, s, subject) ??
      byChoice(block, at, s, subject) ??
      behindGuard(block, at, s, subject)
    )
  }
  const op = isWrite(s) ? byWrite(s, subject.cellOf(s), subject) : undefined
  return op && plain(op, s)
}

const isWrite = (s: Statement | undefined): s is Write => s?.kind === 'assign' || s?.kind === 'store'

function byWrite(s: Write, cell: Cell | undefined, subject: Subject): ReductionOp | undefined {
  if (cell === undefined || (s.kind === 'store' && s.indices.some((e) => some(e, cell.reads)))) return undefined
  const whole = bare(s.value)
  const cut = whole.kind === 'convert' && whole.how === 'wrap' && !cell.is(bare(whole.operand))
  const { op, parts } = combination(cut ? whole.operand : whole, cell) ?? {}
  return op !== undefined && parts !== undefined && subject.allows({ op, parts, cut }) ? op : undefined
}

/** `let t = v; ...; v = t + e`, where nothing between looks at either, but whether a bigint overflows. */
function byCopy(block: readonly Statement[], at: number, copy: Let, subject: Subject): Form | undefined {
  if (copy.value === undefined || !subject.isCopy(copy)) return undefined
  const isCopied = (e: Expression) => isUse(e, copy.variable)
  const reads = (e: Expression) => isCopied(e) || subject.reads(e)
  const rest = block.slice(at + 1)
  const look = rest.find((s) => touches(s, reads, subject))
  const overflow = look?.kind === 'fail' && isOverflow(look.when, isCopied) ? look : undefined
  const end = rest.findIndex((s) => s !== overflow && touches(s, reads, subject))
  const write = rest[end]
  if (!isWrite(write) || rest.slice(end + 1).some((s) => touches(s, isCopied))) return undefined
  if (!subject.isPlaceOf(write, copy.value, rest.slice(0, end), block.slice(0, at))) return undefined
  const op = byWrite(write, { is: isCopied, reads }, subject)
  return op && { ...plain(op, write, overflow ? [overflow, write] : [write]), overflow }
}

function isOverflow(e: Expression, isCopied: (e: Expression) => boolean): boolean {
  return (
    e.kind === 'math' && e.name.endsWith('_overflows') && e.args.filter((part) => some(part, isCopied)).length === 1
  )
}

/** `let t = v + e; fail unless t is an int32; v = t`, for elements that must be. */
function byKept(block: readonly Statement[], at: number, kept: Let, subject: Subject): Form | undefined {
  const [look, write] = block.slice(at + 1, at + 3)
  if (kept.value === undefined || look?.kind !== 'fail' || write?.kind !== 'store') return undefined
  const isKept = (e: Expression) => isUse(bare(uncut(bare(e))), kept.variable)
  if (look.when.kind !== 'compare' || !isKept(look.when.left) || !isKept(look.when.right)) return undefined
  if (!isKept(write.value) || isUsed(block, at + 3, kept.variable)) return undefined
  const op = byWrite({ ...write, value: kept.value }, subject.cellOf(write), subject)
  return op && { ...plain(op, write, [look, write]), overflow: op === '+' ? look : undefined }
}

/** `let t = v; if (t) t = e; v = t`, which is `v = v && e`, with more of these between; `||` by `if (!t)`. */
function byFlag(block: readonly Statement[], at: number, first: Let, subject: Subject): Form | undefined {
  if (first.value === undefined || first.variable.type !== 'bool') return undefined
  let { variable } = first
  const ops = new Set<ReductionOp | undefined>()
  let next = at + 1
  for (; block[next]?.kind === 'if' || block[next]?.kind === 'let'; next++) {
    const s = block[next] as If | Let
    if (s.kind === 'if') ops.add(stepOf(s, variable, subject))
    else if (s.value && isUse(bare(s.value), variable)) variable = s.variable
    else return undefined
  }
  const [op, ...others] = ops
  const write = block[next]
  if (op === undefined || others.length > 0 || write?.kind !== 'assign' || !isUse(bare(write.value), variable))
    return undefined
  if (!subject.cellOf(write)?.is(bare(first.value)) || isUsed(block, next + 1, variable)) return undefined
  const more = block.slice(at + 1, next + 1)
  return { ...plain(op, write, more), fails: failsWithin(more, justBefore(block, at)) }
}

/** The operation by which a step of a flag goes on: statements that have no effect but the flag's new value. */
function stepOf({ condition, yes, no }: If, flag: Variable, subject: Subject): ReductionOp | undefined {
  const negated = condition.kind === 'unary' && condition.op === '!'
  if (!isUse(negated ? condition.operand : condition, flag) || no.length > 0) return undefined
  const { assigned, declared } = useOf(yes)
  const own = [...assigned].every((variable) => variable.id === flag.id || declared.has(variable))
  let pure = own && !yes.some((s) => touches(s, subject.reads, subject))
  eachStatement(yes, ({ kind }) => {
    pure &&= kind === 'let' || kind === 'check' || kind === 'fail' || kind === 'if' || kind === 'assign'
  })
  const end = yes.at(-1)
  if (!pure || end?.kind !== 'assign' || end.variable.id !== flag.id) return undefined
  return negated ? '||' : '&&'
}

/** `let t; if (e > v) t = e; else t = v; v = t`. */
function byChoice(block: readonly Statement[], at: number, choice: Let, subject: Subject): Form | undefined {
  const [branch, write] = block.slice(at + 1, at + 3)
  if (choice.value !== undefined || branch?.kind !== 'if' || !isWrite(write)) return undefined
  const cell = subject.cellOf(write)
  const yes = onlyValue(branch.yes, choice.variable)
  const no = onlyValue(branch.no, choice.variable)
  if (!cell || !yes || !no || !isUse(bare(write.value), choice.variable)) return undefined
  if (isUsed(block, at + 3, choice.variable)) return undefined
  const found = chosen(branch.condition, yes, no, cell)
  if (!found || !subject.allows({ ...found, cut: false })) return undefined
  const fails = failsWithin([...branch.yes, ...branch.no], justBefore(block, at))
  return { ...plain(found.op, write, [branch, write]), fails }
}

/** The value that checks and an assignment give a variable. */
function onlyValue(list: readonly Statement[], { id }: Variable): Expression | undefined {
  const end = list.at(-1)
  if (list.slice(0, -1).some(({ kind }) => kind !== 'check')) return undefined
  return end?.kind === 'assign' && end.variable.id === id ? end.value : undefined
}

/** `let t = a; if (t) t = e < v; if (t) v = e`, which is `if (a && e < v) v = e`. */
function behindGuard(block: readonly Statement[], at: number, guard: Let, subject: Subject): Form | undefined {
  const [look, branch] = block.slice(at + 1, at + 3)
  if (!guard.value || look?.kind !== 'if' || branch?.kind !== 'if' || look.no.length > 0) return undefined
  const { variable } = guard
  const condition = onlyValue(look.yes, variable)
  if (!condition || !isUse(look.condition, variable) || !isUse(branch.condition, variable)) return undefined
  if (some(guard.value, subject.reads) || isUsed(block, at + 3, variable)) return undefined
  const form = replacing(branch, condition, [...justBefore(block, at), ...look.yes], subject)
  return form && { ...form, more: [look, branch] }
}

/** `if (e < v) { v = e; at = i }`, with nothing else in it but checks and failures. */
function replacing(s: If, condition: Expression, before: readonly Statement[], subject: Subject): Form | undefined {
  const write = s.yes.find((inner) => subject.cellOf(inner) !== undefined)
  const cell = write && subject.cellOf(write)
  if (s.no.length > 0 || !isWrite(write) || cell === undefined) return undefined
  const beside = s.yes.filter((inner) => inner !== write)
  const simple = beside.every(({ kind }) => kind === 'check' || kind === 'fail' || kind === 'assign')
  const indices = write.kind === 'store' ? write.indices : []
  const around = [...beside.flatMap(expressionsOf), ...indices]
  if (!simple || beside.some((inner) => subject.cellOf(inner)) || around.some((e) => some(e, subject.reads)))
    return undefined
  const op = replacement(deciding(condition, cell), write.value, cell)
  if (op === undefined || !subject.allows({ op, parts: [write.value], cut: false })) return undefined
  const along = beside.flatMap((inner) => (inner.kind === 'assign' ? [inner.variable] : []))
  return { op, at: s, more: [], along, fails: failsWithin(s.yes, before) }
}

/** The part of `a && b` that looks at the cell, where the other does not. */
function deciding(e: Expression, cell: Cell): Expression {
  if (e.kind !== 'logic' || e.op !== '&&') return e
  if (!some(e.left, cell.reads)) return deciding(e.right, cell)
  return some(e.right, cell.reads) ? e : deciding(e.left, cell)
}

/** The declarations and checks that lead to a statement: what was checked there still holds. */
function justBefore(block: readonly Statement[], at: number): readonly Statement[] {
  const others = block.slice(0, at).findLastIndex(({ kind }) => kind !== 'let' && kind !== 'check')
  return block.slice(others + 1, at)
}

/** Whether statements may fail, as a check does that has not been made before. */
function failsWithin(list: readonly Statement[], before: readonly Statement[]): boolean {
  let found = false
  eachStatement(list, (s) => {
    found ||= s.kind === 'fail' || (s.kind === 'check' && !before.some((earlier) => isSameCheck(earlier, s)))
  })
  return found
}

function isSameCheck(a: Statement, b: Extract<Statement, { kind: 'check' }>): boolean {
  return a.kind === 'check' && a.array.id === b.array.id && a.axis === b.axis && same(a.index, b.index)
}

const isUsed = (block: readonly Statement[], from: number, variable: Variable) =>
  block.slice(from).some((s) => touches(s, (e) => isUse(e, variable)))

/** Whether a statement or any in it reads, or writes to the subject. */
function touches(s: Statement, reads: (e: Expression) => boolean, subject?: Subject): boolean {
  let found = false
  eachStatement([s], (inner) => {
    found ||= subject?.cellOf(inner) !== undefined || subject?.uses(inner) === true
    found ||= expressionsOf(inner).some((e) => some(e, reads))
  })
  return found
}
