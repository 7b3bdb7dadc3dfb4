// Calls of the user's functions in the typed form: their bodies in the place of the call, or functions of their own.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { assemble, type Builder, type Built, fieldTypes, flatten, NONE } from './build.js'
import { declareFields } from './build-assignments.js'
import { buildBuiltin } from './build-builtins.js'
import { buildCut } from './build-cut.js'
import { build, sequence, valueAt } from './build-expressions.js'
import { type Expansion, takesDefault } from './calls.js'
import type { Expression, Label, Position, Scalar, Variable } from './ir.js'
import { convert, newLabel, newVariable } from './typed.js'

export function call(b: Builder, node: es.CallExpression): Built {
  const instance = b.notes.calls.get(node)
  if (instance !== undefined) {
    const callee = b.instance(instance)
    const given = sequence(b, node.arguments)
    const own = instance.closure.node.params.map((parameter, i) => {
      const value = given[i] ?? NONE
      return takesDefault(parameter, value !== NONE) ? build(b, parameter.right) : value
    })
    const args = [...own, ...instance.captured.map((local) => b.builtOf(local))]
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
  b.parameters(expansion.node, args, values)
  const last = body.type === 'BlockStatement' ? onlyReturn(body) : undefined
  if (body.type !== 'BlockStatement') return resultOf(b, body)
  b.frames.push({ targets: [], end: newLabel(), results: declareUnless(b, last, expansion, node.start), types })
  const { end, results } = b.frame
  const statements = b.collect(() => b.statements(last ? body.body.slice(0, -1) : body.body))
  b.frames.pop()
  if (!last) {
    b.emit({ kind: 'block', body: statements, label: end as Label })
    return assemble(expansion.result, [...results])
  }
  b.emit(...statements)
  return last.argument && b.notes.reached.has(last) ? resultOf(b, last.argument) : NONE
}

function resultOf(b: Builder, node: es.Expression): Built {
  if (b.notes.values.has(node)) return build(b, node)
  buildCut(b, node)
  return NONE
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
