// Bounds of indices over a whole nest of loops, as expressions that are evaluated before it.
//
// They are computed in doubles: exact while nothing passes 2^50, which is among the conditions.
// SPDX-License-Identifier: MIT

import type { Expression, ForLoop, Statement, Variable } from './ir.js'
import { arithmetic, compare, constantOf, convert, extentOf, math } from './typed.js'
import { useOf } from './walk.js'

export interface Range {
  readonly lo: Expression
  readonly hi: Expression
}

const EXACT = constantOf('f64', 2 ** 50)

const number = (value: number) => constantOf('f64', value)

function fold(op: '+' | '-' | '*', a: Expression, b: Expression): Expression {
  if (a.kind === 'constant' && b.kind === 'constant') {
    const [x, y] = [Number(a.value), Number(b.value)]
    return number(op === '+' ? x + y : op === '-' ? x - y : x * y)
  }
  return arithmetic('f64', op, a, b)
}

const extreme = (name: 'min' | 'max', a: Expression, b: Expression) => (a === b ? a : math('f64', name, a, b))

const isNonNegative = (e: Expression) =>
  (e.kind === 'constant' && Number(e.value) >= 0) || (e.kind === 'convert' && e.operand.kind === 'extent')

/** What is known of variables in a nest of loops, seen from before it. */
export class Ranges {
  readonly #ranges = new Map<Variable, Range>()
  /** The same memory outside of the nest: an array, with the axis where its own axes begin. */
  readonly #arrays = new Map<Variable, { root: Variable; skip: number }>()
  readonly #changed: Set<Variable>
  /** What must hold for the ranges to be right. */
  readonly conditions: Expression[] = []

  constructor(loop: ForLoop) {
    const { declared, assigned } = useOf([loop])
    this.#changed = new Set([...declared, ...assigned])
    this.enter(loop)
  }

  /** The variable of a loop, which is inside of the nest or its outermost. */
  enter({ variable, start, stop, step }: ForLoop): void {
    const from = this.of(start)
    const to = this.of(stop)
    if (from === undefined || to === undefined) return
    const one = number(1)
    const range = step > 0 ? { lo: from.lo, hi: fold('-', to.hi, one) } : { lo: fold('+', to.lo, one), hi: from.hi }
    this.#ranges.set(variable, range)
  }

  /** A statement of the nest that gives a variable its only value, or an array another name. */
  see(s: Statement, assignedAgain: ReadonlySet<Variable>): void {
    if (s.kind === 'let' && s.value && !assignedAgain.has(s.variable) && typeof s.variable.type === 'string') {
      const range = s.value.type === 'i32' || s.value.type === 'i64' ? this.of(s.value) : undefined
      if (range) this.#ranges.set(s.variable, range)
    }
    if (s.kind !== 'alias' || !s.declares || assignedAgain.has(s.variable)) return
    const root = this.root(s.source)
    if (root) this.#arrays.set(s.variable, { root: root.root, skip: root.skip + s.row.length })
  }

  /** The array outside of the nest that an array is, or is a part of. */
  root(array: Variable): { root: Variable; skip: number } | undefined {
    if (!this.#changed.has(array)) return { root: array, skip: 0 }
    return this.#arrays.get(array)
  }

  extent(array: Variable, axis: number): Expression | undefined {
    const root = this.root(array)
    return root && convert(extentOf(root.root, root.skip + axis), 'f64')
  }

  of(e: Expression): Range | undefined {
    switch (e.kind) {
      case 'constant': {
        const value = number(Number(e.value))
        return { lo: value, hi: value }
      }
      case 'variable':
        return this.#variable(e)
      case 'extent': {
        const extent = this.extent(e.array, e.axis)
        return extent && { lo: extent, hi: extent }
      }
      case 'convert':
        return e.how === 'exact' && e.operand.type !== 'f64' ? this.of(e.operand) : undefined
      case 'arithmetic':
        return this.#arithmetic(e)
      case 'math':
        return this.#extreme(e)
      case 'select':
        return hull(this.of(e.yes), this.of(e.no))
      default:
        return undefined
    }
  }

  #variable(e: Extract<Expression, { kind: 'variable' }>): Range | undefined {
    const { variable, type } = e
    if (this.#changed.has(variable)) return this.#ranges.get(variable)
    if (type !== 'i32' && type !== 'i64') return undefined
    const value = convert(e, 'f64')
    if (type === 'i64') this.conditions.push(compare('<=', math('f64', 'abs', value), EXACT))
    return { lo: value, hi: value }
  }

  #arithmetic(e: Extract<Expression, { kind: 'arithmetic' }>): Range | undefined {
    if (e.type !== 'i32' && e.type !== 'i64') return undefined
    const { op, right } = e
    if (op === '&' && right.kind === 'constant' && Number(right.value) >= 0)
      return { lo: number(0), hi: number(Number(right.value)) }
    const a = this.of(e.left)
    if (op === '%' && right.kind === 'constant' && a && isNonNegative(a.lo)) {
      return { lo: number(0), hi: number(Math.abs(Number(right.value)) - 1) }
    }
    const b = this.of(right)
    if (op === '%' && b && b.lo === b.hi) {
      const most = fold('-', math('f64', 'abs', b.hi), number(1))
      return { lo: fold('-', number(0), most), hi: most }
    }
    if (op === '>>' && a && right.kind === 'constant') {
      // Rounded down, so no further from 0 than the quotient, or one below.
      const by = number(2 ** -(Number(right.value) & 31))
      return { lo: math('f64', 'floor', fold('*', a.lo, by)), hi: math('f64', 'floor', fold('*', a.hi, by)) }
    }
    if (!a || !b) return undefined
    if (op === '+') return { lo: fold('+', a.lo, b.lo), hi: fold('+', a.hi, b.hi) }
    if (op === '-') return { lo: fold('-', a.lo, b.hi), hi: fold('-', a.hi, b.lo) }
    return op === '*' ? this.#product(a, b) : undefined
  }

  #product(a: Range, b: Range): Range {
    if (isNonNegative(a.lo) && isNonNegative(b.lo)) {
      const hi = this.#small(fold('*', a.hi, b.hi))
      return { lo: fold('*', a.lo, b.lo), hi: extreme('max', hi, number(0)) }
    }
    const corners = [
      fold('*', a.lo, b.lo),
      ...(a.lo === a.hi ? [] : [fold('*', a.hi, b.lo)]),
      ...(b.lo === b.hi ? [] : [fold('*', a.lo, b.hi)]),
      ...(a.lo === a.hi || b.lo === b.hi ? [] : [fold('*', a.hi, b.hi)]),
    ].map((corner) => this.#small(corner))
    const all = (name: 'min' | 'max') => corners.reduce((x, y) => extreme(name, x, y))
    return { lo: all('min'), hi: all('max') }
  }

  #small(product: Expression): Expression {
    if (product.kind !== 'constant') this.conditions.push(compare('<=', math('f64', 'abs', product), EXACT))
    return product
  }

  #extreme(e: Extract<Expression, { kind: 'math' }>): Range | undefined {
    if ((e.name !== 'min' && e.name !== 'max') || e.type === 'f64') return undefined
    const [a, b] = e.args.map((arg) => this.of(arg))
    return a && b && { lo: extreme(e.name, a.lo, b.lo), hi: extreme(e.name, a.hi, b.hi) }
  }
}

function hull(a: Range | undefined, b: Range | undefined): Range | undefined {
  return a && b && { lo: extreme('min', a.lo, b.lo), hi: extreme('max', a.hi, b.hi) }
}
