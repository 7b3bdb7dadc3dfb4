// Elementwise operations against NumPy: broadcasting, dtypes, views, out.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { afterAll, describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'
import { broadcastableShapes, expectLike, expectNumpy, named, randomView } from './support/arrays.ts'
import { errorOf } from './support/errors.ts'
import { Oracle, type Result } from './support/oracle.ts'
import { Random } from './support/random.ts'

const oracle = new Oracle()
afterAll(() => oracle.close())

const NUMBERS = ['float64', 'float32', 'int32'] as const
const ROUNDS = 40

const BINARY = { add: nl.add, subtract: nl.subtract, multiply: nl.multiply, divide: nl.divide }
const UNARY = { negative: nl.negative, abs: nl.abs, sqrt: nl.sqrt, sin: nl.sin, cos: nl.cos, exp: nl.exp, log: nl.log }
/** Integers of any size go in, so results of exp and the like may be large or not finite. */
const CLOSE = 4e-7

describe('elementwise, with broadcasting, on random views', () => {
  for (const [name, operation] of Object.entries(BINARY)) {
    test.each(NUMBERS)(`${name} %s`, async (dtype) => {
      const random = new Random(`${name} ${dtype}`)
      for (let round = 0; round < ROUNDS; round++) {
        const [left, right] = broadcastableShapes(2, random) as [number[], number[]]
        const a = randomView(left, dtype, random)
        const b = randomView(right, dtype, random)
        await expectNumpy(oracle, operation(a.view, b.view), `np.${name}(a, b)`, { a, b })
      }
    })
  }
  for (const [name, operation] of Object.entries(UNARY)) {
    test.each(NUMBERS)(`${name} %s`, async (dtype) => {
      const random = new Random(`${name} ${dtype}`)
      for (let round = 0; round < ROUNDS / 4; round++) {
        const [shape] = broadcastableShapes(1, random) as [number[]]
        const a = randomView(shape, dtype, random)
        const exact = ['negative', 'abs', 'sqrt'].includes(name)
        await expectNumpy(oracle, operation(a.view), `np.${name}(a)`, { a }, exact ? 0 : CLOSE)
      }
    })
  }
  test.each(NUMBERS)('fma %s', async (dtype) => {
    const random = new Random(`fma ${dtype}`)
    for (let round = 0; round < ROUNDS; round++) {
      const [x, y, z] = broadcastableShapes(3, random) as [number[], number[], number[]]
      const [a, b, c] = [randomView(x, dtype, random), randomView(y, dtype, random), randomView(z, dtype, random)]
      const tolerance = dtype === 'float64' ? 1e-14 : dtype === 'float32' ? 1e-5 : 0
      await expectNumpy(oracle, nl.fma(a.view, b.view, c.view), 'a * b + c', { a, b, c }, tolerance)
    }
  })
  test('shapes that do not broadcast', () => {
    for (const [left, right] of [
      [[2], [3]],
      [
        [4, 1, 3],
        [2, 2],
      ],
      [[0], [2]],
      [
        [3, 0],
        [0, 3],
      ],
    ] as [number[], number[]][]) {
      expect(() => nl.add(nl.zeros(left), nl.zeros(right))).toThrow(nl.ShapeError)
      expect(() => nl.add(nl.zeros(left), nl.zeros(right))).toThrow(`(${left.join(', ')}) and (${right.join(', ')})`)
    }
    expect(nl.add(nl.zeros([0, 3]), nl.ones(3)).shape).toEqual([0, 3])
  })
})

describe('dtypes', () => {
  test.each(NUMBERS)('of %s with others and with numbers are those of NumPy', async (left) => {
    for (const [name, operation] of Object.entries(BINARY)) {
      const a = nl.asarray([1, 2, 3], { dtype: left })
      for (const right of NUMBERS) {
        const b = nl.asarray([4, 5, 6], { dtype: right })
        const [wanted] = await oracle.numpy(`np.${name}(a, b)`, [named('a', a), named('b', b)])
        expectLike(operation(a, b), wanted as Result, 0, `${name} ${left} ${right}`)
      }
      for (const scalar of [2, 2.5, -7]) {
        const [after, before] = await oracle.numpy(`(np.${name}(a, ${scalar}), np.${name}(${scalar}, a))`, [
          named('a', a),
        ])
        expectLike(operation(a, scalar), after as Result, 0, `${name} ${left} ${scalar}`)
        expectLike(operation(scalar, a), before as Result, 0, `${name} ${scalar} ${left}`)
      }
    }
    for (const [name, operation] of Object.entries(UNARY)) {
      const a = nl.asarray([1, 2, 3], { dtype: left })
      const [wanted] = await oracle.numpy(`np.${name}(a)`, [named('a', a)])
      expectLike(operation(a), wanted as Result, CLOSE, `${name} ${left}`)
    }
  })
  test('int64 has no kernels, and says so', () => {
    const a = nl.array([1n, 2n])
    for (const use of [() => nl.add(a, a), () => nl.add(a, nl.ones(2, { dtype: 'int32' })), () => nl.sum(a)]) {
      expect(use).toThrow(nl.DTypeError)
    }
    const error = errorOf(() => nl.add(a, a)) as nl.DTypeError
    expect(error).toMatchObject({ code: 'NUMLOOM_DTYPE', dtypes: ['int64', 'int64'] })
  })
  test.each(BACKEND_NAMES)('int64 is copied by kernels, with all its bits: %s', (backend) => {
    const value = (i: number) => BigInt.asIntN(64, BigInt(i + 1) * 0x9e3779b97f4a7c15n)
    const memory = BigInt64Array.from({ length: 3 * 40 * 50 }, (_, i) => value(i))
    memory[7] = 0x7ff0000000000001n
    const expected =
      (...strides: [number, number, number]) =>
      (shape: readonly number[], from = 0) => {
        const [l = 0, m = 0, n = 0] = shape
        const at = (i: number, j: number, k: number) => from + i * strides[0] + j * strides[1] + k * strides[2]
        const indices = (length: number) => Array.from({ length }, (_, i) => i)
        return indices(l).flatMap((i) => indices(m).flatMap((j) => indices(n).map((k) => memory[at(i, j, k)])))
      }
    nl.withBackend(backend, () => {
      for (const x of [nl.asarray(memory).reshape(3, 40, 50), nl.array(memory).reshape(3, 40, 50)]) {
        const cases: [nl.NDArray, unknown[]][] = [
          [x, expected(2000, 50, 1)([3, 40, 50])],
          [x.T, expected(1, 50, 2000)([50, 40, 3])],
          [x.slice(':', '::2', '1:'), expected(2000, 100, 1)([3, 20, 49], 1)],
          [x.slice('::-1', ':', '::3'), expected(-2000, 50, 3)([3, 40, 17], 4000)],
          [x.slice(1, 2, 3), [memory[2103]]],
        ]
        for (const [view, elements] of cases) {
          const { calls } = nl.explain(() => {
            expect([...nl.array(view).toTypedArray()]).toEqual(elements)
          })
          expect(new Set(calls.map((call) => `${call.op} ${call.backend}`))).toEqual(new Set([`copy ${backend}`]))
        }
      }
    })
  })
  test('numbers alone, nested arrays and typed arrays are arguments', () => {
    expect(nl.add(1, 2).item()).toBe(3)
    expect(nl.add([1, 2], [[10], [20]]).toArray()).toEqual([
      [11, 12],
      [21, 22],
    ])
    expect(nl.multiply(Float32Array.of(1, 2), 3).dtype).toBe('float32')
  })
})

describe('out', () => {
  const a = nl.linspace(0, 1, 12).reshape(3, 4)

  test('receives the result, also as a view, and is returned', () => {
    const out = nl.zeros([3, 4])
    expect(nl.add(a, 1, { out })).toBe(out)
    expect(out.toArray()).toEqual(nl.add(a, 1).toArray())
    const wide = nl.zeros([3, 8])
    nl.add(a, 1, { out: wide.slice(':', '::-2') })
    expect(wide.slice(':', '::-2').toArray()).toEqual(out.toArray())
    expect(nl.sum(wide.slice(':', '::2')).item()).toBe(0)
  })
  test('may be an input itself', () => {
    const x = nl.array([1, 2, 3])
    nl.add(x, x, { out: x })
    expect(x.toArray()).toEqual([2, 4, 6])
    nl.multiply(x.slice('::-1'), 2, { out: x.slice('::-1') })
    expect(x.toArray()).toEqual([4, 8, 12])
    const typed = Float64Array.of(1, 2)
    nl.negative(typed, { out: nl.asarray(typed) })
    expect([...typed]).toEqual([-1, -2])
  })
  test('must have the shape and dtype of the result', () => {
    for (const shape of [[4, 3], [12], [3, 4, 1], [1, 3, 4], []]) {
      const error = errorOf(() => nl.add(a, 1, { out: nl.zeros(shape) }))
      expect(error).toBeInstanceOf(nl.ShapeError)
      expect(error).toMatchObject({ shapes: [shape, [3, 4]] })
    }
    // It is not stretched to more rows either: NumPy would refuse or repeat, here it is always an error.
    expect(() => nl.add(nl.ones(4), 1, { out: nl.zeros([2, 4]) })).toThrow(nl.ShapeError)
    const error = errorOf(() => nl.add(a, 1, { out: nl.zeros([3, 4], { dtype: 'float32' }) }))
    expect(error).toBeInstanceOf(nl.DTypeError)
    expect(error).toMatchObject({ dtypes: ['float32', 'float64'] })
    expect(() => nl.add(a, 1, { out: new Float64Array(12) as unknown as nl.NDArray })).toThrow(nl.DTypeError)
    expect(() => nl.sum(a, { out: nl.zeros(1) })).toThrow(nl.ShapeError)
    expect(() => nl.matmul(a, a.T, { out: nl.zeros([3, 4]) })).toThrow(nl.ShapeError)
  })
  test('must not overlap an input otherwise', () => {
    const x = nl.linspace(0, 1, 10)
    const square = nl.ones([4, 4])
    const typed = new Float64Array(10)
    for (const use of [
      () => nl.add(x.slice('1:'), 1, { out: x.slice(':-1') }),
      () => nl.add(x, 1, { out: x.slice('::-1') }),
      () => nl.add(square, 1, { out: square.T }),
      () => nl.add(square, square.slice(0), { out: square }),
      () => nl.sum(square, { axis: 0, out: square.slice(0) }),
      () => nl.matmul(square, square, { out: square }),
      () => nl.matmul(square, square.slice(0), { out: square.slice(1) }),
      () => nl.add(typed.subarray(0, 8), 1, { out: nl.asarray(typed.subarray(2)) }),
      () => nl.blas.gemv(1, square, square.slice(0), 0, square.slice(1)),
      () => nl.blas.axpy(1, x.slice(':5'), x.slice('4:9')),
    ]) {
      expect(use).toThrow(nl.ValueError)
      expect(use).toThrow('overlaps')
    }
    expect(x.toArray()).toEqual(nl.linspace(0, 1, 10).toArray())
    expect(nl.add(x.slice(':5'), 1, { out: x.slice('5:') }).get(0)).toBe(1)
  })
  test('of a reduction and a product', () => {
    const rows = nl.zeros(3)
    expect(nl.sum(a, { axis: 1, out: rows })).toBe(rows)
    expect(rows.toArray()).toEqual(nl.sum(a, { axis: 1 }).toArray())
    const product = nl.full([3, 3], Number.NaN)
    expect(nl.matmul(a, a.T, { out: product })).toBe(product)
    expect(product.toArray()).toEqual(nl.matmul(a, a.T).toArray())
  })
})
