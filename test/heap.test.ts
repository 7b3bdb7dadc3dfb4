// The heap: reuse, growth, what happens when it is full, and that dropped arrays give their memory back.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { heap } from '../dist/core/heap.js'
import { ARENA_BYTES } from '../dist/core/memory.js'
import { jsonOf, runScript } from './support/child.ts'
import { Random } from './support/random.ts'

/** The address in the heap, by a method that only kernels' callers use. */
const addressOf = (array: nl.NDArray) => (array as unknown as { pointer(): number }).pointer()

describe('allocation', () => {
  test('a freed block is used again, the newest first', () => {
    const sizes = [2000, 2000, 2000]
    const arrays = sizes.map((size) => nl.empty(size))
    const addresses = arrays.map(addressOf)
    for (const array of arrays) array.dispose()
    expect(sizes.map((size) => addressOf(nl.empty(size)))).toEqual([...addresses].reverse())
  })

  test('arrays are aligned, above the arena, and do not overlap', () => {
    const random = new Random('overlap')
    const live: { array: nl.NDArray; value: number }[] = []
    for (let round = 0; round < 3000; round++) {
      if (live.length > 60 || (live.length > 0 && random.below(3) === 0)) {
        const [dropped] = live.splice(random.below(live.length), 1)
        const { array, value } = dropped as (typeof live)[number]
        expect((array.data as Float64Array).every((element) => element === value)).toBe(true)
        array.dispose()
      } else {
        const array = nl.full(Math.floor(2 ** random.uniform(0, 16)), round)
        const alignment = array.nbytes > 1024 ? 64 : 16
        expect([addressOf(array) % alignment, addressOf(array) >= ARENA_BYTES]).toEqual([0, true])
        live.push({ array, value: round })
      }
    }
    for (const { array, value } of live) {
      expect((array.data as Float64Array).every((element) => element === value)).toBe(true)
      array.dispose()
    }
  })

  test('growing keeps what there is, also for data taken before', () => {
    const x = nl.arange(100_000)
    const { data } = x
    const before = heap().buffer.byteLength
    const large = nl.empty(before / 8)
    expect(heap().buffer.byteLength).toBeGreaterThan(before)
    expect(nl.sum(x).item()).toBe(4_999_950_000)
    for (const { name } of nl.backends()) {
      expect(nl.withBackend(name, () => nl.sum(nl.add(x, 1))).item()).toBe(5_000_050_000)
    }
    x.set(5, -1)
    expect(data[5]).toBe(-1)
    large.dispose()
  })

  test('dispose gives the bytes back', () => {
    const before = heap().bytesInUse
    const x = nl.zeros(1_000_000)
    expect(heap().bytesInUse).toBeGreaterThanOrEqual(before + 8_000_000)
    x.dispose()
    expect(heap().bytesInUse).toBe(before)
  })

  test('what an operation needs in between is given back', () => {
    const [a, b, vector] = [nl.ones([300, 300]), nl.ones([300, 300]), nl.ones(300)]
    const out = nl.zeros([300, 300])
    const rows = nl.zeros(300)
    const work = () => {
      nl.matmul(a, b, { out })
      nl.matmul(a, vector, { out: rows })
      nl.sum(nl.asarray(a).T, { axis: 0, out: rows })
      nl.withBackend('wasm', () => nl.add(new Float64Array(90_000), 1, { out: out.reshape(-1) }))
    }
    work()
    const before = heap().bytesInUse
    for (let i = 0; i < 20; i++) work()
    expect(heap().bytesInUse).toBe(before)
  })
})

describe('a small heap (NUMLOOM_MAX_MEMORY)', () => {
  const env = { NUMLOOM_MAX_MEMORY: '128MB' }
  test('that is full of arrays in use does not collect garbage for every call', async () => {
    const script = `
      import { constants, PerformanceObserver } from 'node:perf_hooks'
      import * as nl from 'numloom'
      let collections = 0
      const observer = new PerformanceObserver((list) => {
        for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections++
      })
      observer.observe({ entryTypes: ['gc'] })
      nl.setBackend('wasm')
      const held = Array.from({ length: 12 }, () => nl.ones(1_000_000))
      const outside = nl.asarray(new Float64Array(1_000_000))
      let refused = 0
      for (let i = 0; i < 300; i++) try { nl.sum(outside) } catch { refused++ }
      await new Promise((resolve) => setTimeout(resolve, 100))
      console.log(JSON.stringify({ collections, refused, held: held.length }))
    `
    const { collections, refused } = await jsonOf<{ collections: number; refused: number }>(script, { env })
    expect(refused).toBe(300)
    expect(collections).toBeLessThan(60)
  })

  test('spills with one warning, on every backend, and results stay right', async () => {
    const script = `
      import * as nl from 'numloom'
      const warnings = []
      process.on('warning', ({ code }) => warnings.push(code))
      const arrays = Array.from({ length: 40 }, (_, i) => nl.full(1_000_000, i))
      const sums = arrays.map((array) => nl.sum(array).item())
      // The plan's choice works on any arrays, also where a copy finds no room.
      nl.add(arrays[36], arrays[39], { out: arrays[35] })
      const chosen = arrays[35].get(0)
      // A forced backend of the wasm kind needs room for copies.
      for (const array of arrays.slice(2, 8)) array.dispose()
      const backends = {}
      for (const { name, available } of nl.backends()) {
        if (!available) continue
        backends[name] = nl.withBackend(name, () => {
          nl.add(arrays[0], arrays[39], { out: arrays[1] })
          nl.add(arrays[38], arrays[39], { out: arrays[37] })
          return [arrays[1].get(999_999), arrays[37].get(0)]
        })
      }
      for (const array of arrays) array.dispose()
      const afterwards = nl.full(1_000_000, 2).pointer()
      setTimeout(() => console.log(JSON.stringify({
        right: sums.every((sum, i) => sum === i * 1e6), warnings, chosen, backends, inHeap: typeof afterwards === 'number',
        maximum: nl.showRuntime().memory.maximumMiB,
      })), 5)
    `
    const pair = [39, 77]
    expect(await jsonOf(script, { env })).toEqual({
      right: true,
      warnings: ['NUMLOOM_HEAP_FULL'],
      chosen: 75,
      backends: { js: pair, as: pair, wasm: pair, 'wasm-threads': pair, native: pair },
      inHeap: true,
      maximum: 128,
    })
  })

  test('what no memory can hold is a typed error, and the next operation works', async () => {
    const script = `
      import * as nl from 'numloom'
      const errors = []
      for (let round = 0; round < 3; round++) {
        for (const make of [() => nl.zeros(2 ** 40), () => nl.empty([2 ** 20, 2 ** 25])]) {
          try { make() } catch ({ name, code, wanted }) { errors.push({ name, code, wanted }) }
        }
      }
      const keep = []
      for (let i = 0; i < 60; i++) keep.push(nl.ones(500_000))
      const product = nl.matmul(nl.ones([60, 60]), nl.ones([60, 60])).get(0, 0)
      console.log(JSON.stringify({ errors, product, sum: nl.sum(nl.add(keep[0], keep[59])).item(), small: nl.add([1], [2]).item() }))
    `
    const { errors, ...rest } = await jsonOf<{ errors: { wanted: number }[] }>(script, {
      env,
      flags: ['--no-warnings'],
    })
    expect(rest).toEqual({ product: 60, sum: 1_000_000, small: 3 })
    expect(errors).toHaveLength(6)
    expect(errors[0]).toEqual({ name: 'OutOfMemoryError', code: 'NUMLOOM_OUT_OF_MEMORY', wanted: 2 ** 43 })
    expect(errors[1]).toEqual({ name: 'OutOfMemoryError', code: 'NUMLOOM_OUT_OF_MEMORY', wanted: 2 ** 48 })
  })

  test('many small arrays in a full heap', async () => {
    const script = `
      import * as nl from 'numloom'
      const keep = []
      let wrong = 0
      try { for (let i = 0; i < 300_000; i++) { const x = nl.full(100, i); keep.push(x) } } catch (error) { wrong = error.name }
      const all = keep.every((x, i) => x.get(99) === i)
      for (const x of keep) x.dispose()
      keep.length = 0
      console.log(JSON.stringify({ wrong, all, small: nl.add([1], [2]).item() }))
    `
    expect(await jsonOf(script, { env, flags: ['--no-warnings'] })).toEqual({ wrong: 0, all: true, small: 3 })
  })

  test('room for copies is found where arrays that were dropped fill it', async () => {
    const script = `
      import * as nl from 'numloom'
      const [src, out] = [nl.asarray(new Float64Array(500_000).fill(1)), nl.asarray(new Float64Array(500_000))]
      let keep = Array.from({ length: 7 }, (_, i) => nl.full(500_000, i))
      const attempt = () => {
        try { nl.add(src, 1, { out }) } catch ({ name }) { return name }
        return out.get(0)
      }
      const full = attempt()
      const whole = keep.every((x, i) => x.get(499_999) === i)
      keep = undefined
      for (let i = 0; i < 3; i++) attempt()
      console.log(JSON.stringify([full, whole, attempt()]))
    `
    const small = { NUMLOOM_BACKEND: 'wasm', NUMLOOM_MAX_MEMORY: '64MB' }
    expect(await jsonOf(script, { env: small, flags: ['--no-warnings'] })).toEqual(['OutOfMemoryError', true, 2])
  })

  test.each(['lots', '12', '1MB', '-5GB', '1.5GB'])('%s is ignored with one warning', async (value) => {
    const script = `
      import * as nl from 'numloom'
      nl.ones(3)
      console.log(JSON.stringify(nl.showRuntime().memory.maximumMiB))
    `
    const { stdout, stderr } = await runScript(script, { env: { NUMLOOM_MAX_MEMORY: value } })
    expect(JSON.parse(stdout)).toBe(4096)
    expect(stderr.match(/NUMLOOM_MAX_MEMORY/g)).toHaveLength(1)
  })

  test.each([
    ['256MB', 256],
    ['256 MiB', 256],
    ['0.25', 4096],
    ['1GB', 1024],
    ['1048576KB', 1024],
    ['268435456', 256],
    ['100GB', 4096],
  ])('%s gives %i MiB', async (value, expected) => {
    const script = `import * as nl from 'numloom'; console.log(JSON.stringify(nl.showRuntime().memory.maximumMiB))`
    expect(await jsonOf(script, { env: { NUMLOOM_MAX_MEMORY: value }, flags: ['--no-warnings'] })).toBe(expected)
  })

  /** Imports numloom where memories larger than `pages`, or shared ones, are refused, as small devices do. */
  const refusing = (pages: number, shared: boolean) => `
    const { Memory } = WebAssembly
    WebAssembly.Memory = function (descriptor) {
      if (descriptor.maximum > ${pages} || (descriptor.shared && ${shared})) throw new RangeError('refused here')
      return new Memory(descriptor)
    }
    const nl = await import('numloom')
    const { memory } = nl.showRuntime()
    const available = nl.backends().filter(({ available }) => available).map(({ name }) => name)
    const unavailable = nl.backends().flatMap(({ reason }) => reason ?? [])
    console.log(JSON.stringify({ memory, available, unavailable, text: String(nl.showRuntime()), sum: nl.sum(nl.ones(100_000)).item() }))
  `
  interface Report {
    readonly memory: nl.Runtime['memory']
    readonly available: string[]
    readonly unavailable: string[]
    readonly text: string
    readonly sum: number
  }

  test('a large memory is refused: a smaller one does, recorded', async () => {
    const { memory, available, sum } = await jsonOf<Report>(refusing(20_000, false))
    expect({ sum, shared: memory.shared, maximumMiB: memory.maximumMiB }).toEqual({
      sum: 100_000,
      shared: true,
      maximumMiB: 1024,
    })
    expect(memory.reasons.join()).toMatch(/4096 MiB: refused here.*2048 MiB: refused here/)
    expect(available).toHaveLength(5)
  })
  test('shared memory is refused: unshared does, without wasm-threads, recorded', async () => {
    const { memory, available, sum } = await jsonOf<Report>(refusing(70_000, true))
    expect({ sum, shared: memory.shared, maximumMiB: memory.maximumMiB }).toEqual({
      sum: 100_000,
      shared: false,
      maximumMiB: 4096,
    })
    expect(memory.reasons.join()).toMatch(/shared memory of 4096 MiB: refused here/)
    expect(available).toEqual(['js', 'as', 'wasm', 'native'])
  })
  test('no memory at all: arrays lie in ordinary buffers, for js and native, recorded', async () => {
    const report = await jsonOf<Report>(refusing(0, true))
    checkWithoutMemory(report, /refused here/)
  })
  test('no memory at all, by NUMLOOM_MAX_MEMORY=0', async () => {
    const report = await jsonOf<Report>(refusing(70_000, false), { env: { NUMLOOM_MAX_MEMORY: '0' } })
    checkWithoutMemory(report, /NUMLOOM_MAX_MEMORY=0/)
  })

  function checkWithoutMemory({ memory, available, unavailable, sum, text }: Report, reason: RegExp): void {
    expect({ available, sum, shared: memory.shared, maximumMiB: memory.maximumMiB }).toEqual({
      available: ['js', 'native'],
      sum: 100_000,
      shared: false,
      maximumMiB: 0,
    })
    expect(memory.reasons.join()).toMatch(reason)
    expect(text).toMatch(/ordinary buffers/)
    expect(unavailable).toHaveLength(3)
    for (const why of unavailable) expect(why).toMatch(reason)
  }

  test.each(['js', 'native', 'auto'])('everything works without memory: %s', async (backend) => {
    const script = `
      import * as nl from 'numloom'
      const x = nl.arange(12).reshape(3, 4)
      const results = [
        nl.add(x, 1).T.toArray(), nl.sum(x, { axis: 0 }).toArray(), nl.matmul(x, x.T).toArray(), nl.max(x).item(),
        nl.multiply(nl.array([1, 2], { dtype: 'int32' }), 3).toArray(), nl.zeros(0).toArray(), nl.sum(nl.ones([2, 0])).item(),
      ]
      x.dispose()
      const { byPlace } = nl.memory()
      console.log(JSON.stringify({ results, heap: byPlace.heap }))
    `
    const env = { NUMLOOM_MAX_MEMORY: '0', NUMLOOM_BACKEND: backend }
    const rows = [0, 1, 2, 3].map((column) => [1 + column, 5 + column, 9 + column])
    expect(await jsonOf(script, { env })).toEqual({
      results: [
        rows,
        [12, 15, 18, 21],
        [
          [14, 38, 62],
          [38, 126, 214],
          [62, 214, 366],
        ],
        11,
        [3, 6],
        [],
        0,
      ],
      heap: { arrays: 0, bytes: 0 },
    })
  })
})

describe('arrays that are dropped', () => {
  const LOOP = (drop: string) => `
    import * as nl from 'numloom'
    import { heap } from './dist/core/heap.js'
    let most = 0
    let sum = 0
    const x = nl.ones(1_000_000)
    for (let i = 0; i < 300; i++) {
      const y = nl.add(x, i)
      sum += y.get(0)
      ${drop}
      most = Math.max(most, heap().bytesInUse)
    }
    console.log(JSON.stringify({ sum, mostMB: most / 2 ** 20 }))
  `
  test('are reclaimed when the event loop turns', async () => {
    const drop = 'if (i % 20 === 19) { globalThis.gc(); await new Promise((resolve) => setTimeout(resolve, 5)) }'
    const { sum, mostMB } = await jsonOf<{ sum: number; mostMB: number }>(LOOP(drop), { flags: ['--expose-gc'] })
    expect(sum).toBe(45_150)
    expect(mostMB).toBeLessThan(600)
  })
  test('by dispose, need two blocks', async () => {
    const { sum, mostMB } = await jsonOf<{ sum: number; mostMB: number }>(LOOP('y.dispose()'))
    expect(sum).toBe(45_150)
    expect(mostMB).toBeLessThan(20)
  })
  test('small ones are reclaimed with their page', async () => {
    const script = `
      import * as nl from 'numloom'
      import { heap } from './dist/core/heap.js'
      let most = 0
      for (let i = 0; i < 60; i++) {
        for (let k = 0; k < 20_000; k++) nl.empty(100)
        globalThis.gc()
        await new Promise((resolve) => setTimeout(resolve, 5))
        most = Math.max(most, heap().bytesInUse)
      }
      console.log(JSON.stringify(most / 2 ** 20))
    `
    expect(await jsonOf<number>(script, { flags: ['--expose-gc'] })).toBeLessThan(200)
  })
  test('a typed array that data gave keeps its memory', async () => {
    const script = `
      import * as nl from 'numloom'
      const held = Array.from({ length: 50 }, (_, i) => nl.full(10_000, i).data)
      for (let i = 0; i < 5; i++) {
        globalThis.gc()
        await new Promise((resolve) => setTimeout(resolve, 5))
        for (let k = 0; k < 100; k++) nl.full(10_000, -1)
      }
      console.log(JSON.stringify(held.every((data, i) => data.every((value) => value === i))))
    `
    expect(await jsonOf(script, { flags: ['--expose-gc'] })).toBe(true)
  })
})
