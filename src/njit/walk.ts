// Walks over the typed form.
// SPDX-License-Identifier: MIT

import type { Expression, ForLoop, Statement, Variable } from './ir.js'

/** The expressions that a statement has itself, not those of statements inside it. */
export function expressionsOf(s: Statement): readonly Expression[] {
  switch (s.kind) {
    case 'let':
      return s.value ? [s.value] : []
    case 'assign':
      return [s.value]
    case 'store':
      return [...s.indices, s.value]
    case 'check':
      return [s.index, s.given, s.guard].filter((e) => e !== undefined)
    case 'fail':
      return s.value ? [s.when, s.value] : [s.when]
    case 'if':
      return [s.condition]
    case 'for':
      return [s.start, s.stop]
    case 'return':
      return s.values.filter((value): value is Expression => !('id' in value))
    case 'allocate':
      return s.fill ? [...s.extents, s.fill] : s.extents
    case 'alias':
      return s.row
    case 'kernel':
      return [s.count]
    case 'call':
      return s.args.filter((arg): arg is Expression => !('id' in arg))
    default:
      return []
  }
}

/** The lists of statements inside a statement. */
export function listsOf(s: Statement): readonly (readonly Statement[])[] {
  if (s.kind === 'if') return [s.yes, s.no]
  return 'body' in s ? [s.body] : []
}

export function partsOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'compare':
    case 'arithmetic':
    case 'logic':
      return [e.left, e.right]
    case 'unary':
    case 'convert':
      return [e.operand]
    case 'math':
      return e.args
    case 'select':
      return [e.condition, e.yes, e.no]
    case 'load':
      return e.indices
    default:
      return []
  }
}

/** Rebuilds an expression from its parts, the innermost first. */
export function mapped(e: Expression, map: (e: Expression) => Expression): Expression {
  const inner = (part: Expression) => mapped(part, map)
  switch (e.kind) {
    case 'compare':
    case 'arithmetic':
    case 'logic':
      return map({ ...e, left: inner(e.left), right: inner(e.right) })
    case 'unary':
    case 'convert':
      return map({ ...e, operand: inner(e.operand) })
    case 'math':
      return map({ ...e, args: e.args.map(inner) })
    case 'select':
      return map({ ...e, condition: inner(e.condition), yes: inner(e.yes), no: inner(e.no) })
    case 'load':
      return map({ ...e, indices: e.indices.map(inner) })
    default:
      return map(e)
  }
}

export function eachStatement(list: readonly Statement[], visit: (s: Statement) => void): void {
  for (const statement of list) {
    visit(statement)
    for (const inner of listsOf(statement)) eachStatement(inner, visit)
  }
}

/** Whether something holds of a statement or any in one. */
export function someStatement(list: readonly Statement[], test: (s: Statement) => boolean): boolean {
  return list.some((s) => test(s) || listsOf(s).some((inner) => someStatement(inner, test)))
}

/** Whether an error may leave statements. */
export function mayFail(list: readonly Statement[]): boolean {
  return someStatement(list, (s) => {
    if (s.kind === 'store') return s.failure !== undefined
    return s.kind === 'check' || s.kind === 'fail' || s.kind === 'call' || s.kind === 'allocate'
  })
}

/** Whether elements of arrays may change. */
export const mayStore = (list: readonly Statement[]): boolean =>
  someStatement(list, ({ kind }) => kind === 'store' || kind === 'call')

/** Whether statements take longer than a look at each of them would say. */
export const hasLoops = (list: readonly Statement[]): boolean =>
  someStatement(list, ({ kind }) => kind === 'for' || kind === 'loop' || kind === 'call')

/** The loops that a prange stands for, itself first. */
export function nestOf(loop: ForLoop): readonly ForLoop[] {
  const inner = (loop.collapse ?? 1) > 1 ? loop.body[0] : undefined
  return inner?.kind === 'for' ? [loop, ...nestOf(inner)] : [loop]
}

export function eachExpression(e: Expression, visit: (e: Expression) => void): void {
  visit(e)
  for (const part of partsOf(e)) eachExpression(part, visit)
}

/** Variables that an expression reads, arrays included. */
export function readBy(e: Expression): Set<Variable> {
  const read = new Set<Variable>()
  eachExpression(e, (part) => {
    if (part.kind === 'variable') read.add(part.variable)
    else if (part.kind === 'load' || part.kind === 'extent') read.add(part.array)
    else if (part.kind === 'disjoint') read.add(part.left).add(part.right)
  })
  return read
}

/** Variables that a statement names outside of expressions. */
function namedBy(s: Statement): readonly Variable[] {
  if (s.kind === 'alias') return [s.source, s.variable]
  if (s.kind === 'store' || s.kind === 'check') return [s.array]
  const values = s.kind === 'return' ? s.values : s.kind === 'call' ? s.args : []
  return values.filter((value): value is Variable => 'id' in value)
}

export interface Use {
  readonly declared: ReadonlySet<Variable>
  readonly used: ReadonlySet<Variable>
  readonly assigned: ReadonlySet<Variable>
}

/** Variables that statements declare, use in any way, and assign (or let stand for another array). */
export function useOf(list: readonly Statement[]): Use {
  const [declared, used, assigned] = [new Set<Variable>(), new Set<Variable>(), new Set<Variable>()]
  eachStatement(list, (s) => seeUse(s, declared, used, assigned))
  return { declared, used, assigned }
}

/** Those of a statement itself. */
export function ownUseOf(s: Statement): Use {
  const [declared, used, assigned] = [new Set<Variable>(), new Set<Variable>(), new Set<Variable>()]
  seeUse(s, declared, used, assigned)
  return { declared, used, assigned }
}

function seeUse(s: Statement, declared: Set<Variable>, used: Set<Variable>, assigned: Set<Variable>): void {
  for (const e of expressionsOf(s)) for (const variable of readBy(e)) used.add(variable)
  for (const variable of namedBy(s)) used.add(variable)
  const gets = s.kind === 'call' ? s.results : 'variable' in s ? [s.variable] : []
  const changes = s.kind === 'assign' || s.kind === 'call' || (s.kind === 'alias' && !s.declares)
  for (const variable of gets) (changes ? assigned : declared).add(variable)
  if (changes) for (const variable of gets) used.add(variable)
}
