// What numloom tells while it works to the handlers of on().
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
