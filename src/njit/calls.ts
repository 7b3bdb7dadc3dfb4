// Inference of calls of the user's functions: expanded in place, or as functions of their own where they recurse.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { reject } from './diagnostic.js'
import { evaluate } from './expressions.js'
import type { Frame, Inference } from './infer.js'
import { childrenOf, freeNames } from './names.js'
import { bindPattern, namesOf } from './patterns.js'
import type { Local } from './scope.js'
import { type Closure, type FunctionNode, joinValues, sameValue, UNSET, type Value, widenValues } from './value.js'

/** A function in the place of a call of it: a copy of its nodes, of which notes are kept apart. */
export interface Expansion {
  readonly original: FunctionNode
  readonly node: FunctionNode
  result: Value | undefined
}

/** A recursive function for one kind of arguments. */
export interface Instance {
  readonly closure: Closure
  readonly name: string
  readonly expansion: Expansion
  /** Variables from around it: their values are parameters behind its own. */
  readonly captured: readonly Local[]
  params: Value[]
  result: Value | undefined
  running: boolean
  changed: boolean
}

/** Thrown where nothing is known yet of a recursive call's result: what follows it is looked at in the next round. */
export class Unreached extends Error {}

const MOST_ROUNDS = 2000
const ROUNDS_BEFORE_WIDENING = 3
const MOST_DEPTH = 64

/** Runs the function in the place of the call `at`. */
export function callClosure(inf: Inference, at: es.Node, closure: Closure, args: readonly Value[]): Expansion {
  if (inf.frames.length > MOST_DEPTH) {
    reject('NL2023', at, 'functions call each other too deeply.', 'make it a loop, or a function that calls itself.')
  }
  let expansion = inf.notes.expansions.get(at)
  if (expansion === undefined || expansion.original !== closure.node) {
    expansion = { original: closure.node, node: copyOf(closure.node), result: undefined }
    inf.notes.expansions.set(at, expansion)
  }
  expansion.result = runBody(inf, at, closure, expansion.node, args)
  return expansion
}

function copyOf(node: FunctionNode): FunctionNode {
  return structuredClone(node)
}

/** Parameters, then the body; afterwards all returns have met. */
function runBody(inf: Inference, at: es.Node, closure: Closure, node: FunctionNode, args: readonly Value[]) {
  const frame: Frame = { node, targets: [], returns: [], result: undefined }
  return inf.inScope(node, closure.scope, () => {
    if (node.type === 'FunctionExpression' && node.id) {
      inf.assign(inf.declare(node.id, true), { ...closure, node: closure.node }, node)
    }
    inf.frames.push(frame)
    try {
      bindParameters(inf, at, node, args)
      // A scope of its own: functions among the defaults see the parameters and what is around, not the body's variables.
      if (node.body.type === 'BlockStatement') inf.block(node.body, node.body.body)
      else inf.attempt(() => inf.result(frame, evaluate(inf, node.body), node.body))
    } finally {
      inf.frames.pop()
    }
    if (inf.env && frame.result && frame.result.kind !== 'unset' && node.body.type === 'BlockStatement') {
      reject(
        'NL2024',
        node,
        `'${closure.name || 'the function'}' does not return a value on every way.`,
        'add a return at its end.',
      )
    }
    for (const env of frame.returns) inf.env = inf.meet(inf.env, env)
    return frame.result
  })
}

function bindParameters(inf: Inference, at: es.Node, node: FunctionNode, args: readonly Value[]): void {
  for (const parameter of node.params) for (const name of namesOf(parameter)) inf.declare(name, false)
  for (const [i, parameter] of node.params.entries()) {
    const value = args[i]
    if (parameter.type === 'RestElement') {
      reject('NL1013', parameter, 'rest parameters are not in the language of njit.', 'name the parameters one by one.')
    }
    if (parameter.type === 'AssignmentPattern') {
      const given = value !== undefined && value.kind !== 'unset'
      bindPattern(inf, parameter.left, given ? value : evaluate(inf, parameter.right), false)
    } else if (value !== undefined) {
      bindPattern(inf, parameter, value, false)
    } else {
      reject(
        'NL2025',
        at,
        `the call gives no value for parameter ${i + 1}.`,
        'pass all arguments, or give it a default.',
      )
    }
  }
}

/** Whether a function may come to call itself, by the names that it uses. */
export function isRecursive({ recursive }: Inference, closure: Closure): boolean {
  let known = recursive.get(closure.node)
  if (known === undefined) {
    known = reachable(closure)
      .slice(1)
      .some(({ node }) => node === closure.node)
    recursive.set(closure.node, known)
  }
  return known
}

/** A function and those that it may call; once more itself, where it may call itself. */
function reachable(closure: Closure): Closure[] {
  const list = [closure]
  for (const from of list) {
    for (const name of freeNames(from.node)) {
      const own = from.node.type === 'FunctionExpression' && from.node.id?.name === name
      const value = own ? from : from.scope.find(name)?.value
      if (value?.kind !== 'function') continue
      if (!list.slice(1).some(({ node }) => node === value.node)) list.push(value)
    }
  }
  return list
}

/** The variables around a recursive function that it uses, and those that the functions use that it calls or is given. */
function capturedBy(inf: Inference, closure: Closure, args: readonly Value[]): Local[] {
  const captured = new Set<Local>()
  const given = args.filter((arg) => arg.kind === 'function')
  for (const { node, scope } of [closure, ...given].flatMap(reachable)) {
    const assigned = freeNames(node, true)
    for (const name of freeNames(node)) {
      const local = scope.find(name)
      if (!local?.value || local.value.kind === 'function' || inf.around.has(local)) continue
      captured.add(local)
      if (!assigned.has(name)) continue
      reject(
        'NL2038',
        node,
        `'${closure.name}' calls itself, and '${name}' is a variable outside of it that it assigns to.`,
        `return '${name}', or keep it in an array.`,
      )
    }
  }
  return [...captured]
}

/** The result of a recursive function, whose body is run until its parameters and result are settled. */
export function callInstance(inf: Inference, at: es.CallExpression, closure: Closure, args: readonly Value[]): Value {
  const own = withDefaults(inf, at, closure, args)
  const instance = instanceOf(inf, closure, own, at)
  inf.notes.calls.set(at, instance)
  for (const local of instance.captured) local.head?.see(local, at, closure.node)
  merge(instance, [...own, ...instance.captured.map((local) => inf.read(local, at))], at)
  if (!instance.running) settle(inf, at, instance)
  if (instance.result === undefined && ![...inf.instances.values()].some(({ running }) => running)) {
    reject(
      'NL2038',
      at,
      `'${instance.name}' returns no value without a call of itself.`,
      'return a value without a call first.',
    )
  }
  if (instance.result === undefined) throw new Unreached()
  return instance.result
}

/** Whether the place of a parameter takes its default. */
export function takesDefault(parameter: es.Pattern, isGiven: boolean): parameter is es.AssignmentPattern {
  return parameter.type === 'AssignmentPattern' && !isGiven
}

/** The arguments of a recursive function, all of them: defaults are evaluated where it is called. */
function withDefaults(inf: Inference, at: es.Node, { node, scope }: Closure, args: readonly Value[]): Value[] {
  return node.params.map((parameter, i) => {
    const value = args[i]
    if (takesDefault(parameter, value !== undefined && value.kind !== 'unset') && isPlain(node, parameter.right)) {
      const before = inf.scope
      inf.scope = scope
      try {
        return evaluate(inf, parameter.right)
      } finally {
        inf.scope = before
      }
    }
    if (value !== undefined && value.kind !== 'unset') return value
    const fix = 'pass it; of a function that calls itself, defaults have no calls and name none of its parameters.'
    return reject('NL2025', at, `the call gives no value for parameter ${i + 1}.`, fix)
  })
}

/** Whether a default has the same value wherever the function is called from. */
function isPlain(node: FunctionNode, value: es.Node): boolean {
  const parameters = new Set(node.params.flatMap(namesOf).map(({ name }) => name))
  const simple = (part: es.Node): boolean =>
    /^(Literal|Identifier|(Unary|Binary|Logical|Conditional|Member|Array|Object)Expression|Property)$/.test(
      part.type,
    ) && childrenOf(part).every(simple)
  return simple(value) && [...freeNames(value)].every((name) => !parameters.has(name))
}

function instanceOf(inf: Inference, closure: Closure, args: readonly Value[], at: es.Node): Instance {
  const known = inf.instances.get(closure.node)
  if (known) return known
  const captured = capturedBy(inf, closure, args)
  const instance: Instance = {
    closure,
    name: closure.name || 'recursive',
    expansion: { original: closure.node, node: copyOf(closure.node), result: undefined },
    captured,
    params: [...args, ...captured.map((local) => inf.read(local, at))],
    result: undefined,
    running: false,
    changed: true,
  }
  inf.instances.set(closure.node, instance)
  return instance
}

let rounds = 0

function merge(instance: Instance, args: readonly Value[], at: es.Node): void {
  instance.params = instance.params.map((before, i) => {
    const joined = (rounds >= ROUNDS_BEFORE_WIDENING ? widenValues : joinValues)(before, args[i] as Value)
    if (joined === undefined) {
      reject(
        'NL2026',
        at,
        `argument ${i + 1} has another type in another call.`,
        'call a recursive function with one type.',
      )
    }
    if (!sameValue(joined, before)) instance.changed = true
    return joined
  })
}

/** Joins what a turn found to the result; what others found of it, was of less. */
function improve(inf: Inference, instance: Instance, result: Value | undefined): void {
  const { result: before } = instance
  const joined = before && result ? joinValues(before, result) : (result ?? before)
  if (!joined || (before && sameValue(joined, before))) return
  for (const other of inf.instances.values()) other.changed = true
  instance.result = before && rounds >= ROUNDS_BEFORE_WIDENING ? widenValues(before, joined) : joined
}

function settle(inf: Inference, at: es.Node, instance: Instance): void {
  const { env } = inf
  const outer = rounds
  instance.running = true
  try {
    for (rounds = 0; instance.changed; rounds++) {
      if (rounds === MOST_ROUNDS) {
        const what = `the types of what '${instance.name}' is given do not settle.`
        reject('NL2026', at, what, 'call it with fewer arguments that depend on each other.')
      }
      instance.changed = false
      const { length } = instance.closure.node.params
      inf.env = new Map(inf.around)
      for (const [i, local] of instance.captured.entries()) inf.env.set(local, instance.params[length + i] as Value)
      const found = runBody(inf, at, instance.closure, instance.expansion.node, instance.params.slice(0, length))
      improve(inf, instance, found ?? (inf.env && UNSET))
    }
  } finally {
    rounds = outer
    instance.running = false
    inf.env = env
  }
}
