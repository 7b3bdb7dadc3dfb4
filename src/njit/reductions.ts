// Reductions: variables and elements that every iteration combines a value into, by one operation whose order does not
// matter, and that nothing else of the body looks at.
// SPDX-License-Identifier: MIT

import type { Access } from './accesses.js'
import type { Comparison, Expression, Position, ReductionOp, Statement, Storage, Variable } from './ir.js'
import type { Names } from './names.js'
import { arrayArguments, bare, blocksOf, expressionsOf, placeOf, same, some } from './visit.js'

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

type Combined = Combination & { readonly op: ReductionOp }

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
    case 'select': {
      const op = bare(e.no) && cell.is(bare(e.no)) ? replacement(e.condition, e.yes, cell) : undefined
      return op && { op, parts: [e.yes] }
    }
    default:
      return undefined
  }
}

function extend(
  op: ReductionOp | undefined,
  inner: Expression,
  parts: readonly Expression[],
  cell: Cell,
): Combination | undefined {
  if (op === undefined || parts.some((part) => some(part, cell.reads))) return undefined
  const before = combination(inner, cell)
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

/** What is looked for: a scalar, or an array outside the loop. */
interface Subject {
  readonly variable: Variable
  /** The cell that a statement writes to; undefined where it does not write to the subject. */
  readonly cellOf: (s: Statement) => Cell | undefined
  readonly reads: (e: Expression) => boolean
  /** Whether a statement uses the subject other than by its expressions or a cell. */
  readonly uses: (s: Statement) => boolean
  readonly allows: (combined: Combined) => boolean
}

export interface Uses {
  readonly updates: { readonly op: ReductionOp; readonly position: Position }[]
  /** Other writes and reads. */
  readonly others: Access[]
}

function usesOf(body: readonly Statement[], subject: Subject): Uses {
  const uses: Uses = { updates: [], others: [] }
  const visit = (block: readonly Statement[], around: Position): void => {
    for (const s of block) {
      const position = placeOf(s, around)
      const update = updateOf(s, subject)
      if (update !== undefined) {
        uses.updates.push({ op: update, position })
        continue
      }
      const { variable } = subject
      if (subject.cellOf(s) !== undefined || subject.uses(s)) uses.others.push({ variable, write: true, position })
      for (const e of expressionsOf(s)) {
        if (some(e, subject.reads))
          uses.others.push({ variable, write: false, position: readPosition(e, subject, position) })
      }
      for (const inner of blocksOf(s)) visit(inner, position)
    }
  }
  visit(body, subject.variable.position)
  return uses
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

function updateOf(s: Statement, subject: Subject): ReductionOp | undefined {
  if (s.kind === 'if') return conditionalUpdate(s, subject)
  const cell = subject.cellOf(s)
  if (cell === undefined || (s.kind !== 'assign' && s.kind !== 'store')) return undefined
  if (s.kind === 'store' && s.indices.some((e) => some(e, subject.reads))) return undefined
  const { op, parts } = combination(s.value, cell) ?? {}
  return op !== undefined && parts !== undefined && subject.allows({ op, parts }) ? op : undefined
}

/** `if (e < v) v = e`, with nothing else in it but checks of indices. */
function conditionalUpdate(s: Extract<Statement, { kind: 'if' }>, subject: Subject): ReductionOp | undefined {
  const write = s.yes.at(-1)
  if (write === undefined || s.no.length > 0 || (write.kind !== 'assign' && write.kind !== 'store')) return undefined
  const cell = subject.cellOf(write)
  const checks = s.yes.slice(0, -1)
  const plain = checks.every((check) => check.kind === 'check' || check.kind === 'fail')
  const indices = write.kind === 'store' ? write.indices : []
  const around = [...checks.flatMap(expressionsOf), ...indices]
  if (cell === undefined || !plain || around.some((e) => some(e, subject.reads))) return undefined
  const op = replacement(s.condition, write.value, cell)
  return op !== undefined && subject.allows({ op, parts: [write.value] }) ? op : undefined
}

export function usesOfScalar(names: Names, variable: Variable): Uses {
  const is = (e: Expression) => e.kind === 'variable' && e.variable.id === variable.id
  const cell = { is, reads: is }
  return usesOf(names.loop.body, {
    variable,
    reads: is,
    cellOf: (s) => (s.kind === 'assign' && s.variable.id === variable.id ? cell : undefined),
    uses: (s) => s.kind === 'call' && s.results.some(({ id }) => id === variable.id),
    allows: () => true,
  })
}

/** Of an array outside the loop, also by names that the body has for it or its rows. */
export function usesOfArray(names: Names, root: Variable): Uses {
  const isRoot = (variable: Variable) => names.roots(variable).some(({ array }) => array.id === root.id)
  const reads = (e: Expression) => e.kind === 'load' && isRoot(e.array)
  return usesOf(names.loop.body, {
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
    allows: ({ op, parts }) => isExact(op, parts, storageOf(root)),
  })
}

function storageOf({ type }: Variable): Storage {
  return (type as Exclude<typeof type, string>).storage
}

/**
 * Whether elements of a kind can be combined in any order. Integers that are stored narrower than they are computed drop
 * bits on the way: sums of integers and bit operations do not mind, and an extreme of values that fit does not either.
 */
function isExact(op: ReductionOp, parts: readonly Expression[], storage: Storage): boolean {
  if (storage.startsWith('f') || storage === 'i8' || storage === 'u8') return true
  if (parts.every((e) => fits(bare(e), storage))) return op !== '*' && (storage !== 'c1' || !MODULAR.includes(op))
  return storage !== 'c1' && MODULAR.includes(op) && parts.every((e) => bare(e).type === 'i32')
}

const MODULAR: readonly ReductionOp[] = ['+', '&', '|', '^']

/** Whether all values of an expression are elements of a kind. */
function fits(e: Expression, storage: Storage): boolean {
  if (e.kind === 'load') return storageOf(e.array) === storage
  return storage === 'i4' && e.type === 'i32'
}
