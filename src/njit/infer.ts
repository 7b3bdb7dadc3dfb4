// Inference: runs the function on what is known of values instead of on values (abstract interpretation: Cousot and
// Cousot, POPL 1977). Loops repeat until nothing new comes up, with bounds that jump ahead. Calls of functions that do not
// recurse are expanded in place, each into a copy of its own.
//
// What it finds is kept beside the nodes (Notes), where the builder of the typed form looks it up.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import type { RangeCall } from './builtins.js'
import { callClosure, type Expansion, type Instance, Unreached } from './calls.js'
import { reject } from './diagnostic.js'
import { evaluateTest, rejectExpression } from './expressions.js'
import { inferStatement } from './infer-statements.js'
import type { Leavable } from './jumps.js'
import { namesOf, refine } from './patterns.js'
import { type Local, Scope } from './scope.js'
import { type Closure, describe, joinValues, sameValue, UNSET, type Value, widenValues } from './value.js'

export type Env = Map<Local, Value>

/** What inference found out, by node. */
export class Notes {
  readonly values = new Map<es.Node, Value>()
  /** Locals that identifiers and declarations stand for. */
  readonly locals = new Map<es.Node, Local>()
  readonly expansions = new Map<es.Node, Expansion>()
  readonly calls = new Map<es.Node, Instance>()
  readonly ranges = new Map<es.Node, RangeCall>()
  readonly scopes = new Map<es.Node, Scope>()
  /** Statements that can be reached. */
  readonly reached = new Set<es.Node>()
  /** Locals that are assigned anywhere within a node, for loops. */
  readonly assigned = new Map<es.Node, Set<Local>>()
}

/** Somewhere that break, continue or return may lead to. */
interface Target extends Leavable {
  readonly breaks: Env[]
  readonly continues: Env[]
}

/** A function that is being run. */
export interface Frame {
  readonly node: es.Node
  readonly targets: Target[]
  readonly returns: Env[]
  result: Value | undefined
}

/** How often a loop is repeated before its bounds jump. */
const TURNS_BEFORE_WIDENING = 2

export class Inference {
  readonly notes = new Notes()
  readonly instances = new Map<es.Node, Instance>()
  /** Whether functions may come to call themselves. */
  readonly recursive = new Map<es.Node, boolean>()
  readonly frames: Frame[] = []
  env: Env | undefined = new Map()
  scope: Scope
  /** The globals, which every function sees. */
  around: Env = new Map()
  /** Sets of locals that nodes around here assign to. */
  readonly collectors: Set<Local>[] = []

  constructor(
    readonly globals: Scope,
    /** The most elements that an extent may have. */
    readonly maxExtent: number,
  ) {
    this.scope = globals
  }

  /** Runs `work` in the scope of a node, the same one each time. */
  inScope<T>(node: es.Node, parent: Scope, work: () => T): T {
    const before = this.scope
    let scope = this.notes.scopes.get(node)
    if (scope === undefined) {
      scope = new Scope(parent)
      this.notes.scopes.set(node, scope)
    }
    this.scope = scope
    try {
      return work()
    } finally {
      this.scope = before
    }
  }

  /** The local that a declaration makes, the same one each time. */
  declare(node: es.Identifier, constant: boolean): Local {
    const known = this.notes.locals.get(node)
    if (known) return known
    const local = this.scope.declare(node.name, constant, node.start)
    this.notes.locals.set(node, local)
    return local
  }

  assign(local: Local, value: Value, node: es.Node) {
    const joined = local.value === undefined ? value : joinValues(local.value, value)
    if (joined === undefined) {
      if (value.kind === 'function' && local.value?.kind === 'function') {
        const fix = 'write one function, with a condition in it.'
        reject('NL2001', node, `'${local.name}' is another function elsewhere.`, fix)
      }
      reject(
        'NL2001',
        node,
        `'${local.name}' is ${describe(local.value as Value)} elsewhere and ${describe(value)} here.`,
        'use a variable for each.',
      )
    }
    if (value.kind !== 'unset') local.value = joined.kind === 'unset' ? value : joined
    if (value.kind !== 'unset') local.assignments.add(node)
    this.env?.set(local, value)
    for (const collector of this.collectors) collector.add(local)
  }

  /** A name in the function that is being run stands for a local. */
  use(local: Local, node: es.Identifier): void {
    this.notes.locals.set(node, local)
    local.head?.see(local, node, (this.frames.at(-1) as Frame).node)
  }

  read(local: Local, node: es.Node): Value {
    const value = this.env?.get(local) ?? (local.value?.kind === 'function' ? local.value : UNSET)
    if (value.kind === 'unset') {
      if (local.value === undefined && !this.env?.has(local)) this.rejectEarly(local, node)
      reject(
        'NL2002',
        node,
        `'${local.name}' may have no value here.`,
        `give '${local.name}' a value where it is declared.`,
      )
    }
    return value
  }

  rejectEarly({ name }: Local, node: es.Node): never {
    reject('NL2002', node, `'${name}' is used before its declaration.`, `declare '${name}' above.`)
  }

  note<V extends Value>(node: es.Node, value: V): V {
    const known = this.notes.values.get(node)
    const joined = known === undefined ? value : (joinValues(known, value) ?? value)
    this.notes.values.set(node, joined)
    return value
  }

  /** The environment of two ways that meet. */
  meet(a: Env | undefined, b: Env | undefined, combine = joinValues): Env | undefined {
    if (a === undefined || b === undefined) return a ?? b
    const met: Env = new Map()
    for (const [local, value] of a) {
      const other = b.get(local)
      if (other !== undefined) met.set(local, combine(value, other) ?? UNSET)
    }
    return met
  }

  // ---- statements ---------------------------------------------------------------------------------------------------

  block(node: es.Node, statements: readonly es.Node[]) {
    this.inScope(node, this.scope, () => this.statements(statements))
  }

  statements(list: readonly es.Node[]) {
    this.declareAhead(list)
    for (const statement of list) this.#hoist(statement)
    for (const statement of list) this.statement(statement)
  }

  /** Names mean a block's own variables from its start on, not those around it; they have no value before their declaration. */
  declareAhead(list: readonly (es.Node | null | undefined)[]): void {
    for (const node of list) {
      if (node?.type !== 'VariableDeclaration') continue
      const { declarations, kind } = node as es.VariableDeclaration
      for (const { id } of declarations) for (const name of namesOf(id)) this.declare(name, kind === 'const')
    }
  }

  /** Functions may be called before they are declared. */
  #hoist(node: es.Node) {
    if (node.type !== 'FunctionDeclaration') return
    const declaration = node as es.FunctionDeclaration
    const name = declaration.id.name
    if (declaration.async || declaration.generator) rejectExpression(declaration)
    const closure: Closure = { kind: 'function', name, node: declaration, scope: this.scope }
    this.assign(this.declare(declaration.id, true), closure, node)
  }

  statement(node: es.Node, labels: readonly string[] = []) {
    if (this.env === undefined) return
    this.notes.reached.add(node)
    const run = () => inferStatement(this, node as es.Statement, labels)
    this.attempt(labels.length > 0 && !seesLabels(node) ? () => this.leavable(labels, 'block', run) : run)
  }

  /** Nothing is known of what follows a call whose result is not known yet. */
  attempt(work: () => void) {
    try {
      work()
    } catch (error) {
      if (!(error instanceof Unreached)) throw error
      this.env = undefined
    }
  }

  /** Runs both ways of a condition; each sees what the condition says of variables. */
  branch(test: es.Expression, yes: () => void, no: () => void): void {
    evaluateTest(this, test)
    const before = this.env
    this.env = refine(this, test, true, before)
    this.attempt(yes)
    const after = this.env
    this.env = refine(this, test, false, before)
    this.attempt(no)
    this.env = this.meet(after, this.env)
  }

  leavable(names: readonly string[], kind: Target['kind'], work: (target: Target) => void): void {
    const target: Target = { names, kind, breaks: [], continues: [] }
    const { targets } = this.frames.at(-1) as Frame
    targets.push(target)
    try {
      work(target)
    } finally {
      targets.pop()
    }
    for (const env of target.breaks) this.env = this.meet(this.env, env)
  }

  /** The turns of a loop, until what is known at their start does not change. */
  turns(node: es.Node, labels: readonly string[], turn: () => Env | undefined): void {
    const collector = this.notes.assigned.get(node) ?? new Set<Local>()
    this.notes.assigned.set(node, collector)
    this.collectors.push(collector)
    try {
      this.#repeat(labels, turn)
    } finally {
      this.collectors.pop()
    }
  }

  #repeat(labels: readonly string[], turn: () => Env | undefined): void {
    this.leavable(labels, 'loop', (target) => {
      const entry = this.env
      let state = entry
      for (let count = 0; ; count++) {
        target.breaks.length = target.continues.length = 0
        this.env = state && new Map(state)
        const exit = turn()
        const next = this.meet(entry, this.env)
        const stable = next === undefined || state === undefined || sameEnv(state, next)
        if (stable) {
          this.env = exit
          return
        }
        state = this.meet(state, next, count >= TURNS_BEFORE_WIDENING ? widenValues : joinValues)
      }
    })
  }

  /** After the body: `continue` leads here. */
  joinContinues(): void {
    const target = (this.frames.at(-1) as Frame).targets.at(-1) as Target
    for (const env of target.continues.splice(0)) this.env = this.meet(this.env, env)
  }

  result(frame: Frame, value: Value, node: es.Node): void {
    if (frame === this.frames[0] && holdsFunction(value)) {
      const fix = 'call it, and return its value.'
      reject('NL2041', node, 'a function is returned, and what leaves compiled code are values.', fix)
    }
    const known = frame.result ?? value
    const joined = (known.kind === 'unset') === (value.kind === 'unset') ? joinValues(known, value) : undefined
    if (joined === undefined) {
      const kinds = `${describe(frame.result as Value)} and ${describe(value)}`
      reject('NL2003', node, `the function returns ${kinds}.`, 'return one type of value everywhere.')
    }
    frame.result = joined
  }

  /** Runs the whole function on its arguments. */
  run(closure: Closure, args: readonly Value[]): Expansion {
    if (closure.node.async || closure.node.generator) rejectExpression(closure.node)
    this.around = new Map(this.env)
    return callClosure(this, closure.node, closure, args)
  }
}

function holdsFunction(value: Value): boolean {
  return value.kind === 'compound' ? value.fields.some(holdsFunction) : value.kind === 'function'
}

/** Whether statements of a kind see to their labels themselves. */
export function seesLabels({ type }: es.Node): boolean {
  return /^(For|ForOf|While|DoWhile|Switch|Labeled)Statement$/.test(type)
}

function sameEnv(a: Env, b: Env): boolean {
  for (const [local, value] of b) {
    const other = a.get(local)
    if (other !== undefined && !sameValue(other, joinValues(other, value) ?? UNSET)) return false
  }
  return true
}
