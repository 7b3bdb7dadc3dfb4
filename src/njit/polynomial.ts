// Polynomials with integer coefficients over numbered symbols, in normal form: equal polynomials have equal terms.
// SPDX-License-Identifier: MIT

export type SymbolId = number

interface Term {
  /** Sorted; a square is there twice. */
  readonly symbols: readonly SymbolId[]
  readonly coefficient: bigint
}

export class Polynomial {
  private constructor(private readonly byKey: ReadonlyMap<string, Term>) {}

  static constant(value: number | bigint): Polynomial {
    return Polynomial.#sum([{ symbols: [], coefficient: BigInt(value) }])
  }

  static symbol(id: SymbolId): Polynomial {
    return Polynomial.#sum([{ symbols: [id], coefficient: 1n }])
  }

  static #sum(terms: Iterable<Term>): Polynomial {
    const byKey = new Map<string, Term>()
    for (const term of terms) {
      const key = term.symbols.join()
      const coefficient = (byKey.get(key)?.coefficient ?? 0n) + term.coefficient
      if (coefficient === 0n) byKey.delete(key)
      else byKey.set(key, { symbols: term.symbols, coefficient })
    }
    return new Polynomial(byKey)
  }

  get terms(): Iterable<Term> {
    return this.byKey.values()
  }

  /** The value of a polynomial without symbols. */
  get constant(): bigint | undefined {
    if (this.byKey.size === 0) return 0n
    return this.byKey.size === 1 ? this.byKey.get('')?.coefficient : undefined
  }

  symbols(): Set<SymbolId> {
    return new Set([...this.terms].flatMap((term) => term.symbols))
  }

  plus(other: Polynomial): Polynomial {
    return Polynomial.#sum([...this.terms, ...other.terms])
  }

  minus(other: Polynomial): Polynomial {
    return this.plus(other.times(Polynomial.constant(-1)))
  }

  times(other: Polynomial): Polynomial {
    const terms: Term[] = []
    for (const a of this.terms) {
      for (const b of other.terms) {
        const symbols = [...a.symbols, ...b.symbols].sort((x, y) => x - y)
        terms.push({ symbols, coefficient: a.coefficient * b.coefficient })
      }
    }
    return Polynomial.#sum(terms)
  }

  rename(to: (id: SymbolId) => SymbolId): Polynomial {
    return Polynomial.#sum(
      [...this.terms].map((term) => ({ ...term, symbols: term.symbols.map(to).sort((x, y) => x - y) })),
    )
  }

  /** `factor` and `rest` with this = factor * symbol + rest, where the symbol is in neither; undefined for its powers. */
  split(id: SymbolId): { factor: Polynomial; rest: Polynomial } | undefined {
    const factor: Term[] = []
    const rest: Term[] = []
    for (const term of this.terms) {
      const others = term.symbols.filter((symbol) => symbol !== id)
      const power = term.symbols.length - others.length
      if (power > 1) return undefined
      if (power === 1) factor.push({ ...term, symbols: others })
      else rest.push(term)
    }
    return { factor: Polynomial.#sum(factor), rest: Polynomial.#sum(rest) }
  }

  replace(id: SymbolId, by: Polynomial): Polynomial {
    let result = Polynomial.constant(0)
    for (const term of this.terms) {
      let product = Polynomial.#sum([{ ...term, symbols: term.symbols.filter((symbol) => symbol !== id) }])
      for (const symbol of term.symbols) if (symbol === id) product = product.times(by)
      result = result.plus(product)
    }
    return result
  }

  equals(other: Polynomial): boolean {
    return this.minus(other).constant === 0n
  }
}
