// What explain() tells of kernel calls: arrays, copies, time; also of async functions. What runs them: dispatch.test.ts.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { jsonOf } from './support/child.ts'

const first = (fn: () => unknown): nl.Dispatch => {
  const [dispatch] = nl.explain(fn).calls
  if (dispatch === undefined) throw new Error('no kernel ran')
  return dispatch
}
const ops = ({ calls }: nl.Explanation) => calls.map(({ op }) => op)
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('explain tells of the arrays', () => {
  const matrix = nl.ones([3, 4])
  const cube = nl.ones([2, 3, 4])
  const layouts = (fn: () => unknown) => first(fn).arrays.map(({ shape, layout }) => [...shape, layout].join(' '))

  test.each<[string, () => unknown, string[]]>([
    ['contiguous', () => nl.add(cube, cube), ['2 3 4 C', '2 3 4 C', '2 3 4 C']],
    ['transposed', () => nl.add(matrix.T, nl.ones([4, 3])), ['4 3 F', '4 3 C', '4 3 C']],
    ['broadcast', () => nl.add(cube, nl.ones(4)), ['2 3 4 C', '2 3 4 broadcast', '2 3 4 C']],
    ['a row broadcast', () => nl.add(matrix, 1), ['3 4 C', '3 4 broadcast', '3 4 C']],
    ['strided', () => nl.sin(nl.ones(10).slice('::2')), ['5 strided', '5 C']],
    ['columns of a matrix', () => nl.sin(matrix.slice(':', '1:3')), ['3 2 strided', '3 2 C']],
    ['reduced', () => nl.sum(cube), ['2 3 4 C', '1 C']],
    ['multiplied', () => nl.matmul(matrix, matrix.T), ['3 4 C', '4 3 F', '3 3 C']],
    ['one element', () => nl.add(nl.ones(1), nl.ones(1)), ['1 C', '1 C', '1 C']],
  ])('%s', (_, fn, expected) => expect(layouts(fn)).toEqual(expected))

  test('their names, dtypes and uses, where the kernel has another', () => {
    const integers = nl.ones(5, { dtype: 'int32' })
    expect(first(() => nl.sum(integers)).arrays).toEqual([
      { name: 'x', access: 'in', dtype: 'int32', shape: [5], layout: 'C', outside: false },
      { name: 'out', access: 'out', dtype: 'int64', shape: [1], layout: 'C', outside: false },
    ])
    expect(nl.explain(() => nl.matmul(matrix, matrix.T)).toString()).toMatch(
      /a float64 \(3, 4\) C; b float64 \(4, 3\) F; c/,
    )
  })

  test('how many bytes were copied, and which lie outside the heap', () => {
    const outside = nl.asarray(new Float64Array(100))
    const out = nl.asarray(new Float64Array(100))
    const onWasm = first(() => nl.withBackend('wasm', () => nl.add(outside, nl.ones(100), { out })))
    expect(onWasm.arrays.map((array) => array.outside)).toEqual([true, false, true])
    // `out` is not read.
    expect(onWasm.bytesCopied).toBe(2 * 800)
    expect(nl.explain(() => nl.withBackend('as', () => nl.negative(outside))).toString()).toContain('copied 800 bytes')
    expect(first(() => nl.withBackend('native', () => nl.add(outside, 1))).bytesCopied).toBe(0)
    expect(first(() => nl.withBackend('wasm', () => nl.add(nl.ones(100), 1))).bytesCopied).toBe(0)
  })
})

describe('explain tells of time', () => {
  test('that lies within the time of the whole', () => {
    const x = nl.linspace(0, 1, 1_000_000)
    const begin = performance.now()
    const [large, small] = nl.explain(() => nl.withBackend('js', () => [nl.sin(x), nl.sin(nl.ones(10))])).calls
    const end = performance.now()
    expect(large?.start).toBeGreaterThanOrEqual(begin)
    expect((large?.start ?? 0) + (large?.ms ?? 0)).toBeLessThanOrEqual(small?.start ?? 0)
    expect((small?.start ?? 0) + (small?.ms ?? 0)).toBeLessThanOrEqual(end)
    for (const call of [large, small]) expect(call?.ms).toBeGreaterThan(0)
    expect(String(nl.explain(() => nl.sin(x)))).toMatch(/operations, \d+\.\d{3} ms/)
  })
})

describe('explain of an async function', () => {
  const one = nl.ones(4)

  test('has the calls after awaits, and not those of others meanwhile', async () => {
    const task = async (op: (x: nl.NDArray) => unknown) => {
      op(one)
      await sleep(5)
      op(one)
      await Promise.resolve()
      op(one)
    }
    const both = [nl.explain(() => task(nl.sin)), nl.explain(() => task(nl.cos))]
    nl.exp(one)
    const [sines, cosines] = await Promise.all(both)
    expect(ops(sines as nl.Explanation)).toEqual(['sin', 'sin', 'sin'])
    expect(ops(cosines as nl.Explanation)).toEqual(['cos', 'cos', 'cos'])
  })

  test('nests in another', async () => {
    let inner: nl.Explanation | undefined
    const outer = await nl.explain(async () => {
      nl.sin(one)
      inner = await nl.explain(async () => {
        await sleep(1)
        nl.cos(one)
      })
      nl.exp(one)
    })
    expect([ops(outer), inner && ops(inner)]).toEqual([['sin', 'cos', 'exp'], ['cos']])
    const all = nl.explain(() => {
      nl.sin(one)
      expect(ops(nl.explain(() => nl.cos(one)))).toEqual(['cos'])
      nl.exp(one)
    })
    expect(ops(all)).toEqual(['sin', 'cos', 'exp'])
  })

  test('rejects with its error, and ends there', async () => {
    const failing = nl.explain(async () => {
      await sleep(1)
      throw new Error('inside')
    })
    await expect(failing).rejects.toThrow('inside')
    expect(ops(nl.explain(() => nl.sin(one)))).toEqual(['sin'])
  })

  test('does not count what a timer does after its end', async () => {
    const { calls } = nl.explain(() => {
      setTimeout(() => nl.sin(one), 1)
    })
    await nl.explain(() => sleep(10))
    expect(calls).toEqual([])
  })

  test('leaves no async hooks behind', async () => {
    const script = `
      import * as nl from 'numloom'
      import { AsyncLocalStorage } from 'node:async_hooks'
      const stores = []
      const { run, disable } = AsyncLocalStorage.prototype
      AsyncLocalStorage.prototype.run = function (...args) { stores.push('run'); return run.apply(this, args) }
      AsyncLocalStorage.prototype.disable = function () { stores.push('disable'); return disable.call(this) }
      nl.sin(nl.ones(3))
      const before = stores.length
      nl.explain(() => nl.explain(() => 1))
      await nl.explain(async () => 1)
      for (let i = 0; i < 5; i++) nl.explain(() => 1)
      await new Promise(setImmediate)
      await new Promise(setImmediate)
      console.log(JSON.stringify({ before, stores }))
    `
    // Once after the job: each time would leave a task behind, which a long job gathers.
    expect(await jsonOf(script)).toEqual({ before: 0, stores: [...Array(8).fill('run'), 'disable'] })
  })
})

describe('no operation falls back to js where arrays are large, whatever their', () => {
  const unary = {
    negative: nl.negative,
    abs: nl.abs,
    sqrt: nl.sqrt,
    sin: nl.sin,
    cos: nl.cos,
    exp: nl.exp,
    log: nl.log,
  }
  const reductions = { sum: nl.sum, min: nl.min, max: nl.max }
  const binary = { add: nl.add, subtract: nl.subtract, multiply: nl.multiply, divide: nl.divide, matmul: nl.matmul }

  for (const dtype of ['float64', 'float32', 'int32'] as const) {
    const square = nl.ones([300, 300], { dtype })
    const large = nl.ones([600, 600], { dtype })
    const layouts = { C: square, F: square.T, strided: large.slice('::2', '::2'), broadcast: square.slice(0) }
    const told = (fn: () => unknown) => nl.explain(fn).calls.filter(({ backend }) => backend === 'js')

    test.each(Object.entries(layouts))(`layout and dtype: %s, ${dtype}`, (_, x) => {
      for (const op of [...Object.values(unary), ...Object.values(reductions)]) expect(told(() => op(x))).toEqual([])
      for (const op of Object.values(binary)) expect(told(() => [op(x, square), op(square, x.T)])).toEqual([])
    })
  }
})
