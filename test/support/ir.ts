// The typed form of njit by hand: short names for its nodes, and what a body does to arrays when it runs.
// SPDX-License-Identifier: MIT

import type {
  Arithmetic,
  Comparison,
  Expression,
  ForLoop,
  Label,
  Scalar,
  Statement,
  Storage,
  Variable,
} from '../../dist/njit/ir.js'

let count = 0

export function scalar(name: string, type: Scalar = 'i32'): Variable {
  return { id: ++count, name, type, position: count }
}

export function array(name: string, rank = 1, storage: Storage = 'f8'): Variable {
  return {
    id: ++count,
    name,
    type: { kind: 'array', storage, rank, contiguous: true, form: 'ndarray' },
    position: count,
  }
}

export type Value = Expression | Variable | number | boolean

export function value(v: Value): Expression {
  if (typeof v === 'boolean') return { kind: 'constant', type: 'bool', value: v }
  if (typeof v === 'number') return { kind: 'constant', type: Number.isInteger(v) ? 'i32' : 'f64', value: v }
  return 'kind' in v ? v : { kind: 'variable', type: v.type as Scalar, variable: v }
}

export function op(left: Value, operator: Arithmetic, right: Value, type?: Scalar): Expression {
  const a = value(left)
  return { kind: 'arithmetic', type: type ?? a.type, op: operator, left: a, right: value(right) }
}

export const plus = (a: Value, b: Value): Expression => op(a, '+', b)
export const minus = (a: Value, b: Value): Expression => op(a, '-', b)
export const times = (a: Value, b: Value): Expression => op(a, '*', b)

export function compare(left: Value, operator: Comparison, right: Value): Expression {
  return { kind: 'compare', type: 'bool', op: operator, left: value(left), right: value(right) }
}

export function logic(left: Value, operator: '&&' | '||', right: Value): Expression {
  return { kind: 'logic', type: 'bool', op: operator, left: value(left), right: value(right) }
}

export function math(name: string, ...args: Value[]): Expression {
  return { kind: 'math', type: value(args[0] as Value).type, name, args: args.map(value) }
}

export function select(condition: Expression, yes: Value, no: Value): Expression {
  return { kind: 'select', type: value(yes).type, condition, yes: value(yes), no: value(no) }
}

export function convert(operand: Value, type: Scalar, how: 'exact' | 'wrap' | 'unsigned' = 'exact'): Expression {
  return { kind: 'convert', type, how, operand: value(operand) }
}

export function load(from: Variable, ...indices: Value[]): Expression {
  const type = from.type as Exclude<Variable['type'], string>
  const element = type.storage.startsWith('f') ? 'f64' : 'i32'
  return { kind: 'load', type: element, array: from, indices: indices.map(value), position: ++count }
}

export function extent(of: Variable, axis = 0): Expression {
  return { kind: 'extent', type: 'i64', array: of, axis }
}

export function store(to: Variable, indices: Value[], what: Value, atomic = false): Statement {
  return { kind: 'store', array: to, indices: indices.map(value), value: value(what), position: ++count, atomic }
}

export function set(variable: Variable, what: Value): Statement {
  return { kind: 'assign', variable, value: value(what), position: ++count }
}

export function declare(variable: Variable, what?: Value): Statement {
  return { kind: 'let', variable, value: what === undefined ? undefined : value(what) }
}

export function when(condition: Expression, yes: Statement[], no: Statement[] = []): Statement {
  return { kind: 'if', condition, yes, no, position: ++count }
}

export function row(variable: Variable, source: Variable, indices: Value[], declares = true): Statement {
  return { kind: 'alias', variable, source, row: indices.map(value), declares, position: ++count }
}

export function allocate(variable: Variable, ...extents: Value[]): Statement {
  return { kind: 'allocate', variable, extents: extents.map(value), fill: undefined, position: ++count }
}

export const label = (): Label => ({ id: ++count })

export function loop(
  variable: Variable,
  [start, stop, step = 1]: [Value, Value, number?],
  body: Statement[],
  of: Label = label(),
): ForLoop {
  const range = { start: value(start), stop: value(stop), step }
  return { kind: 'for', variable, ...range, body, label: of, position: ++count, parallel: undefined, prange: true }
}
