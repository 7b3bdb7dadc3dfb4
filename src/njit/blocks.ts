// The pass that gives functions of Math in SIMD loops to the library's kernels.
//
// A loop runs in blocks: first the arguments of a function go to a buffer, then the kernel works on the buffer, then the
// loop's own statements take the results from there. Arguments must not depend on what the loop stores or carries along.
// SPDX-License-Identifier: MIT

import { Chunk } from './chunks.js'
import type { Expression, ForLoop, Statement, Variable } from './ir.js'
import { keyOf, some } from './same.js'
import { newVariable, use } from './typed.js'
import { expressionsOf, readBy, useOf } from './walk.js'

/** Functions that the library has kernels for. */
const KERNELS = new Set(['sin', 'cos', 'exp', 'log'])
/** Elements of a block: the buffers of some functions fit in the first cache. */
const LENGTH = 256
const MOST_CALLS = 8

type Call = Extract<Expression, { kind: 'math' }>

interface Planned {
  readonly call: Call
  /** Its argument, earlier results of kernels being loads from their buffers. */
  readonly argument: Expression
  /** What declares the variables of the argument. */
  readonly lets: readonly Statement[]
  readonly buffer: Variable
}

const isKernel = (e: Expression): e is Call => e.kind === 'math' && e.type === 'f64' && KERNELS.has(e.name)

/** Rebuilds an expression from its parts, the innermost first. */
function mapped(e: Expression, map: (e: Expression) => Expression): Expression {
  const inner = (part: Expression) => mapped(part, map)
  switch (e.kind) {
    case 'compare':
    case 'arithmetic':
    case 'logic':
      return map({ ...e, left: inner(e.left), right: inner(e.right) })
    case 'unary':
    case 'convert':
      return map({ ...e, operand: inner(e.operand) })
    case 'math':
      return map({ ...e, args: e.args.map(inner) })
    case 'select':
      return map({ ...e, condition: inner(e.condition), yes: inner(e.yes), no: inner(e.no) })
    case 'load':
      return map({ ...e, indices: e.indices.map(inner) })
    default:
      return map(e)
  }
}

function mapStatement(s: Statement, map: (e: Expression) => Expression): Statement {
  const inner = (e: Expression) => mapped(e, map)
  switch (s.kind) {
    case 'let':
      return s.value ? { ...s, value: inner(s.value) } : s
    case 'assign':
      return { ...s, value: inner(s.value) }
    case 'store':
      return { ...s, indices: s.indices.map(inner), value: inner(s.value) }
    case 'if':
      return {
        ...s,
        condition: inner(s.condition),
        yes: s.yes.map((x) => mapStatement(x, map)),
        no: s.no.map((x) => mapStatement(x, map)),
      }
    default:
      return s
  }
}

/** Finds the calls of a loop that can be made for a block at a time. */
class Plan {
  readonly planned: Planned[] = []
  readonly #lets = new Map<Variable, Statement>()
  readonly #byKey = new Map<string, Planned>()
  readonly #changing: ReadonlySet<Variable>
  readonly #stored = new Set<Variable>()

  constructor(
    readonly loop: ForLoop,
    readonly turn: Variable,
  ) {
    const { assigned } = useOf(loop.body)
    this.#changing = assigned
    for (const s of loop.body) this.#see(s)
  }

  #see(s: Statement): void {
    for (const e of expressionsOf(s)) this.#visit(e)
    if (s.kind === 'let' && s.value && !this.#changing.has(s.variable)) this.#lets.set(s.variable, s)
    if (s.kind === 'store') this.#stored.add(s.array)
    if (s.kind === 'if') for (const inner of [...s.yes, ...s.no]) this.#afterBranch(inner)
  }

  /** What a branch stores is not read before; its calls stay where they are. */
  #afterBranch(s: Statement): void {
    if (s.kind === 'store') this.#stored.add(s.array)
    if (s.kind === 'if') for (const inner of [...s.yes, ...s.no]) this.#afterBranch(inner)
  }

  #visit(e: Expression): void {
    if (!some(e, isKernel)) return
    mapped(e, (part) => {
      if (isKernel(part)) this.#plan(part)
      return part
    })
  }

  #plan(call: Call): void {
    const argument = call.args[0] as Expression
    const key = `${call.name} ${keyOf(argument)}`
    if (this.#byKey.has(key) || this.planned.length === MOST_CALLS) return
    const lets = this.#slice(argument)
    if (lets === undefined) return
    const buffer = newVariable('buffer', { kind: 'array', storage: 'f8', rank: 1, contiguous: true, form: 'typed' }, 0)
    const one: Planned = { call, argument: this.replaced(argument), lets, buffer }
    this.planned.push(one)
    this.#byKey.set(key, one)
  }

  /** The declarations that an argument needs; undefined where it is not known ahead of the loop's statements. */
  #slice(argument: Expression): Statement[] | undefined {
    if (some(argument, (e) => e.kind === 'math' && (e.name === 'random' || this.#isSlow(e)))) return undefined
    const needed: Statement[] = []
    const declared = useOf(this.loop.body).declared
    for (const variable of readBy(argument)) {
      if (variable === this.loop.variable) continue
      if (this.#stored.has(variable) || this.#changing.has(variable)) return undefined
      if (!declared.has(variable)) continue
      const s = this.#lets.get(variable)
      if (s?.kind !== 'let' || !s.value) return undefined
      const inner = this.#slice(s.value)
      if (inner === undefined) return undefined
      for (const each of [...inner, mapStatement(s, (e) => this.#replacedCall(e))]) {
        if (!needed.some((known) => known.kind === 'let' && each.kind === 'let' && known.variable === each.variable))
          needed.push(each)
      }
    }
    return needed
  }

  /** A function that would be computed twice. */
  #isSlow(e: Call): boolean {
    if (
      e.type !== 'f64' ||
      !/^(tan|a?sinh?|a?cosh?|a?tanh?|atan2|expm1|log1p|log2|log10|cbrt|pow|hypot|exp|log)$/.test(e.name)
    )
      return false
    return !this.#byKey.has(`${e.name} ${keyOf(e.args[0] as Expression)}`)
  }

  #replacedCall(e: Expression): Expression {
    if (!isKernel(e)) return e
    const found = this.#byKey.get(`${e.name} ${keyOf(e.args[0] as Expression)}`) ?? this.#byReplaced(e)
    return found ? loadOf(found.buffer, this.turn) : e
  }

  #byReplaced(e: Call): Planned | undefined {
    return this.planned.find(
      ({ call, argument }) => call.name === e.name && keyOf(argument) === keyOf(e.args[0] as Expression),
    )
  }

  replaced(e: Expression): Expression {
    return mapped(e, (part) => this.#replacedCall(part))
  }

  replacedStatement(s: Statement): Statement {
    return mapStatement(s, (part) => this.#replacedCall(part))
  }
}

function loadOf(buffer: Variable, turn: Variable): Expression {
  return { kind: 'load', type: 'f64', array: buffer, indices: [use(turn)], position: 0 }
}

/**
 * The loop in blocks, where it calls functions that kernels are there for; undefined where it does not. Its iterations must
 * not depend on each other through memory.
 */
export function inBlocks(loop: ForLoop): Statement[] | undefined {
  const chunk = new Chunk(loop, LENGTH)
  const plan = new Plan(loop, chunk.turn)
  if (plan.planned.length === 0) return undefined
  const body: Statement[] = []
  for (const { call, argument, lets, buffer } of plan.planned) {
    const store: Statement = {
      ...{ kind: 'store', array: buffer, indices: [use(chunk.turn)], value: argument },
      ...{ position: loop.position, atomic: false },
    }
    body.push(chunk.go([...lets, store], { reductions: [] }), {
      ...{ kind: 'kernel', name: call.name, variable: buffer, count: use(chunk.count) },
    })
  }
  const statements = loop.body.map((s) => plan.replacedStatement(s))
  return [
    ...plan.planned.map(({ buffer }): Statement => ({ kind: 'buffer', variable: buffer, length: LENGTH })),
    ...chunk.each([...body, chunk.go(statements, loop.simd)]),
  ]
}
