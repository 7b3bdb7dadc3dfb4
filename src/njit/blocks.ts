// The pass that gives functions of Math in SIMD loops to kernels.
//
// A loop runs in blocks: first the arguments of a function go to a buffer, then the kernel works on the buffer, then the
// loop's own statements take the results from there. Arguments must not depend on what the loop stores or carries along.
// SPDX-License-Identifier: MIT

import { Body } from './body.js'
import { Chunk } from './chunks.js'
import type { Expression, ForLoop, Statement, Variable } from './ir.js'
import { keyOf, some } from './same.js'
import { newVariable, use } from './typed.js'
import { expressionsOf, mapped, readBy, useOf } from './walk.js'

/** Functions that there are kernels for: the first are the library's, the others in the headers beside this file. */
const KERNELS = new Set([
  ...'sin cos exp log'.split(' '),
  ...'expm1 sinh cosh tanh log1p log2 log10 asinh acosh atanh asin acos atan atan2 pow'.split(' '),
])
/** Functions that take too long to be computed twice. */
const SLOW = new Set([...KERNELS, 'tan', 'cbrt', 'hypot'])
/** Elements of a block: the buffers of some functions fit in the first cache. */
const LENGTH = 256
const MOST_CALLS = 8

type Call = Extract<Expression, { kind: 'math' }>

interface Planned {
  readonly call: Call
  /** Its arguments, earlier results of kernels being loads from their buffers. */
  readonly args: readonly Expression[]
  /** What declares the variables of the arguments. */
  readonly lets: readonly Statement[]
  /** One for each argument; the first is for the results too. */
  readonly buffers: readonly Variable[]
}

const isKernel = (e: Expression): e is Call => e.kind === 'math' && e.type === 'f64' && KERNELS.has(e.name)
const newBuffer = () =>
  newVariable('buffer', { kind: 'array', storage: 'f8', rank: 1, contiguous: true, form: 'typed' }, 0)

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
  /** Arrays outside the loop, by their ids, also where the loop has other names for them. */
  readonly #stored = new Set<number>()
  readonly #body: Body

  constructor(
    readonly loop: ForLoop,
    readonly turn: Variable,
  ) {
    const { assigned } = useOf(loop.body)
    this.#changing = assigned
    this.#body = new Body(loop, [])
    for (const s of loop.body) this.#see(s)
  }

  #see(s: Statement): void {
    for (const e of expressionsOf(s)) this.#visit(e)
    if (s.kind === 'let' && s.value && !this.#changing.has(s.variable)) this.#lets.set(s.variable, s)
    this.#seeStore(s)
  }

  /** What a branch stores is not read before; its calls stay where they are. */
  #seeStore(s: Statement): void {
    if (s.kind === 'store') for (const { array } of this.#body.roots(s.array)) this.#stored.add(array.id)
    if (s.kind === 'if') for (const inner of [...s.yes, ...s.no]) this.#seeStore(inner)
  }

  #visit(e: Expression): void {
    if (!some(e, isKernel)) return
    mapped(e, (part) => {
      if (isKernel(part)) this.#plan(part)
      return part
    })
  }

  #plan(call: Call): void {
    const key = keyOf(call)
    if (this.#byKey.has(key) || this.planned.length === MOST_CALLS) return
    const lets = this.#slice(call.args)
    if (lets === undefined) return
    const args = call.args.map((e) => this.replaced(e))
    const one: Planned = { call, args, lets, buffers: args.map(newBuffer) }
    this.planned.push(one)
    this.#byKey.set(key, one)
  }

  /** The declarations that arguments need; undefined where one is not known ahead of the loop's statements. */
  #slice(args: readonly Expression[]): Statement[] | undefined {
    const late = (e: Expression) => e.kind === 'math' && (e.name === 'random' || this.#isSlow(e))
    if (args.some((argument) => some(argument, late))) return undefined
    const needed: Statement[] = []
    const declared = useOf(this.loop.body).declared
    for (const variable of new Set(args.flatMap((argument) => [...readBy(argument)]))) {
      if (variable === this.loop.variable) continue
      if (this.#stored.has(variable.id) || this.#changing.has(variable)) return undefined
      if (!declared.has(variable)) continue
      const s = this.#lets.get(variable)
      if (s?.kind !== 'let' || !s.value) return undefined
      const inner = this.#slice([s.value])
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
    return e.type === 'f64' && SLOW.has(e.name) && !this.#byKey.has(keyOf(e))
  }

  #replacedCall(e: Expression): Expression {
    if (!isKernel(e)) return e
    const found = this.#byKey.get(keyOf(e)) ?? this.#byReplaced(e)
    return found ? loadOf(found.buffers[0] as Variable, this.turn) : e
  }

  #byReplaced(e: Call): Planned | undefined {
    return this.planned.find(({ call, args }) => keyOf({ ...call, args }) === keyOf(e))
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
  const { position } = loop
  const body: Statement[] = []
  for (const { call, args, lets, buffers } of plan.planned) {
    const stores = args.map((value, i): Statement => {
      return {
        kind: 'store',
        array: buffers[i] as Variable,
        indices: [use(chunk.turn)],
        value,
        position,
        atomic: false,
      }
    })
    body.push(chunk.go([...lets, ...stores], { reductions: [] }), {
      ...{ kind: 'kernel', name: call.name, variables: buffers, count: use(chunk.count) },
    })
  }
  const buffers = plan.planned.flatMap((one) => one.buffers)
  const statements = loop.body.map((s) => plan.replacedStatement(s))
  return [
    ...buffers.map((variable): Statement => ({ kind: 'buffer', variable, length: LENGTH })),
    ...chunk.each([...body, chunk.go(statements, loop.simd)]),
  ]
}
