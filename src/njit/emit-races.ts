// Pranges that are checked for races: they run on one thread, and every access in them is told to races.h.
// SPDX-License-Identifier: MIT

import type { Emitter } from './emit.js'
import { hullText, itemsize, offsetText, stridesOf } from './emit-expressions.js'
import type { ArrayType, Expression, ForLoop, Position, ProgramIr, Statement, Variable } from './ir.js'
import { isRandom, placeOf, some } from './same.js'
import { eachStatement, expressionsOf, nestOf, partsOf } from './walk.js'

/** What the numbers mean that races.h leaves. */
export interface Watch {
  /** The most axes of an array. */
  readonly axes: number
  readonly accesses: readonly { readonly write: boolean; readonly where: number }[]
  /** Names and ranks of what is watched. */
  readonly watched: readonly { readonly name: string; readonly rank: number }[]
}

/** Slots of the record: races.h says what is there. */
export const FOUND = 9
export const CONFLICTS = 10
const MOST_CONFLICTS = 16
export const conflictSlots = (axes: number) => 5 + axes
export const raceSlots = (axes: number) => 2 + MOST_CONFLICTS * conflictSlots(axes)

const rankOf = ({ type }: Variable) => (typeof type === 'object' ? type.rank : 0)

export function mostAxes({ main, functions }: ProgramIr): number {
  let most = 0
  eachStatement(
    [main, ...functions].flatMap(({ body }) => body),
    (s) => {
      if (s.kind === 'for') most = Math.max(most, ...(s.watched ?? []).map(rankOf))
    },
  )
  return most
}

export type WatchedLoop = ForLoop & { readonly watched: readonly Variable[] }

/** Whether there is anything to check in a loop. */
export function isWatched(loop: ForLoop): loop is WatchedLoop {
  return loop.watched !== undefined && loop.watched.length > 0
}

type Kind = 'NL_READ' | 'NL_WRITE' | 'NL_ATOMIC'

export class Recorder {
  readonly accesses: { write: boolean; where: number }[] = []
  readonly watched: { name: string; rank: number }[] = []
  /** Whether what is written may run in a checked loop. */
  active = false
  /** Scalars that are watched: no others are told of. */
  scalars: ReadonlySet<Variable> = new Set()
  readonly #numbers = new Map<string, number>()
  #position: Position = 0

  constructor(private readonly emitter: Emitter) {}

  /** Begins a function, which checked loops may call or not. */
  enter(isCalled: boolean): void {
    this.active = isCalled
    this.scalars = new Set()
  }

  /** Tells of what a statement reads and writes by itself, before it does. */
  statement(s: Statement) {
    if (!this.active) return
    this.#position = placeOf(s, this.#position)
    for (const e of expressionsOf(s)) this.#reads(e, [])
    if (s.kind === 'store') this.#element(s, s.atomic ? 'NL_ATOMIC' : 'NL_WRITE', [])
    if (s.kind === 'assign') this.#scalar(s.variable, 'NL_WRITE', [])
    if (s.kind === 'call') for (const result of s.results) this.#scalar(result, 'NL_WRITE', [])
  }

  /** What an expression reads where the conditions hold: only what is evaluated counts. */
  #reads(e: Expression, conditions: readonly string[]) {
    const under = (condition: Expression, not: '' | '!', part: Expression) => {
      // To ask again would draw another number.
      if (some(condition, isRandom)) return
      this.#reads(part, [...conditions, `${not}${this.emitter.text(condition)}`])
    }
    if (e.kind === 'logic') {
      this.#reads(e.left, conditions)
      under(e.left, e.op === '&&' ? '' : '!', e.right)
    } else if (e.kind === 'select') {
      this.#reads(e.condition, conditions)
      under(e.condition, '', e.yes)
      under(e.condition, '!', e.no)
    } else for (const part of partsOf(e)) this.#reads(part, conditions)
    if (e.kind === 'variable') this.#scalar(e.variable, 'NL_READ', conditions)
    if (e.kind === 'load') this.#element(e, 'NL_READ', conditions)
  }

  #scalar(variable: Variable, kind: Kind, conditions: readonly string[]): void {
    if (!this.scalars.has(variable)) return
    const name = this.emitter.names.of(variable)
    this.#touch(`&${name}, sizeof ${name}`, kind, this.#position, conditions)
  }

  #element(
    { array, indices, position }: { array: Variable; indices: readonly Expression[]; position: Position },
    kind: Kind,
    conditions: readonly string[],
  ): void {
    const { names } = this.emitter
    const place = `&${names.pointer(array)}[${offsetText(names, array, indices)}]`
    this.#touch(`${place}, ${itemsize((array.type as ArrayType).storage)}`, kind, position, conditions)
  }

  #touch(memory: string, kind: Kind, position: Position, conditions: readonly string[]): void {
    const where = this.emitter.position(position)
    const write = kind !== 'NL_READ'
    const key = `${where} ${write}`
    const number = this.#numbers.get(key) ?? this.accesses.push({ write, where }) - 1
    this.#numbers.set(key, number)
    const condition = conditions.length > 0 ? `if (${conditions.join(' && ')}) ` : ''
    this.emitter.line(`${condition}nl_touch(E, ${memory}, ${number}, ${kind});`)
  }
}

export function checkedLoop(emitter: Emitter, recorder: Recorder, loop: WatchedLoop): void {
  const { watched } = loop
  const list = emitter.unique('watched')
  const races = emitter.unique('races')
  const mark = emitter.unique('mark')
  const lacking = emitter.unique('lacking')
  const position = emitter.position(loop.position)
  const { active, scalars } = recorder
  recorder.active = true
  recorder.scalars = new Set([...scalars, ...watched.filter(({ type }) => typeof type === 'string')])
  emitter.line('{')
  emitter.line(
    `struct nl_watched ${list}[] = {${watched.map((variable) => watchedText(emitter, recorder, variable))}};`,
  )
  // Iterations of a nest are told by their number.
  const range =
    nestOf(loop).length > 1
      ? '.start = 0, .step = 1'
      : `.start = (f64)${emitter.text(loop.start)}, .step = ${loop.step}`
  emitter.line(`struct nl_races ${races} = {.watched = ${list}, .count = ${watched.length}, ${range}};`)
  emitter.line(`struct nl_block* const ${mark} = *A;`)
  emitter.line(`const f64 ${lacking} = nl_watch(E, A, &${races});`)
  emitter.fail(`${lacking} > 0`, `nl_no_memory(E, ${position}, ${lacking})`)
  emitter.for(loop, `${races}.iteration++;`)
  emitter.line(`nl_release_to(A, ${mark});`)
  emitter.fail(`nl_unwatch(E, &${races})`, `nl_failed(E, -4, ${position}, 0)`)
  emitter.line('}')
  recorder.active = active
  recorder.scalars = scalars
}

function watchedText({ names }: Emitter, recorder: Recorder, variable: Variable): string {
  const name = names.of(variable)
  const { type } = variable
  const number = recorder.watched.push({ name: variable.name, rank: rankOf(variable) }) - 1
  if (typeof type === 'string') {
    return `{&${name}, &${name} + 1, &${name}, sizeof ${name}, ${number}, 0, (const i64[]){0}, 0}`
  }
  const [from, to] = hullText(names, variable)
  const extents = Array.from({ length: type.rank }, (_, axis) => `${name}.n${axis}`)
  const axes = [...extents, ...stridesOf(name, type), '0'].join(', ')
  const memory = `${name}.p + (${from}), ${name}.p + (${to}), ${name}.p, ${itemsize(type.storage)}`
  return `{${memory}, ${number}, ${type.rank}, (const i64[]){${axes}}, 0}`
}
