// Reductions: variables and elements that every iteration combines a value into, by one operation whose order does not
// matter, and that nothing else of the body looks at.
// SPDX-License-Identifier: MIT

import type { Access } from './accesses.js'
import type { Body } from './body.js'
import type { Comparison, Expression, Position, ReductionOp, Statement, Storage, Variable } from './ir.js'
import { arrayArguments, bare, placeOf, same, some } from './same.js'
import { eachStatement, expressionsOf, listsOf } from './walk.js'

/** What is combined into: a variable, or an element of an array by the index that a store has. */
interface Cell {
  /** Whether an expression is the cell's value. */
  readonly is: (e: Expression) => boolean
  /** Whether an expression looks at the cell, or at any element of its array. */
  readonly reads: (e: Expression) => boolean
}

interface Combination {
  readonly op: ReductionOp | undefined
  /** What is combined with the cell. */
  readonly parts: readonly Expression[]
}

interface Combined extends Combination {
  readonly op: ReductionOp
  /** Whether the result is cut to 32 bits. */
  readonly cut: boolean
}

const CLASSES: Readonly<Record<string, ReductionOp>> = {
  '+': '+',
  '-': '+',
  '*': '*',
  '/': '*',
  '&': '&',
  '|': '|',
  '^': '^',
}
const MIRRORED: Readonly<Record<Comparison, '<' | '<=' | '>' | '>=' | undefined>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '==': undefined,
  '!=': undefined,
}

/** How a value combines a cell with something else. */
function combination(value: Expression, cell: Cell): Combination | undefined {
  const e = bare(value)
  if (cell.is(e)) return { op: undefined, parts: [] }
  switch (e.kind) {
    case 'constant':
      // To set a flag is to combine it with what it is set to.
      return typeof e.value === 'boolean' ? { op: e.value ? '||' : '&&', parts: [] } : undefined
    case 'arithmetic':
      return (
        extend(CLASSES[e.op], e.left, [e.right], cell) ??
        (e.op === '-' || e.op === '/' ? undefined : extend(CLASSES[e.op], e.right, [e.left], cell))
      )
    case 'logic':
      return extend(e.op, e.left, [e.right], cell) ?? extend(e.op, e.right, [e.left], cell)
    case 'math':
      return e.name === 'min' || e.name === 'max' ? combinationOfExtreme(e.name, e.args, cell) : undefined
    case 'select':
      return combinationOfChoice(e, cell)
    case 'convert':
      // `v | 0`, which is an `|` with nothing.
      return cell.is(bare(uncut(e))) ? { op: '|', parts: [] } : undefined
    default:
      return undefined
  }
}

function combinationOfChoice(e: Extract<Expression, { kind: 'select' }>, cell: Cell): Combination | undefined {
  const op = cell.is(bare(e.no)) ? replacement(e.condition, e.yes, cell) : undefined
  return op && { op, parts: [e.yes] }
}

const BITS: readonly ReductionOp[] = ['&', '|', '^']

/** Bit operations are of 32 bits, to which they cut a number first. */
function uncut(e: Expression): Expression {
  return e.kind === 'convert' && e.how === 'wrap' ? e.operand : e
}

function extend(
  op: ReductionOp | undefined,
  inner: Expression,
  parts: readonly Expression[],
  cell: Cell,
): Combination | undefined {
  if (op === undefined || parts.some((part) => some(part, cell.reads))) return undefined
  const before = combination(BITS.includes(op) ? uncut(inner) : inner, cell)
  if (before === undefined || (before.op !== undefined && before.op !== op)) return undefined
  return { op, parts: [...before.parts, ...parts] }
}

function combinationOfExtreme(op: 'min' | 'max', args: readonly Expression[], cell: Cell): Combination | undefined {
  for (const inner of args) {
    const others = args.filter((part) => part !== inner)
    const found = extend(op, inner, others, cell)
    if (found !== undefined) return found
  }
  return undefined
}

/** The comparison by which `value` replaces the cell: `value op cell`. NaN never does, and of equals it may be either. */
function replacement(condition: Expression, value: Expression, cell: Cell): ReductionOp | undefined {
  if (condition.kind !== 'compare' || some(value, cell.reads)) return undefined
  const { op, left, right } = condition
  const mirrored = MIRRORED[op]
  if (mirrored === undefined) return undefined
  if (same(left, value) && cell.is(bare(right))) return op as ReductionOp
  return same(right, value) && cell.is(bare(left)) ? mirrored : undefined
}

type Let = Extract<Statement, { kind: 'let' }>

/** What is looked for: a scalar, or an array outside the loop. */
interface Subject {
  readonly variable: Variable
  /** The cell that a statement writes to; undefined where it does not write to the subject. */
  readonly cellOf: (s: Statement) => Cell | undefined
  readonly reads: (e: Expression) => boolean
  /** Whether a statement uses the subject other than by its expressions or a cell. */
  readonly uses: (s: Statement) => boolean
  /** Whether a new variable is a copy of a cell that nobody changes. */
  readonly isCopy: (s: Let) => boolean
  /** Whether a write is to the cell that was read for a copy, with some statements between. */
  readonly isPlaceOf: (write: Write, read: Expression, between: readonly Statement[]) => boolean
  readonly allows: (combined: Combined) => boolean
}

interface Update {
  readonly op: ReductionOp
  readonly position: Position
  /** What else is set where a comparison replaces the value. */
  readonly along: readonly Variable[]
}

export interface Uses {
  readonly updates: Update[]
  /** Other writes and reads. */
  readonly others: Access[]
}

class Search {
  readonly uses: Uses = { updates: [], others: [] }

  constructor(private readonly subject: Subject) {}

  block(body: readonly Statement[], around: Position): void {
    const seen = new Set<Statement>()
    for (const [at, s] of body.entries()) {
      if (seen.has(s)) continue
      const later = updateOfCopy(body, at, this.subject)
      const op = later?.op ?? updateOf(s, this.subject)
      if (later !== undefined) seen.add(later.write)
      if (op === undefined) this.#other(s, placeOf(s, around))
      else {
        const along = s.kind === 'if' ? assignedBeside(s.yes, this.subject) : []
        this.uses.updates.push({ op, position: placeOf(later?.write ?? s, around), along })
      }
    }
  }

  #other(s: Statement, position: Position): void {
    const { subject, uses } = this
    const { variable } = subject
    if (subject.cellOf(s) !== undefined || subject.uses(s)) uses.others.push({ variable, write: true, position })
    for (const e of expressionsOf(s)) {
      if (some(e, subject.reads))
        uses.others.push({ variable, write: false, position: readPosition(e, subject, position) })
    }
    for (const inner of listsOf(s)) this.block(inner, position)
  }
}

function usesOf({ loop }: Body, subject: Subject): Uses {
  const search = new Search(subject)
  search.block(loop.body, loop.position)
  return search.uses
}

function readPosition(e: Expression, subject: Subject, around: Position): Position {
  let position = around
  some(e, (part) => {
    if (part.kind !== 'load' || !subject.reads(part)) return false
    position = part.position
    return true
  })
  return position
}

type Write = Extract<Statement, { kind: 'assign' | 'store' }>

function updateOf(s: Statement, subject: Subject): ReductionOp | undefined {
  if (s.kind === 'if') return conditionalUpdate(s, subject)
  const cell = subject.cellOf(s)
  return cell && (s.kind === 'assign' || s.kind === 'store') ? updateOfCell(s, cell, subject) : undefined
}

function updateOfCell(s: Write, cell: Cell, subject: Subject): ReductionOp | undefined {
  if (s.kind === 'store' && s.indices.some((e) => some(e, cell.reads))) return undefined
  const whole = bare(s.value)
  const cut = whole.kind === 'convert' && whole.how === 'wrap' && !cell.is(bare(whole.operand))
  const { op, parts } = combination(cut ? whole.operand : whole, cell) ?? {}
  return op !== undefined && parts !== undefined && subject.allows({ op, parts, cut }) ? op : undefined
}

/** `let t = v; ...; v = t + e`, where nothing between looks at either: `v += f()` and `v++` are written so. */
function updateOfCopy(
  block: readonly Statement[],
  at: number,
  subject: Subject,
): { op: ReductionOp; write: Write } | undefined {
  const copy = block[at]
  if (copy?.kind !== 'let' || copy.value === undefined || !subject.isCopy(copy)) return undefined
  const isCopied = (e: Expression) => e.kind === 'variable' && e.variable.id === copy.variable.id
  const reads = (e: Expression) => isCopied(e) || subject.reads(e)
  const rest = block.slice(at + 1)
  const end = rest.findIndex((s) => touches(s, reads, subject))
  const write = rest[end]
  if (write?.kind !== 'assign' && write?.kind !== 'store') return undefined
  if (rest.slice(end + 1).some((s) => touches(s, isCopied, undefined))) return undefined
  if (!subject.isPlaceOf(write, copy.value, rest.slice(0, end))) return undefined
  const op = updateOfCell(write, { is: isCopied, reads }, subject)
  return op && { op, write }
}

/** Whether a statement or any in it reads, or writes to the subject. */
function touches(s: Statement, reads: (e: Expression) => boolean, subject: Subject | undefined): boolean {
  let found = false
  eachStatement([s], (inner) => {
    found ||= subject?.cellOf(inner) !== undefined || subject?.uses(inner) === true
    found ||= expressionsOf(inner).some((e) => some(e, reads))
  })
  return found
}

/** `if (e < v) { v = e; at = i }`, with nothing else in it but checks of indices. */
function conditionalUpdate(s: Extract<Statement, { kind: 'if' }>, subject: Subject): ReductionOp | undefined {
  const write = s.yes.find((inner) => subject.cellOf(inner) !== undefined)
  if (s.no.length > 0 || (write?.kind !== 'assign' && write?.kind !== 'store')) return undefined
  const cell = subject.cellOf(write)
  const beside = s.yes.filter((inner) => inner !== write)
  const plain = beside.every(({ kind }) => kind === 'check' || kind === 'fail' || kind === 'assign')
  const indices = write.kind === 'store' ? write.indices : []
  const around = [...beside.flatMap(expressionsOf), ...indices]
  if (
    cell === undefined ||
    !plain ||
    beside.some((inner) => subject.cellOf(inner) !== undefined) ||
    around.some((e) => some(e, subject.reads))
  )
    return undefined
  const op = replacement(s.condition, write.value, cell)
  return op !== undefined && subject.allows({ op, parts: [write.value], cut: false }) ? op : undefined
}

function assignedBeside(block: readonly Statement[], subject: Subject): readonly Variable[] {
  return block.flatMap((s) => (s.kind === 'assign' && subject.cellOf(s) === undefined ? [s.variable] : []))
}

/**
 * The variables that are set along with one, by each of its updates; undefined where one of them is used otherwise, too.
 * Of equals `<=` takes the last, and only whole numbers have a value to spare that says there was none.
 */
export function followersOf(body: Body, { updates }: Uses): readonly Variable[] | undefined {
  const beside = new Set(updates.flatMap(({ along }) => along))
  const whole = updates.some(({ op }) => op.endsWith('='))
  const follows = (variable: Variable) => {
    const own = usesOfScalar(body, variable)
    const always = updates.every(({ along }) => along.filter(({ id }) => id === variable.id).length === 1)
    const only =
      own.updates.length === 0 && own.others.length === updates.length && own.others.every((use) => use.write)
    return body.isOutside(variable) && always && only && (!whole || variable.type === 'i32' || variable.type === 'i64')
  }
  return [...beside].every(follows) ? [...beside] : undefined
}

export function usesOfScalar(body: Body, variable: Variable): Uses {
  const is = (e: Expression) => e.kind === 'variable' && e.variable.id === variable.id
  const cell = { is, reads: is }
  return usesOf(body, {
    variable,
    reads: is,
    cellOf: (s) => (s.kind === 'assign' && s.variable.id === variable.id ? cell : undefined),
    uses: (s) => s.kind === 'call' && s.results.some(({ id }) => id === variable.id),
    isCopy: (s) => s.value !== undefined && is(bare(s.value)) && body.definition(s.variable) === s,
    isPlaceOf: (write) => write.kind === 'assign' && write.variable.id === variable.id,
    allows: ({ op, parts, cut }) => !cut || (variable.type === 'i32' && isModular(op, parts)),
  })
}

/** Of an array outside the loop, also by names that the body has for it or its rows. */
export function usesOfArray(body: Body, root: Variable): Uses {
  const isRoot = (variable: Variable) => body.roots(variable).some(({ array }) => array.id === root.id)
  const reads = (e: Expression) => e.kind === 'load' && isRoot(e.array)
  return usesOf(body, {
    variable: root,
    reads,
    cellOf: (s) => {
      if (s.kind !== 'store' || !isRoot(s.array)) return undefined
      const is = (e: Expression) =>
        !s.atomic &&
        e.kind === 'load' &&
        e.array.id === s.array.id &&
        e.indices.every((index, axis) => same(index, s.indices[axis] as Expression))
      return { is, reads }
    },
    uses: (s) => s.kind === 'call' && arrayArguments(s).some(isRoot),
    isCopy: (s) => s.value !== undefined && reads(bare(s.value)) && body.definition(s.variable) === s,
    isPlaceOf: (write, read, between) => {
      const from = bare(read)
      if (write.kind !== 'store' || write.atomic || from.kind !== 'load' || from.array.id !== write.array.id)
        return false
      const quiet = between.every(({ kind }) => kind === 'let' || kind === 'check' || kind === 'fail')
      return from.indices.every((index, axis) => {
        const [before, after] = [index, write.indices[axis] as Expression].map((e) => body.expand(e)) as [
          Expression,
          Expression,
        ]
        return same(before, after) && (quiet || body.isFixed(before))
      })
    },
    allows: ({ op, parts, cut }) => isExact(op, parts, cut, storageOf(root)),
  })
}

function storageOf({ type }: Variable): Storage {
  return (type as Exclude<typeof type, string>).storage
}

/**
 * Whether elements of a kind can be combined in any order. Integers that are stored narrower than they are computed drop
 * bits on the way: sums of integers and bit operations do not mind, and an extreme of values that fit does not either.
 */
function isExact(op: ReductionOp, parts: readonly Expression[], cut: boolean, storage: Storage): boolean {
  if (storage.startsWith('f') || storage === 'i8' || storage === 'u8') return !cut
  if (MODULAR.includes(op)) return storage !== 'c1' && isModular(op, parts)
  return op !== '*' && parts.every((e) => fits(bare(e), storage))
}

const MODULAR: readonly ReductionOp[] = ['+', '&', '|', '^']

/** Whether bits that are cut off, now and then or at the end, make no difference to those that stay. */
function isModular(op: ReductionOp, parts: readonly Expression[]): boolean {
  return MODULAR.includes(op) && parts.every((e) => isShort(bare(e)))
}

/** Whether all values of an expression are elements of a kind. */
function fits(e: Expression, storage: Storage): boolean {
  if (e.kind === 'load') return storageOf(e.array) === storage
  return storage === 'i4' && e.type === 'i32'
}

/** Whether all values of an expression are integers of at most 32 bits: sums with those are exact before they are cut. */
function isShort(e: Expression): boolean {
  if (e.kind === 'constant') return Number.isInteger(e.value) && Math.abs(Number(e.value)) < 2 ** 32
  return e.type === 'i32' || e.type === 'bool' || (e.kind === 'load' && storageOf(e.array) === 'u4')
}
