// Loops in the typed form. Those that count are told apart: their checks can be hoisted, and they become SIMD.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { type Builder, scalarBuilt } from './build.js'
import { arrayOf, loaded } from './build-elements.js'
import { bind, build, scalar, valueAt } from './build-expressions.js'
import type { RangeCall } from './builtins.js'
import { type Interval, MAX_I32, MIN_I32, representation } from './interval.js'
import type { ArrayType, Expression, ForLoop, LoopSchedule, Scalar, Statement, Variable } from './ir.js'
import type { Local } from './scope.js'
import {
  arithmetic,
  compare,
  constantOf,
  convert,
  elementType,
  extentOf,
  isInteger,
  math,
  newLabel,
  newVariable,
  use,
} from './typed.js'
import { elementOf } from './value.js'

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
  else if (init) build(b, init)
  b.loop(labels, node, test ?? undefined, node.body, update ?? undefined)
}

function counterOf(b: Builder, node: es.ForStatement): Counter | undefined {
  const { init, test, update, body } = node
  if (init?.type !== 'VariableDeclaration' || init.declarations.length !== 1 || test?.type !== 'BinaryExpression')
    return undefined
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

const isName = (node: es.Node, name: string) => node.type === 'Identifier' && (node as es.Identifier).name === name

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

/** Whether an expression has the same value in all turns of a loop. */
function isInvariant(b: Builder, node: es.Node, loop: es.Node): boolean {
  const expression = node as es.Expression
  switch (expression.type) {
    case 'Literal':
      return true
    case 'Identifier': {
      const local = b.notes.locals.get(expression)
      return local === undefined || !b.notes.assigned.get(loop)?.has(local)
    }
    case 'UnaryExpression':
      return isInvariant(b, expression.argument, loop)
    case 'BinaryExpression':
      return isInvariant(b, expression.left, loop) && isInvariant(b, expression.right, loop)
    case 'MemberExpression':
      if (!isInvariant(b, expression.object, loop)) return false
      if (!expression.computed) return true
      // An element keeps its value where nothing is stored.
      return (
        isInvariant(b, expression.property, loop) && (valueAt(b, expression.object)?.kind !== 'array' || !stores(loop))
      )
    case 'CallExpression': {
      const { callee } = expression
      const pure =
        callee.type === 'MemberExpression' && isName(callee.object, 'Math') && !isName(callee.property, 'random')
      return pure && expression.arguments.every((arg) => isInvariant(b, arg, loop))
    }
    default:
      return false
  }
}

/** Whether a loop may change elements of an array, or calls what may. */
function stores(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(stores)
  if (node === null || typeof node !== 'object' || !('type' in node)) return false
  if (node.type === 'AssignmentExpression' && (node as es.AssignmentExpression).left.type !== 'Identifier') return true
  if (node.type === 'UpdateExpression' && (node as es.UpdateExpression).argument.type !== 'Identifier') return true
  if (node.type === 'CallExpression') {
    const { callee } = node as es.CallExpression
    if (callee.type !== 'MemberExpression' || !isName(callee.object, 'Math')) return true
  }
  return Object.values(node).some(stores)
}

function buildCounter(b: Builder, node: es.ForStatement, counter: Counter, labels: readonly string[]): void {
  const { local, step, operator } = counter
  const start = scalar(b, counter.start)
  const stop = stopOf(b, counter.stop, operator)
  const type = representation(local.value as Interval) as Scalar
  const variable = newVariable(local.name, type, counter.id.start)
  local.variables = [variable]
  countedLoop(b, node, { variable, start: convert(start, type), stop, step, labels, body: node.body })
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
function wholeBound(b: Builder, node: es.Node, bound: Expression, counts: boolean, up: boolean): Expression {
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

interface Counted {
  readonly variable: Variable
  readonly start: Expression
  readonly stop: Expression
  readonly step: number
  readonly labels: readonly string[]
  readonly body: es.Statement
  /** What comes before the body in each turn. */
  readonly first?: () => void
  readonly prange?: boolean
  readonly single?: boolean
  readonly schedule?: LoopSchedule | undefined
}

function countedLoop(b: Builder, node: es.Node, counted: Counted): void {
  const label = newLabel()
  const { variable, start, stop, step } = counted
  const kept = (value: Expression) =>
    value.kind === 'constant' || value.kind === 'variable' ? value : use(b.let('', value, node.start))
  const body: Statement[] = b.collect(() => {
    counted.first?.()
    b.emit(...b.body(counted.labels, label, { kind: 'continue', label }, counted.body))
  })
  const loop: ForLoop = {
    ...{ kind: 'for', variable, start: kept(start), stop: kept(stop), step, body, label, position: node.start },
    parallel: counted.prange ? { schedule: counted.schedule, reductions: [] } : undefined,
    prange: counted.prange ?? false,
    single: counted.single,
  }
  b.emit(loop)
}

export function buildForOf(b: Builder, node: es.ForOfStatement, labels: readonly string[]): void {
  const pattern = ((node.left as es.VariableDeclaration).declarations[0] as es.VariableDeclarator).id
  const range = b.notes.ranges.get(node.right)
  if (range) {
    overRange(b, node, range, pattern, labels)
    return
  }
  const source = arrayOf(b, node.right)
  const array = b.reassigned.has(source) ? aliasOf(b, source, node) : source
  const index = newVariable('', b.extentType, node.start)
  const { storage } = array.type as ArrayType
  const indices = [use(index)]
  const load: Expression = { kind: 'load', type: elementType(storage), array, indices, position: node.right.start }
  const element = { array, indices, load }
  countedLoop(b, node, {
    ...{
      variable: index,
      start: constantOf(b.extentType, 0),
      stop: convert(extentOf(array, 0), b.extentType),
      step: 1,
    },
    ...{ labels, body: node.body },
    first: () => bind(b, pattern, scalarBuilt(loaded(b, element, node.right.start)), elementOf(storage)),
  })
}

function aliasOf(b: Builder, source: Variable, node: es.Node): Variable {
  const variable = newVariable('', source.type, node.start)
  b.emit({ kind: 'alias', variable, source, row: [], declares: true, position: node.start })
  return variable
}

/** `for (const i of range(...))`: a step that varies counts turns instead. */
function overRange(
  b: Builder,
  node: es.ForOfStatement,
  range: RangeCall,
  pattern: es.Pattern,
  labels: readonly string[],
) {
  const { prange, schedule, item } = range
  const start = range.start ? scalar(b, range.start) : constantOf('i32', 0)
  const stop = scalar(b, range.stop)
  const step = range.step ? scalar(b, range.step) : constantOf('i32', 1)
  const common = { labels, body: node.body, prange, schedule, single: item.lo >= item.hi }
  if (step.kind === 'constant') {
    const by = Number(step.value)
    const fits = item.hi + Math.max(by, 0) <= MAX_I32 && item.lo + Math.min(by, 0) >= MIN_I32
    const type: Scalar = fits && representation(item) === 'i32' ? 'i32' : 'i64'
    const variable = newVariable((pattern as es.Identifier).name ?? '', type, pattern.start)
    const first = () => bind(b, pattern, scalarBuilt(use(variable)), item)
    return countedLoop(b, node, {
      ...common,
      variable,
      start: convert(start, type),
      stop: wholeBound(b, range.stop, stop, by > 0, by > 0),
      step: by,
      first,
    })
  }
  const by = use(b.let('', convert(step, 'i64'), node.start))
  const from = use(b.let('', convert(start, 'i64'), node.start))
  const failure = b.failure('RangeError', 'the step of a range is 0')
  b.emit({ kind: 'fail', when: compare('==', by, constantOf('i64', 0)), failure, position: node.start })
  const turns = math('i64', 'range_turns', from, convert(stop, 'f64'), by)
  const variable = newVariable('', 'i64', node.start)
  const value = arithmetic('i64', '+', from, arithmetic('i64', '*', use(variable), by))
  const first = () => bind(b, pattern, scalarBuilt(convert(value, representation(item))), item)
  countedLoop(b, node, { ...common, variable, start: constantOf('i64', 0), stop: turns, step: 1, first })
}
