// Indices as polynomials: over what stays the same while the loop runs, like counters of loops around it, its own counter,
// counters of loops within, and values of which only bounds are known. All symbols are integers.
// SPDX-License-Identifier: MIT

import type { Body } from './body.js'
import type { Expression, ForLoop, Variable } from './ir.js'
import { Polynomial, type SymbolId } from './polynomial.js'
import { bare, keyOf, same } from './same.js'

/** Alternatives that all hold: the symbol is at least each of `lower` and at most each of `upper`. */
export interface Bounds {
  readonly lower: readonly Polynomial[]
  readonly upper: readonly Polynomial[]
}

/**
 * The value of an expression that is an integer. In doubles it is the polynomial only while nothing was rounded: `exact`
 * says whether that is so if the value that was computed is at most `limit` in size.
 */
interface Whole {
  readonly value: Polynomial
  readonly low: number
  readonly high: number
  readonly exact: (limit: number) => boolean
}

/** Doubles below this are exact integers, and so is what was rounded to one. */
const EXACT = 2 ** 52
/** More elements than any memory holds: an index that was checked is below. */
const MAX_INDEX = 2 ** 48

const RANGES = { i32: 2 ** 31, i64: 2 ** 63 } as const

const always = () => true
const sizeOf = (w: Whole) => Math.max(Math.abs(w.low), Math.abs(w.high))
const isInteger = (type: unknown): type is keyof typeof RANGES => type === 'i32' || type === 'i64'

const NONE: Bounds = { lower: [], upper: [] }
const ONE = Polynomial.constant(1)
const ZERO = Polynomial.constant(0)

/**
 * Symbols that vary between iterations have even numbers, in the order in which they came up, so that the bounds of one
 * are over smaller ones; the next odd number is its value in another iteration. What stays the same has negative numbers.
 */
export class Space {
  /** The loop's counter. */
  readonly counter: SymbolId
  readonly #bounds: Bounds[] = []
  readonly #invariants = new Map<string, SymbolId>()
  readonly #extents = new Set<SymbolId>()
  readonly #values = new Map<number, Whole | undefined>()
  /** Polynomials that are at least 0 where the loop itself runs. */
  readonly facts: readonly Polynomial[]
  /** More of them, by cases one of which holds: a step that varies is above or below 0. */
  readonly cases: readonly (readonly Polynomial[])[]

  constructor(private readonly body: Body) {
    const { loop } = body
    const around = body.outerLoops().flatMap((outer) => this.#within(outer))
    const bounds = this.#boundsOf(loop)
    const value = this.#varying(bounds)
    this.counter = [...value.symbols()][0] as SymbolId
    this.#declare(loop, value)
    this.facts = [...around, ...notEmpty(bounds)]
    const by = loop.by && this.#number(loop.by)
    this.cases = by ? [[by.minus(ONE)], [ZERO.minus(by).minus(ONE)]] : [[]]
  }

  bounds(id: SymbolId): Bounds {
    const { lower, upper } = this.#bounds[id >> 1] as Bounds
    if (id % 2 === 0) return { lower, upper }
    return { lower: lower.map(primed), upper: upper.map(primed) }
  }

  isExtent(id: SymbolId): boolean {
    return this.#extents.has(id)
  }

  /** Declares the counter of a loop within. Gives polynomials that are at least 0 where its body runs. */
  enter(loop: ForLoop): readonly Polynomial[] {
    const bounds = this.#boundsOf(loop)
    this.#declare(
      loop,
      this.#counterWithin(loop, bounds, (distance) => this.#varying(distance)),
    )
    return notEmpty(bounds)
  }

  /** The same for a loop around, whose counter has one value while the loop runs. */
  #within(outer: ForLoop): readonly Polynomial[] {
    const bounds = this.#boundsOf(outer)
    const facts = notEmpty(bounds)
    const counter = this.#counterWithin(outer, bounds, ({ lower, upper }) => {
      const one = this.#invariant(`within v${outer.variable.id}`)
      facts.push(...lower.map((p) => one.minus(p)), ...upper.map((p) => p.minus(one)))
      return one
    })
    this.#declare(outer, counter)
    return facts
  }

  #declare(loop: ForLoop, value: Polynomial): void {
    // A counter that is declared twice stands for different loops.
    const twice = !this.body.isOutside(loop.variable) && this.body.definition(loop.variable) !== loop
    if (!twice && isInteger(loop.variable.type)) this.#values.set(loop.variable.id, this.#ranged(value, loop))
  }

  /** An index that is in bounds; `isNonnegative` proves that it does not count from the end. */
  index(e: Expression, isNonnegative: (p: Polynomial) => boolean): Polynomial | undefined {
    const given = this.#givenIndex(e)
    const forward = given && this.#number(given)
    if (forward !== undefined && isNonnegative(forward)) return forward
    const whole = this.#whole(e)
    return whole?.exact(Math.min(MAX_INDEX, sizeOf(whole))) ? whole.value : undefined
  }

  /** `k` of an index `k < 0 ? k + extent : k`. */
  #givenIndex(e: Expression): Expression | undefined {
    const inner = bare(e)
    if (inner.kind === 'variable') {
      const value = this.body.valueOf(inner.variable)
      return value && this.#givenIndex(value)
    }
    if (inner.kind !== 'select' || inner.condition.kind !== 'compare') return undefined
    const { op, left, right } = inner.condition
    const negative = op === '<' && bare(right).kind === 'constant' && keyOf(right) === 'number 0'
    return negative && same(left, inner.no) ? left : undefined
  }

  #number(e: Expression): Polynomial | undefined {
    const whole = this.#whole(e)
    return whole?.exact(sizeOf(whole)) ? whole.value : undefined
  }

  #varying(bounds: Bounds): Polynomial {
    this.#bounds.push(bounds)
    return Polynomial.symbol(2 * (this.#bounds.length - 1))
  }

  /** A loop's counter from one known start is that start and some distance, which has the simpler bounds. */
  #counterWithin(loop: ForLoop, { lower, upper }: Bounds, symbol: (bounds: Bounds) => Polynomial): Polynomial {
    const start = this.#number(loop.start)
    if (start === undefined || start.constant !== undefined) return symbol({ lower, upper })
    const distance = { lower: lower.map((p) => p.minus(start)), upper: upper.map((p) => p.minus(start)) }
    return start.plus(symbol(distance))
  }

  #ranged(value: Polynomial, loop: ForLoop): Whole {
    const start = this.#whole(loop.start)
    const stop = this.#whole(loop.stop)
    const range = RANGES[loop.variable.type as 'i32' | 'i64']
    const [first, last] = loop.step > 0 ? [start, stop] : [stop, start]
    return {
      value,
      low: Math.max(-range, first?.low ?? -range),
      high: Math.min(range, last?.high ?? range),
      exact: always,
    }
  }

  #boundsOf({ start, stop, step, variable }: ForLoop): Bounds {
    if (!Number.isInteger(step) || !isInteger(variable.type)) return NONE
    if (step > 0) {
      return { lower: this.#limits(start, 'max'), upper: this.#limits(stop, 'min').map((p) => p.minus(ONE)) }
    }
    return { lower: this.#limits(stop, 'max').map((p) => p.plus(ONE)), upper: this.#limits(start, 'min') }
  }

  /** Polynomials that are at most (`max`) or at least (`min`) an expression: of a maximum or minimum all its arguments. */
  #limits(e: Expression, side: 'min' | 'max'): readonly Polynomial[] {
    if (e.kind === 'convert' && e.how === 'exact') return this.#limits(e.operand, side)
    if (e.kind === 'variable') {
      const value = this.body.valueOf(e.variable)
      if (value !== undefined) return this.#limits(value, side)
    }
    const args = argumentsOf(e, side)
    if (args !== undefined) return args.flatMap((part) => this.#limits(part, side))
    const value = this.#number(e)
    return value === undefined ? [] : [value]
  }

  #whole(e: Expression): Whole | undefined {
    switch (e.kind) {
      case 'constant':
        return Number.isSafeInteger(e.value)
          ? leaf(Polynomial.constant(e.value as number), e.value as number)
          : undefined
      case 'variable':
        return this.#ofVariable(e.variable) ?? this.#other(e)
      case 'extent':
        return this.#extent(e.array, e.axis) ?? this.#other(e)
      case 'convert':
        return this.#converted(e) ?? this.#other(e)
      case 'arithmetic':
        return this.#arithmetic(e) ?? this.#other(e)
      case 'unary':
        return this.#negated(e) ?? this.#other(e)
      default:
        return this.#other(e)
    }
  }

  #ofVariable(variable: Variable): Whole | undefined {
    if (this.#values.has(variable.id)) return this.#values.get(variable.id)
    const definition = this.body.valueOf(variable)
    if (definition === undefined) return undefined
    const value = this.#whole(definition)
    this.#values.set(variable.id, value)
    return value
  }

  #extent(array: Variable, axis: number): Whole | undefined {
    const alias = this.body.aliasOf(array)
    if (alias !== undefined) return this.#extent(alias.source, axis + alias.row.length)
    if (this.body.isOutside(array)) {
      const value = this.#invariant(`x${array.id}.${axis}`)
      for (const id of value.symbols()) this.#extents.add(id)
      return { value, low: 0, high: MAX_INDEX, exact: always }
    }
    return undefined
  }

  #converted(e: Extract<Expression, { kind: 'convert' }>): Whole | undefined {
    if (e.how === 'exact') {
      const value = this.#whole(e.operand)
      if (value === undefined || !isInteger(e.type)) return value
      const range = RANGES[e.type]
      const { low, high } = { low: Math.max(value.low, -range), high: Math.min(value.high, range) }
      return { ...value, low, high, exact: (limit) => value.exact(Math.min(limit, range)) }
    }
    // Nothing wraps around of what is in range.
    const value = this.#whole(e.operand)
    const [low, high] = e.how === 'wrap' ? [-RANGES.i32, RANGES.i32 - 1] : [0, 2 * RANGES.i32 - 1]
    return value && value.low >= low && value.high <= high && value.exact(sizeOf(value)) ? value : undefined
  }

  #arithmetic(e: Extract<Expression, { kind: 'arithmetic' }>): Whole | undefined {
    if (e.op !== '+' && e.op !== '-' && e.op !== '*') return this.#bitwise(e)
    if (e.type === 'big') return undefined
    const left = this.#whole(e.left)
    const right = this.#whole(e.right)
    if (left === undefined || right === undefined) return undefined
    const result = e.op === '*' ? product(left, right) : sum(left, e.op === '+' ? right : negative(right))
    if (!isInteger(e.type)) return result
    // Integers were proven to fit, so none was rounded.
    const range = RANGES[e.type]
    return { ...result, low: Math.max(result.low, -range), high: Math.min(result.high, range), exact: always }
  }

  /** What bounds alone are known of, or JavaScript's way to say integer (`x | 0`). */
  #bitwise(e: Extract<Expression, { kind: 'arithmetic' }>): Whole | undefined {
    const right = bare(e.right)
    if (!isInteger(e.type) || right.kind !== 'constant') return undefined
    const by = Number(right.value)
    if (e.op === '|' && by === 0) return this.#whole(e.left)
    if (this.body.isInvariant(e)) return undefined
    if (e.op === '&' && by >= 0) return this.#between(0, by)
    if (e.op !== '%' || by === 0) return undefined
    const most = Math.abs(by) - 1
    return this.#between((this.#whole(e.left)?.low ?? -1) >= 0 ? 0 : -most, most)
  }

  #between(low: number, high: number): Whole {
    const value = this.#varying({ lower: [Polynomial.constant(low)], upper: [Polynomial.constant(high)] })
    return { value, low, high, exact: always }
  }

  #negated(e: Extract<Expression, { kind: 'unary' }>): Whole | undefined {
    const operand = e.op === '-' && e.type !== 'big' ? this.#whole(e.operand) : undefined
    return operand && negative(operand)
  }

  /** Any other integer: one symbol for all of what stays the same, a new one for what may vary. */
  #other(e: Expression): Whole | undefined {
    if (!isInteger(e.type)) return undefined
    const range = RANGES[e.type]
    const value = this.body.isInvariant(e) ? this.#invariant(keyOf(e)) : this.#varying(NONE)
    return { value, low: -range, high: range, exact: always }
  }

  #invariant(key: string): Polynomial {
    const id = this.#invariants.get(key) ?? -1 - this.#invariants.size
    this.#invariants.set(key, id)
    return Polynomial.symbol(id)
  }
}

export const isVarying = (id: SymbolId) => id >= 0

/** The same in another iteration. */
export function primed(p: Polynomial): Polynomial {
  return p.rename((id) => (isVarying(id) ? id + 1 : id))
}

function notEmpty({ lower, upper }: Bounds): Polynomial[] {
  return upper.flatMap((last) => lower.map((first) => last.minus(first)))
}

function leaf(value: Polynomial, at: number): Whole {
  return { value, low: at, high: at, exact: always }
}

function negative(w: Whole): Whole {
  return { value: ZERO.minus(w.value), low: -w.high, high: -w.low, exact: w.exact }
}

function sum(a: Whole, b: Whole): Whole {
  // From the sum, one part is known by the other's range.
  const within = (part: Whole, other: Whole, limit: number) =>
    Math.max(Math.min(part.high, limit - other.low), Math.min(-part.low, limit + other.high))
  return {
    value: a.value.plus(b.value),
    low: a.low + b.low,
    high: a.high + b.high,
    exact: (limit) =>
      limit <= EXACT && [within(a, b, limit), within(b, a, limit)].every((l, i) => (i ? b : a).exact(l)),
  }
}

function product(a: Whole, b: Whole): Whole {
  const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
  return {
    value: a.value.times(b.value),
    low: Math.min(...corners),
    high: Math.max(...corners),
    // Where neither factor is 0, both are at most the product in size.
    exact: (limit) => limit <= EXACT && a.exact(Math.min(limit, sizeOf(a))) && b.exact(Math.min(limit, sizeOf(b))),
  }
}

/** The arguments of a minimum or maximum, also in the form `a < b ? a : b`. */
function argumentsOf(e: Expression, side: 'min' | 'max'): readonly Expression[] | undefined {
  if (e.kind === 'math' && e.name === side) return e.args
  if (e.kind !== 'select' || e.condition.kind !== 'compare') return undefined
  const { op, left, right } = e.condition
  const less = op === '<' || op === '<='
  if (!less && op !== '>' && op !== '>=') return undefined
  const [small, large] = less ? [left, right] : [right, left]
  const [yes, no] = side === 'min' ? [small, large] : [large, small]
  return same(e.yes, yes) && same(e.no, no) ? [e.yes, e.no] : undefined
}
