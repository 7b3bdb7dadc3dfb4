// The targets of njit by a hand-written source: arguments, memory, teams, errors, and both in workers.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { afterAll, describe, expect, test } from 'vitest'
import { failAllocation } from '../dist/core/failing.js'
import { heap } from '../dist/core/heap.js'
import { endCompiler } from '../dist/njit/clang.js'
import { type available, TARGET_NAMES, targetFor } from '../dist/njit/libraries.js'
import { header } from '../dist/njit/program.js'
import type { ArrayArgument, FastmathFlag, Program } from '../dist/njit/target.js'
import { jsonOf } from './support/child.ts'
import { JOBS, type Job, SLOTS, source } from './support/njit-source.ts'

const NONE = { fastmath: [] }
const KINDS = [-1, 0, 1, 2, 3]

const inHeap = (slot: number, array: nl.NDArray, written = false): ArrayArgument => {
  const memory = (array as unknown as { pointer(): number }).pointer()
  return { slot, memory, bytes: array.nbytes, before: 0, written }
}
const outside = (slot: number, data: Float64Array, written = false): ArrayArgument => ({
  slot,
  memory: { data, at: 0 },
  bytes: data.byteLength,
  before: 0,
  written,
})

/** Runs a job; values are slots from 1 on. */
function run(
  program: Program,
  job: Job,
  values: Partial<Record<number, number>>,
  arrays: ArrayArgument[] = [],
  threads = 1,
) {
  const slots = program.slots()
  slots.fill(0)
  slots[0] = JOBS.indexOf(job)
  for (const [slot, value] of Object.entries(values)) slots[Number(slot)] = value as number
  const status = program.call(arrays, threads)
  return { status, result: program.slots()[6] as number }
}

afterAll(() => nl.shutdown())

describe.each(TARGET_NAMES)('%s', (name) => {
  const target = targetFor(name)
  let binary: Uint8Array
  const load = () => {
    binary ??= target.compile(source(), NONE)
    return target.load(binary, SLOTS)
  }

  test('takes and returns numbers', () => {
    const program = load()
    expect(run(program, 'scalars', { 1: 3, 2: 4, 3: 0 })).toEqual({ status: 0, result: 81 })
    expect(run(program, 'remainder', { 1: -7.5, 2: 2 }).result).toBe(-1.5)
    expect(program.lastThreads()).toBe(1)
  })

  test('has data of its own, one copy for all that load the same binary', () => {
    const first = load()
    const before = run(first, 'statics', { 3: 2 }).result
    expect(run(load(), 'statics', { 3: 2 }).result).toBe(before + 1)
    expect(run(first, 'statics', { 3: 3 }).result).toBe(before + 2 + 900)
  })

  test('reads arrays in the heap in place', () => {
    const program = load()
    expect(run(program, 'sum', { 3: 1000 }, [inHeap(1, nl.arange(1000))]).result).toBe(499500)
    expect(program.lastCopied()).toBe(0)
  })

  test('reads and writes arrays outside, from the first element that it is given', () => {
    const program = load()
    const x = Float64Array.from({ length: 100 }, (_, i) => i)
    const part: ArrayArgument = { slot: 1, memory: { data: x, at: 40 }, bytes: 80, before: 0, written: false }
    expect(run(program, 'sum', { 3: 10 }, [part]).result).toBe(445)
    expect(program.lastCopied()).toBe(name === 'wasm' ? 80 : 0)
    const out = new Float64Array(100)
    run(program, 'scale', { 3: 100 }, [outside(1, x), outside(2, out, true)])
    expect(out).toEqual(x.map((value) => value * 2))
  })

  test('arrays that overlap are the same memory', () => {
    const program = load()
    const x = new Float64Array(9)
    const arrays = [outside(1, x.subarray(0, 8)), outside(2, x.subarray(1), true)]
    run(program, 'shift', { 3: 8 }, arrays)
    expect([...x]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(program.lastCopied()).toBe(name === 'wasm' ? 72 + 64 : 0)
  })

  test('memory before the first element counts too', () => {
    const x = Float64Array.from([1, 2, 3])
    const last: ArrayArgument = { slot: 1, memory: { data: x, at: 2 }, bytes: 24, before: 16, written: false }
    expect(run(load(), 'sum', { 3: 1 }, [last]).result).toBe(3)
  })

  test('what was written before an error stays written', () => {
    const x = new Float64Array(2)
    expect(run(load(), 'fail', { 3: 2 }, [outside(1, x, true)]).status).toBe(1)
    expect(x[0]).toBe(42)
  })

  test.each([1, 2, 4])('deals loops out to %i threads by every schedule', (threads) => {
    const program = load()
    const x = nl.arange(10_000)
    for (const kind of KINDS) {
      for (const chunk of [0, 1, 7, 20_000]) {
        const out = nl.zeros(10_000)
        run(program, 'scale', { 3: 10_000, 4: kind, 5: chunk }, [inHeap(1, x), inHeap(2, out, true)], threads)
        expect(nl.sum(out).item()).toBe(9999 * 10_000)
        expect(program.lastThreads()).toBe(threads)
      }
    }
    run(program, 'scale', { 3: 0 }, [inHeap(1, x), inHeap(2, x)], threads)
    expect(program.lastThreads()).toBe(1)
  })

  test('uses the thread count in force', () => {
    const program = load()
    const x = nl.zeros(64)
    program.slots().set([JOBS.indexOf('scale'), 0, 0, 64, -1, 0])
    nl.withThreads(2, () => program.call([inHeap(1, x), inHeap(2, x)]))
    expect(program.lastThreads()).toBe(2)
  })

  test('a loop inside another runs on the thread that meets it', () => {
    const program = load()
    const out = nl.zeros(1600)
    run(program, 'nested', { 3: 1600, 4: 1, 5: 2 }, [inHeap(1, nl.arange(1600)), inHeap(2, out, true)], 4)
    expect(nl.sum(out).item()).toBe(1599 * 1600)
    expect(program.lastThreads()).toBe(4)
  })

  test('mathematics for blocks', () => {
    const program = load()
    const n = 300
    const x = nl.linspace(0.01, 20, n)
    const out = nl.zeros(4 * n)
    run(program, 'blocks', { 3: n }, [inHeap(1, x), inHeap(2, out, true)])
    const values = out.toTypedArray() as Float64Array
    ;[Math.sin, Math.cos, Math.exp, Math.log].forEach((fn, part) => {
      const wanted = (x.toTypedArray() as Float64Array).map(fn)
      wanted.forEach((value, i) => {
        expect(Math.abs((values[part * n + i] as number) - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -51)
      })
    })
  })

  test('keeps memory until it is freed', () => {
    const program = load()
    run(program, 'scalars', { 1: 1, 2: 1 })
    const before = heap().bytesInUse
    for (let round = 0; round < 200; round++) {
      expect(run(program, 'keep', { 3: 10_000 }).status).toBe(0)
      const kept = new Float64Array(program.read(program.slots()[7] as number, 80_000))
      expect(kept[9999]).toBe(9999)
      program.free()
    }
    expect(heap().bytesInUse).toBe(before)
  })

  test('memory that cannot be had is told', () => {
    const program = load()
    expect(run(program, 'keep', { 3: 2 ** 45 }).status).toBe(1)
    expect(program.slots()[7]).toBe(0)
    if (name === 'native') return
    const failing = failAllocation(1)
    expect(run(program, 'keep', { 3: 100 }).status).toBe(1)
    expect(failing.stop()).toBe(true)
  })

  test('every thread has memory, and it is not lost', () => {
    const program = load()
    const wanted = Array.from({ length: 300 }, (_, i) => {
      let sum = 0
      for (let k = 0; k < 100_000 + i; k++) sum += k % 7
      return sum
    })
    const out = nl.zeros(300)
    const sizes = Array.from({ length: 6 }, () => {
      run(program, 'workspace', { 3: 300, 4: 1 }, [inHeap(1, out), inHeap(2, out, true)], 4)
      expect(out.toArray()).toEqual(wanted)
      return heap().choice.memory.buffer.byteLength
    })
    // How many threads have some at once is by chance, but each run wants 240 MB in all.
    expect((sizes[5] ?? 0) - (sizes[0] ?? 0)).toBeLessThan(5e6)
    // The heap and the threads take turns at making the memory larger.
    const large = nl.full(6_000_000, 3)
    run(program, 'workspace', { 3: 300, 4: 1 }, [inHeap(1, out), inHeap(2, out, true)], 4)
    expect([out.toArray(), nl.sum(large).item()]).toEqual([wanted, 18_000_000])
  })

  // malloc took two pieces of memory for neighbours that were none, and wrote into arrays. A process of its own: it hung, too.
  test('memory of threads and arrays do not overlap, whatever their sizes', async () => {
    const script = `
      import * as nl from 'numloom'
      import { njit, prange } from 'numloom/njit'
      const sums = njit({ target: '${name}', parallel: true, cache: false }, (out, sizes) => {
        for (const i of prange(out.length)) {
          const [ones, twos] = [new Float64Array(sizes[i]), new Float64Array(sizes[i] >> 1)]
          for (let k = 0; k < ones.length; k++) ones[k] = 1
          for (let k = 0; k < twos.length; k++) twos[k] = 2
          let sum = 0
          for (const x of ones) sum += x
          for (const x of twos) sum += x
          out[i] = sum
        }
      })
      let seed = 3
      const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31
      const held = []
      let wrong = 0
      for (let round = 0; round < 15; round++) {
        const most = 10 ** (2 + 4 * random())
        const sizes = Int32Array.from({ length: 64 }, () => most * random())
        const out = new Float64Array(64)
        held.push([nl.full(Math.ceil(3e5 * random()), round), round])
        nl.withThreads(4, () => sums(out, sizes))
        if (out.some((sum, i) => sum !== sizes[i] + 2 * (sizes[i] >> 1))) wrong++
        if (held.some(([array, value]) => array.toArray().some((x) => x !== value))) wrong++
      }
      console.log(JSON.stringify(wrong))
    `
    expect(await jsonOf<number>(script)).toBe(0)
  })

  test('random numbers are uniform, and differ between threads', () => {
    const program = load()
    const n = 100_000
    const out = new Float64Array(n)
    run(program, 'random', { 3: n }, [outside(1, out), outside(2, out, true)], 4)
    expect(out.every((value) => value >= 0 && value < 1)).toBe(true)
    expect(new Set(out).size).toBe(n)
    const mean = out.reduce((sum, value) => sum + value, 0) / n
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01)
  })

  test('arrays may come and memory may grow between calls', () => {
    const program = load()
    for (let round = 0; round < 4; round++) {
      const large = nl.full(5_000_000, round)
      expect(run(program, 'sum', { 3: 5_000_000 }, [inHeap(1, large)]).result).toBe(round * 5_000_000)
    }
  })

  test('shutdown() leaves it usable', async () => {
    const program = load()
    await nl.shutdown()
    expect(run(program, 'sum', { 3: 100 }, [inHeap(1, nl.arange(100))]).result).toBe(4950)
  })

  test('an error of the compiler is typed, its words apart', async () => {
    const wrong = `${header('runtime.h')}\nint nl_main(double* s) { return nonsense; }`
    const expected = { name: 'NjitError', code: 'NUMLOOM_NJIT', details: expect.stringContaining('nonsense') }
    expect(() => target.compile(wrong, NONE)).toThrow(expect.objectContaining(expected))
    expect(() => target.compile(wrong, NONE)).not.toThrow('nonsense')
    await expect(target.compileAsync(wrong, NONE)).rejects.toThrow(expect.objectContaining(expected))
  })

  test('a damaged binary is refused', () => {
    load()
    for (const bytes of [binary.subarray(0, binary.length - 64), binary.subarray(0, 20), new Uint8Array(0)]) {
      expect(() => target.load(bytes, SLOTS)).toThrow(expect.objectContaining({ code: 'NUMLOOM_NJIT' }))
    }
  })

  test('compiles without blocking, to the same', async () => {
    load()
    expect(Buffer.from(await target.compileAsync(source(), NONE)).equals(Buffer.from(binary))).toBe(true)
  })

  test('fastmath lets sums be reordered, and nothing else does', () => {
    const sum = `${header('runtime.h')}
NL_EXPORT int nl_main(f64* s) {
  f64* x = (f64*)(word)s[0]; f64 sum = 0;
  for (i32 i = 0; i < (i32)s[1]; i++) sum += x[i];
  s[2] = sum; return 0;
}
NL_EXPORT void nl_free(f64* s) {}`
    const all: FastmathFlag[] = ['nnan', 'ninf', 'nsz', 'arcp', 'contract', 'afn', 'reassoc']
    const x = nl.array([1e16, ...new Array(1023).fill(1)])
    const sums = [[], ['reassoc'], all].map((fastmath) => {
      const program = target.load(target.compile(sum, { fastmath: fastmath as FastmathFlag[] }), 3)
      program.slots()[1] = 1024
      program.call([{ ...inHeap(0, x) }])
      return program.slots()[2]
    })
    expect(sums[0]).toBe(1e16)
    expect([sums[1], sums[2]].every((value) => (value as number) > 1e16)).toBe(true)
    // Denormal numbers are still there.
    expect(5e-324 / 1).toBe(5e-324)
  })

  test('tells which loops became SIMD', () => {
    const loops = `${header('runtime.h')}
NL_EXPORT int nl_main(f64* s) {
f64* x = (f64*)(word)s[0]; i32 n = (i32)s[1];
// loop 7
_Pragma("omp simd")
for (i32 i = 0; i < n; i++) x[i] = x[i] * 3 + 1;
// loop 8
for (i32 i = 1; i < n; i++) x[i] = x[i] + x[i - 1];
for (i32 i = 0; i < n; i++) x[i] = -x[i];
return 0;
}
NL_EXPORT void nl_free(f64* s) {}`
    const remarks = target.remarks(loops, NONE)
    expect([...remarks.keys()].sort()).toEqual([7, 8])
    expect(remarks.get(7)).toMatch(/^\d+ (bytes|iterations)$/)
    expect(remarks.get(8)).toBeUndefined()
    expect(target.disassemble(loops, NONE)).toContain('nl_main')
  })

  test('runs in workers of Node, several at once', async () => {
    const job = `
      const { parentPort, workerData } = require('node:worker_threads')
      require('numloom')
      import('${new URL('../dist/njit/libraries.js', import.meta.url)}').then(({ targetFor }) => {
        const target = targetFor('${name}')
        const program = target.load(target.compile(workerData, { fastmath: [] }), ${SLOTS})
        const out = new Float64Array(1000), x = out.map((_, i) => i)
        const argument = (slot, data, written) => ({ slot, memory: { data, at: 0 }, bytes: 8000, before: 0, written })
        program.slots().set([${JOBS.indexOf('scale')}, 0, 0, 1000, -1, 0])
        let sum = 0
        for (let round = 0; round < 20; round++) {
          program.call([argument(1, x, false), argument(2, out, true)], 2)
          sum += out.reduce((a, b) => a + b)
        }
        parentPort.postMessage(sum)
      })`
    const sums = await jsonOf<number[]>(`
      import { Worker } from 'node:worker_threads'
      import 'numloom'
      const options = { eval: true, execArgv: [], workerData: ${JSON.stringify(source())} }
      const workers = [1, 2].map(() => new Worker(${JSON.stringify(job)}, options))
      console.log(JSON.stringify(await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
        worker.once('message', resolve); worker.once('error', reject)
      })))))`)
    expect(sums).toEqual([999_000 * 20, 999_000 * 20])
  })
})

describe('wasm', () => {
  const target = targetFor('wasm')

  test('a trap is an error, on every thread, and the next call works', () => {
    const program = target.load(target.compile(source(), NONE), SLOTS)
    const out = nl.zeros(1000)
    const arrays = [inHeap(1, out), inHeap(2, out, true)]
    for (const threads of [2, 4, 3, 2]) {
      expect(() => run(program, 'trap', {}, arrays)).toThrow(expect.objectContaining({ code: 'NUMLOOM_NJIT' }))
      const trapped = expect.objectContaining({ code: expect.stringMatching(/^NUMLOOM_(NJIT|BACKEND)$/) })
      expect(() => run(program, 'trapInTeam', { 3: 1000 }, arrays, threads)).toThrow(trapped)
      run(program, 'scale', { 3: 1000 }, [inHeap(1, nl.ones(1000)), inHeap(2, out, true)], threads)
      expect(nl.sum(out).item()).toBe(2000)
      expect(program.lastThreads()).toBe(threads)
    }
  })

  test('a compiler that ends in the middle is an error, and the next compilation works', async () => {
    const pending = target.compileAsync(source(), NONE)
    const refused = expect(pending).rejects.toThrow(expect.objectContaining({ code: 'NUMLOOM_NJIT' }))
    await endCompiler()
    await refused
    expect(target.compile(source(), NONE).length).toBeGreaterThan(500)
  })

  test('works over memory that is not shared', async () => {
    const script = `
      import * as nl from 'numloom'
      import { targetFor } from './dist/njit/libraries.js'
      const target = targetFor('wasm')
      const program = target.load(target.compile(${JSON.stringify(source())}, { fastmath: [] }), ${SLOTS})
      const out = new Float64Array(1000), x = out.map((_, i) => i)
      const argument = (slot, data, written) => ({ slot, memory: { data, at: 0 }, bytes: 8000, before: 0, written })
      program.slots().set([${JOBS.indexOf('scale')}, 0, 0, 1000, 1, 10])
      program.call([argument(1, x, false), argument(2, out, true)], 4)
      const sum = out.reduce((a, b) => a + b), threads = program.lastThreads()
      program.slots().set([${JOBS.indexOf('keep')}, 0, 0, 8_000_000])
      const status = program.call([])
      const last = new Float64Array(program.read(program.slots()[7], 64_000_000))[7_999_999]
      program.free()
      console.log(JSON.stringify({ sum, threads, status, last }))`
    const env = { NUMLOOM_SHARED_MEMORY: '0' }
    expect(await jsonOf(script, { env })).toEqual({ sum: 999_000, threads: 1, status: 0, last: 7_999_999 })
  })
})

describe('what is missing', () => {
  const script = `
    import { available, targetFor } from '${new URL('../dist/njit/libraries.js', import.meta.url)}'
    const fields = ({ name, code, message }) => ({ name, code, message })
    const errors = {}
    for (const name of ['native', 'wasm']) {
      try { targetFor(name).compile('', { fastmath: [] }) } catch (error) { errors[name] = fields(error) }
    }
    console.log(JSON.stringify({ errors, available: available() }))`
  type Told = { errors: Record<string, { code: string; message: string }>; available: ReturnType<typeof available> }

  test('a compiler that is not there is an error that says what to do', async () => {
    const { errors, available } = await jsonOf<Told>(script, { env: { NUMLOOM_CC: '/nonexistent/cc' } })
    expect(errors.native).toMatchObject({ name: 'NjitError', code: 'NUMLOOM_NJIT' })
    expect(errors.native?.message).toContain("NUMLOOM_CC='/nonexistent/cc'")
    expect(available.native).toEqual({ compiles: errors.native?.message })
  })

  test('without any compiler in PATH', async () => {
    const { errors } = await jsonOf<Told>(script, { env: { PATH: '/nonexistent' } })
    expect(errors.native?.message).toContain('apt install gcc')
  })
})
