// Branches that only choose a value, as expressions: what is left of `a && x[i]` and `a ? x[i] : y[i]` once the checks are
// gone. Where their indices are in bounds whatever is chosen, both sides may be evaluated.
// SPDX-License-Identifier: MIT

import type { Expression, Scalar, Statement, Variable } from './ir.js'

type Let = Extract<Statement, { kind: 'let' }>
type If = Extract<Statement, { kind: 'if' }>

/** The value that a branch assigns to a variable, if it does nothing else. */
function onlyValue(list: readonly Statement[], variable: Variable): Expression | undefined {
  const [only] = list
  return list.length === 1 && only?.kind === 'assign' && only.variable === variable ? only.value : undefined
}

const isUse = (e: Expression, variable: Variable) => e.kind === 'variable' && e.variable === variable

/** `let v = a; if (v) v = b` and the like as one declaration. */
function merged({ variable, value }: Let, { condition, yes, no }: If): Let | undefined {
  const type = variable.type as Scalar
  const first = onlyValue(yes, variable)
  if (first === undefined) return undefined
  if (no.length > 0) {
    const second = onlyValue(no, variable)
    if (second === undefined || value !== undefined) return undefined
    return { kind: 'let', variable, value: { kind: 'select', type, condition, yes: first, no: second } }
  }
  if (value === undefined || type !== 'bool') return undefined
  const negated = condition.kind === 'unary' && condition.op === '!'
  if (!isUse(negated ? condition.operand : condition, variable)) return undefined
  return {
    kind: 'let',
    variable,
    value: { kind: 'logic', type: 'bool', op: negated ? '||' : '&&', left: value, right: first },
  }
}

export function simplified(list: readonly Statement[]): Statement[] {
  const result: Statement[] = []
  for (const s of list) {
    const before = result.at(-1)
    const both =
      s.kind === 'if' && before?.kind === 'let' && typeof before.variable.type === 'string'
        ? merged(before, s)
        : undefined
    if (both) result[result.length - 1] = both
    else result.push(s)
  }
  return result
}
