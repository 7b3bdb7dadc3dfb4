// How a value combines a variable or an element with something else: the operations of reductions, in one expression.
// SPDX-License-Identifier: MIT

import type { Comparison, Expression, ReductionOp, Storage, Variable } from './ir.js'
import { bare, same, some } from './same.js'

/** What is combined into: a variable, or an element of an array by the index that a store has. */
export interface Cell {
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

export interface Combined extends Combination {
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

const NEGATED: Readonly<Partial<Record<Comparison, Comparison>>> = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' }

/** How a value combines a cell with something else. */
export function combination(value: Expression, cell: Cell): Combination | undefined {
  const e = bare(value)
  if (cell.is(e)) return { op: undefined, parts: [] }
  switch (e.kind) {
    case 'constant':
      // To set a flag is to combine it with what it is set to.
      return typeof e.value === 'boolean' ? { op: e.value ? '||' : '&&', parts: [] } : undefined
    case 'arithmetic':
      // Quotients of integers are cut, each of them.
      if (e.op === '/' && e.type !== 'f64') return undefined
      return (
        extend(CLASSES[e.op], e.left, [e.right], cell) ??
        (e.op === '-' || e.op === '/' ? undefined : extend(CLASSES[e.op], e.right, [e.left], cell))
      )
    case 'logic':
      return extend(e.op, e.left, [e.right], cell) ?? extend(e.op, e.right, [e.left], cell)
    case 'math':
      return e.name === 'min' || e.name === 'max' ? combinationOfExtreme(e.name, e.args, cell) : undefined
    case 'select':
      return chosen(e.condition, e.yes, e.no, cell)
    case 'convert':
      // `v | 0`, which is an `|` with nothing.
      return cell.is(bare(uncut(e))) ? { op: '|', parts: [] } : undefined
    default:
      return undefined
  }
}

/** What `condition ? yes : no` combines the cell with, where one of both is the cell. */
export function chosen(
  condition: Expression,
  yes: Expression,
  no: Expression,
  cell: Cell,
): { op: ReductionOp; parts: readonly Expression[] } | undefined {
  if (cell.is(bare(no))) {
    const op = replacement(condition, yes, cell)
    return op && { op, parts: [yes] }
  }
  // What is not less may be NaN, which then stays only until the next one.
  if (!cell.is(bare(yes)) || condition.kind !== 'compare' || condition.left.type === 'f64') return undefined
  const negated = NEGATED[condition.op]
  const op = negated && replacement({ ...condition, op: negated }, no, cell)
  return op && { op, parts: [no] }
}

const BITS: readonly ReductionOp[] = ['&', '|', '^']

/** Bit operations are of 32 bits, to which they cut a number first. */
export function uncut(e: Expression): Expression {
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
export function replacement(condition: Expression, value: Expression, cell: Cell): ReductionOp | undefined {
  if (condition.kind !== 'compare' || some(value, cell.reads)) return undefined
  const { op, left, right } = condition
  const mirrored = MIRRORED[op]
  if (mirrored === undefined) return undefined
  if (same(left, value) && cell.is(bare(right))) return op as ReductionOp
  return same(right, value) && cell.is(bare(left)) ? mirrored : undefined
}

export function storageOf({ type }: Variable): Storage {
  return (type as Exclude<typeof type, string>).storage
}

/**
 * Whether elements of a kind can be combined in any order. Integers that are stored narrower than they are computed drop
 * bits on the way: sums of integers and bit operations do not mind, and an extreme of values that fit does not either. Floats
 * of 32 bits round what bit operations have as a result.
 */
export function isExact(op: ReductionOp, parts: readonly Expression[], cut: boolean, storage: Storage): boolean {
  if (storage === 'f4' && BITS.includes(op)) return false
  if (storage.startsWith('f') || storage === 'i8' || storage === 'u8') return !cut
  if (MODULAR.includes(op)) return storage !== 'c1' && isModular(op, parts)
  return op !== '*' && parts.every((e) => fits(bare(e), storage))
}

const MODULAR: readonly ReductionOp[] = ['+', '&', '|', '^']

/** Whether bits that are cut off, now and then or at the end, make no difference to those that stay. */
export function isModular(op: ReductionOp, parts: readonly Expression[]): boolean {
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
