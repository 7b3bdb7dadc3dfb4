// Expressions in the typed form.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { assemble, type Builder, type Built, NONE, scalarBuilt } from './build.js'
import { assignAll, assignment, declareFields, update } from './build-assignments.js'
import { buildBuiltin, unsignedBig } from './build-builtins.js'
import { call } from './build-calls.js'
import { buildCut, isCut } from './build-cut.js'
import { buildElement, loaded } from './build-elements.js'
import { operation, provenType, unary } from './build-operators.js'
import { inOrder } from './build-order.js'
import { elementOfTuple } from './build-tuples.js'
import { constantNumber, isMasked } from './builtins.js'
import type { Interval } from './interval.js'
import type { Expression, Statement, Variable } from './ir.js'
import { fieldOf } from './patterns.js'
import { arithmetic, constantOf, convert, extentOf, not, truth, use } from './typed.js'
import type { Value } from './value.js'

export function valueAt(b: Builder, node: es.Node): Value | undefined {
  return b.notes.values.get(node)
}

export function scalar(b: Builder, node: es.Node): Expression {
  return scalarIn(build(b, node))
}

/** Several in order. */
export function sequence(b: Builder, nodes: readonly es.Node[]): Built[] {
  return inOrder(b, nodes, (node) => build(b, node))
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
      if (isMasked(expression)) return scalarBuilt(unsignedBig(b, expression, node))
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

/** An expression as a condition. */
export function condition(b: Builder, node: es.Expression): Expression {
  return truth(scalar(b, node))
}

function logical(b: Builder, node: es.LogicalExpression): Built {
  const left = scalar(b, node.left)
  if (isCut(b, node.right)) {
    const result = use(b.let('', left, node.start))
    const test = node.operator === '&&' ? truth(result) : not(truth(result))
    b.emit({ kind: 'if', condition: test, yes: b.collect(() => buildCut(b, node.right)), no: [], position: node.start })
    return scalarBuilt(result)
  }
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
  if (ways.some((way) => isCut(b, way))) {
    const [yes, no] = ways.map((way) => b.collect(() => isCut(b, way) && buildCut(b, way))) as [
      Statement[],
      Statement[],
    ]
    b.emit({ kind: 'if', condition: test, yes, no, position: node.start })
  }
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

function member(b: Builder, node: es.MemberExpression): Built {
  const { object, property } = node
  if (object.type === 'Identifier' && !b.notes.locals.has(object)) {
    return scalarBuilt(numberConstant(constantNumber(`${object.name}.${(property as es.Identifier).name}`) as number))
  }
  const value = valueAt(b, object)
  if (value?.kind === 'array') {
    if (node.computed) return scalarBuilt(loaded(b, buildElement(b, node), node.start))
    const built = build(b, object)
    return built.kind === 'array' ? arrayProperty(b, built.variable, (property as es.Identifier).name) : NONE
  }
  if (node.computed && property.type !== 'Literal') {
    const [tuple, index] = sequence(b, [object, property]) as [Built, Built]
    return elementOfTuple(b, node, tuple, scalarIn(index))
  }
  const built = build(b, object)
  if (value?.kind === 'compound' && !value.names && !node.computed)
    return scalarBuilt(constantOf('i32', value.fields.length))
  const name = node.computed ? Number((property as es.Literal).value) : (property as es.Identifier).name
  if (built.kind !== 'compound' || value === undefined) return NONE
  return built.fields[fieldOf(value, name, node).index] as Built
}

/** What an array has by a name. */
export function arrayProperty(b: Builder, variable: Variable, name: string): Built {
  const { rank } = variable.type as { rank: number }
  const extents = Array.from({ length: rank }, (_, axis) => extentOf(variable, axis))
  const narrow = (extent: Expression) => convert(extent, b.extentType)
  if (name === 'length') return scalarBuilt(narrow(extents[0] as Expression))
  if (name === 'shape') return { kind: 'compound', fields: extents.map((extent) => scalarBuilt(narrow(extent))) }
  if (name === 'ndim') return scalarBuilt(constantOf('i32', rank))
  const size = extents.reduce((a, c) => arithmetic('i64', '*', a, c), constantOf('i64', 1) as Expression)
  return scalarBuilt(rank === 1 ? narrow(size) : size)
}
