// Scopes of threads and backends, and options of calls, which go before them. SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'

describe('a scope follows await', () => {
  const tick = () => new Promise((resolve) => setTimeout(resolve, 5))
  test('withThreads', async () => {
    const outside = nl.getNumThreads()
    const inside = nl.withThreads(3, async () => {
      await tick()
      const inner = await nl.withThreads(2, async () => {
        await tick()
        return nl.getNumThreads()
      })
      return [nl.getNumThreads(), inner]
    })
    expect(nl.getNumThreads()).toBe(outside)
    expect(await inside).toEqual([3, 2])
  })
  test('withBackend', async () => {
    const inside = nl.withBackend('js', async () => {
      await tick()
      return nl.explain(() => nl.add(nl.zeros(4), 1)).calls[0]?.backend
    })
    expect(nl.getBackend()).toBe('auto')
    expect(await inside).toBe('js')
  })
  test('an option of the call goes before the scope', () => {
    const x = nl.ones(1_000_000)
    const run = () => nl.withBackend('native', () => nl.exp(x, { threads: 2 }))
    expect(nl.withThreads(3, () => nl.explain(run)).calls[0]?.threads).toBe(2)
    expect(() => nl.exp(x, { threads: 0 })).toThrow(nl.ValueError)
  })
  test.each([
    ['sum', nl.sum],
    ['min', nl.min],
    ['max', nl.max],
  ])('%s has the option, with axes and without', (name, reduction) => {
    const x = nl.ones([1000, 1000])
    for (const options of [{}, { axis: 0 }, { axis: 1 }]) {
      const run = () => nl.withBackend('native', () => reduction(x, { ...options, threads: 1 }))
      const { calls } = nl.withThreads(3, () => nl.explain(run))
      expect(new Set(calls.map(({ threads }) => threads))).toEqual(new Set([1]))
      expect(calls[0]?.threadSetting.source).toBe(`${name}: threads(1)`)
    }
    for (const threads of [0, 'junk']) {
      expect(() => reduction(x, { threads: threads as number })).toThrow(nl.ValueError)
    }
  })
  test('linear algebra has the option as well, under its own name', () => {
    const [a, x] = [nl.ones([1200, 1200]), nl.ones(1_000_000)]
    const [v, threads] = [nl.ones(1200), 2]
    const calls = {
      axpy: () => nl.blas.axpy(2, x, nl.ones(1_000_000), { threads }),
      gemv: () => nl.blas.gemv(1, a, v, 0, nl.ones(1200), { threads }),
      gemm: () => nl.blas.gemm(1, a, a, 0, nl.zeros([1200, 1200]), { threads }),
      dot: () => nl.dot(x, x, { threads }),
      matmul: () => nl.matmul(a, a, { threads }),
    }
    for (const [name, call] of Object.entries(calls)) {
      const explained = nl.withThreads(1, () => nl.withBackend('native', () => nl.explain(call)))
      const told = explained.calls.map(({ threadSetting }) => threadSetting.source)
      expect(told).toContain(`${name}: threads(2)`)
    }
    expect(() => nl.blas.axpy(2, x, x, { threads: 0 })).toThrow(nl.ValueError)
  })
})
