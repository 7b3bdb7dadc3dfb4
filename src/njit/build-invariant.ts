// What stays the same while a loop runs.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import type { Builder } from './build.js'
import { valueAt } from './build-expressions.js'

export const isName = (node: es.Node, name: string) =>
  node.type === 'Identifier' && (node as es.Identifier).name === name

/** Whether an expression has the same value in all turns of a loop. */
export function isInvariant(b: Builder, node: es.Node, loop: es.Node): boolean {
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
        isInvariant(b, expression.property, loop) &&
        (valueAt(b, expression.object)?.kind !== 'array' || !stores(b, loop))
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
function stores(b: Builder, node: unknown): boolean {
  if (Array.isArray(node)) return node.some((item) => stores(b, item))
  if (node === null || typeof node !== 'object' || !('type' in node)) return false
  if (node.type === 'AssignmentExpression' && (node as es.AssignmentExpression).left.type !== 'Identifier') return true
  if (node.type === 'UpdateExpression' && (node as es.UpdateExpression).argument.type !== 'Identifier') return true
  if (node.type === 'CallExpression' && !onlyReads(b, node as es.CallExpression)) return true
  return Object.values(node).some((value) => stores(b, value))
}

function onlyReads(b: Builder, node: es.CallExpression): boolean {
  const { callee } = node
  if (callee.type !== 'MemberExpression') return b.notes.ranges.has(node)
  return isName(callee.object, 'Math') || isName(callee.property, 'get')
}
