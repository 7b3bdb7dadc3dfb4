// memory(): what it counts, how much of the heap random work leaves as holes, and that long loops stay small.
// SPDX-License-Identifier: MIT

import { rmSync } from 'node:fs'
import { inspect } from 'node:util'
import * as nl from 'numloom'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'
import { FreeBlocks } from '../dist/core/ranges.js'
import { Reclaimer } from '../dist/core/reclaim.js'
import { newBlock, Region } from '../dist/core/region.js'
import { jsonOf } from './support/child.ts'
import { type Copy, copyOfBuild } from './support/copy.ts'
import { Random } from './support/random.ts'

describe('memory()', () => {
  test('counts arrays and bytes', () => {
    const before = nl.memory()
    const arrays = [nl.ones(3), nl.ones(100_000), nl.zeros([300, 300], { dtype: 'float32' })]
    const view = (arrays[1] as nl.NDArray).slice('::2')
    const during = nl.memory()
    expect(during.liveArrays - before.liveArrays).toBe(4)
    expect(during.byPlace.heap.arrays - before.byPlace.heap.arrays).toBe(4)
    const taken = during.bytesInUse - before.bytesInUse
    expect(taken).toBeGreaterThanOrEqual(800_000 + 360_000)
    expect(taken).toBeLessThan(1.13 * (800_000 + 360_000) + 128 * 1024)
    expect(during.peakBytes).toBeGreaterThanOrEqual(during.bytesInUse)
    expect(during.byPlace.heap.bytes + during.byPlace.outside.bytes).toBe(during.bytesInUse)
    expect(during.freeBytes).toBe(during.reservedBytes - during.byPlace.heap.bytes)
    expect(during.largestFreeBytes).toBeLessThanOrEqual(during.freeBytes)
    for (const array of arrays) array.dispose()
    expect(nl.memory().liveArrays - before.liveArrays).toBe(1)
    expect(nl.memory().bytesInUse).toBeGreaterThan(before.bytesInUse + 800_000)
    view.dispose()
    view.dispose()
    expect(nl.memory().liveArrays).toBe(before.liveArrays)
    expect(nl.memory().bytesInUse).toBeLessThanOrEqual(before.bytesInUse + 128 * 1024)
  })

  test('the peak begins anew where it is told to', () => {
    nl.zeros(1_000_000).dispose()
    const { bytesInUse, peakBytes } = nl.memory()
    expect(peakBytes).toBeGreaterThanOrEqual(bytesInUse + 8_000_000)
    nl.resetPeakMemory()
    expect(nl.memory().peakBytes).toBe(bytesInUse)
    nl.zeros(500_000).dispose()
    expect(nl.memory().peakBytes).toBeGreaterThanOrEqual(bytesInUse + 4_000_000)
    expect(nl.memory().peakBytes).toBeLessThan(bytesInUse + 8_000_000)
  })

  test('prints as text', () => {
    const text = String(nl.memory())
    expect(text).toMatch(/^arrays +\d+: \d+ in the heap, \d+ outside\nin use +[\d.]+ MiB/)
    expect(text).toMatch(/fragmentation +[\d.]+ %$/)
    expect(inspect(nl.memory())).toBe(text)
  })

  test('typed arrays of the user are not counted', () => {
    const { liveArrays, bytesInUse } = nl.memory()
    const x = nl.asarray(new Float64Array(100_000))
    expect(nl.memory()).toMatchObject({ liveArrays, bytesInUse })
    x.dispose()
    expect(nl.memory()).toMatchObject({ liveArrays, bytesInUse })
  })

  test('counts what lies outside, and forgets what was collected', async () => {
    const script = `
      import * as nl from 'numloom'
      const pause = () => new Promise((resolve) => setTimeout(resolve, 5))
      let held = Array.from({ length: 30 }, () => nl.ones(1_000_000))
      const full = nl.memory()
      held[29].dispose()
      const freed = nl.memory().byPlace.outside
      held = undefined
      for (let i = 0; i < 10; i++) { globalThis.gc(); await pause() }
      console.log(JSON.stringify({ full, freed, after: nl.memory() }))
    `
    const options = { env: { NUMLOOM_MAX_MEMORY: '128MB' }, flags: ['--expose-gc', '--no-warnings'] }
    const { full, freed, after } = await jsonOf<Record<'full' | 'after', nl.MemoryUse> & { freed: object }>(
      script,
      options,
    )
    const { heap, outside } = full.byPlace
    expect([full.liveArrays, heap.arrays + outside.arrays]).toEqual([30, 30])
    expect(heap.arrays).toBeLessThanOrEqual(12)
    expect(outside.bytes).toBe(outside.arrays * 8_000_000)
    expect(freed).toEqual({ arrays: outside.arrays - 1, bytes: outside.bytes - 8_000_000 })
    expect([after.liveArrays, after.bytesInUse]).toEqual([0, 0])
  })
})

describe('small arrays outside the heap', () => {
  const options = { env: { NUMLOOM_MAX_MEMORY: '0' }, flags: ['--expose-gc', '--no-warnings'] }

  test('count until they are freed, whichever way', async () => {
    const script = `
      import * as nl from 'numloom'
      const counts = () => { const { outside } = nl.memory().byPlace; return [outside.arrays, outside.bytes] }
      const results = []
      const kept = nl.ones(10)
      let arrays = Array.from({ length: 1000 }, (_, i) => nl.full(100, i))
      results.push(counts())
      const right = arrays.every((x, i) => nl.min(x).item() === i && nl.max(x).item() === i)
      for (const x of arrays) x.dispose()
      kept.dispose()
      results.push(counts()[0] <= 2000)
      arrays = Array.from({ length: 1000 }, () => nl.ones(100))
      const large = nl.ones(100_000)
      arrays = undefined
      for (let i = 0; i < 10; i++) { globalThis.gc(); await new Promise((resolve) => setTimeout(resolve, 30)) }
      results.push(counts()[0] <= 200, counts()[1] <= 2 ** 17 + 800_000)
      large.dispose()
      results.push(counts()[1] <= 2 ** 17)
      console.log(JSON.stringify([right, ...results]))
    `
    expect(await jsonOf(script, options)).toEqual([true, [1001, 800_080], true, true, true, true])
  })
  test('share no elements', async () => {
    const script = `
      import * as nl from 'numloom'
      const [a, b, m] = [nl.arange(9), nl.arange(9), nl.ones([3, 3])]
      const names = []
      const [c, out] = [nl.zeros(8), nl.zeros([3, 3])]
      nl.add(a.slice('1:'), 1, { out: c })
      nl.matmul(m, m, { out })
      try { nl.add(a.slice('1:'), 1, { out: a.slice(':8') }) } catch ({ name }) { names.push(name) }
      try { nl.matmul(m, m, { out: m }) } catch ({ name }) { names.push(name) }
      structuredClone(a.data.buffer, { transfer: [a.data.buffer] })
      try { nl.sum(a) } catch ({ name }) { names.push(name) }
      console.log(JSON.stringify([c.toArray(), nl.sum(out).item(), nl.sum(b).item(), names]))
    `
    const names = ['ValueError', 'ValueError', 'DisposedError']
    expect(await jsonOf(script, options)).toEqual([[2, 3, 4, 5, 6, 7, 8, 9], 27, 36, names])
  })
})

describe('random sizes and lifetimes', () => {
  /** Peak of the elements' own bytes over a million allocations and frees in `slots` places, beside what memory() says. */
  const churn = (slots: number, size: string) => `
    import * as nl from 'numloom'
    import { Random } from './test/support/random.ts'
    const random = new Random('churn')
    const slots = new Array(${slots})
    let [live, peak] = [0, 0]
    for (let i = 0; i < 1_000_000; i++) {
      const at = random.below(${slots})
      if (slots[at] !== undefined) {
        live -= slots[at].nbytes
        slots[at].dispose()
        slots[at] = undefined
      } else {
        slots[at] = nl.empty(Math.ceil((${size}) / 8))
        live += slots[at].nbytes
        peak = Math.max(peak, live)
      }
    }
    const use = nl.memory()
    for (const array of slots) array?.dispose()
    console.log(JSON.stringify({ peak, live, use, end: nl.memory() }))
  `
  const source = Random.toString()
  const script = (slots: number, size: string) =>
    churn(slots, size).replace("import { Random } from './test/support/random.ts'", source)

  test.each([
    ['8 B to 4 MB, all as likely', 400, 'random.uniform(8, 2 ** 22)'],
    ['8 B to 4 MB, each power of two as likely', 8000, '2 ** random.uniform(3, 22)'],
  ])('%s', async (_, slots, size) => {
    type Result = { peak: number; live: number; use: nl.MemoryUse; end: nl.MemoryUse }
    const { peak, live, use, end } = await jsonOf<Result>(script(slots, size))
    expect(use.fragmentation).toBeLessThan(0.1)
    // Against the elements' own bytes, which numloom did not count, and all that the heap took from the system.
    expect(use.peakBytes).toBeGreaterThanOrEqual(peak)
    expect(use.peakBytes).toBeLessThan(1.1 * peak)
    expect(use.bytesInUse).toBeGreaterThanOrEqual(live)
    expect(use.reservedBytes).toBeLessThan(1.3 * peak)
    expect(end.liveArrays).toBe(0)
    // The page of small arrays that is in turn stays.
    expect(end.bytesInUse).toBeLessThanOrEqual(128 * 1024)
  })

  test('of small arrays', async () => {
    const { use } = await jsonOf<{ use: nl.MemoryUse }>(script(4000, '2 ** random.uniform(3, 14)'))
    expect(use.fragmentation).toBeLessThan(0.1)
  })
  test('the end of the heap is taken last, also where it fits best', () => {
    const free = new FreeBlocks()
    free.extend(0, 10e6)
    expect([free.take(4e6), free.take(4e6)]).toEqual([0, 4e6])
    free.give(0, 4e6, 4e6)
    expect([free.take(1e6), free.take(2e6), free.take(1.5e6)]).toEqual([0, 1e6, 8e6])
    free.extend(10e6, 1e6)
    expect([free.take(1e6), free.take(1.5e6), free.take(1.5e6)]).toEqual([3e6, 9.5e6, undefined])
  })
})

describe('long loops', () => {
  const LOOP = (count: number, inside: string, after = '') => `
    import * as nl from 'numloom'
    import { readFileSync } from 'node:fs'
    const warnings = []
    process.on('warning', ({ code, message }) => warnings.push(code + message))
    const y = nl.ones(10_000_000)
    let x = nl.zeros(10_000_000)
    for (let i = 0; i < ${count}; i++) {
      ${inside}
    }
    ${after}
    const peak = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1] / 2 ** 20
    setTimeout(() => console.log(JSON.stringify({ right: x.get(9_999_999) === ${count}, peak, warnings })), 5)
  `
  interface Loop {
    readonly right: boolean
    /** The largest resident size, GiB. */
    readonly peak: number
    readonly warnings: string[]
  }
  const GB = 1e9 / 2 ** 30
  const options = { flags: ['--no-warnings'] }

  test('over 80 MB arrays, in one job, need no help with the addon', async () => {
    const { right, peak, warnings } = await jsonOf<Loop>(LOOP(60, 'x = nl.add(x, y)'), options)
    expect({ right, warnings }).toEqual({ right: true, warnings: [] })
    expect(peak).toBeLessThan(1.5 * GB)
  })
  test('by scope, need three arrays', async () => {
    const step = 'const z = nl.scope(() => nl.multiply(nl.add(x, y), 1)); x.dispose(); x = z'
    const { right, peak } = await jsonOf<Loop>(LOOP(30, step), options)
    expect(right).toBe(true)
    expect(peak).toBeLessThan(0.6 * GB)
  })

  const SMALLER = (backend: string) => `
    import * as nl from 'numloom'
    import { readFileSync } from 'node:fs'
    nl.setBackend('${backend}')
    const [a, b] = [nl.ones(131_072), nl.ones(131_072)]
    let x
    for (let i = 0; i < 800; i++) x = nl.multiply(nl.add(a, b), 3)
    const peak = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1] / 2 ** 10
    console.log(JSON.stringify([x.get(131_071), peak]))
  `
  test.each(BACKEND_NAMES)('over arrays of 1 MiB, in one job, stay below 512 MiB: %s', async (backend) => {
    const [value, peak] = await jsonOf<[number, number]>(SMALLER(backend), options)
    expect(value).toBe(6)
    expect(peak).toBeLessThan(512)
  })

  describe('without the addon', () => {
    let copy: Copy
    beforeAll(() => {
      copy = copyOfBuild()
      rmSync(copy.path('build', 'native'), { recursive: true, force: true })
    })
    afterAll(() => copy.remove())

    test('in one job, with one warning', async () => {
      const { right, peak, warnings } = await jsonOf<Loop>(LOOP(60, 'x = nl.add(x, y)'), { ...options, cwd: copy.root })
      expect(right).toBe(true)
      expect(peak).toBeLessThan(1.5 * GB)
      expect(warnings).toHaveLength(1)
      for (const word of ['NUMLOOM_NO_ADDON', 'scope', 'using', 'out']) expect(warnings[0]).toContain(word)
    })
    test.each(['await null', 'await new Promise((resolve) => setImmediate(resolve))'])('with %s', async (pause) => {
      const loop = LOOP(60, `x = nl.add(x, y); ${pause}`)
      const { right, peak, warnings } = await jsonOf<Loop>(loop, { ...options, cwd: copy.root })
      expect(right).toBe(true)
      expect(peak).toBeLessThan(1.5 * GB)
      expect(warnings.length).toBeLessThanOrEqual(1)
    })
    test('over arrays of 1 MiB, below 512 MiB', async () => {
      const [value, peak] = await jsonOf<[number, number]>(SMALLER('wasm'), { ...options, cwd: copy.root })
      expect(value).toBe(6)
      expect(peak).toBeLessThan(512)
    })
    test.each([10, 200])('of arrays of %i elements outside the heap, nothing piles up', async (size) => {
      const script = `
        import * as nl from 'numloom'
        const used = () => { globalThis.gc(); return process.memoryUsage().heapUsed }
        const x = nl.ones(${size})
        for (let i = 0; i < 10_000; i++) nl.add(x, x)
        const before = used()
        for (let i = 0; i < 200_000; i++) nl.add(x, x)
        console.log((used() - before) / 200_000)
      `
      const env = { NUMLOOM_MAX_MEMORY: '0' }
      // A finalizer for each takes 150.
      expect(await jsonOf(script, { env, flags: ['--expose-gc'], cwd: copy.root })).toBeLessThan(30)
    })
    test('arrays that live are not taken for dropped ones', async () => {
      const script = `
        import * as nl from 'numloom'
        const held = []
        for (let i = 0; i < 400; i++) {
          const x = nl.full(500_000, i)
          if (i % 5 === 0) held.push(i % 2 === 0 ? x : x.slice('10:'))
        }
        const { liveArrays } = nl.memory()
        console.log(JSON.stringify([held.every((x, k) => nl.min(x).item() === 5 * k && nl.max(x).item() === 5 * k),
          liveArrays < 250]))
      `
      expect(await jsonOf(script, { ...options, cwd: copy.root })).toEqual([true, true])
    })
  })

  test('of small arrays leave the resident size flat', async () => {
    const script = `
      import * as nl from 'numloom'
      const [a, b] = [nl.ones(20), nl.ones(20)]
      const sizes = []
      for (let i = 0; i < 160; i++) {
        for (let k = 0; k < 20_000; k++) nl.add(a, b)
        await new Promise((resolve) => setTimeout(resolve, 2))
        sizes.push(process.memoryUsage().rss / 2 ** 20)
      }
      console.log(JSON.stringify([Math.max(...sizes.slice(80, 120)), Math.max(...sizes.slice(120)), nl.memory().reservedBytes]))
    `
    const [before, after, reserved] = await jsonOf<[number, number, number]>(script, options)
    // What is made between the two has 128 MB, and its objects more.
    expect(after - before).toBeLessThan(40)
    expect(reserved).toBeLessThan(150e6)
  })
  test('of arrays of some KiB in one job do so too', async () => {
    const script = `
      import * as nl from 'numloom'
      const [a, b] = [nl.ones(300), nl.ones(300)]
      const sizes = []
      for (let i = 0; i < 10; i++) {
        for (let k = 0; k < 40_000; k++) nl.add(a, b)
        sizes.push(process.memoryUsage().rss / 2 ** 20)
      }
      console.log(JSON.stringify([Math.max(...sizes.slice(0, 5)), Math.max(...sizes.slice(5)), nl.memory().bytesInUse]))
    `
    const [before, after, inUse] = await jsonOf<[number, number, number]>(script, options)
    // The second half makes 480 MB, and objects of 100 MB, which finalizers would keep until the job ends.
    expect(after - before).toBeLessThan(60)
    expect(inUse).toBeLessThan(300e6)
  })
})

test('blocks that were found dead within a job leave nothing behind until it ends', async () => {
  const script = `
    import { Reclaimer } from './dist/core/reclaim.js'
    import { newBlock, Region } from './dist/core/region.js'
    const used = () => { globalThis.gc(); return process.memoryUsage().heapUsed }
    let found = 0
    const reclaimer = new Reclaimer(() => found++)
    const before = used()
    for (let i = 0; i < 200_000; i++) reclaimer.track(new Region(newBlock(i, 2 ** 20, { arrays: 0 }), undefined), false)
    reclaimer.sweep('major')
    console.log(JSON.stringify([found, (used() - before) / 200_000]))
  `
  const [found, bytes] = await jsonOf<[number, number]>(script, { flags: ['--expose-gc'] })
  expect(found).toBeGreaterThan(199_000)
  // Finalizers alone would keep 150 for each.
  expect(bytes).toBeLessThan(50)
})

describe('a search for dead arrays', () => {
  const MIB = 2 ** 20
  /** How often all garbage is collected while 4 GiB are needed in steps of 16 MiB, where that takes so many ms. */
  function searches(ms: number, need: (reclaimer: Reclaimer, bytes: number) => void, inUse = 4096 * MIB): number {
    let count = 0
    const reclaimer = new Reclaimer(() => {})
    reclaimer.watchWith({
      watch() {},
      sweep(effort) {
        const end = performance.now() + ms
        if (effort === 'major') count++
        while (effort === 'major' && performance.now() < end);
        return []
      },
    })
    for (let bytes = 0; bytes < 4096 * MIB; bytes += 16 * MIB) {
      need(reclaimer, 16 * MIB)
      reclaimer.searchFor(
        () => undefined,
        () => inUse,
      )
    }
    return count
  }
  const arrays = (reclaimer: Reclaimer, bytes: number) => {
    reclaimer.unswept += bytes
  }
  const pages = (reclaimer: Reclaimer, bytes: number) =>
    reclaimer.track(new Region(newBlock(0, bytes, { arrays: 0 }), undefined), true)

  test.each([
    ['arrays', arrays, 256, 640],
    ['pages of small arrays', pages, 32, 64],
  ])('comes the less often the longer it takes, within limits: %s', (_, need, least, most) => {
    // Some of the short ones may take long on a busy machine.
    expect(searches(0, need)).toBeGreaterThan((4096 / least) * 0.8)
    expect(searches(0, need)).toBeLessThanOrEqual(4096 / least)
    expect(searches(10, need)).toBeLessThan((4096 / least) * 0.75)
    expect(searches(10, need)).toBeGreaterThanOrEqual(4096 / most)
  })
  test('comes often where little is in use, however long it takes', () => {
    expect(searches(10, arrays, 0)).toBeGreaterThan((4096 / 256) * 0.8)
  })
})
