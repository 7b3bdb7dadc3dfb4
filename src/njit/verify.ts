// Whether the typed form is well-formed: each expression has operands of its type, each statement what it needs, each jump a
// place to go to. Run after every pass, so that a mistake of the compiler is an error and never a wrong result.
// SPDX-License-Identifier: MIT

import { NjitError } from '../core/errors.js'
import type { ArrayType, Expression, ForLoop, ProgramIr, Scalar, Statement, Type, Variable } from './ir.js'
import { elementType, isInteger } from './typed.js'
import { expressionsOf, listsOf, nestOf, partsOf } from './walk.js'

/** What makes and changes the typed form, in order; the last two are for the loops that `hoist` has freed of checks. */
export const PASSES = ['build', 'privatize', 'parallelize', 'hoist', 'blocks', 'rare'] as const
export type Pass = (typeof PASSES)[number]

class Verifier {
  readonly #labels = new Set<number>()

  constructor(
    readonly pass: Pass,
    readonly results: readonly Type[],
  ) {}

  #need(holds: boolean, what: string): asserts holds {
    if (holds) return
    const text = `NL9001: a mistake in njit, found after its pass '${this.pass}': ${what}. Please report it with your function.`
    throw new NjitError(text, { code: 'NL9001' })
  }

  expression(e: Expression) {
    for (const part of partsOf(e)) this.expression(part)
    const all = (type: Scalar, ...parts: Expression[]) => parts.every((part) => part.type === type)
    switch (e.kind) {
      case 'variable':
        return this.#need(e.variable.type === e.type, `${e.variable.name} is read as ${e.type}`)
      case 'compare':
        return this.#need(all(e.left.type, e.right), `${e.left.type} ${e.op} ${e.right.type}`)
      case 'arithmetic':
        return this.#need(all(e.type, e.left, e.right), `${e.left.type} ${e.op} ${e.right.type} as ${e.type}`)
      case 'logic':
        return this.#need(all('bool', e.left, e.right), `${e.left.type} ${e.op} ${e.right.type}`)
      case 'unary':
        return this.#need(all(e.type, e.operand), `${e.op} ${e.operand.type} as ${e.type}`)
      case 'select':
        this.#need(all('bool', e.condition), 'a choice by what is no condition')
        return this.#need(all(e.type, e.yes, e.no), `a choice of ${e.yes.type} and ${e.no.type} as ${e.type}`)
      case 'load':
        this.#element(e.array, e.indices)
        return this.#need(e.type === elementType((e.array.type as ArrayType).storage), `an element as ${e.type}`)
      default:
    }
  }

  #element(array: Variable, indices: readonly Expression[]): void {
    this.#need(typeof array.type !== 'string', `${array.name} is no array`)
    this.#need(indices.length === array.type.rank, `${indices.length} indices for rank ${array.type.rank}`)
    this.#need(
      indices.every(({ type }) => isInteger(type)),
      `an index of ${array.name} that is no integer`,
    )
  }

  statements(list: readonly Statement[]): void {
    for (const statement of list) this.#statement(statement)
  }

  #statement(s: Statement): void {
    for (const e of expressionsOf(s)) this.expression(e)
    this.#parts(s)
    const label = 'body' in s && 'label' in s ? s.label.id : undefined
    if (label !== undefined) this.#labels.add(label)
    for (const inner of listsOf(s)) this.statements(inner)
    if (label !== undefined) this.#labels.delete(label)
  }

  #parts(s: Statement) {
    switch (s.kind) {
      case 'let':
      case 'assign':
        return this.#need(
          s.value === undefined || s.value.type === s.variable.type,
          `'${s.variable.name}' gets ${s.value?.type}`,
        )
      case 'store':
        return this.#element(s.array, s.indices)
      case 'fail':
        return this.#need(s.when.type === 'bool', 'a failure by what is no condition')
      case 'if':
        return this.#need(s.condition.type === 'bool', 'a branch by what is no condition')
      case 'for':
        this.#need(s.parallel === undefined || isNest(s), 'loops that are one and have something between them')
        return this.#need(
          [s.start.type, s.stop.type, s.variable.type].every((type) => isInteger(type as Scalar)) && s.step !== 0,
          'a loop that does not count by integers',
        )
      case 'break':
      case 'continue':
        return this.#need(this.#labels.has(s.label.id), `a ${s.kind} that leads nowhere`)
      case 'return':
        return this.#types('a return', s.values, this.results)
      case 'call':
        return this.#types(
          'a call',
          s.args,
          s.callee.parameters.map(({ type }) => type),
        )
      default:
    }
  }

  #types(what: string, values: readonly (Expression | Variable)[], types: readonly Type[]): void {
    const fits = values.every(({ type }, i) => typeof type !== 'string' || type === types[i])
    this.#need(fits && values.length === types.length, `${what} with other values than it should have`)
  }
}

function isNest(loop: ForLoop): boolean {
  const nest = nestOf(loop)
  return nest.length === (loop.collapse ?? 1) && nest.slice(0, -1).every(({ body }) => body.length === 1)
}

/** Throws NjitError NL9001 where a pass left something that is not well-formed. */
export function verify(pass: Pass, { main, functions }: ProgramIr): void {
  for (const f of [main, ...functions]) verifyStatements(pass, f.results, f.body)
}

export function verifyStatements(pass: Pass, results: readonly Type[], list: readonly Statement[]): void {
  new Verifier(pass, results).statements(list)
}
