// Expressions that always throw before they have a value: inference left them in between. What is evaluated of them until
// then is built nevertheless, in order; after it nothing is.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import type { Builder } from './build.js'
import { effect, way } from './build-statements.js'
import { childrenOf, isFunction } from './names.js'

/** Whether something in an expression always throws. Of one that is not reached no part has a value. */
export const isCut = (b: Builder, node: es.Node): boolean => !b.notes.values.has(node) && isReached(b, node)

function isReached(b: Builder, node: es.Node): boolean {
  return b.notes.values.has(node) || (!isFunction(node) && childrenOf(node).some((child) => isReached(b, child)))
}

export function buildCut(b: Builder, node: es.Node): void {
  const expression = node as es.Expression
  if (b.notes.values.has(node)) effect(b, expression)
  else if (isFunction(node)) return
  else if (expression.type === 'LogicalExpression' && b.notes.values.has(expression.left)) {
    const and = expression.operator === '&&'
    way(b, node, expression.left, and ? expression.right : undefined, and ? undefined : expression.right)
  } else if (expression.type === 'ConditionalExpression' && b.notes.values.has(expression.test)) {
    way(b, node, expression.test, expression.consequent, expression.alternate)
  } else for (const child of childrenOf(node)) buildCut(b, child)
}
