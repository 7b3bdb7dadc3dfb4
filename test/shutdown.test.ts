// shutdown(): threads and memory are gone, and everything works again afterwards.
// SPDX-License-Identifier: MIT

import { describe, expect, test } from 'vitest'
import { jsonOf } from './support/child.ts'

describe.each(['wasm-threads', 'native'])('%s', (backend) => {
  test('ends its threads, frees its arrays, and starts again', async () => {
    const result = await jsonOf<Record<string, unknown>>(`
      import { readdirSync } from 'node:fs'
      import * as nl from 'numloom'
      const tasks = () => readdirSync('/proc/self/task').length
      const atStart = tasks()
      nl.setBackend('${backend}'); nl.setNumThreads(4)
      const outside = nl.asarray(Float64Array.of(1, 2, 3))
      const errors = [], counts = [], sums = []
      for (let round = 0; round < 3; round++) {
        const x = nl.linspace(0, 1, 300_000)
        sums.push(nl.sum(nl.exp(x)).item())
        counts.push(tasks() - atStart)
        await nl.shutdown()
        for (let wait = 0; wait < 100 && tasks() > atStart; wait++) await new Promise((r) => setTimeout(r, 10))
        counts.push(tasks() - atStart)
        for (const use of [() => nl.sum(x), () => x.toArray(), () => x.data, () => nl.add(1, x)]) {
          try { use() } catch (error) { errors.push(error.name) }
        }
        x.dispose()
        counts.push(nl.memory().liveArrays)
      }
      console.log(JSON.stringify({ errors, counts, same: new Set(sums).size, sum: nl.sum(outside).item() }))
    `)
    expect(result).toEqual({
      errors: Array.from({ length: 12 }, () => 'DisposedError'),
      counts: [3, 0, 0, 3, 0, 0, 3, 0, 0],
      same: 1,
      sum: 6,
    })
  })
})

test('what died before does not free arrays of afterwards', async () => {
  const changed = await jsonOf<number>(`
    import * as nl from 'numloom'
    for (let i = 0; i < 100; i++) nl.sum(nl.ones(100_000))
    await nl.shutdown()
    const live = Array.from({ length: 100 }, (_, i) => nl.full(100_000, i))
    for (let i = 0; i < 400; i++) nl.ones(1_000_000)
    console.log(live.filter((x, i) => nl.max(x).item() !== i || nl.min(x).item() !== i).length)
  `)
  expect(changed).toBe(0)
})

test('what dies afterwards is found, whatever still waited to look for dead arrays before', async () => {
  const script = `
    import * as nl from 'numloom'
    import { setTimeout as sleep } from 'node:timers/promises'
    // The results of sums share a page, which stays.
    const left = () => nl.memory().bytesInUse - 2 ** 17
    for (let round = 0; round < 8 && left() <= 0; round++) {
      const held = nl.sum(nl.ones(1_000_000))
      // At most of its collections, the last look was less than 100 ms ago, and the next one waits.
      for (let i = 0; i < 8 + round; i++) { nl.ones(1_000_000); globalThis.gc(); await sleep(12) }
      await nl.shutdown()
      for (let i = 0; i < 5; i++) nl.sum(nl.ones(1_000_000))
      globalThis.gc()
      for (let wait = 0; wait < 20 && left() > 0; wait++) { await sleep(60); globalThis.gc() }
    }
    console.log(left())
  `
  expect(await jsonOf(script, { flags: ['--expose-gc'] })).toBeLessThanOrEqual(0)
})

test.each(['wasm-threads', 'native'])(
  '%s: a call on one thread has one, after a larger team was ended',
  async (backend) => {
    const script = `
    import { readdirSync } from 'node:fs'
    import * as nl from 'numloom'
    const tasks = () => readdirSync('/proc/self/task').length
    nl.setBackend('${backend}')
    nl.withThreads(4, () => nl.exp(nl.ones(1_000_000)))
    await nl.shutdown()
    const x = nl.ones(1_000_000), before = tasks()
    const [call] = nl.withThreads(1, () => nl.explain(() => nl.exp(x))).calls
    console.log(JSON.stringify([call.threads, tasks() - before]))
  `
    expect(await jsonOf(script)).toEqual([1, 0])
  },
)

test.each(['wasm', 'wasm-threads', 'native'])(
  '%s: the memory of all rounds but the last goes back to the system, also where reports of them are kept',
  async (backend) => {
    const script = `
    import * as nl from 'numloom'
    const sizes = [], reports = []
    for (let round = 0; round < 6; round++) {
      reports.push(nl.explain(() => nl.withBackend('${backend}', () => nl.sin(nl.ones(2e7)))))
      await nl.shutdown()
      await new Promise((resolve) => setTimeout(resolve, 200))
      sizes.push(process.memoryUsage().rss / 2 ** 20)
    }
    console.log(JSON.stringify(sizes))
  `
    // Each has 320 MB.
    expect((await jsonOf<number[]>(script))[5]).toBeLessThan(600)
  },
)
