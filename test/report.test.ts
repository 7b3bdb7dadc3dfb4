// What numloom tells while it works to the handlers of on().
// SPDX-License-Identifier: MIT

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as nl from 'numloom'
import { njit, prange } from 'numloom/njit'
import { afterEach, describe, expect, test } from 'vitest'
import { jsonOf, runScript } from './support/child.ts'
import { TARGETS } from './support/njit.ts'

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

  test('a handler that renews itself is called once for each event', () => {
    let calls = 0
    let off: () => void = () => {}
    const renewed = () => {
      calls++
      off()
      off = nl.on('region', renewed)
    }
    off = nl.on('region', renewed)
    nl.withThreads(2, () => nl.withBackend('native', () => nl.sin(large)))
    off()
    expect(calls).toBe(1)
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

test('what is kept of events keeps no typed array of the user alive', async () => {
  const script = `
    import * as nl from 'numloom'
    import { njit } from 'numloom/njit'
    const total = njit((x) => { let t = 0; for (let i = 0; i < x.length; i++) t += x[i]; return t })
    const events = []
    for (const name of ['dispatch', 'copy', 'region', 'memory']) nl.on(name, (event) => events.push(event))
    for (const backend of ['js', 'wasm', 'native']) {
      for (let i = 0; i < 10; i++) {
        const data = new Float64Array(1_000_000)
        events.push(nl.withBackend(backend, () => nl.explain(() => [nl.sum(nl.asarray(data)), total(data)])))
        await 0
      }
    }
    globalThis.gc()
    console.log(JSON.stringify([events.length, process.memoryUsage().arrayBuffers / 2 ** 20]))
  `
  const [count, mebibytes] = await jsonOf<[number, number]>(script, { flags: ['--expose-gc', '--no-warnings'] })
  expect(count).toBeGreaterThanOrEqual(3 * 30)
  // Each has 8 MB.
  expect(mebibytes).toBeLessThan(50)
})

describe('functions of njit', () => {
  const scale = (x: Float64Array, a: nl.NDArray, by = 2) => {
    for (const i of prange(a.size)) a.set(i, (x[i] as number) * by + (weights[0] as number))
    return by
  }
  const weights = Uint8Array.of(1, 2, 3)
  const make = (target: 'native' | 'wasm' | 'js') =>
    njit({ target, parallel: true, cache: false, name: 'scale', globals: { weights } }, scale)
  const wide = nl.zeros(2000)
  const argumentsOf = () => [new Float64Array(1000).fill(1), wide.slice('::2'), 3] as const

  test.each(TARGETS)('are told by explain, on %s: arrays, threads, copies, time', (target) => {
    const f = make(target)
    const [{ calls }, text] = nl.withThreads(2, () => {
      const explained = nl.explain(() => f(...argumentsOf()))
      return [explained, String(explained)] as const
    })
    const copies = target === 'wasm' ? 8000 + 3 : 0
    expect(calls).toEqual([
      {
        op: 'scale',
        signature: 'f8[::1], f8[:], i4',
        backend: target,
        isa: target === 'wasm' ? 'simd128' : expect.stringMatching(/^m(arch|cpu)=native$/),
        file: '',
        threads: 2,
        threadSetting: { count: 2, source: 'withThreads(2)' },
        bytesCopied: copies,
        start: expect.any(Number),
        ms: expect.any(Number),
        others: { [target === 'wasm' ? 'native' : 'wasm']: `{ target: '${target}' }` },
        arrays: [
          { name: 'x', access: 'in', dtype: 'float64', shape: [1000], layout: 'C', outside: true },
          { name: 'a', access: 'inout', dtype: 'float64', shape: [1000], layout: 'strided', outside: false },
          { name: 'weights', access: 'in', dtype: 'uint8', shape: [3], layout: 'C', outside: true },
        ],
      },
    ])
    expect(text).toMatch(
      /^scale\(f8\[::1\], f8\[:\], i4\) on \w+ \([\w=]+\), 2 threads \(2 allowed by .*\), \d+\.\d+ ms$/m,
    )
    expect(text).toContain('\n  x float64 (1000,) C outside the heap; a float64 (1000,) strided; weights uint8 (3,) C')
    expect(text).not.toContain('undefined')
  })

  test('as plain JavaScript, with the kernels in them', () => {
    const plain = njit(
      { target: 'js', name: 'plain' },
      ({ a }: { a: nl.NDArray }, x: Int8Array) => nl.sin(a).size + x.length,
    )
    const explained = nl.explain(() => plain({ a: nl.ones(3) }, new Int8Array(2)))
    const { calls } = explained
    expect(String(explained)).toContain('\nplain(object, i1[::1]) on js, 1 thread (')
    expect(calls.map(({ op }) => op)).toEqual(['sin', 'plain'])
    expect(calls[1]).toMatchObject({
      backend: 'js',
      threads: 1,
      signature: 'object, i1[::1]',
      arrays: [{ name: 'x', access: 'inout', dtype: 'int8', shape: [2] }],
      others: { native: "{ target: 'js' }", wasm: "{ target: 'js' }" },
    })
  })

  test.each(TARGETS)("'region' tells those on more than one thread, and 'copy' what was copied, for %s", (target) => {
    const [regions, copies] = [heard('region'), heard('copy')]
    const f = make(target)
    nl.withThreads(1, () => f(...argumentsOf()))
    expect(regions).toEqual([])
    expect(copies).toMatchObject(
      target === 'native' ? [] : [8000, 3].map((bytes) => ({ op: 'scale', backend: 'wasm', bytes, direction: 'in' })),
    )
    nl.withThreads(2, () => f(...argumentsOf()))
    expect(regions).toMatchObject([{ op: 'scale', backend: target, threads: 2 }])
  })

  test('a call that fails is not told', () => {
    const events = heard('dispatch')
    const f = njit({ target: 'native', cache: false }, (x: Float64Array, i: number) => x[i])
    expect(() => f(new Float64Array(1), 1)).toThrow(RangeError)
    expect(f(new Float64Array(2), 1)).toBe(0)
    expect(events).toHaveLength(1)
  })

  test('the option `threads` is the setting', () => {
    const f = njit({ target: 'native', cache: false, threads: 1, parallel: true }, (n: number) => {
      let s = 0
      for (const i of prange(n)) s += i
      return s
    })
    const { calls } = nl.explain(() => nl.withThreads(2, () => f(1000)))
    expect(calls).toMatchObject([{ threads: 1, threadSetting: { count: 1, source: 'njit(1)' } }])
  })

  test('NUMLOOM_LOG and NUMLOOM_TRACE tell them, where numloom/njit alone is imported', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'report-'))
    try {
      const file = join(folder, 'trace.json')
      const program = join(folder, 'half.mjs')
      const text = `
        import { njit } from ${JSON.stringify(import.meta.resolve('numloom/njit'))}
        export const half = njit({ target: 'native', cache: false }, (x) => x[0] / 2)
        half(new Float32Array(5))
      `
      writeFileSync(program, text)
      const script = `import(${JSON.stringify(program)})`
      const { stderr, code } = await runScript(script, { env: { NUMLOOM_LOG: 'debug', NUMLOOM_TRACE: file } })
      expect(code).toBe(0)
      const { stdout } = await runScript(`
        const { half } = await import(${JSON.stringify(program)})
        const { explain } = await import('numloom')
        console.log(String(explain(() => half(new Float32Array(5)))))
      `)
      expect(stdout).toContain(`half(f4[::1]) on native (${program}, m`)
      expect(stderr).toMatch(
        /^numloom dispatch half\(f4\[::1\]\) native \S+ 1 thread \d+\.\d{3} ms x float32 \(5,\) C outside the heap$/m,
      )
      const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: { name: string }[] }
      expect(traceEvents).toContainEqual(
        expect.objectContaining({
          name: 'half(f4[::1])',
          cat: 'njit',
          ph: 'X',
          args: expect.objectContaining({ backend: 'native', x: 'float32[5] C' }),
        }),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
