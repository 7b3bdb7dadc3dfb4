// Inference of statements.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import type { RangeCall } from './builtins.js'
import { reject } from './diagnostic.js'
import { comparison, evaluate, evaluateEffect, evaluateTest, iterated } from './expressions.js'
import type { Frame, Inference } from './infer.js'
import { targetOf } from './jumps.js'
import { LoopHead } from './loop-head.js'
import { bindPattern, namesOf, refine } from './patterns.js'
import { UNSET, type Value } from './value.js'

export function inferStatement(inf: Inference, statement: es.Statement, labels: readonly string[]) {
  const node = statement
  switch (statement.type) {
    case 'EmptyStatement':
    case 'FunctionDeclaration':
      return
    case 'BlockStatement':
      inf.block(node, statement.body)
      return
    case 'ExpressionStatement':
      if (!('directive' in statement && statement.directive)) evaluateEffect(inf, statement.expression)
      return
    case 'VariableDeclaration':
      declaration(inf, statement)
      return
    case 'IfStatement':
      inf.branch(
        statement.test,
        () => inf.statement(statement.consequent),
        () => statement.alternate && inf.statement(statement.alternate),
      )
      return
    case 'ForStatement':
      return inf.inScope(node, inf.scope, () => overCounter(inf, statement, labels))
    case 'ForOfStatement':
      return inf.inScope(node, inf.scope, () => overItems(inf, statement, labels))
    case 'WhileStatement':
      return loop(inf, node, labels, statement.test, () => inf.statement(statement.body))
    case 'DoWhileStatement':
      return doWhile(inf, statement, labels)
    case 'SwitchStatement':
      return choice(inf, statement, labels)
    case 'LabeledStatement':
      return inf.statement(statement.body, [...labels, statement.label.name])
    case 'BreakStatement':
    case 'ContinueStatement':
      return jump(inf, statement)
    case 'ReturnStatement':
      return returned(inf, statement)
    case 'ThrowStatement':
      thrown(inf, statement)
      return
    default:
      rejectStatement(statement)
  }
}

function declaration(inf: Inference, node: es.VariableDeclaration): void {
  if (node.kind === 'var') {
    reject('NL1002', node, "'var' is not in the language of njit.", "write 'let' or 'const'.")
  }
  for (const { id, init } of node.declarations) {
    if (init) {
      bindPattern(inf, id, evaluate(inf, init, (id as es.Identifier).name), node.kind === 'const')
    } else {
      const local = inf.declare(id as es.Identifier, false)
      inf.assign(local, UNSET, id)
    }
  }
}

function loop(
  inf: Inference,
  node: es.Node,
  labels: readonly string[],
  test: es.Expression | undefined,
  body: () => void,
  update?: () => void,
) {
  inf.turns(node, labels, () => {
    if (test) evaluateTest(inf, test)
    const head = inf.env
    const exit = test ? refine(inf, test, false, head) : undefined
    inf.env = test ? refine(inf, test, true, head) : head
    body()
    inf.joinContinues()
    if (inf.env) update?.()
    return exit
  })
}

function overCounter(inf: Inference, node: es.ForStatement, labels: readonly string[]): void {
  const { init, test, update, body } = node
  const head = new LoopHead(node)
  inf.declareAhead([init])
  if (init?.type === 'VariableDeclaration') {
    if (init.kind === 'let')
      for (const name of init.declarations.flatMap(({ id }) => namesOf(id))) inf.declare(name, false).head = head
    inf.statement(init)
  } else if (init) evaluate(inf, init)
  // It throws always.
  if (inf.env === undefined) return
  head.during('turn', () =>
    loop(
      inf,
      node,
      labels,
      test ?? undefined,
      () => inf.statement(body),
      () => update && head.during('update', () => evaluateEffect(inf, update)),
    ),
  )
  head.end(inf.notes.assigned.get(node) ?? new Set())
}

function doWhile(inf: Inference, node: es.DoWhileStatement, labels: readonly string[]): void {
  inf.turns(node, labels, () => {
    inf.statement(node.body)
    inf.joinContinues()
    if (inf.env === undefined) return undefined
    evaluateTest(inf, node.test)
    const after = inf.env
    inf.env = refine(inf, node.test, true, after)
    return refine(inf, node.test, false, after)
  })
}

function overItems(inf: Inference, node: es.ForOfStatement, labels: readonly string[]): void {
  if (node.await)
    reject('NL1003', node, "'for await' is not in the language of njit.", 'loop over an array or a range.')
  inf.declareAhead([node.left])
  const { item, narrowed } = iterated(inf, node.right)
  const declaration = node.left as es.VariableDeclaration
  if (declaration.type !== 'VariableDeclaration') {
    reject('NL1004', node.left, 'the loop needs a variable of its own.', "write 'for (const i of ...)'.")
  }
  const pattern = (declaration.declarations[0] as es.VariableDeclarator).id
  const overAll = (known: RangeCall['narrowed']) =>
    inf.turns(node, labels, () => {
      const exit = inf.env && new Map(inf.env)
      if (known) inf.env?.set(...known)
      bindPattern(inf, pattern, item, declaration.kind === 'const')
      inf.statement(node.body)
      inf.joinContinues()
      return exit
    })
  const entry = inf.env && new Map(inf.env)
  overAll(narrowed)
  // What is known of the end in the first turn does not hold in the others where the body assigns its variable.
  if (!narrowed || !inf.notes.assigned.get(node)?.has(narrowed[0])) return
  inf.env = entry
  overAll(undefined)
}

function choice(inf: Inference, node: es.SwitchStatement, labels: readonly string[]): void {
  const subject = evaluate(inf, node.discriminant)
  inf.inScope(node, inf.scope, () => {
    inf.declareAhead(node.cases.flatMap(({ consequent }) => consequent))
    inf.leavable(labels, 'switch', () => {
      for (const { test } of node.cases) if (test) comparedCase(inf, test, subject)
      const entry = inf.env
      inf.env = undefined
      for (const clause of node.cases) {
        inf.env = inf.meet(inf.env, entry && new Map(entry))
        inf.notes.reached.add(clause)
        inf.statements(clause.consequent)
      }
      if (!node.cases.some(({ test }) => test === null)) inf.env = inf.meet(inf.env, entry)
    })
  })
}

/** Tests are evaluated one by one until one fits. */
function comparedCase(inf: Inference, test: es.Expression, subject: Value): void {
  const before = inf.env
  comparison(test, '===', subject, evaluate(inf, test))
  inf.env = inf.meet(before && new Map(before), inf.env)
}

function jump(inf: Inference, node: es.BreakStatement | es.ContinueStatement): void {
  const target = targetOf((inf.frames.at(-1) as Frame).targets, node)
  if (inf.env) (node.type === 'BreakStatement' ? target?.breaks : target?.continues)?.push(inf.env)
  inf.env = undefined
}

function returned(inf: Inference, node: es.ReturnStatement): void {
  const frame = inf.frames.at(-1) as Frame
  inf.result(frame, node.argument ? evaluate(inf, node.argument) : UNSET, node)
  if (inf.env) frame.returns.push(inf.env)
  inf.env = undefined
}

function thrown(inf: Inference, node: es.ThrowStatement): void {
  const { argument } = node
  const made = argument.type === 'NewExpression' || argument.type === 'CallExpression' ? argument : undefined
  const name = made?.callee.type === 'Identifier' ? made.callee.name : ''
  const message = made?.arguments[0]
  const constant = (message === undefined || constantText(message) !== undefined) && !made?.arguments[1]
  if (!['Error', 'RangeError', 'TypeError'].includes(name) || !constant) {
    reject('NL1005', node, 'only an error with a constant message can be thrown.', "write throw new Error('...').")
  }
  inf.env = undefined
}

/** The text of a string without anything that varies. */
export function constantText(node: es.Node): string | undefined {
  const expression = node as es.Expression
  if (expression.type === 'Literal' && typeof expression.value === 'string') return expression.value
  return expression.type === 'TemplateLiteral' ? (expression.quasis[1] ? undefined : cooked(expression)) : undefined
}

const cooked = ({ quasis }: es.TemplateLiteral) => quasis[0]?.value.cooked ?? undefined

const STATEMENTS: Readonly<Record<string, readonly [string, string]>> = {
  TryStatement: ["'try' is not in the language of njit.", 'catch the error around the call of the compiled function.'],
  ForInStatement: ["'for...in' is not in the language of njit.", "loop over indices with 'for' or 'for...of'."],
  ClassDeclaration: ['classes are not in the language of njit.', 'use variables, tuples and functions.'],
  WithStatement: ["'with' is not in the language of njit.", 'use variables.'],
  DebuggerStatement: ["'debugger' does nothing in compiled code.", 'take it out, or set NUMLOOM_DISABLE_JIT=1.'],
}

function rejectStatement(node: es.Node): never {
  const [message, fix] = STATEMENTS[node.type] ?? [
    `${node.type} is not in the language of njit.`,
    'write it in another way.',
  ]
  reject('NL1006', node, message, fix)
}
