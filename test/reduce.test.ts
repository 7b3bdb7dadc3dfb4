// Reductions over axes, and products, against NumPy.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { afterAll, describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'
import { broadcastableShapes, expectLike, expectNumpy, named, randomArray, randomView } from './support/arrays.ts'
import { errorOf } from './support/errors.ts'
import { Oracle, type Result } from './support/oracle.ts'
import { Random } from './support/random.ts'

const oracle = new Oracle()
afterAll(() => oracle.close())

const NUMBERS = ['float64', 'float32', 'int32'] as const
const ROUNDS = 40
/** Of sums of a few hundred values from -4 to 4. */
const TOLERANCE = { float64: 1e-12, float32: 1e-4, int32: 0 }

/** Options of a reduction, and the same as NumPy's arguments. */
function randomAxes(shape: readonly number[], random: Random): { options: nl.ReduceOptions; text: string } {
  const keepdims = random.below(2) === 0
  const kept = `keepdims=${keepdims ? 'True' : 'False'}`
  if (random.below(4) === 0) return { options: { keepdims }, text: kept }
  const chosen = [...shape.keys()].filter(() => random.below(2) === 0)
  const axes = chosen.map((axis) => (random.below(2) === 0 ? axis : axis - shape.length))
  const [first] = axes
  if (first !== undefined && axes.length === 1)
    return { options: { axis: first, keepdims }, text: `axis=${first}, ${kept}` }
  return { options: { axis: axes, keepdims }, text: `axis=(${axes.map((axis) => `${axis},`).join('')}), ${kept}` }
}

describe('reductions', () => {
  const REDUCTIONS = { sum: nl.sum, min: nl.min, max: nl.max }
  for (const [name, reduce] of Object.entries(REDUCTIONS)) {
    test.each(NUMBERS)(`${name} of %s views over random axes`, async (dtype) => {
      const random = new Random(`${name} ${dtype}`)
      const tolerance = name === 'sum' ? TOLERANCE[dtype] : 0
      for (let round = 0; round < ROUNDS; round++) {
        const [shape] = broadcastableShapes(1, random) as [number[]]
        // NumPy has no least element of none, over whichever axes.
        if (name !== 'sum' && shape.includes(0)) continue
        const a = randomView(shape, dtype, random)
        const { options, text } = randomAxes(shape, random)
        await expectNumpy(oracle, reduce(a.view, options), `np.${name}(a, ${text})`, { a }, tolerance)
      }
    })
    test(`${name}: axes that are not there, or twice`, () => {
      const x = nl.ones([2, 3])
      for (const axis of [2, -3, 1.5, Number.NaN, [0, 0], [1, -1], [0, 5]]) {
        expect(() => reduce(x, { axis })).toThrow(nl.AxisError)
      }
      expect(errorOf(() => reduce(x, { axis: 2 }))).toMatchObject({ code: 'NUMLOOM_AXIS', axis: 2, shape: [2, 3] })
    })
  }
  test('of no elements', () => {
    expect(nl.sum([]).item()).toBe(0)
    expect(nl.sum(nl.zeros([0, 3]), { axis: 0 }).toArray()).toEqual([0, 0, 0])
    expect(nl.sum(nl.zeros([3, 0]), { axis: 0 }).toArray()).toEqual([])
    expect(nl.max(nl.zeros([0, 3]), { axis: 1 }).shape).toEqual([0])
    for (const use of [() => nl.max([]), () => nl.min(nl.zeros([2, 0])), () => nl.max(nl.zeros([0, 3]), { axis: 0 })]) {
      expect(use).toThrow(nl.ValueError)
    }
  })
  test.each(BACKEND_NAMES)('NaN is the least and the greatest on %s', (backend) => {
    nl.withBackend(backend, () => {
      for (const at of [0, 1, 40, 99]) {
        const x = nl.linspace(-1, 1, 100)
        x.set(at, Number.NaN)
        expect([nl.min(x).item(), nl.max(x).item(), nl.sum(x).item()]).toEqual([Number.NaN, Number.NaN, Number.NaN])
      }
    })
  })
})

describe('products', () => {
  const SHAPES = [
    [
      [3, 4],
      [4, 5],
    ],
    [
      [1, 1],
      [1, 1],
    ],
    [
      [65, 33],
      [33, 17],
    ],
    [
      [130, 70],
      [70, 140],
    ],
    [[3, 4], [4]],
    [[4], [4, 3]],
    [[5], [5]],
    [
      [0, 4],
      [4, 3],
    ],
    [
      [3, 0],
      [0, 2],
    ],
    [[3, 0], [0]],
    [[0], [0]],
  ] as [number[], number[]][]
  test.each(NUMBERS)('matmul of %s views on every backend that has it', async (dtype) => {
    const random = new Random(dtype)
    for (const [left, right] of SHAPES) {
      const a = randomView(left, dtype, random)
      const b = randomView(right, dtype, random)
      for (const backend of BACKEND_NAMES.filter((name) => name !== 'as')) {
        const got = nl.withBackend(backend, () => nl.matmul(a.view, b.view))
        await expectNumpy(oracle, got, 'a @ b', { a, b }, TOLERANCE[dtype])
      }
      expect(nl.dot(a.view, b.view).shape).toEqual(nl.matmul(a.view, b.view).shape)
    }
  })
  test('matmul does not read what out held', () => {
    for (const backend of BACKEND_NAMES.filter((name) => name !== 'as')) {
      nl.withBackend(backend, () => {
        const out = nl.full([2, 2], Number.NaN)
        expect(nl.matmul(nl.eye(2), nl.ones([2, 2]), { out }).toArray()).toEqual([
          [1, 1],
          [1, 1],
        ])
        const empty = nl.full([2, 3], Number.NaN)
        expect(nl.matmul(nl.ones([2, 0]), nl.ones([0, 3]), { out: empty }).toArray()).toEqual([
          [0, 0, 0],
          [0, 0, 0],
        ])
        const vector = nl.full(2, Number.NaN)
        expect(nl.matmul(nl.eye(2), nl.ones(2), { out: vector }).toArray()).toEqual([1, 1])
      })
    }
  })
  test('shapes that cannot be multiplied', () => {
    for (const [left, right] of [
      [
        [2, 3],
        [2, 3],
      ],
      [[3], [4]],
      [[2, 3], [2]],
      [[], [2]],
      [
        [2, 2, 2],
        [2, 2],
      ],
    ]) {
      const error = errorOf(() => nl.matmul(nl.ones(left as number[]), nl.ones(right as number[])))
      expect(error).toBeInstanceOf(nl.ShapeError)
      expect(error).toMatchObject({ shapes: [left, right] })
    }
  })
  test.each(NUMBERS)('axpy, gemv and gemm of %s in place', async (dtype) => {
    const random = new Random(`blas ${dtype}`)
    for (const [alpha, beta] of [
      [1, 0],
      [2, 1],
      [0, 3],
      [-3, -2],
      [0, 0],
    ] as [number, number][]) {
      const a = randomView([17, 9], dtype, random)
      const b = randomView([9, 23], dtype, random)
      const x = randomView([9], dtype, random)
      const y = randomArray([17], dtype, random)
      const c = randomArray([17, 23], dtype, random)
      const [yBefore, cBefore, xBefore] = [nl.array(y), nl.array(c), nl.array(x.view)]
      const before = { base: yBefore, view: yBefore, text: '' }
      expect(nl.blas.gemv(alpha, a.view, x.view, beta, y)).toBe(y)
      await expectNumpy(
        oracle,
        y,
        `(${alpha} * (a @ x) + ${beta} * y).astype(y.dtype)`,
        { a, x, y: before },
        TOLERANCE[dtype],
      )
      nl.blas.gemm(alpha, a.view, b.view, beta, c)
      const cView = { base: cBefore, view: cBefore, text: '' }
      await expectNumpy(
        oracle,
        c,
        `(${alpha} * (a @ b) + ${beta} * c).astype(c.dtype)`,
        { a, b, c: cView },
        TOLERANCE[dtype],
      )
      const z = nl.array(x.view)
      nl.blas.axpy(alpha, x.view, z)
      const [wanted] = await oracle.numpy(`(${alpha} * x + x).astype(x.dtype)`, [named('x', xBefore)])
      expectLike(z, wanted as Result, TOLERANCE[dtype])
    }
  })
  test('blas refuses what does not fit', () => {
    const v = nl.ones(3)
    const m = nl.ones([3, 3])
    expect(() => nl.blas.axpy(1, v, nl.ones(4))).toThrow(nl.ShapeError)
    expect(() => nl.blas.gemm(1, m, nl.ones([2, 3]), 0, m)).toThrow(nl.ShapeError)
    expect(() => nl.blas.gemv(1, m, nl.ones(3, { dtype: 'float32' }), 0, v)).toThrow(nl.DTypeError)
    expect(() => nl.blas.axpy('2' as unknown as number, v, nl.ones(3))).toThrow(nl.ValueError)
    const ints = nl.ones(3, { dtype: 'int32' })
    expect(() => nl.blas.axpy(1.5, ints, nl.zeros(3, { dtype: 'int32' }))).toThrow(nl.ValueError)
  })
})
