// Loops in the typed form. Those that count are told apart: their checks can be hoisted, and they become SIMD.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import type { Builder } from './build.js'
import { scalar, valueAt } from './build-expressions.js'
import { isInvariant, isName } from './build-invariant.js'
import { effect, loop } from './build-statements.js'
import { type Interval, MAX_I32, MIN_I32, representation } from './interval.js'
import type { Expression, ForLoop, LoopSchedule, Scalar, Variable } from './ir.js'
import type { Local } from './scope.js'
import { arithmetic, compare, constantOf, convert, isInteger, math, newLabel, newVariable, use } from './typed.js'
import { useOf } from './walk.js'

interface Counter {
  readonly id: es.Identifier
  readonly local: Local
  readonly start: es.Expression
  readonly stop: es.Expression
  readonly operator: '<' | '<=' | '>' | '>='
  readonly step: number
}

export function buildFor(b: Builder, node: es.ForStatement, labels: readonly string[]): void {
  const counter = counterOf(b, node)
  const { init, test, update } = node
  if (counter) {
    buildCounter(b, node, counter, labels)
    return
  }
  if (init?.type === 'VariableDeclaration') b.statement(init)
  else if (init) effect(b, init)
  loop(b, labels, node, test ?? undefined, node.body, update ?? undefined)
}

function counterOf(b: Builder, node: es.ForStatement): Counter | undefined {
  const { init, test, update, body } = node
  if (init?.type !== 'VariableDeclaration' || init.declarations.length !== 1 || test?.type !== 'BinaryExpression')
    return undefined
  if (!b.notes.values.has(test)) return undefined
  const { id, init: start } = init.declarations[0] as es.VariableDeclarator
  if (id.type !== 'Identifier' || !start || !b.notes.values.has(start)) return undefined
  const local = b.notes.locals.get(id)
  const step = update && stepOf(update, id.name)
  const condition = conditionOf(test, id.name)
  if (!local || !step || !condition || step > 0 !== condition.operator.startsWith('<')) return undefined
  if (local.value?.kind !== 'number' || representation(local.value) === 'f64') return undefined
  if (assigns(body, id.name) || !isInvariant(b, condition.stop, node)) return undefined
  return { id, local, start, step, ...condition }
}

function stepOf(update: es.Expression, name: string): number | undefined {
  const sign = (operator: string) => (operator.startsWith('+') ? 1 : -1)
  if (update.type === 'UpdateExpression' && isName(update.argument, name)) return sign(update.operator)
  if (update.type !== 'AssignmentExpression' || !isName(update.left, name)) return undefined
  const { operator, right } = update
  if ((operator === '+=' || operator === '-=') && isStep(right)) return sign(operator) * (right.value as number)
  if (operator !== '=' || right.type !== 'BinaryExpression' || !['+', '-'].includes(right.operator)) return undefined
  return isName(right.left, name) && isStep(right.right)
    ? sign(right.operator) * (right.right.value as number)
    : undefined
}

function isStep(node: es.Node): node is es.Literal {
  const { value } = node as es.Literal
  return node.type === 'Literal' && Number.isInteger(value) && Number(value) > 0 && Number(value) <= MAX_I32
}

const MIRRORED: Readonly<Record<string, Counter['operator']>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

function conditionOf(test: es.BinaryExpression, name: string): Pick<Counter, 'operator' | 'stop'> | undefined {
  const operator = test.operator as Counter['operator']
  if (!(operator in MIRRORED)) return undefined
  if (isName(test.left, name)) return { operator, stop: test.right }
  return isName(test.right, name)
    ? { operator: MIRRORED[operator] as Counter['operator'], stop: test.left as es.Expression }
    : undefined
}

/** Whether a name is assigned to somewhere below a node. */
function assigns(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((item) => assigns(item, name))
  if (node === null || typeof node !== 'object' || !('type' in node)) return false
  if (node.type === 'UpdateExpression' && isName((node as es.UpdateExpression).argument, name)) return true
  if (node.type === 'AssignmentExpression' && mentions((node as es.AssignmentExpression).left, name)) return true
  return Object.values(node).some((value) => assigns(value, name))
}

function mentions(node: es.Node, name: string): boolean {
  if (node.type === 'MemberExpression') return false
  if (isName(node, name)) return true
  if (node.type === 'ArrayPattern') {
    return (node as es.ArrayPattern).elements.some((item) => item !== null && mentions(item, name))
  }
  if (node.type !== 'ObjectPattern') return false
  return (node as es.ObjectPattern).properties.some((item) => item.type === 'Property' && mentions(item.value, name))
}

function buildCounter(b: Builder, node: es.ForStatement, counter: Counter, labels: readonly string[]): void {
  const { local, step, operator } = counter
  const start = scalar(b, counter.start)
  const stop = stopOf(b, counter.stop, operator)
  const type = representation(local.value as Interval) as Scalar
  const variable = newVariable(local.name, type, counter.id.start)
  local.variables = [variable]
  countedLoop(b, node, {
    variable,
    start: convert(start, type),
    stop,
    step,
    labels,
    body: () => b.statement(node.body),
  })
}

/** The first value that the counter does not take: `<=` counts one further. A bound that is a double is rounded. */
function stopOf(b: Builder, node: es.Expression, operator: Counter['operator']): Expression {
  const bound = scalar(b, node)
  const further = operator === '<=' ? 1 : operator === '>=' ? -1 : 0
  const whole = wholeBound(b, node, bound, operator.startsWith('<'), operator === '<' || operator === '>=')
  if (further === 0) return whole
  const value = valueAt(b, node) as Interval
  const fits = whole.type === 'i32' && value.hi + further <= MAX_I32 && value.lo + further >= MIN_I32
  return arithmetic(fits ? 'i32' : 'i64', '+', whole, constantOf('i32', further))
}

/** A bound as an integer, rounded up or down. A counter does not count up or down to NaN. */
export function wholeBound(b: Builder, node: es.Node, bound: Expression, counts: boolean, up: boolean): Expression {
  if (isInteger(bound.type)) return bound
  let value = convert(bound, 'f64')
  const { nan } = valueAt(b, node) as Interval
  if (!counts && nan) {
    value = use(b.let('', value, node.start))
    const none = constantOf('f64', Number.POSITIVE_INFINITY)
    value = { kind: 'select', type: 'f64', condition: compare('==', value, value), yes: value, no: none }
  }
  return math('i64', up ? 'bound_up' : 'bound_down', value)
}

export interface Counted {
  readonly variable: Variable
  readonly start: Expression
  readonly stop: Expression
  readonly step: number
  readonly by?: Expression
  readonly labels: readonly string[]
  readonly body: () => void
  readonly prange?: boolean
  readonly single?: boolean
  readonly schedule?: LoopSchedule | undefined
  readonly collapse?: number
}

/** A value that is computed here, whenever it is used. */
export function kept(b: Builder, value: Expression, node: es.Node): Expression {
  return value.kind === 'constant' || value.kind === 'variable' ? value : use(b.let('', value, node.start))
}

export function countedLoop(b: Builder, node: es.Node, counted: Counted): void {
  const label = newLabel()
  const { variable, step, by, prange = false, single, schedule, collapse } = counted
  const body = b.body(counted.labels, label, { kind: 'continue', label }, counted.body)
  const { assigned } = useOf(body)
  // The body may assign the variables that the bounds come from.
  const fixed = (value: Expression) => {
    const isFixed = value.kind === 'constant' || (value.kind === 'variable' && !assigned.has(value.variable))
    return isFixed ? value : use(b.let('', value, node.start))
  }
  const [start, stop] = [fixed(counted.start), fixed(counted.stop)]
  const loop: ForLoop = {
    ...{ kind: 'for', variable, start, stop, step, body, label, collapse },
    ...{ position: node.start, by },
    parallel: prange ? { schedule, reductions: [], distinct: [], again: false } : undefined,
    ...{ prange, single },
  }
  b.emit(loop)
}
