// The pass that gives each iteration of a prange variables of its own: those from outside the loop that every iteration
// assigns before it reads them, as C's `lastprivate` does. What is read after the loop is the last iteration's.
// SPDX-License-Identifier: MIT

import type { ForLoop, FunctionIr, Label, ProgramIr, Statement, Variable } from './ir.js'
import { newVariable, use } from './typed.js'
import { eachStatement, expressionsOf, listsOf, nestOf, readBy, useOf } from './walk.js'

interface Candidate {
  readonly place: Place
  /** The innermost loop of the nest. */
  readonly loop: ForLoop
  readonly variable: Variable
  /** Whether every iteration has assigned it when it ends. */
  readonly always: boolean
}

/** Follows statements in order; `set` says whether the variable has been assigned on every way that leads there. */
class Flow {
  readsBefore = false
  always = true
  readonly #atLabel = new Map<number, boolean>()

  constructor(
    readonly loop: ForLoop,
    readonly variable: Variable,
  ) {
    this.always = this.#list(loop.body, false) && this.always
  }

  #list(list: readonly Statement[], before: boolean): boolean {
    let set = before
    for (const s of list) set = this.#statement(s, set)
    return set
  }

  #statement(s: Statement, set: boolean): boolean {
    const { variable } = this
    if (!set && expressionsOf(s).some((e) => readBy(e).has(variable))) this.readsBefore = true
    switch (s.kind) {
      case 'assign':
        return set || s.variable === variable
      case 'call':
        return set || s.results.includes(variable)
      case 'if':
        // Both are followed, whatever the first one says.
        return [s.yes, s.no].map((branch) => this.#list(branch, set)).every(Boolean)
      case 'break':
        this.#leave(s.label, set)
        return true
      case 'continue':
        if (s.label.id === this.loop.label.id) this.always &&= set
        return true
      case 'return':
        return true
      case 'for':
        this.#list(s.body, set)
        return set
      case 'loop':
        this.#list(s.body, set)
        return this.#atLabel.get(s.label.id) ?? true
      case 'block':
        return this.#list(s.body, set) && (this.#atLabel.get(s.label.id) ?? true)
      default:
        return set
    }
  }

  #leave({ id }: Label, set: boolean): void {
    this.#atLabel.set(id, set && (this.#atLabel.get(id) ?? true))
  }
}

function candidatesIn(place: Place): Candidate[] {
  const loop = place.nest.at(-1) as ForLoop
  const { declared, assigned } = useOf([loop])
  return [...assigned].flatMap((variable) => {
    if (declared.has(variable) || typeof variable.type !== 'string') return []
    const { readsBefore, always } = new Flow(loop, variable)
    return readsBefore ? [] : [{ place, loop, variable, always: always && !continues(loop) }]
  })
}

function continues({ body, label }: ForLoop): boolean {
  let found = false
  eachStatement(body, (s) => {
    if (s.kind === 'continue' && s.label.id === label.id) found = true
  })
  return found
}

/** A prange that is in no other, and the list that it is in. */
interface Place {
  readonly list: Statement[]
  readonly nest: readonly ForLoop[]
}

function outermost(list: Statement[]): readonly Place[] {
  return list.flatMap((s) => {
    if (s.kind === 'for' && s.prange) return [{ list, nest: nestOf(s) }]
    return listsOf(s).flatMap((inner) => outermost(inner as Statement[]))
  })
}

/** How many statements read a variable. */
function reads(list: readonly Statement[], variable: Variable): number {
  let count = 0
  eachStatement(list, (s) => {
    if (expressionsOf(s).some((e) => readBy(e).has(variable))) count++
  })
  return count
}

export function privatize({ main, functions }: ProgramIr): void {
  for (const f of [main, ...functions]) privatizeIn(f)
}

function privatizeIn({ body }: FunctionIr): void {
  const candidates = outermost(body).flatMap((place) => candidatesIn(place))
  const within = (variable: Variable) => {
    const loops = candidates.filter((other) => other.variable === variable).map(({ loop }) => loop)
    return loops.reduce((sum, loop) => sum + reads(loop.body, variable), 0)
  }
  const wanted = new Set(candidates.map(({ variable }) => variable))
  for (const variable of wanted) if (reads(body, variable) === within(variable)) wanted.delete(variable)
  for (const candidate of candidates) {
    if (!wanted.has(candidate.variable)) declare(candidate)
    else if (candidate.always) {
      keepLast(candidate)
      declare(candidate)
    }
  }
}

/** Declares the variable in the body: where it is first assigned, if that is not in a branch or loop. */
function declare({ loop: { body }, variable }: Candidate): void {
  const at = body.findIndex((s) => useOf([s]).used.has(variable))
  const first = body[at]
  if (first?.kind === 'assign') body[at] = { kind: 'let', variable, value: first.value }
  else body.unshift({ kind: 'let', variable, value: undefined })
}

/** Gives the variable the last iteration's value after the loop, by another one that each iteration sets at its end. */
function keepLast({ place: { list, nest }, loop, variable }: Candidate): void {
  const { name, type, position } = variable
  const last = newVariable(name, type, position)
  loop.lasts = [...(loop.lasts ?? []), last]
  loop.body.push({ kind: 'assign', variable: last, value: use(variable), position })
  const at = list.indexOf(nest[0] as ForLoop)
  list.splice(at + 1, 0, { kind: 'assign', variable, value: use(last), position })
  list.splice(at, 0, { kind: 'let', variable: last, value: use(variable) })
}
