// The names that a function takes from around it, by the scopes of its text.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { namesOf } from './patterns.js'

/** The names that a node uses and does not declare, or only those that it assigns to. Its own name is not its own. */
export function freeNames(node: es.Node, assigned = false): Set<string> {
  const free = new Set<string>()
  const visit = (part: es.Node, hidden: ReadonlySet<string>, counts: boolean): void => {
    if (part.type === 'Identifier') {
      const { name } = part as es.Identifier
      if (counts && !hidden.has(name)) free.add(name)
      return
    }
    const own = part === node ? declaredBy(part) : [...declaredBy(part), ...ownName(part)]
    const inner = own.length > 0 ? new Set([...hidden, ...own.map(({ name }) => name)]) : hidden
    for (const child of childrenOf(part)) visit(child, inner, !assigned || isTarget(part, child, counts))
  }
  visit(node, new Set(), !assigned)
  return free
}

/** The variables that a node declares for all that is in it. */
function declaredBy(node: es.Node): readonly es.Identifier[] {
  const part = node as es.Node & es.AnyNode
  switch (part.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return part.params.flatMap(namesOf)
    case 'BlockStatement':
      return part.body.flatMap(declaration)
    case 'SwitchStatement':
      return part.cases.flatMap(({ consequent }) => consequent.flatMap(declaration))
    case 'ForStatement':
      return declaration(part.init)
    case 'ForOfStatement':
      return declaration(part.left)
    default:
      return []
  }
}

function declaration(node: es.Node | null | undefined): es.Identifier[] {
  if (node?.type === 'FunctionDeclaration') return [(node as es.FunctionDeclaration).id]
  if (node?.type !== 'VariableDeclaration') return []
  return (node as es.VariableDeclaration).declarations.flatMap(({ id }) => namesOf(id))
}

function ownName(node: es.Node): es.Identifier[] {
  const { id } = node as es.FunctionExpression
  return node.type === 'FunctionExpression' && id ? [id] : []
}

/** Whether a child of a node, itself a target or none, is what the node assigns to. An element is no variable. */
function isTarget(node: es.Node, child: es.Node, counts: boolean): boolean {
  if (node.type === 'UpdateExpression') return true
  if (node.type === 'AssignmentExpression') return child === (node as es.AssignmentExpression).left
  if (node.type === 'AssignmentPattern') return counts && child === (node as es.AssignmentPattern).left
  return counts && ['ArrayPattern', 'ObjectPattern', 'Property'].includes(node.type)
}

export const isFunction = (node: es.Node): boolean => 'params' in node

/** Nodes in a node, but for names that are no variables: those of properties, of labels and of functions. */
export function childrenOf(node: es.Node): es.Node[] {
  const named = !(node as es.MemberExpression).computed
  return Object.entries(node)
    .filter(
      ([key]) =>
        !(named && (key === 'property' || key === 'key')) && key !== 'label' && !(isFunction(node) && key === 'id'),
    )
    .flatMap(([, value]) => value)
    .filter((value) => value !== null && typeof value === 'object' && 'type' in value)
}
