// What numloom tells while it works: explain() and the handlers of on().
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { afterEach, describe, expect, test } from 'vitest'
import { jsonOf, runScript } from './support/child.ts'

const subscriptions: nl.Subscription[] = []
afterEach(() => {
  for (const remove of subscriptions.splice(0)) remove()
})

/** Everything that is told of an event until the end of the test. */
function heard<K extends nl.EventName>(name: K): nl.Events[K][] {
  const events: nl.Events[K][] = []
  subscriptions.push(nl.on(name, (event) => events.push(event)))
  return events
}

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
    expect(onWasm.bytesCopied).toBe(3 * 800)
    expect(nl.explain(() => nl.withBackend('as', () => nl.negative(outside))).toString()).toContain('copied 800 bytes')
    expect(first(() => nl.withBackend('native', () => nl.add(outside, 1))).bytesCopied).toBe(0)
    expect(first(() => nl.withBackend('wasm', () => nl.add(nl.ones(100), 1))).bytesCopied).toBe(0)
  })
})

describe('explain tells of time', () => {
  test('that grows with the work and lies within the time of the whole', () => {
    const x = nl.linspace(0, 1, 1_000_000)
    const begin = performance.now()
    const [large, small] = nl.explain(() => nl.withBackend('js', () => [nl.sin(x), nl.sin(nl.ones(10))])).calls
    const end = performance.now()
    expect(large?.start).toBeGreaterThanOrEqual(begin)
    expect((large?.start ?? 0) + (large?.ms ?? 0)).toBeLessThanOrEqual(small?.start ?? 0)
    expect((small?.start ?? 0) + (small?.ms ?? 0)).toBeLessThanOrEqual(end)
    expect(large?.ms).toBeGreaterThan(small?.ms ?? Number.POSITIVE_INFINITY)
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
    expect([ops(outer), inner && ops(inner)]).toEqual([['sin', 'exp'], ['cos']])
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
      console.log(JSON.stringify({ before, stores }))
    `
    expect(await jsonOf(script)).toEqual({ before: 0, stores: ['run', 'run', 'disable', 'run', 'disable'] })
  })
})

describe('on', () => {
  const large = nl.linspace(0, 1, 500_000)

  test("'dispatch' gets what explain gets, until it is removed", () => {
    const events = heard('dispatch')
    const { calls } = nl.explain(() => [nl.sin(large), nl.sum(large)])
    expect(events).toEqual(calls)
    expect(Object.keys(events[0]?.others ?? {})).toHaveLength(4)
    subscriptions.splice(0).forEach((remove) => {
      remove()
    })
    nl.sin(large)
    expect(events).toHaveLength(2)
  })

  test('is disposable, and the same handler may be added twice', () => {
    let calls = 0
    const count = () => calls++
    {
      using _one = nl.on('dispatch', count)
      using _two = nl.on('dispatch', count)
      nl.sin(large)
    }
    nl.sin(large)
    expect(calls).toBe(2)
  })

  test("'copy' tells every copy of a wasm call", () => {
    const events = heard('copy')
    const x = nl.asarray(new Float64Array(50))
    nl.withBackend('wasm', () => nl.blas.axpy(2, nl.ones(50), x))
    expect(events).toMatchObject([
      { op: 'axpy', backend: 'wasm', bytes: 400, direction: 'in', why: expect.stringContaining('outside the heap') },
      { op: 'axpy', backend: 'wasm', bytes: 400, direction: 'out' },
    ])
    nl.withBackend('native', () => nl.negative(x))
    expect(events).toHaveLength(2)
  })

  test("'region' tells calls with more than one thread", () => {
    const events = heard('region')
    nl.withThreads(1, () => nl.sin(large))
    expect(events).toEqual([])
    for (const backend of ['native', 'wasm-threads'] as const) {
      nl.withThreads(2, () => nl.withBackend(backend, () => nl.sin(large)))
      expect(events.splice(0)).toMatchObject([{ op: 'sin', backend, threads: 2, ms: expect.any(Number) }])
    }
  })

  test("'memory' tells of growth, of what dead arrays gave back, and of arrays outside a full heap", async () => {
    const script = `
      import * as nl from 'numloom'
      const seen = []
      nl.on('memory', (event) => { nl.ones(10); seen.push(event) })
      nl.add(nl.ones(3), 1, {})
      nl.withBackend('native', () => { for (let i = 0; i < 60; i++) nl.full(1_000_000, i) })
      const kept = Array.from({ length: 40 }, () => nl.zeros(1_000_000))
      console.log(JSON.stringify({ seen, intact: kept.every((x) => nl.sum(x).item() === 0) }))
    `
    const env = { NUMLOOM_MAX_MEMORY: '256MB' }
    const { seen, intact } = await jsonOf<{ seen: nl.MemoryEvent[]; intact: boolean }>(script, { env })
    expect(intact).toBe(true)
    expect([...new Set(seen.map(({ event }) => event))].sort()).toEqual(['grow', 'reclaim', 'spill'])
    for (const { event, bytes, inUse, total } of seen) {
      expect(bytes).toBeGreaterThanOrEqual(event === 'spill' ? 8_000_000 : 65_536)
      expect(inUse).toBeLessThanOrEqual(total)
      expect(total).toBeLessThanOrEqual(256 * 2 ** 20)
    }
  })

  test('refuses an unknown event, listing the valid ones, and what is no function', () => {
    for (const name of ['Dispatch', '', 'toString', undefined]) {
      expect(() => nl.on(name as 'copy', () => {})).toThrow(nl.ValueError)
      expect(() => nl.on(name as 'copy', () => {})).toThrow(/valid are dispatch, copy, region, memory/)
    }
    expect(() => nl.on('dispatch', 1 as never)).toThrow(nl.ValueError)
  })

  test('a handler may call numloom itself, without end', () => {
    const events: string[] = []
    subscriptions.push(
      nl.on('dispatch', ({ op }) => {
        events.push(op, ...nl.explain(() => nl.cos(large)).calls.map((call) => call.op))
      }),
    )
    nl.sin(large)
    expect(events).toEqual(['sin', 'cos'])
  })

  test('a handler that throws disturbs neither the call nor other handlers, and the error is not lost', async () => {
    const script = `
      import * as nl from 'numloom'
      const lines = []
      process.on('uncaughtException', (error) => lines.push(error.message))
      nl.on('dispatch', () => { throw new Error('of the handler') })
      nl.on('dispatch', ({ op }) => lines.push(op))
      lines.push(nl.negative(nl.full(2, -2)).get(1))
      setTimeout(() => console.log(JSON.stringify(lines)))
    `
    expect(await jsonOf(script)).toEqual(['negative', 2, 'of the handler'])
    const { code, stderr } = await runScript(script.replace("process.on('unc", "process.on('other"))
    expect(code).toBe(1)
    expect(stderr).toContain('of the handler')
  })
})
