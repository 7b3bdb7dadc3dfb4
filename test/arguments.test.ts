// Arguments that TypeScript would not let pass: errors of numloom that say what was given, not those of JavaScript.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { expect, test } from 'vitest'
import { errorOf } from './support/errors.ts'

const wrong = (value: unknown) => value as never
const x = nl.ones([3])

test.each<[string, new (...args: never[]) => nl.NumloomError, string, () => unknown]>([
  [
    'explain()',
    nl.ValueError,
    'explain: expected a function to run, not undefined',
    () => nl.explain(wrong(undefined)),
  ],
  ['explain(5)', nl.ValueError, 'explain: expected a function to run, not 5', () => nl.explain(wrong(5))],
  ['scope(5)', nl.ValueError, 'scope: expected a function to run, not 5', () => nl.scope(wrong(5))],
  ['showConfig(null)', nl.ValueError, 'showConfig: expected options, not null', () => nl.showConfig(wrong(null))],
  ['showConfig(5)', nl.ValueError, 'showConfig: expected options, not 5', () => nl.showConfig(wrong(5))],
  ['empty()', nl.ShapeError, 'invalid shape undefined: expected a size or', () => nl.empty(wrong(undefined))],
  ['zeros(null)', nl.ShapeError, 'invalid shape null: expected a size or an array', () => nl.zeros(wrong(null))],
  ['ones({})', nl.ShapeError, 'invalid shape [object Object]: expected a size', () => nl.ones(wrong({}))],
  ['full("3", 1)', nl.ShapeError, 'invalid shape 3: expected a size or an array', () => nl.full(wrong('3'), 1)],
  ['empty(["3"])', nl.ShapeError, 'invalid shape (3): sizes must be non-negative', () => nl.empty(wrong(['3']))],
  ['sum by null', nl.AxisError, 'sum: axis null is out of range for shape (3)', () => nl.sum(x, { axis: wrong(null) })],
  ['max by {}', nl.AxisError, 'max: axis [object Object] is out', () => nl.max(x, { axis: wrong({}) })],
  ['axpy()', nl.DTypeError, 'axpy: every vector and matrix must be an NDArray', () => nl.blas.axpy(1, wrong(0), x)],
  ['gemv()', nl.DTypeError, 'gemv: every vector', () => nl.blas.gemv(1, wrong(undefined), x, 0, x)],
  ['gemv of no y', nl.DTypeError, 'gemv: every vector', () => nl.blas.gemv(1, nl.eye(3), x, 0, wrong(null))],
  ['gemm()', nl.DTypeError, 'gemm: every vector', () => nl.blas.gemm(1, nl.eye(3), wrong(null), 0, nl.eye(3))],
])('%s', (_, type, message, call) => {
  const error = errorOf(call)
  expect(error).toBeInstanceOf(type)
  expect(error.message).toContain(message)
})

test('a function that is wrong leaves nothing behind: calls are explained as before', () => {
  expect(() => nl.explain(wrong(5))).toThrow(nl.ValueError)
  expect(nl.explain(() => nl.add(x, 1)).calls).toHaveLength(1)
})

test('a Float64Array is a shape as an array is', () => {
  expect(nl.zeros(wrong(new Float64Array([2, 3]))).shape).toEqual([2, 3])
})
