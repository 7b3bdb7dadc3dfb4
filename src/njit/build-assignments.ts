// Where values go in the typed form: new variables, assignments, elements.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { type Builder, type Built, fieldTypes, flatten, NONE, scalarBuilt } from './build.js'
import { buildElement, buildStore, elementBefore, loaded, storeValue } from './build-elements.js'
import { arrayProperty, build, scalar, scalarIn, sequence, valueAt } from './build-expressions.js'
import { bigOperation, operation } from './build-operators.js'
import { aliasOf, inTurn } from './build-order.js'
import { MAX_EXACT } from './interval.js'
import type { Expression, Position, Scalar, Variable } from './ir.js'
import { type Part, patternParts } from './patterns.js'
import type { Local } from './scope.js'
import { arithmetic, common, constantOf, convert, isInteger, newVariable, use } from './typed.js'
import { scalarOf, type Value } from './value.js'

/** The value of a new variable, or of the parts of a pattern. */
export function bind(b: Builder, pattern: es.Pattern, built: Built, value: Value | undefined): void {
  if (pattern.type !== 'Identifier') {
    const parts = partsOf(b, pattern, built, value)
    const builts = parts.map((part) => part.built)
    inTurn(b, builts, (own, i) => {
      const { target, otherwise, value } = parts[i] as BuiltPart
      if (otherwise) bind(b, target, build(b, otherwise), valueAt(b, otherwise))
      else bind(b, target, own, value)
    })
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

type BuiltPart = Part & { readonly built: Built }

function partsOf(b: Builder, pattern: es.Pattern, built: Built, value: Value | undefined): BuiltPart[] {
  if (value === undefined) return []
  return patternParts(pattern, value, MAX_EXACT).map((part) => ({ ...part, built: partOf(b, built, part) }))
}

function partOf(b: Builder, built: Built, { name, index }: Part): Built {
  if (built.kind === 'array') return arrayProperty(b, built.variable, String(name))
  return (built.kind === 'compound' ? built.fields[index] : undefined) ?? NONE
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
    const list = partsOf(b, pattern, built, value).map((part) => ({ ...part, built: kept(b, part.built) }))
    for (const { target, otherwise, built, value } of list) {
      if (!otherwise) assign(b, target, built, value)
      // The element is found before the default is computed.
      else if (target.type === 'MemberExpression') storeValue(b, buildElement(b, target), otherwise, target)
      else assign(b, target, build(b, otherwise), valueAt(b, otherwise))
    }
  }
}

function kept(b: Builder, value: Built): Built {
  if (value.kind === 'scalar') return scalarBuilt(use(b.let('', value.expression, 0)))
  if (value.kind === 'array') {
    const alias = aliasOf(value.variable, 0)
    b.emit(alias)
    return { kind: 'array', variable: alias.variable }
  }
  return value.kind === 'compound' ? { kind: 'compound', fields: value.fields.map((field) => kept(b, field)) } : value
}

export function assignment(b: Builder, node: es.AssignmentExpression): Built {
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
  // What is computed inside may be statements of its own.
  const isUnused = b.unused === node
  let element = buildElement(b, left)
  const reads = node.operator !== '='
  if (reads) element = { ...element, load: loaded(b, element, left.start) }
  const at = b.out.length
  const value = scalar(b, node.right)
  element = elementBefore(b, element, reads, at)
  const computed = !reads ? value : operation(b, node, node.operator.slice(0, -1), element.load, value)
  const result = isUnused ? computed : keptScalar(b, computed)
  buildStore(b, element, result, left)
  return scalarBuilt(result)
}

export function update(b: Builder, node: es.UpdateExpression): Built {
  const operator = node.operator === '++' ? '+' : '-'
  const { argument } = node
  const isUnused = b.unused === node
  const element = argument.type === 'MemberExpression' ? buildElement(b, argument) : undefined
  const before = element ? loaded(b, element, argument.start) : scalar(b, argument)
  const old = isUnused || node.prefix ? before : use(b.let('', before, node.start))
  const one = constantOf(before.type === 'big' ? 'big' : 'i32', before.type === 'big' ? 1n : 1)
  const computed = updated(b, node, operator, old, one)
  const after = isUnused || !node.prefix ? computed : keptScalar(b, computed)
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

export function declareFields(b: Builder, value: Value | undefined, position: Position): Variable[] {
  return fieldTypes(value).map((type) => {
    const variable = newVariable('', type, position)
    b.emit({ kind: 'let', variable, value: undefined })
    return variable
  })
}

export function assignAll(b: Builder, variables: readonly Variable[], value: Built, position: Position): void {
  for (const [i, field] of flatten(value).entries()) b.assignTo(variables[i] as Variable, field, position)
}
