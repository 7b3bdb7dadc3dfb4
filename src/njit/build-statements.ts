// Statements in the typed form.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { type Builder, NONE } from './build.js'
import { bind } from './build-assignments.js'
import { buildCut } from './build-cut.js'
import { bindCompanion } from './build-elements.js'
import { build, condition, scalar, valueAt } from './build-expressions.js'
import { buildFor } from './build-loops.js'
import { buildForOf } from './build-ranges.js'
import { constantText } from './infer-statements.js'
import type { Expression, Label, Statement, Variable } from './ir.js'
import { targetOf } from './jumps.js'
import { compare, constantOf, newLabel, newVariable, not, TRUE, use } from './typed.js'

export function buildStatement(b: Builder, statement: es.Statement, labels: readonly string[]) {
  switch (statement.type) {
    case 'BlockStatement':
      return b.statements(statement.body)
    case 'ExpressionStatement':
      effect(b, statement.expression)
      return
    case 'VariableDeclaration':
      for (const { id, init } of statement.declarations) {
        if (init && !b.notes.values.has(init)) buildCut(b, init)
        else if (init) {
          bind(b, id, build(b, init), valueAt(b, init))
          bindCompanion(b, id, init)
        } else declareEmpty(b, id as es.Identifier)
      }
      return
    case 'IfStatement':
      return branch(b, statement)
    case 'ForStatement':
      return buildFor(b, statement, labels)
    case 'ForOfStatement':
      return buildForOf(b, statement, labels)
    case 'WhileStatement':
      return loop(b, labels, statement, statement.test, statement.body, undefined)
    case 'DoWhileStatement':
      return doWhile(b, statement, labels)
    case 'SwitchStatement':
      return choice(b, statement, labels)
    case 'LabeledStatement':
      return b.statement(statement.body, [...labels, statement.label.name])
    case 'BreakStatement':
    case 'ContinueStatement':
      return jump(b, statement)
    case 'ReturnStatement':
      return returned(b, statement)
    case 'ThrowStatement':
      return thrown(b, statement)
    default:
      return
  }
}

/** An expression whose value nobody uses. */
export function effect(b: Builder, node: es.Expression): void {
  if (!b.notes.values.has(node)) buildCut(b, node)
  else if (node.type === 'LogicalExpression') {
    const and = node.operator === '&&'
    way(b, node, node.left, and ? node.right : undefined, and ? undefined : node.right)
  } else if (node.type === 'ConditionalExpression') {
    way(b, node, node.test, node.consequent, node.alternate)
  } else {
    b.unused = node
    build(b, node)
  }
}

export function way(
  b: Builder,
  node: es.Node,
  test: es.Expression,
  first?: es.Expression,
  second?: es.Expression,
): void {
  const holds = condition(b, test)
  const yes = b.collect(() => first && effect(b, first))
  const no = b.collect(() => second && effect(b, second))
  b.emit({ kind: 'if', condition: holds, yes, no, position: node.start })
}

function returned(b: Builder, { argument, start }: es.ReturnStatement): void {
  if (argument && !b.notes.values.has(argument)) buildCut(b, argument)
  else b.return(argument ? build(b, argument) : NONE, start)
}

function branch(b: Builder, node: es.IfStatement): void {
  if (!b.notes.values.has(node.test)) {
    buildCut(b, node.test)
    return
  }
  const test = condition(b, node.test)
  const yes = b.collect(() => b.statement(node.consequent))
  const no = b.collect(() => node.alternate && b.statement(node.alternate))
  b.emit({ kind: 'if', condition: test, yes, no, position: node.start })
}

export function loop(
  b: Builder,
  names: readonly string[],
  node: es.Node,
  test: es.Expression | undefined,
  body: es.Statement,
  update: es.Expression | undefined,
): void {
  const label = newLabel()
  const end = newLabel()
  const again = update ? ({ kind: 'break', label: end } as const) : ({ kind: 'continue', label } as const)
  const statements = b.collect(() => {
    if (test) leaveUnless(b, test, label)
    const inner = b.body(names, label, again, () => b.statement(body))
    b.emit(...(update && continues(inner, end) ? [{ kind: 'block', body: inner, label: end } as const] : inner))
    if (update) effect(b, update)
  })
  b.emit({ kind: 'loop', body: statements, label, position: node.start })
}

function leaveUnless(b: Builder, test: es.Expression, label: Label): void {
  const leave: Statement = { kind: 'break', label }
  if (!b.notes.values.has(test)) buildCut(b, test)
  else b.emit({ kind: 'if', condition: not(condition(b, test)), yes: [leave], no: [], position: test.start })
}

function doWhile(b: Builder, node: es.DoWhileStatement, labels: readonly string[]): void {
  const label = newLabel()
  const end = newLabel()
  const statements = b.collect(() => {
    const inner = b.body(labels, label, { kind: 'break', label: end }, () => b.statement(node.body))
    b.emit(...(continues(inner, end) ? [{ kind: 'block', body: inner, label: end } as const] : inner))
    leaveUnless(b, node.test, label)
  })
  b.emit({ kind: 'loop', body: statements, label, position: node.start })
}

/** The number of the case that fits; then the bodies from that one on, until a break. */
function choice(b: Builder, node: es.SwitchStatement, labels: readonly string[]): void {
  if (!b.notes.values.has(node.discriminant)) {
    buildCut(b, node.discriminant)
    return
  }
  const value = build(b, node.discriminant)
  if (value.kind !== 'scalar') return
  const subject = use(b.let('', value.expression, node.start))
  const otherwise = node.cases.findIndex(({ test }) => test === null)
  const chosen = newVariable('', 'i32', node.start)
  b.emit({
    kind: 'let',
    variable: chosen,
    value: constantOf('i32', otherwise < 0 ? node.cases.length : otherwise),
  })
  for (const { consequent } of node.cases) for (const statement of consequent) declareAhead(b, statement)
  choose(b, node.cases, 0, subject, chosen)
  b.leavable(labels, 'switch', () => {
    for (const [i, clause] of node.cases.entries()) {
      const body = b.collect(() => b.statements(clause.consequent))
      const reached = compare('<=', use(chosen), constantOf('i32', i))
      b.emit({ kind: 'if', condition: reached, yes: body, no: [], position: clause.start })
    }
  })
}

/** Tests one after the other, until one fits. */
function choose(
  b: Builder,
  cases: readonly es.SwitchCase[],
  from: number,
  subject: Expression,
  chosen: Variable,
): void {
  const at = cases.findIndex(({ test }, i) => i >= from && test)
  const test = cases[at]?.test
  if (!test) return
  if (!b.notes.values.has(test)) {
    buildCut(b, test)
    return
  }
  const condition = compare('==', subject, scalar(b, test))
  const value = constantOf('i32', at)
  const position = test.start
  const yes = b.collect(() => b.emit({ kind: 'assign', variable: chosen, value, position }))
  const no = b.collect(() => choose(b, cases, at + 1, subject, chosen))
  b.emit({ kind: 'if', condition, yes, no, position })
}

/** Variables of one case are there in those that follow. */
function declareAhead(b: Builder, node: es.Statement): void {
  if (node.type !== 'VariableDeclaration') return
  for (const { id } of node.declarations) {
    const local = b.notes.locals.get(id)
    if (local?.value !== undefined && local.value.kind !== 'function') b.variablesOf(local, id.start)
  }
}

function jump(b: Builder, node: es.BreakStatement | es.ContinueStatement): void {
  const target = targetOf(b.frame.targets, node)
  if (target === undefined) return
  b.emit(node.type === 'BreakStatement' ? { kind: 'break', label: target.leave } : (target.again as Statement))
}

function thrown(b: Builder, node: es.ThrowStatement): void {
  const { callee, arguments: args } = node.argument as es.NewExpression
  const text = args[0] ? (constantText(args[0]) ?? '') : ''
  const failure = b.failure((callee as es.Identifier).name as 'Error', text)
  b.emit({ kind: 'fail', when: TRUE, failure, position: node.start })
}

function declareEmpty(b: Builder, id: es.Identifier): void {
  const local = b.notes.locals.get(id)
  if (local?.value !== undefined && local.value.kind !== 'function') b.variablesOf(local, id.start)
}

/** Whether `break` of a label is among statements. */
function continues(statements: readonly Statement[], label: Label): boolean {
  return statements.some((statement) => {
    if (statement.kind === 'break') return statement.label === label
    if (statement.kind === 'if') return continues(statement.yes, label) || continues(statement.no, label)
    return 'body' in statement && continues(statement.body, label)
  })
}
