// Where arrays come from: which parameters of a program are stored into, which it may return, and which results are rows of one.
// SPDX-License-Identifier: MIT

import type { FunctionIr, Position, ProgramIr, Statement, Variable } from './ir.js'
import { isVariable } from './same.js'
import { eachStatement } from './walk.js'

/** A variable, or a result of a function. */
type Holder = object

/** What a holder may stand for: another one, or a row of it. */
interface Origin {
  readonly from: Holder
  readonly row: boolean
}

interface Returned {
  readonly value: Variable
  readonly position: Position
}

/** Which parameters a result may be, and whether it may be an array that the program makes. */
export interface ResultOrigin {
  readonly parameters: readonly number[]
  readonly made: boolean
}

export class Roots {
  readonly #origins = new Map<Holder, Origin[]>()
  readonly #results = new Map<FunctionIr, Holder[]>()
  readonly #stored: Variable[] = []
  readonly #returned: Returned[] = []
  readonly #allocated: Variable[] = []

  constructor(readonly program: ProgramIr) {
    for (const f of [program.main, ...program.functions]) this.#read(f)
  }

  #add(holder: Holder, from: Holder, row = false): void {
    const list = this.#origins.get(holder) ?? []
    list.push({ from, row })
    this.#origins.set(holder, list)
  }

  #resultsOf(f: FunctionIr): readonly Holder[] {
    const known = this.#results.get(f) ?? f.results.map(() => ({}))
    this.#results.set(f, known)
    return known
  }

  #read(f: FunctionIr): void {
    eachStatement(f.body, (s) => {
      if (s.kind === 'store') this.#stored.push(s.array)
      else if (s.kind === 'alias') this.#add(s.variable, s.source, s.row.length > 0)
      else if (s.kind === 'allocate') this.#allocated.push(s.variable)
      else if (s.kind === 'call') this.#readCall(s)
      else if (s.kind === 'return') this.#readReturn(f, s)
    })
  }

  #readCall({ callee, args, results }: Extract<Statement, { kind: 'call' }>): void {
    for (const [i, arg] of args.entries()) if (isVariable(arg)) this.#add(callee.parameters[i] as Variable, arg)
    for (const [k, result] of this.#resultsOf(callee).entries()) this.#add(results[k] as Variable, result)
  }

  #readReturn(f: FunctionIr, { values, position }: Extract<Statement, { kind: 'return' }>): void {
    for (const [k, value] of values.entries()) {
      if (!isVariable(value)) continue
      this.#add(this.#resultsOf(f)[k] as Holder, value)
      if (f === this.program.main) this.#returned.push({ value, position })
    }
  }

  /** Everything that a holder may stand for. */
  #reach(holder: Holder, row: boolean, seen = new Map<Holder, boolean>()): Map<Holder, boolean> {
    const known = seen.get(holder)
    if (known !== undefined && (known || !row)) return seen
    seen.set(holder, row)
    for (const origin of this.#origins.get(holder) ?? []) this.#reach(origin.from, row || origin.row, seen)
    return seen
  }

  /** Lets functions tell which of their parameters are stored into. */
  markStored(): void {
    const reached = new Set(this.#stored.flatMap((array) => [...this.#reach(array, false).keys()]))
    const { main, functions } = this.program
    for (const f of [main, ...functions]) f.stored = f.parameters.map((parameter) => reached.has(parameter))
  }

  /** What each result of the program may be. */
  origins(): readonly ResultOrigin[] {
    const { main } = this.program
    return this.#resultsOf(main).map((result) => {
      const reached = this.#reach(result, false)
      const parameters = main.parameters.flatMap((parameter, i) => (reached.has(parameter) ? [i] : []))
      return { parameters, made: this.#allocated.some((array) => reached.has(array)) }
    })
  }

  /** Where a row of a parameter is returned. */
  returnedRow(): Position | undefined {
    const found = this.#returned.find(({ value }) => {
      const reached = this.#reach(value, false)
      return this.program.main.parameters.some((parameter) => reached.get(parameter))
    })
    return found?.position
  }
}
