// What a pass must not leave behind is found.
// SPDX-License-Identifier: MIT

import { expect, test } from 'vitest'
import type { Expression, Statement } from '../dist/njit/ir.js'
import { arithmetic, compare, constantOf, newLabel, newVariable, use } from '../dist/njit/typed.js'
import { verify } from '../dist/njit/verify.js'

const number = newVariable('x', 'f64', 0)
const index = newVariable('i', 'i32', 0)
const array = newVariable('a', { kind: 'array', storage: 'f8', rank: 2, contiguous: true, form: 'ndarray' }, 0)
const one = constantOf('f64', 1)
const zero = constantOf('i32', 0)

const mixed = { ...arithmetic('f64', '+', use(number), one), right: zero } as Expression
const load = (...indices: Expression[]): Expression => ({ kind: 'load', type: 'f64', array, indices, position: 0 })
const assign = (value: Expression): Statement => ({ kind: 'assign', variable: number, value, position: 0 })

const program = (...body: Statement[]) => ({
  main: { name: 'f', parameters: [number, index, array], results: ['f64' as const], body },
  functions: [],
  failures: [],
})

test.each<[string, Statement]>([
  ['operands of two types', assign(mixed)],
  ['a value of another type', assign(zero)],
  ['too few indices', assign(load(zero))],
  ['an index that is no integer', assign(load(zero, one))],
  ['a jump that leads nowhere', { kind: 'break', label: newLabel() }],
  ['a branch by a number', { kind: 'if', condition: one, yes: [], no: [], position: 0 }],
  ['a return without its value', { kind: 'return', values: [], position: 0 }],
  ['a return of another type', { kind: 'return', values: [zero], position: 0 }],
])('%s', (_, statement) => {
  expect(() => verify('build', program(statement))).toThrow(/NL9001.*'build'/)
})

test('what is well-formed passes', () => {
  const label = newLabel()
  const leave: Statement = { kind: 'break', label }
  const body: Statement[] = [
    { kind: 'if', condition: compare('<', use(index), zero), yes: [leave], no: [], position: 0 },
    assign(load(use(index), zero)),
  ]
  verify('hoist', program({ kind: 'block', body, label }, { kind: 'return', values: [use(number)], position: 0 }))
})
