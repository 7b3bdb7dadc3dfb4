// Inference of calls of the user's functions: expanded in place, or as functions of their own where they recurse.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { reject } from './diagnostic.js'
import { evaluate } from './expressions.js'
import type { Env, Frame, Inference } from './infer.js'
import { bindPattern } from './patterns.js'
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
  params: Value[]
  result: Value | undefined
  running: boolean
  changed: boolean
}

/** Thrown where nothing is known yet of a recursive call's result: what follows it is looked at in the next round. */
export class Unreached extends Error {}

const MOST_ROUNDS = 50
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
      if (node.body.type === 'BlockStatement') inf.statements(node.body.body)
      else inf.result(frame, evaluate(inf, node.body), node.body)
    } finally {
      inf.frames.pop()
    }
    if (inf.env && frame.result && node.body.type === 'BlockStatement') {
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
  for (const [i, parameter] of node.params.entries()) {
    const value = args[i]
    if (parameter.type === 'RestElement') {
      reject('NL1013', parameter, 'rest parameters are not in the language of njit.', 'name the parameters one by one.')
    }
    if (parameter.type === 'AssignmentPattern') {
      bindPattern(inf, parameter.left, value ?? evaluate(inf, parameter.right), false)
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

const recursive = new WeakMap<FunctionNode, boolean>()

/** Whether a function may come to call itself, by the names that it uses. */
export function isRecursive(closure: Closure): boolean {
  const known = recursive.get(closure.node)
  if (known !== undefined) return known
  const seen = new Set<FunctionNode>()
  const reaches = (from: Closure): boolean => {
    for (const name of namesIn(from.node)) {
      if (from.node.type === 'FunctionExpression' && from.node.id?.name === name) return from.node === closure.node
      const value = from.scope.find(name)?.value
      if (value?.kind !== 'function') continue
      if (value.node === closure.node) return true
      if (!seen.has(value.node)) {
        seen.add(value.node)
        if (reaches(value)) return true
      }
    }
    return false
  }
  const result = reaches(closure)
  recursive.set(closure.node, result)
  return result
}

function namesIn(node: object): Set<string> {
  const names = new Set<string>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    else if (value !== null && typeof value === 'object') {
      if ('type' in value && value.type === 'Identifier' && 'name' in value) names.add(value.name as string)
      else Object.values(value).forEach(visit)
    }
  }
  visit('body' in node ? node.body : node)
  return names
}

/** The result of a recursive function, whose body is run until its parameters and result are settled. */
export function callInstance(inf: Inference, at: es.Node, closure: Closure, args: readonly Value[]): Value {
  const instance = instanceOf(inf, closure, args)
  inf.notes.calls.set(at, instance)
  merge(instance, args, at)
  const outermost = !instance.running
  if (outermost) settle(inf, at, instance)
  if (instance.result === undefined && outermost) {
    reject('NL2038', at, `'${instance.name}' calls itself on every way.`, 'return a value without a call first.')
  }
  if (instance.result === undefined) throw new Unreached()
  return instance.result
}

function instanceOf(inf: Inference, closure: Closure, args: readonly Value[]): Instance {
  const known = inf.instances.get(closure.node)
  if (known) return known
  const instance: Instance = {
    closure,
    name: closure.name || 'recursive',
    expansion: { original: closure.node, node: copyOf(closure.node), result: undefined },
    params: [...args],
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
    const value = args[i]
    if (value === undefined)
      reject('NL2025', at, `the call gives no value for parameter ${i + 1}.`, 'pass all arguments.')
    const joined = (rounds >= ROUNDS_BEFORE_WIDENING ? widenValues : joinValues)(before, value)
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

function settle(inf: Inference, at: es.Node, instance: Instance): void {
  const { env } = inf
  const outer = rounds
  instance.running = true
  try {
    for (rounds = 0; instance.changed && rounds < MOST_ROUNDS; rounds++) {
      instance.changed = false
      inf.env = constantsOf(inf, env)
      const found = runBody(inf, at, instance.closure, instance.expansion.node, instance.params)
      const result = found ?? (inf.env && UNSET)
      const joined = instance.result && result ? joinValues(instance.result, result) : (result ?? instance.result)
      if (joined && !(instance.result && sameValue(joined, instance.result))) {
        instance.changed = true
        instance.result =
          instance.result && rounds >= ROUNDS_BEFORE_WIDENING ? widenValues(instance.result, joined) : joined
      }
    }
  } finally {
    rounds = outer
    instance.running = false
    inf.env = env
  }
}

/** What a function that stands alone sees of the outside: functions and the globals. */
function constantsOf(inf: Inference, env: Env | undefined): Env {
  return new Map([...(env ?? [])].filter(([local]) => inf.globals.find(local.name) === local))
}
