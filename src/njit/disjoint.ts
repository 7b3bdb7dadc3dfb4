// Proofs that two accesses of an array never meet in different iterations of a loop.
// SPDX-License-Identifier: MIT

import { isVarying, primed, type Space } from './affine.js'
import { Polynomial, type SymbolId } from './polynomial.js'

const ONE = Polynomial.constant(1)
const ZERO = Polynomial.constant(0)

/** Proves that polynomials are at least 0, where some (`facts`) are known to be. */
export class Prover {
  /** Over symbols that stay the same. */
  readonly #facts: Polynomial[] = []
  readonly #lowest = new Map<SymbolId, bigint>()

  constructor(
    private readonly space: Space,
    facts: readonly Polynomial[],
  ) {
    for (const fact of facts) {
      // The most that a fact may be is at least 0 as well.
      for (const least of this.#least(ZERO.minus(fact))) this.#learn(ZERO.minus(least))
    }
  }

  isNonnegative(p: Polynomial): boolean {
    return this.#least(p).some((least) => this.#isKnown(least))
  }

  /** Polynomials without varying symbols that are at most `p`. */
  #least(p: Polynomial): readonly Polynomial[] {
    const varying = [...p.symbols()].filter(isVarying)
    if (varying.length === 0) return [p]
    const id = Math.max(...varying)
    const parts = p.split(id)
    if (parts === undefined) return []
    const { factor, rest } = parts
    const { lower, upper } = this.space.bounds(id)
    const rising = this.isNonnegative(factor)
    const ends = rising ? lower : this.isNonnegative(ZERO.minus(factor)) ? upper : []
    return ends.flatMap((end) => this.#least(factor.times(end).plus(rest)))
  }

  #learn(fact: Polynomial): void {
    this.#facts.push(fact)
    const terms = [...fact.terms]
    const variable = terms.filter(({ symbols }) => symbols.length > 0)
    const [only] = variable
    if (variable.length !== 1 || only === undefined || only.coefficient <= 0n) return
    const offset = terms.find(({ symbols }) => symbols.length === 0)?.coefficient ?? 0n
    if (only.symbols.length === 1) {
      this.#raise(only.symbols[0] as SymbolId, ceilDivide(-offset, only.coefficient))
    } else if (offset < 0n && only.symbols.every((id) => this.#lowestOf(id) === 0n)) {
      // A positive product of factors that are not negative.
      for (const id of only.symbols) this.#raise(id, 1n)
    }
  }

  #raise(id: SymbolId, to: bigint): void {
    const before = this.#lowestOf(id)
    if (before === undefined || before < to) this.#lowest.set(id, to)
  }

  #lowestOf(id: SymbolId): bigint | undefined {
    return this.#lowest.get(id) ?? (this.space.isExtent(id) ? 0n : undefined)
  }

  #isKnown(p: Polynomial): boolean {
    if (this.#isPlain(p)) return true
    return this.#facts.some((a, i) => {
      const rest = p.minus(a)
      return this.#isPlain(rest) || this.#facts.slice(i).some((b) => this.#isPlain(rest.minus(b)))
    })
  }

  /** Whether all terms are at least 0 when symbols are counted from the least they may be. */
  #isPlain(p: Polynomial): boolean {
    let shifted = p
    for (const id of p.symbols()) {
      const lowest = this.#lowestOf(id)
      if (lowest === undefined) return false
      shifted = shifted.replace(id, Polynomial.symbol(id).plus(Polynomial.constant(lowest)))
    }
    return [...shifted.terms].every(({ coefficient }) => coefficient > 0n)
  }
}

function ceilDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b > 0n ? quotient + 1n : quotient
}

/** Whether index `f` in one iteration is never index `g` in another. */
export function neverMeet(f: Polynomial, g: Polynomial, step: number, space: Space, prover: Prover): boolean {
  if (!Number.isInteger(step)) return false
  const difference = f.minus(primed(g))
  const apart = (p: Polynomial) => prover.isNonnegative(p.minus(ONE))
  if (apart(difference) || apart(ZERO.minus(difference))) return true
  const a = f.split(space.counter)
  const b = g.split(space.counter)
  if (a === undefined || b === undefined || !a.factor.equals(b.factor) || [...a.factor.symbols()].some(isVarying)) {
    return !mayBeZero(difference)
  }
  // The counter moves the index by a multiple of `stride`, which is never 0; the rest makes up for less.
  const stride = a.factor.times(Polynomial.constant(Math.abs(step)))
  const rest = a.rest.minus(primed(b.rest))
  const outruns = (by: Polynomial) => apart(by.minus(rest)) && apart(by.plus(rest))
  if (outruns(stride) || outruns(ZERO.minus(stride))) return true
  return !mayBeZero(rest.plus(stride.times(UNKNOWN)))
}

/** Stands for any integer; in no polynomial otherwise. */
const UNKNOWN = Polynomial.symbol(Number.MAX_SAFE_INTEGER)

/** Whether a polynomial has a value of 0 for some integers, as far as divisors tell. */
function mayBeZero(p: Polynomial): boolean {
  let divisor = 0n
  let constant = 0n
  for (const { symbols, coefficient } of p.terms) {
    if (symbols.length === 0) constant = coefficient
    else divisor = gcd(divisor, coefficient)
  }
  return divisor === 0n ? constant === 0n : constant % divisor === 0n
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b)
}
