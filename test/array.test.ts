// Arrays: making them, elements, views, layouts, printing, the end of their life.
// SPDX-License-Identifier: MIT

import { inspect } from 'node:util'
import * as nl from 'numloom'
import { afterAll, describe, expect, test } from 'vitest'
import { expectLike, expectNumpy, named, randomArray, randomView } from './support/arrays.ts'
import { errorOf } from './support/errors.ts'
import { Oracle, type Result } from './support/oracle.ts'
import { Random } from './support/random.ts'

const oracle = new Oracle()
afterAll(() => oracle.close())

const DTYPES = ['float64', 'float32', 'int32', 'int64'] as const

/** Checks an array against a NumPy expression without arguments. */
async function expectSame(array: nl.NDArray, expression: string): Promise<void> {
  const [wanted] = await oracle.numpy(expression, [])
  expectLike(array, wanted as Result, 0, expression)
}

describe('creation', () => {
  test.each(DTYPES)('zeros, ones, full, empty, eye of %s', async (dtype) => {
    for (const shape of [[], [0], [5], [2, 3], [2, 0, 3], [2, 1, 3, 2]]) {
      const text = `(${shape.map((extent) => `${extent},`).join('')})`
      await expectSame(nl.zeros(shape, { dtype }), `np.zeros(${text}, '${dtype}')`)
      await expectSame(nl.ones(shape, { dtype }), `np.ones(${text}, '${dtype}')`)
      await expectSame(nl.full(shape, dtype === 'int64' ? 7n : 7, { dtype }), `np.full(${text}, 7, '${dtype}')`)
      expect(nl.empty(shape, { dtype })).toMatchObject({ shape, dtype })
    }
    await expectSame(nl.eye(3, { dtype }), `np.eye(3, dtype='${dtype}')`)
    await expectSame(nl.eye(3, { columns: 5, k: 1, dtype }), `np.eye(3, 5, 1, '${dtype}')`)
    await expectSame(nl.eye(4, { columns: 2, k: -2, dtype }), `np.eye(4, 2, -2, '${dtype}')`)
    await expectSame(nl.eye(2, { k: 7, dtype }), `np.eye(2, k=7, dtype='${dtype}')`)
  })
  test('arange and linspace', async () => {
    for (const [start, stop, step] of [
      [0, 10, 1],
      [3, 11, 2],
      [10, 0, -3],
      [0, 1, 0.1],
      [5, 5, 1],
      [1, 0, 1],
      [0, 1, 0.3],
    ]) {
      await expectSame(
        nl.arange(start as number, stop as number, { step: step as number }),
        `np.arange(${start}., ${stop}, ${step})`,
      )
    }
    await expectSame(nl.arange(5), 'np.arange(5.)')
    await expectSame(nl.arange(5, undefined, { dtype: 'int32' }), "np.arange(5, dtype='int32')")
    await expectSame(nl.arange(2, 5, { dtype: 'int64' }), 'np.arange(2, 5)')
    await expectSame(nl.linspace(0, 1), 'np.linspace(0, 1)')
    for (const count of [0, 1, 2, 7, 1001]) {
      await expectSame(nl.linspace(-1, 3, count), `np.linspace(-1, 3, ${count})`)
      await expectSame(nl.linspace(5, 2, count, { endpoint: false }), `np.linspace(5, 2, ${count}, endpoint=False)`)
    }
    expect(nl.linspace(0, Math.PI, 3).get(2)).toBe(Math.PI)
  })
  test('array and asarray of nested arrays', async () => {
    await expectSame(
      nl.array([
        [1, 2],
        [3, 4],
      ]),
      'np.array([[1., 2], [3, 4]])',
    )
    await expectSame(nl.array([[[1n]], [[2n]]]), 'np.array([[[1]], [[2]]])')
    await expectSame(nl.array(3), 'np.array(3.)')
    await expectSame(nl.array([]), 'np.array([])')
    await expectSame(nl.array([[], []]), 'np.array([[], []])')
    await expectSame(nl.asarray([1, 2], { dtype: 'int32' }), "np.array([1, 2], 'int32')")
    await expectSame(nl.asarray([0.1], { dtype: 'float32' }), "np.array([.1], 'float32')")
  })
  test('array copies, asarray does not', () => {
    const typed = Float64Array.of(1, 2, 3)
    const [copied, same] = [nl.array(typed), nl.asarray(typed)]
    typed[0] = 9
    expect([copied.get(0), same.get(0)]).toEqual([1, 9])
    expect(same.data.buffer).toBe(typed.buffer)
    const array = nl.ones(3)
    expect(nl.asarray(array)).toBe(array)
    expect(nl.array(array)).not.toBe(array)
    expect(nl.asarray(array, { dtype: 'float32' }).dtype).toBe('float32')
    expect(nl.array(Int32Array.of(1, 2), { dtype: 'float64' }).toArray()).toEqual([1, 2])
    expect(nl.asarray(BigInt64Array.of(5n)).dtype).toBe('int64')
  })
  test.each([
    [[-1], nl.ShapeError],
    [[1.5], nl.ShapeError],
    [[Number.NaN], nl.ShapeError],
    [[Number.POSITIVE_INFINITY], nl.ShapeError],
    [[2 ** 31, 2 ** 31], nl.ShapeError],
    [['3'], nl.ShapeError],
    [[2 ** 45], nl.OutOfMemoryError],
  ])('a shape of (%s) is refused', (shape, type) => {
    for (const make of [nl.zeros, nl.ones, nl.empty, (s: number[]) => nl.full(s, 1)]) {
      const error = errorOf(() => make(shape as number[]))
      expect(error).toBeInstanceOf(type)
      if (type === nl.ShapeError) expect(error).toMatchObject({ code: 'NUMLOOM_SHAPE', shapes: [shape] })
      else expect(error).toMatchObject({ code: 'NUMLOOM_OUT_OF_MEMORY', wanted: 2 ** 48 })
    }
    expect(nl.ones(3).toArray()).toEqual([1, 1, 1])
  })
  test('other bad arguments', () => {
    const bad: [() => unknown, new (...args: never[]) => Error][] = [
      [() => nl.zeros(3, { dtype: 'float16' as 'float32' }), nl.DTypeError],
      [() => nl.array([1, 2n] as nl.Nested), nl.DTypeError],
      [() => nl.array(['a'] as unknown as nl.Nested), nl.DTypeError],
      [() => nl.array([1], { dtype: 'int64' }), nl.DTypeError],
      [() => nl.array([1n], { dtype: 'float64' }), nl.DTypeError],
      [() => nl.array([1.5], { dtype: 'int32' }), nl.ValueError],
      [() => nl.array([2 ** 31], { dtype: 'int32' }), nl.ValueError],
      [() => nl.full(2, 1n, { dtype: 'float64' }), nl.DTypeError],
      [() => nl.array([[1, 2], [3]]), nl.ShapeError],
      [() => nl.array([[1, 2], 3]), nl.ShapeError],
      [() => nl.array([1, [2]]), nl.ShapeError],
      [() => nl.array(new Uint8Array(3) as unknown as Float64Array), nl.DTypeError],
      [() => nl.asarray(new Float64Array(2), { dtype: 'int32' }), nl.DTypeError],
      [() => nl.arange(0, 1, { step: 0 }), nl.ValueError],
      [() => nl.arange(0, Number.POSITIVE_INFINITY), nl.ValueError],
      [() => nl.arange(Number.NaN), nl.ValueError],
      [() => nl.linspace(0, 1, -1), nl.ShapeError],
      [() => nl.linspace(0, 1, 2.5), nl.ShapeError],
      [() => nl.eye(-1), nl.ShapeError],
      [() => nl.eye(2, { k: 0.5 }), nl.ValueError],
      [() => nl.array(undefined as unknown as nl.Nested), nl.DTypeError],
      [() => nl.array(null as unknown as nl.Nested), nl.DTypeError],
    ]
    for (const [use, type] of bad) {
      const error = errorOf(use)
      expect(error, String(use)).toBeInstanceOf(type)
      expect(error, String(use)).toBeInstanceOf(nl.NumloomError)
      expect(error.name).toBe(type.name)
      expect((error as nl.NumloomError).code).toMatch(/^NUMLOOM_/)
    }
    const error = errorOf(() => nl.zeros(3, { dtype: 'float16' as 'float32' }))
    expect(error.message).toMatch(/'float16'.*float64, float32, int32, int64/)
  })
})

describe('elements', () => {
  const x = nl.linspace(0, 23, 24).reshape(2, 3, 4)

  test('get and set, also from the end and through views', () => {
    expect(x.get(1, 2, 3)).toBe(23)
    expect(x.get(-1, -1, -1)).toBe(23)
    expect(x.get(0, -3, 1)).toBe(1)
    const y = nl.array(x)
    y.slice(1, '::-1').T.set(0, 0, -5)
    expect(y.get(1, 2, 0)).toBe(-5)
    const big = nl.zeros(2, { dtype: 'int64' })
    big.set(1, 2n ** 62n)
    expect(big.toArray()).toEqual([0n, 2n ** 62n])
    expect(nl.full([], 3).get()).toBe(3)
  })
  test.each([
    [[2, 0, 0]],
    [[0, -4, 0]],
    [[0, 0, 1.5]],
    [[0, 0]],
    [[0, 0, 0, 0]],
    [[]],
    [['0', 0, 0]],
    [[0, Number.NaN, 0]],
  ])('an index of (%s) is refused', (index) => {
    for (const use of [() => x.get(...(index as number[])), () => x.set(...([...index, 1] as [number]))]) {
      const error = errorOf(use)
      expect(error).toBeInstanceOf(nl.IndexError)
      expect(error).toMatchObject({ code: 'NUMLOOM_INDEX', shape: [2, 3, 4] })
    }
    expect(x.get(0, 0, 1)).toBe(1)
  })
  test('a value of the wrong kind is refused', () => {
    const ints = nl.zeros(2, { dtype: 'int32' })
    expect(() => ints.set(0, 1.5)).toThrow(nl.ValueError)
    expect(() => ints.set(0, 2 ** 31)).toThrow(nl.ValueError)
    expect(() => ints.set(0, 1n)).toThrow(nl.DTypeError)
    expect(() => nl.zeros(1).set(0, '1' as unknown as number)).toThrow(nl.DTypeError)
    expect(() => nl.zeros(1, { dtype: 'int64' }).set(0, 1)).toThrow(nl.DTypeError)
    expect(ints.toArray()).toEqual([0, 0])
  })
  test('item', () => {
    expect(nl.full([1, 1], 4).item()).toBe(4)
    expect(x.slice(1, 1, 1).item()).toBe(17)
    for (const array of [x, nl.zeros(0)]) expect(() => array.item()).toThrow(nl.ValueError)
  })
})

describe('views', () => {
  test.each(DTYPES)('random slices of %s are those of NumPy', async (dtype) => {
    const random = new Random(dtype)
    for (let round = 0; round < 30; round++) {
      const shape = Array.from({ length: random.below(5) }, () => random.pick([0, 1, 2, 3, 5, 9]))
      const a = randomView(shape, dtype, random)
      await expectNumpy(oracle, a.view, 'a', { a })
      await expectNumpy(oracle, nl.array(a.view), 'a', { a })
      await expectNumpy(oracle, a.view.T, 'a.T', { a })
      await expectNumpy(oracle, a.view.reshape(-1), 'a.reshape(-1)', { a })
      await expectNumpy(oracle, a.view.T.reshape(a.view.size), 'a.T.reshape(-1)', { a })
    }
  })
  test('slices out of bounds, negative, with steps, dots and new axes', async () => {
    const a = randomArray([5, 4, 3], 'float64', new Random('slices'))
    const cases: [(number | string | null)[], string][] = [
      [[1], '1'],
      [[-1, '...'], '-1, ...'],
      [['...', -1], '..., -1'],
      [['...'], '...'],
      [[], '...'],
      [['1:3', null, ':', '::-1'], '1:3, None, :, ::-1'],
      [[null, null, 2], 'None, None, 2'],
      [['-100:100', '3:1', ':0'], '-100:100, 3:1, :0'],
      [['100:', ':-100'], '100:, :-100'],
      [['::-1', '10::-2', ':-10:-1'], '::-1, 10::-2, :-10:-1'],
      [['-2:', ':-1', '1::100'], '-2:, :-1, 1::100'],
      [['::-100', '-1:0:-1'], '::-100, -1:0:-1'],
      [[' 1 : 3 '], '1:3'],
      [['...', null], '..., None'],
    ]
    for (const [items, text] of cases) {
      const [wanted] = await oracle.numpy(`a[${text}]`, [named('a', a)])
      expectLike(a.slice(...items), wanted as Result, 0, text)
    }
    for (const items of [[5], [-6], [1.5], ['1:2:0'], ['a:b'], [''], ['1'], [0, 0, 0, 0], ['...', '...'], ['1.5:2']]) {
      expect(
        errorOf(() => a.slice(...items)),
        String(items),
      ).toBeInstanceOf(nl.IndexError)
    }
  })
  test('share memory, and say what they are', () => {
    const a = nl.zeros([3, 4])
    const view = a.slice('1:', '::2')
    view.set(0, 1, 8)
    expect(a.get(1, 2)).toBe(8)
    expect(view).toMatchObject({ shape: [2, 2], strides: [4, 2], ndim: 2, size: 4, nbytes: 32, isContiguous: false })
    expect(a.T).toMatchObject({ shape: [4, 3], strides: [1, 4], isContiguous: false })
    expect(a.reshape(2, -1)).toMatchObject({ shape: [2, 6], isContiguous: true })
    expect(a.reshape([12]).get(6)).toBe(8)
  })
  test('reshape refuses other sizes', () => {
    const a = nl.zeros([3, 4])
    for (const shape of [[5], [-1, 5], [-1, -1], [3, -4], [2.5, 2], [], [0, -1]]) {
      const error = errorOf(() => a.reshape(shape))
      expect(error).toBeInstanceOf(nl.ShapeError)
      expect(error).toMatchObject({ shapes: [[3, 4], shape] })
    }
    expect(nl.zeros([0, 3]).reshape(3, 0).shape).toEqual([3, 0])
  })
  test('data is the memory itself, toTypedArray a copy', () => {
    const a = nl.zeros([2, 3])
    const { data } = a.slice(1)
    expect(data).toHaveLength(3)
    data[0] = 5
    expect(a.get(1, 0)).toBe(5)
    const copy = a.toTypedArray()
    copy[0] = 9
    expect(a.get(0, 0)).toBe(0)
    expect(a.T.toTypedArray()).toEqual(Float64Array.of(0, 5, 0, 0, 0, 0))
    expect(() => a.T.data).toThrow(nl.ValueError)
    expect(a.T.toArray()).toEqual([
      [0, 5],
      [0, 0],
      [0, 0],
    ])
    expect(nl.zeros([2, 0]).toArray()).toEqual([[], []])
    expect(nl.full([], 2).toArray()).toBe(2)
  })
})

describe('printing', () => {
  test('as NumPy does', () => {
    expect(String(nl.array([1, 2.5, -0]))).toBe('array([1, 2.5, -0])')
    expect(
      String(
        nl.array([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toBe('array([[1, 2],\n        [3, 4]])'.replace('        [', '       ['))
    expect(String(nl.zeros(2, { dtype: 'float32' }))).toBe('array([0, 0], dtype=float32)')
    expect(String(nl.array([1n]))).toBe('array([1], dtype=int64)')
    expect(String(nl.full([], 0.1))).toBe('array(0.1)')
    expect(String(nl.array([]))).toBe('array([])')
    expect(String(nl.zeros([2, 0]))).toContain('shape=(2, 0)')
    expect(String(nl.array([Number.NaN, Number.NEGATIVE_INFINITY]))).toBe('array([NaN, -Infinity])')
    expect(inspect(nl.array([1]))).toBe('array([1])')
  })
  test('shortens what is long', () => {
    const text = String(nl.zeros([2000, 2000]))
    expect(text.length).toBeLessThan(400)
    expect(text).toContain('...')
    expect(String(nl.arange(1001))).toBe('array([0, 1, 2, ..., 998, 999, 1000])')
    expect(String(nl.arange(1000))).not.toContain('...')
  })
})

describe('after dispose', () => {
  test.each([
    ['get', (a: nl.NDArray) => a.get(0)],
    ['set', (a: nl.NDArray) => a.set(0, 1)],
    ['item', (a: nl.NDArray) => a.slice(0).item()],
    ['data', (a: nl.NDArray) => a.data],
    ['T', (a: nl.NDArray) => a.T],
    ['reshape', (a: nl.NDArray) => a.reshape(3, 1)],
    ['toArray', (a: nl.NDArray) => a.toArray()],
    ['toTypedArray', (a: nl.NDArray) => a.toTypedArray()],
    ['toString', (a: nl.NDArray) => a.toString()],
    ['an operation', (a: nl.NDArray) => nl.add(a, 1)],
    ['an operation with another array', (a: nl.NDArray) => nl.add(nl.ones(3), a)],
    ['out', (a: nl.NDArray) => nl.add(nl.ones(3), 1, { out: a })],
    ['a reduction', (a: nl.NDArray) => nl.sum(a)],
    ['array', (a: nl.NDArray) => nl.array(a)],
  ])('%s throws, and everything else works', (_, use) => {
    const a = nl.ones(3)
    const b = nl.ones(3)
    a.dispose()
    a.dispose()
    expect(a.disposed).toBe(true)
    const error = errorOf(() => use(a))
    expect(error).toBeInstanceOf(nl.DisposedError)
    expect(error).toMatchObject({ code: 'NUMLOOM_DISPOSED' })
    expect(nl.add(b, 1).toArray()).toEqual([2, 2, 2])
  })
  test('views keep their memory', () => {
    const a = nl.full(10_000, 3)
    const view = a.slice('5000:')
    a.dispose()
    const others = Array.from({ length: 20 }, () => nl.zeros(10_000))
    expect(nl.sum(view).item()).toBe(15_000)
    expect(others).toHaveLength(20)
  })
  test('using disposes at the end of the block, also after an error', () => {
    let kept: nl.NDArray | undefined
    expect(() => {
      using a = nl.ones(3)
      kept = a
      throw new Error('inside')
    }).toThrow('inside')
    expect(kept?.disposed).toBe(true)
    expect(inspect(kept)).toBe('NDArray (disposed)')
  })
})
