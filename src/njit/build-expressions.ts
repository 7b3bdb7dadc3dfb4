// Expressions in the typed form.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { assemble, type Builder, type Built, fieldTypes, flatten, NONE, scalarBuilt } from './build.js'
import { buildBuiltin } from './build-builtins.js'
import { buildElement, buildStore, elementBefore, loaded } from './build-elements.js'
import { constantNumber } from './builtins.js'
import type { Expansion } from './calls.js'
import type { Interval } from './interval.js'
import type { Arithmetic, Comparison, Expression, Label, Position, Scalar, Statement, Variable } from './ir.js'
import { fieldOf, patternParts } from './patterns.js'
import type { Local } from './scope.js'
import {
  arithmetic,
  common,
  compare,
  constantOf,
  convert,
  extentOf,
  isInteger,
  math,
  newLabel,
  newVariable,
  not,
  truth,
  unsigned,
  use,
  wrapped,
} from './typed.js'
import { scalarOf, type Value } from './value.js'

export function valueAt(b: Builder, node: es.Node): Value | undefined {
  return b.notes.values.get(node)
}

export function scalar(b: Builder, node: es.Node): Expression {
  return scalarIn(build(b, node))
}

/** Several in order: an earlier one is kept in a variable where a later one may change what it reads. */
export function sequence(b: Builder, nodes: readonly es.Node[]): Built[] {
  const results: Kept[] = []
  for (const node of nodes) {
    const mark = b.out.length
    const built = build(b, node)
    if (b.out.slice(mark).some(hasEffect)) {
      let moved = 0
      for (const result of results) {
        result.at += moved
        moved += keep(b, result)
      }
    }
    results.push({ built, at: b.out.length })
  }
  return results.map(({ built }) => built)
}

/** A value, and how many statements there were when it was computed. */
interface Kept {
  built: Built
  at: number
  kept?: boolean
}

/** Puts a scalar into a variable where it was computed. */
function keep(b: Builder, result: Kept): number {
  const { built } = result
  if (result.kept || built.kind !== 'scalar' || built.expression.kind === 'constant') return 0
  result.kept = true
  const variable = newVariable('', built.expression.type, 0)
  b.out.splice(result.at, 0, { kind: 'let', variable, value: built.expression })
  result.built = scalarBuilt(use(variable))
  return 1
}

export function hasEffect(statement: Statement): boolean {
  return statement.kind !== 'let' && statement.kind !== 'check' && statement.kind !== 'fail'
}

export function build(b: Builder, node: es.Node): Built {
  const expression = node as es.Expression
  switch (expression.type) {
    case 'Literal':
      return scalarBuilt(literal(expression, valueAt(b, node)))
    case 'Identifier':
      return identifier(b, expression)
    case 'UnaryExpression':
      return scalarBuilt(unary(b, expression))
    case 'UpdateExpression':
      return update(b, expression)
    case 'BinaryExpression': {
      const [left, right] = sequence(b, [expression.left, expression.right]) as [Built, Built]
      return scalarBuilt(operation(b, expression, expression.operator, scalarIn(left), scalarIn(right)))
    }
    case 'LogicalExpression':
      return logical(b, expression)
    case 'ConditionalExpression':
      return conditional(b, expression)
    case 'AssignmentExpression':
      return assignment(b, expression)
    case 'SequenceExpression':
      return expression.expressions.map((item) => build(b, item)).at(-1) as Built
    case 'MemberExpression':
      return member(b, expression)
    case 'ArrayExpression':
      return { kind: 'compound', fields: sequence(b, expression.elements as es.Node[]) }
    case 'ObjectExpression':
      return {
        kind: 'compound',
        fields: sequence(
          b,
          expression.properties.map((property) => (property as es.Property).value),
        ),
      }
    case 'CallExpression':
      return call(b, expression)
    case 'NewExpression':
      return buildBuiltin(b, expression)
    default:
      return NONE
  }
}

export function scalarIn(built: Built): Expression {
  if (built.kind === 'scalar') return built.expression
  if (built.kind === 'none') return constantOf('i32', 0)
  throw new Error('njit: a scalar was expected')
}

export function numberConstant(value: number): Expression {
  const type = Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) <= 2 ** 53 ? 'i64' : 'f64'
  return constantOf(type === 'i64' && value === (value | 0) ? 'i32' : type, value)
}

function literal(node: es.Literal, value: Value | undefined): Expression {
  if (value?.kind === 'big') return constantOf('big', node.value as bigint)
  return typeof node.value === 'boolean' ? constantOf('bool', node.value) : numberConstant(node.value as number)
}

function identifier(b: Builder, node: es.Identifier): Built {
  const local = b.notes.locals.get(node)
  if (typeof local?.literal === 'number') return scalarBuilt(numberConstant(local.literal))
  if (local?.literal !== undefined)
    return scalarBuilt(constantOf(typeof local.literal === 'bigint' ? 'big' : 'bool', local.literal))
  if (local === undefined && node.name === 'undefined') return NONE
  if (local !== undefined) {
    const constant =
      local.assignments.size === 1 && local.value?.kind === 'number' ? constantIn(local.value) : undefined
    return constant ?? b.builtOf(local)
  }
  return scalarBuilt(numberConstant(constantNumber(node.name) as number))
}

function constantIn(value: Interval): Built | undefined {
  return value.lo === value.hi && !value.nan && !value.negativeZero ? scalarBuilt(numberConstant(value.lo)) : undefined
}

/** The narrowest type of an expression's value, as inference proved it. */
function provenType(b: Builder, node: es.Node): Scalar {
  const value = valueAt(b, node)
  return (value && scalarOf(value)) ?? 'f64'
}

function unary(b: Builder, node: es.UnaryExpression): Expression {
  if (node.operator === '!') return not(condition(b, node.argument))
  const operand = scalar(b, node.argument)
  if (operand.type === 'big') {
    return node.operator === '~' ? { kind: 'unary', type: 'big', op: '~', operand } : negated(b, node, operand)
  }
  if (node.operator === '+') return operand.type === 'bool' ? convert(operand, 'i32') : operand
  if (node.operator === '~') return { kind: 'unary', type: 'i32', op: '~', operand: wrapped(operand) }
  const value = valueAt(b, node)
  if (operand.kind === 'constant' && value?.kind === 'number' && value.lo === value.hi && !value.negativeZero) {
    return numberConstant(value.lo)
  }
  const type = isInteger(operand.type) ? provenType(b, node) : 'f64'
  return { kind: 'unary', type, op: '-', operand: convert(operand, type) }
}

function negated(b: Builder, node: es.Node, operand: Expression): Expression {
  if (operand.kind === 'constant') return constantOf('big', -(operand.value as bigint))
  return bigOperation(b, node, '-', constantOf('big', 0n), operand)
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  ...{ '<': '<', '<=': '<=', '>': '>', '>=': '>=' },
  ...{ '==': '==', '===': '==', '!=': '!=', '!==': '!=' },
}

const BITS = new Set(['&', '|', '^', '<<', '>>', '>>>'])

/** An operator on operands that are there, for a node whose result inference knows. */
export function operation(
  b: Builder,
  node: es.Node,
  operator: string,
  left: Expression,
  right: Expression,
): Expression {
  const comparison = COMPARISONS[operator]
  if (comparison !== undefined) return compare(comparison, left, right)
  if (left.type === 'big') return bigOperation(b, node, operator as Arithmetic, left, right)
  if (BITS.has(operator)) return bitOperation(b, node, operator as Arithmetic, left, right)
  if (operator === '**') return power(b, node, left, right)
  const proven = provenType(b, node)
  const operands = common(common(left.type, right.type), 'i32')
  if (operator === '/' || !isInteger(proven) || !isInteger(operands)) {
    return arithmetic('f64', operator as Arithmetic, left, right)
  }
  const wide = common(operands, proven)
  return convert(arithmetic(wide, operator as Arithmetic, left, right), proven)
}

function power(b: Builder, node: es.Node, left: Expression, right: Expression): Expression {
  const base = convert(left, 'f64')
  if (right.kind === 'constant' && Number(right.value) === 2) {
    const kept = base.kind === 'variable' || base.kind === 'constant' ? base : use(b.let('', base, node.start))
    return arithmetic('f64', '*', kept, kept)
  }
  return math('f64', 'pow', base, convert(right, 'f64'))
}

function bitOperation(b: Builder, node: es.Node, op: Arithmetic, left: Expression, right: Expression): Expression {
  const zero = right.kind === 'constant' && Number(right.value) === 0
  if (op === '|' && zero) return wrapped(left)
  const result = arithmetic('i32', op, wrapped(left), wrapped(right))
  if (op !== '>>>') return result
  return convert(unsigned(result), provenType(b, node))
}

/** With a failure where the result does not fit; `fits` is for results that are cut to 64 bits anyway. */
export function bigOperation(
  b: Builder,
  node: es.Node,
  op: Arithmetic,
  left: Expression,
  right: Expression,
  fits = false,
): Expression {
  const [a, c] = [left, right].map((operand) =>
    operand.kind === 'constant' ? operand : use(b.let('', operand, node.start)),
  )
  const [first, second] = [a as Expression, c as Expression]
  if (op === '/' || op === '%') {
    const failure = b.failure('RangeError', 'Division by zero')
    b.emit({ kind: 'fail', when: compare('==', second, constantOf('big', 0n)), failure, position: node.start })
  }
  const inPlace = ['&', '|', '^', '%'].includes(op) || (op === '>>' && second.kind === 'constant')
  if (!fits && !inPlace) {
    const failure = b.failure(
      'RangeError',
      'the bigint does not fit in 64 bits; write BigInt.asIntN(64, ...) to cut it',
    )
    const name =
      { '+': 'big_add', '-': 'big_subtract', '*': 'big_multiply', '/': 'big_divide' }[op as '+'] ?? 'big_shift'
    const operand: Expression = op === '>>' ? { kind: 'unary', type: 'big', op: '-', operand: second } : second
    b.emit({ kind: 'fail', when: math('bool', `${name}_overflows`, first, operand), failure, position: node.start })
  }
  return arithmetic('big', op, first, second)
}

/** An expression as a condition. */
export function condition(b: Builder, node: es.Expression): Expression {
  return truth(scalar(b, node))
}

function logical(b: Builder, node: es.LogicalExpression): Built {
  const left = scalar(b, node.left)
  if (!b.notes.values.has(node.right)) return scalarBuilt(left)
  let right: Expression | undefined
  const statements = b.collect(() => {
    right = scalar(b, node.right)
  })
  const second = right as Expression
  const both = left.type === 'bool' && second.type === 'bool'
  if (both && statements.length === 0) {
    return scalarBuilt({ kind: 'logic', type: 'bool', op: node.operator as '&&', left, right: second })
  }
  const type = provenType(b, node)
  const result = b.let('', type === 'bool' ? truth(left) : convert(left, type), node.start)
  const test = truth(use(result))
  const assign: Statement = {
    kind: 'assign',
    variable: result,
    value: type === 'bool' ? truth(second) : convert(second, type),
    position: node.start,
  }
  b.emit({
    kind: 'if',
    condition: node.operator === '&&' ? test : not(test),
    yes: [...statements, assign],
    no: [],
    position: node.start,
  })
  return scalarBuilt(use(result))
}

function conditional(b: Builder, node: es.ConditionalExpression): Built {
  const test = condition(b, node.test)
  const ways = [node.consequent, node.alternate]
  if (!ways.every((way) => b.notes.values.has(way))) return onlyWay(b, ways)
  const results: Built[] = []
  const statements = ways.map((way) => b.collect(() => results.push(build(b, way))))
  const [yes, no] = results as [Built, Built]
  const pure = statements.every((list) => list.length === 0)
  if (pure && yes.kind === 'scalar' && no.kind === 'scalar') {
    const type = provenType(b, node)
    const select: Expression = {
      ...{ kind: 'select', type, condition: test },
      ...{ yes: convert(yes.expression, type), no: convert(no.expression, type) },
    }
    return scalarBuilt(select)
  }
  const value = valueAt(b, node)
  const variables = declareFields(b, value, node.start)
  const [first, second] = statements.map((list, i) => {
    const assigns = b.collect(() => assignAll(b, variables, results[i] as Built, node.start))
    return [...list, ...assigns]
  })
  b.emit({ kind: 'if', condition: test, yes: first as Statement[], no: second as Statement[], position: node.start })
  return assemble(value, [...variables])
}

/** Of a conditional expression whose condition is known. */
function onlyWay(b: Builder, ways: readonly es.Expression[]): Built {
  const way = ways.find((candidate) => b.notes.values.has(candidate))
  return way ? build(b, way) : NONE
}

function declareFields(b: Builder, value: Value | undefined, position: Position): Variable[] {
  return fieldTypes(value).map((type) => {
    const variable = newVariable('', type, position)
    b.emit({ kind: 'let', variable, value: undefined })
    return variable
  })
}

function assignAll(b: Builder, variables: readonly Variable[], value: Built, position: Position): void {
  for (const [i, field] of flatten(value).entries()) b.assignTo(variables[i] as Variable, field, position)
}

// ---- variables ------------------------------------------------------------------------------------------------------

/** The value of a new variable, or of the parts of a pattern. */
export function bind(b: Builder, pattern: es.Pattern, built: Built, value: Value | undefined): void {
  if (pattern.type !== 'Identifier') {
    for (const part of partsOf(pattern, built, value)) bind(b, part.target, part.built, part.value)
    return
  }
  const local = b.notes.locals.get(pattern)
  if (local === undefined || local.value === undefined || local.value.kind === 'function') return
  if (local.variables !== undefined || local.assignments.size > 1 || !mayStandFor(b, built)) {
    assignAll(b, b.variablesOf(local, pattern.start), built, pattern.start)
    return
  }
  const types = fieldTypes(local.value)
  local.variables = flatten(built).map((field, i) => {
    if (field.kind === 'array') {
      field.variable.name ||= local.name
      return field.variable
    }
    const { expression } = field as { expression: Expression }
    return b.let(local.name, convert(expression, types[i] as Scalar), pattern.start)
  })
}

/** Whether a name that is assigned once may stand for the arrays in a value: those that keep their meaning. */
function mayStandFor(b: Builder, built: Built): boolean {
  return flatten(built).every((field) => field.kind !== 'array' || !b.reassigned.has(field.variable))
}

function partsOf(pattern: es.Pattern, built: Built, value: Value | undefined) {
  if (built.kind !== 'compound' || value === undefined) return []
  return patternParts(pattern, value).map((part) => ({ ...part, built: built.fields[part.index] as Built }))
}

function assign(b: Builder, target: es.Node, built: Built, value: Value | undefined): void {
  const pattern = target as es.Pattern
  if (pattern.type === 'MemberExpression') {
    const element = buildElement(b, pattern)
    buildStore(b, element, scalarIn(built), pattern)
  } else if (pattern.type === 'Identifier') {
    const local = b.notes.locals.get(pattern) as Local
    const value = built.kind === 'compound' ? kept(b, built) : built
    assignAll(b, b.variablesOf(local, pattern.start), value, pattern.start)
  } else {
    // All values are there before the first is assigned: [a, b] = [b, a].
    const list = partsOf(pattern, built, value).map((part) => ({ ...part, built: kept(b, part.built) }))
    for (const part of list) assign(b, part.target, part.built, part.value)
  }
}

function kept(b: Builder, value: Built): Built {
  if (value.kind === 'scalar') return scalarBuilt(use(b.let('', value.expression, 0)))
  if (value.kind === 'array') {
    const variable = newVariable('', value.variable.type, 0)
    b.emit({ kind: 'alias', variable, source: value.variable, row: [], declares: true, position: 0 })
    return { kind: 'array', variable }
  }
  return value.kind === 'compound' ? { kind: 'compound', fields: value.fields.map((field) => kept(b, field)) } : value
}

function assignment(b: Builder, node: es.AssignmentExpression): Built {
  const { left, operator, right } = node
  if (left.type === 'MemberExpression') return memberAssignment(b, node, left)
  if (operator === '=') {
    const built = build(b, right)
    const value = left.type === 'Identifier' ? built : kept(b, built)
    assign(b, left, value, valueAt(b, right))
    return left.type === 'Identifier' ? b.builtOf(b.notes.locals.get(left) as Local) : value
  }
  const [before, operand] = sequence(b, [left, right]) as [Built, Built]
  const result = scalarBuilt(operation(b, node, operator.slice(0, -1), scalarIn(before), scalarIn(operand)))
  assign(b, left, result, undefined)
  return b.builtOf(b.notes.locals.get(left as es.Identifier) as Local)
}

/** The element is found before the value is computed, and stored to after. */
function memberAssignment(b: Builder, node: es.AssignmentExpression, left: es.MemberExpression): Built {
  let element = buildElement(b, left)
  const reads = node.operator !== '='
  if (reads) element = { ...element, load: loaded(b, element, left.start) }
  const at = b.out.length
  const value = scalar(b, node.right)
  element = elementBefore(b, element, reads, at)
  const computed = !reads ? value : operation(b, node, node.operator.slice(0, -1), element.load, value)
  const result = b.isStatement(node) ? computed : keptScalar(b, computed)
  buildStore(b, element, result, left)
  return scalarBuilt(result)
}

function update(b: Builder, node: es.UpdateExpression): Built {
  const operator = node.operator === '++' ? '+' : '-'
  const { argument } = node
  const element = argument.type === 'MemberExpression' ? buildElement(b, argument) : undefined
  const before = element ? loaded(b, element, argument.start) : scalar(b, argument)
  const old = b.isStatement(node) || node.prefix ? before : use(b.let('', before, node.start))
  const one = constantOf(before.type === 'big' ? 'big' : 'i32', before.type === 'big' ? 1n : 1)
  const computed = updated(b, node, operator, old, one)
  const after = b.isStatement(node) || !node.prefix ? computed : keptScalar(b, computed)
  if (element) buildStore(b, element, after, argument as es.MemberExpression)
  else assign(b, argument, scalarBuilt(after), undefined)
  return scalarBuilt(node.prefix ? after : old)
}

/** A value that is used after the variables in it have changed. */
function keptScalar(b: Builder, value: Expression): Expression {
  return value.kind === 'constant' ? value : use(b.let('', value, 0))
}

/** The result of ++ or --, whose type is that of the variable: the note is of the value before it. */
function updated(b: Builder, node: es.UpdateExpression, op: '+' | '-', old: Expression, one: Expression): Expression {
  if (old.type === 'big') return bigOperation(b, node, op, old, one)
  const local = b.notes.locals.get(node.argument)
  const type = (local?.value && scalarOf(local.value)) ?? (isInteger(old.type) ? 'i64' : 'f64')
  return arithmetic(isInteger(old.type) ? common(type, old.type) : 'f64', op, old, one)
}

// ---- members and calls ----------------------------------------------------------------------------------------------

function member(b: Builder, node: es.MemberExpression): Built {
  const { object, property } = node
  if (object.type === 'Identifier' && !b.notes.locals.has(object)) {
    return scalarBuilt(numberConstant(constantNumber(`${object.name}.${(property as es.Identifier).name}`) as number))
  }
  const value = valueAt(b, object)
  if (value?.kind === 'array') {
    if (node.computed) return scalarBuilt(loaded(b, buildElement(b, node), node.start))
    return arrayProperty(b, node, (property as es.Identifier).name)
  }
  const built = build(b, object)
  if (value?.kind === 'compound' && !value.names && !node.computed)
    return scalarBuilt(constantOf('i32', value.fields.length))
  const name = node.computed ? Number((property as es.Literal).value) : (property as es.Identifier).name
  if (built.kind !== 'compound' || value === undefined) return NONE
  return built.fields[fieldOf(value, name, node).index] as Built
}

function arrayProperty(b: Builder, node: es.MemberExpression, name: string): Built {
  const built = build(b, node.object)
  if (built.kind !== 'array') return NONE
  const { variable } = built
  const { rank } = variable.type as { rank: number }
  const extents = Array.from({ length: rank }, (_, axis) => extentOf(variable, axis))
  const narrow = (extent: Expression) => convert(extent, b.extentType)
  if (name === 'length') return scalarBuilt(narrow(extents[0] as Expression))
  if (name === 'shape') return { kind: 'compound', fields: extents.map((extent) => scalarBuilt(narrow(extent))) }
  if (name === 'ndim') return scalarBuilt(constantOf('i32', rank))
  const size = extents.reduce((a, c) => arithmetic('i64', '*', a, c), constantOf('i64', 1) as Expression)
  return scalarBuilt(rank === 1 ? narrow(size) : size)
}

function call(b: Builder, node: es.CallExpression): Built {
  const instance = b.notes.calls.get(node)
  if (instance !== undefined) {
    const callee = b.instance(instance)
    const given = sequence(b, node.arguments).slice(0, instance.closure.node.params.length)
    const args = [...given, ...instance.captured.map((local) => b.builtOf(local))]
    const results = callee.results.map((type) => newVariable('', type, node.start))
    for (const variable of results) b.emit({ kind: 'let', variable, value: undefined })
    const values = args.flatMap(flatten).map((field, i) => {
      if (field.kind === 'array') return field.variable
      return convert((field as { expression: Expression }).expression, callee.parameters[i]?.type as Scalar)
    })
    b.emit({ kind: 'call', callee, args: values, results, position: node.start })
    return assemble(instance.result, [...results])
  }
  const expansion = b.notes.expansions.get(node)
  if (expansion !== undefined) return inlined(b, node, expansion)
  return buildBuiltin(b, node)
}

/** The body of a function in the place of its call. */
function inlined(b: Builder, node: es.CallExpression, expansion: Expansion): Built {
  const args = sequence(b, node.arguments)
  const values = node.arguments.map((arg) => valueAt(b, arg))
  const { body } = expansion.node
  const types = fieldTypes(expansion.result)
  return b.inScope(expansion.node, () => {
    b.parameters(expansion.node, args, values)
    const last = body.type === 'BlockStatement' ? onlyReturn(body) : undefined
    if (body.type !== 'BlockStatement') return build(b, body)
    b.frames.push({ targets: [], end: newLabel(), results: declareUnless(b, last, expansion, node.start), types })
    const { end, results } = b.frame
    const statements = b.collect(() => b.statements(last ? body.body.slice(0, -1) : body.body))
    b.frames.pop()
    if (!last) {
      b.emit({ kind: 'block', body: statements, label: end as Label })
      return assemble(expansion.result, [...results])
    }
    b.emit(...statements)
    return last.argument && b.notes.reached.has(last) ? build(b, last.argument) : NONE
  })
}

function declareUnless(b: Builder, last: es.Node | undefined, expansion: Expansion, position: Position): Variable[] {
  return last ? [] : declareFields(b, expansion.result, position)
}

/** The return at the end of a body that has no other. */
function onlyReturn(body: es.BlockStatement): es.ReturnStatement | undefined {
  const last = body.body.at(-1)
  if (last?.type !== 'ReturnStatement') return undefined
  return body.body.slice(0, -1).some(mayReturn) ? undefined : last
}

function mayReturn(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(mayReturn)
  if (node === null || typeof node !== 'object' || !('type' in node)) return false
  const { type } = node
  if (type === 'ReturnStatement') return true
  if (type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression')
    return false
  return Object.values(node).some(mayReturn)
}
