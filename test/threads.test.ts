// Threads: the count asked for is the count used, from whichever place it came, and results do not depend on it.
// SPDX-License-Identifier: MIT

import { availableParallelism } from 'node:os'
import * as nl from 'numloom'
import { afterEach, describe, expect, test } from 'vitest'
import type { Code, TypedArray } from '../dist/core/dtype.js'
import type { Kernel } from '../dist/kernel/define.js'
import { kernelList } from '../dist/kernel/registry.js'
import { variables } from '../dist/omp/variables.js'
import { call, prepare } from './support/call.ts'
import { CONTIGUOUS, namedSizes } from './support/cases.ts'
import { jsonOf, ROOT, runScript } from './support/child.ts'
import { Random } from './support/random.ts'

const COUNTS = [2, 3, 4, 8]
const THREADED = ['wasm-threads', 'native'] as const

/** More elements or operations than any kernel gives to one thread, of each number of sizes; the first that is not too slow. */
const LARGE_SIZES = [[200_003], [1500], [1, 200_003], [701, 301], [64, 5003], [160, 130, 90], [301, 40, 257]]
const MOST_WORK = 6e7

const largeSizes = (kernel: Kernel) => namedSizes(kernel, LARGE_SIZES, MOST_WORK).slice(0, 2)

const bytes = (data: TypedArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

describe('the bits of results do not depend on the thread count', () => {
  for (const { kernel, dtype, symbol } of kernelList()) {
    for (const backend of THREADED.filter((name) => kernel.on.includes(name))) {
      test(`${symbol} on ${backend}`, () => {
        const sizes = largeSizes(kernel)
        expect(sizes.length).toBeGreaterThan(0)
        for (const chosen of sizes) compareCounts(kernel, dtype, backend, chosen)
      })
    }
  }
})

function compareCounts(kernel: Kernel, dtype: Code, backend: (typeof THREADED)[number], sizes: Record<string, number>) {
  const test = { name: 'large', sizes, layout: CONTIGUOUS, values: 'moderate' as const }
  const prepared = prepare(kernel, dtype, test, new Random(`${kernel.name}_${dtype}`))
  const alone = call(prepared, backend, 1)
  expect(alone.dispatch.threads).toBe(1)
  for (const count of COUNTS) {
    const { results, damage, dispatch } = call(prepared, backend, count)
    expect({ threads: dispatch.threads, damage }).toEqual({ threads: count, damage: [] })
    results.forEach((result, i) => {
      const same = bytes(result).equals(bytes(alone.results[i] as TypedArray))
      expect(same, `output ${i} for ${JSON.stringify(sizes)} with ${count} threads`).toBe(true)
    })
  }
}

test('arrays of 1000 elements never pay for threads', () => {
  const calls = nl.withThreads(8, () =>
    nl.explain(() => {
      const [x, y] = [nl.ones([1000]), nl.ones([1000])]
      for (const op of [nl.add, nl.multiply, nl.divide, nl.dot]) op(x, y)
      for (const op of [nl.sin, nl.exp, nl.log, nl.sqrt, nl.sum, nl.max]) op(x)
    }),
  ).calls
  expect(calls.length).toBe(10)
  expect(new Set(calls.map(({ threads }) => threads))).toEqual(new Set([1]))
})

describe('operating-system threads', () => {
  for (const backend of THREADED) {
    test(`${backend} starts none before the first large call, then as many as asked for`, async () => {
      const counts = await jsonOf<Record<string, number>>(`
        import { readdirSync } from 'node:fs'
        import * as nl from 'numloom'
        const tasks = () => readdirSync('/proc/self/task').length
        const atStart = tasks()
        nl.setBackend('${backend}')
        const small = nl.linspace(0, 1, 100)
        nl.withThreads(3, () => nl.sum(nl.sin(small)).item())
        const afterSmall = tasks()
        const large = nl.linspace(0, 1, 1_000_000)
        nl.withThreads(3, () => nl.sin(large))
        const afterLarge = tasks()
        nl.withThreads(3, () => nl.sin(large))
        const again = tasks()
        nl.withThreads(5, () => nl.sin(large))
        console.log(JSON.stringify({ atStart, afterSmall, afterLarge, again, withMore: tasks() }))
      `)
      const { atStart = 0 } = counts
      expect(counts).toEqual({
        atStart,
        afterSmall: atStart,
        afterLarge: atStart + 2,
        again: atStart + 2,
        withMore: atStart + 4,
      })
    })
  }
})

describe('the count in force', () => {
  const found = (env: Record<string, string>, set = '') =>
    jsonOf<{ count: number; source: string; warnings: string[] }>(
      `
      const warnings = []
      process.on('warning', (warning) => warnings.push(warning.code))
      const nl = await import('numloom')
      ${set}
      const count = nl.getNumThreads()
      nl.getNumThreads()
      const { source } = nl.showRuntime().threads
      setTimeout(() => console.log(JSON.stringify({ count, source, warnings })), 5)
      `,
      { env },
    )
  const both = { NUMLOOM_NUM_THREADS: '3', OMP_NUM_THREADS: '5' }

  test('is the cores that this process may use', async () => {
    expect(await found({})).toMatchObject({ count: availableParallelism(), warnings: [] })
  })
  test('OMP_NUM_THREADS sets it', async () => {
    expect(await found({ OMP_NUM_THREADS: '5' })).toMatchObject({ count: 5, source: 'OMP_NUM_THREADS=5', warnings: [] })
  })
  test('NUMLOOM_NUM_THREADS goes before OMP_NUM_THREADS', async () => {
    expect(await found(both)).toMatchObject({ count: 3, source: 'NUMLOOM_NUM_THREADS=3', warnings: [] })
  })
  test('setNumThreads goes before the environment', async () => {
    expect(await found(both, 'nl.setNumThreads(7)')).toMatchObject({ count: 7, source: 'setNumThreads(7)' })
  })
  test('the first number of a list counts', async () => {
    expect(await found({ OMP_NUM_THREADS: '4,2' })).toMatchObject({ count: 4, warnings: [] })
    expect(await found({ OMP_NUM_THREADS: ' 4 , 2 ' })).toMatchObject({ count: 4, warnings: [] })
  })
  test.each(['abc', '0', '-1', '2.5', '1e3', '4,x', '0x4', ','])('%j is ignored with one warning', async (value) => {
    const env = { NUMLOOM_NUM_THREADS: value, OMP_NUM_THREADS: '5' }
    expect(await found(env)).toMatchObject({ count: 5, warnings: ['NUMLOOM_ENV'] })
  })
  test('an empty value is none', async () => {
    const env = { NUMLOOM_NUM_THREADS: '', OMP_NUM_THREADS: '5' }
    expect(await found(env)).toMatchObject({ count: 5, warnings: [] })
  })
  test('OMP_NUM_THREADS is what a large call uses', async () => {
    const script = `
      import * as nl from 'numloom'
      const x = nl.zeros(1_000_000)
      const calls = ['native', 'wasm-threads'].map((name) => nl.explain(() => nl.withBackend(name, () => nl.sin(x))).calls[0])
      console.log(JSON.stringify(calls.map(({ backend, threads }) => ({ backend, threads }))))
    `
    expect(await jsonOf(script, { env: { OMP_NUM_THREADS: '3' } })).toEqual([
      { backend: 'native', threads: 3 },
      { backend: 'wasm-threads', threads: 3 },
    ])
  })
  test('the warning names the variable and its value', async () => {
    const script = `import * as nl from 'numloom'; nl.getNumThreads()`
    const { stderr } = await runScript(script, { env: { OMP_NUM_THREADS: 'many' }, cwd: ROOT })
    expect(stderr).toContain("OMP_NUM_THREADS='many'")
  })
})

describe('withThreads and setNumThreads', () => {
  const before = nl.getNumThreads()
  afterEach(() => nl.setNumThreads(before))

  test('withThreads holds within, nests, and ends with an error too', () => {
    nl.setNumThreads(2)
    const seen = nl.withThreads(4, () => {
      const outer = nl.getNumThreads()
      return [outer, nl.withThreads(1, () => nl.getNumThreads()), nl.getNumThreads()]
    })
    expect(seen).toEqual([4, 1, 4])
    expect(() =>
      nl.withThreads(5, () => {
        throw new Error('inside')
      }),
    ).toThrow('inside')
    expect(nl.getNumThreads()).toBe(2)
  })

  test('withThreads goes before setNumThreads, also when that is called within', () => {
    const seen = nl.withThreads(4, () => {
      nl.setNumThreads(3)
      return nl.getNumThreads()
    })
    expect([seen, nl.getNumThreads()]).toEqual([4, 3])
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '2', undefined])('%s is refused', (count) => {
    nl.setNumThreads(2)
    expect(() => nl.setNumThreads(count as number)).toThrow(nl.ValueError)
    expect(() => nl.withThreads(count as number, () => 1)).toThrow(nl.ValueError)
    expect(nl.getNumThreads()).toBe(2)
  })

  test('more threads than the wasm team holds are not used, and said so', () => {
    const x = nl.zeros(1_000_000)
    const [dispatch] = nl.explain(() =>
      nl.withBackend('wasm-threads', () => nl.withThreads(variables().cap, () => nl.sin(x))),
    ).calls
    const most = nl.backends().find(({ name }) => name === 'wasm-threads')?.maxThreads as number
    expect(dispatch?.threads).toBe(Math.min(most, variables().cap))
    expect(dispatch?.threadSetting.count).toBe(variables().cap)
  })
})
