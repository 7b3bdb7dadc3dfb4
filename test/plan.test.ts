// Which plan holds: the built-in one, or one that was measured on the user's machine, from the cache folder or from
// NUMLOOM_PLAN; and the command that measures it.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { PlanInForce } from 'numloom'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BackendName } from '../dist/backends/backend.js'
import { threadCount } from '../dist/core/threads.js'
import type { KernelPlan, Placement } from '../dist/kernel/plan.js'
import { circumstancesHere, type PlanFile } from '../dist/kernel/plan-file.js'
import { kernelList } from '../dist/kernel/registry.js'
import { argumentsFor, placementsOf, sizesFor } from '../dist/tune/arguments.js'
import type { Point, Times } from '../dist/tune/levels.js'
import { planFrom } from '../dist/tune/placements.js'
import { jsonOf, ROOT, runScript } from './support/child.ts'

const NAME = `plan-${process.platform}-${process.arch}.json`

let cache: string
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'numloom-plan-'))
})
afterEach(() => rmSync(cache, { recursive: true, force: true }))

/** More threads than calls use here, which does no harm. */
const THREADS = availableParallelism() + 1

/** A plan that nobody would measure: `add_f64` always on `js`. */
const onJs = (): PlanFile => ({
  ...circumstancesHere(),
  threads: THREADS,
  date: '2026-01-02T03:04:05.678Z',
  plans: { add: { f64: { levels: [{ work: 0, order: ['js', 'native'] }], threads: {} } } },
})

const withAdd = (levels: unknown, threads: unknown = {}, others: object = {}) => ({
  ...onJs(),
  plans: { add: { f64: { levels, threads, ...others } } },
})

function write(content: object | string, path = join(cache, NAME)): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

interface Told {
  /** The backends of add_f64 on few and many elements, and of add_f32 on many; or the error. */
  readonly backends: readonly string[]
  readonly error: { readonly name: string; readonly code: string; readonly message: string; readonly variable: string }
  readonly plan: PlanInForce | string
  readonly choices: number
  readonly text: string
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

const SCRIPT = `
  const warnings = []
  process.on('warning', ({ code, message }) => warnings.push({ code, message }))
  const nl = await import('numloom')
  const told = {}
  const on = (n, dtype) => nl.explain(() => nl.add(nl.zeros(n, { dtype }), 1)).calls.at(-1).backend
  try {
    told.backends = [on(10, 'float64'), on(1e6, 'float64'), on(1e6, 'float32')]
  } catch (error) {
    told.error = { ...error, name: error.name, message: error.message }
  }
  const runtime = nl.showRuntime()
  const text = String(runtime)
  setImmediate(() => {
    const { plan, choices: { length: choices } } = runtime
    console.log(JSON.stringify({ ...told, plan, choices, text, warnings }))
  })`

/** What a fresh process does and tells; it has no NUMLOOM_PLAN unless told. */
async function fresh(env: Record<string, string> = {}): Promise<Told> {
  const { code, stdout, stderr } = await runScript(SCRIPT, {
    env: { NUMLOOM_PLAN: '', NUMLOOM_CACHE: cache, ...env },
    flags: ['--no-warnings'],
  })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout) as Told
}

const ON_JS = ['js', 'js', 'native']

function expectBuiltIn(told: Told): void {
  expect(told.backends).not.toContain('js')
  expect(told.plan).toMatchObject({ source: 'built in' })
}

describe('the file in the cache folder', () => {
  test('is obeyed where it fits, for the kernels that it has', async () => {
    const path = write(onJs())
    const told = await fresh()
    expect(told.backends).toEqual(ON_JS)
    expect(told.plan).toEqual({ source: path, measured: '2026-01-02T03:04:05.678Z', threads: THREADS })
    expect(told.text).toContain(`plan       ${path}, measured 2026-01-02 with ${THREADS} threads\n`)
    expect(told.warnings).toEqual([])
  })

  test('lies under XDG_CACHE_HOME, or ~/.cache', async () => {
    write(onJs(), join(cache, 'numloom', NAME))
    write(onJs(), join(cache, '.cache/numloom', NAME))
    for (const env of [{ XDG_CACHE_HOME: cache }, { XDG_CACHE_HOME: '', HOME: cache }]) {
      expect((await fresh({ NUMLOOM_CACHE: '', ...env })).backends).toEqual(ON_JS)
    }
  })

  test('need not be there', async () => {
    const told = await fresh()
    expectBuiltIn(told)
    expect(told.text).toMatch(/^plan +built in$/m)
    expect(told.warnings).toEqual([])
  })

  test('fits also where a backend is not there any more', async () => {
    write(onJs())
    const told = await fresh({ NUMLOOM_SHARED_MEMORY: '0' })
    expect(told.backends).toEqual(ON_JS)
  })

  test.each<[string, () => object | string, RegExp]>([
    ['no JSON', () => '{"format": 1', /it is not JSON/],
    ['no object', () => '[1]', /it holds no plan/],
    ['another format', () => ({ ...onJs(), format: 99 }), /its format is 99, this numloom reads \d/],
    ['another version', () => ({ ...onJs(), numloom: '0.0.1' }), /it is of numloom 0\.0\.1, this is /],
    ['another CPU', () => ({ ...onJs(), cpu: 'i4004' }), /it is of the CPU 'i4004', this is '/],
    [
      'another instruction set',
      () => ({ ...onJs(), isas: { ...circumstancesHere().isas, as: 'mmx' } }),
      /backend as was mmx when it was measured, and is simd128/,
    ],
    [
      'a backend more',
      () => ({ ...onJs(), isas: { ...circumstancesHere().isas, wasm: undefined } }),
      /backend wasm was not there when it was measured/,
    ],
    ['no number of threads', () => ({ ...onJs(), threads: -5 }), /it does not say .* how many threads/],
    ['no date', () => ({ ...onJs(), date: undefined }), /when and with how many threads/],
    ['no plans', () => ({ ...onJs(), plans: undefined }), /it holds no plans/],
    ['an unknown backend', () => withAdd([{ work: 0, order: ['cuda'] }]), /its plan of add f64 is no plan/],
    ['levels that begin late', () => withAdd([{ work: 5, order: ['js'] }]), /its plan of add f64 is no plan/],
    ['no levels', () => withAdd([]), /its plan of add f64 is no plan/],
    ['work in words', () => withAdd([{ work: 'much', order: ['js'] }]), /its plan of add f64 is no plan/],
    ['threads in words', () => withAdd([{ work: 0, order: ['js'] }], { native: 'all' }), /its plan of add f64 is no/],
    [
      'strided arrays in words',
      () => withAdd([{ work: 0, order: ['js'] }], {}, { strided: 'js' }),
      /add f64 is no plan/,
    ],
    [
      'outside without threads',
      () => withAdd([{ work: 0, order: ['js'] }], {}, { outside: { levels: [] } }),
      /is no plan/,
    ],
    ['no plan of a dtype', () => ({ ...onJs(), plans: { add: 3 } }), /its plan of add +is no plan/],
  ])('is ignored with one warning: %s', async (_, content, why) => {
    const path = write(content())
    const told = await fresh()
    expectBuiltIn(told)
    expect(told.plan).toMatchObject({ ignored: expect.stringMatching(why) })
    expect(told.text).toMatch(/^plan +built in; .* is ignored: /m)
    expect(told.warnings).toEqual([{ code: 'NUMLOOM_PLAN', message: expect.stringMatching(why) }])
    expect(told.warnings[0]?.message).toContain(path)
    expect(told.warnings[0]?.message).toContain('npx numloom tune')
  })
})

describe.skipIf(availableParallelism() === 1)('a plan that was measured with 1 thread', () => {
  const alone = () => ({ ...onJs(), threads: 1 })

  test('does not hold where calls may use more', async () => {
    write(alone())
    const told = await fresh()
    expectBuiltIn(told)
    const why = /it was measured with 1 thread, and calls may use \d+ here/
    expect(told.plan).toMatchObject({ ignored: expect.stringMatching(why) })
    expect(told.warnings).toEqual([{ code: 'NUMLOOM_PLAN', message: expect.stringMatching(why) }])
    const path = write(alone(), join(cache, 'own.json'))
    expect((await fresh({ NUMLOOM_PLAN: path })).error).toMatchObject({
      variable: 'NUMLOOM_PLAN',
      message: expect.stringMatching(why),
    })
  })

  test('holds where they may not', async () => {
    write(alone())
    const told = await fresh({ OMP_NUM_THREADS: '1' })
    expect(told.backends).toEqual(ON_JS)
    expect(told.warnings).toEqual([])
  })

  test('is not judged where the number of threads is wrong', async () => {
    write(alone())
    const told = await fresh({ OMP_NUM_THREADS: 'many', NUMLOOM_STRICT_ENV: '1' })
    expect(told.error).toMatchObject({ code: 'NUMLOOM_ENV', variable: 'OMP_NUM_THREADS' })
    expect(told.plan).toBe(told.error.message)
    expect(told.warnings).toEqual([])
  })
})

describe('NUMLOOM_PLAN', () => {
  test('default: the built-in plan, whatever is in the cache folder', async () => {
    for (const [content, value] of [
      [onJs(), 'default'],
      ['broken', ' Default '],
    ] as const) {
      write(content)
      const told = await fresh({ NUMLOOM_PLAN: value })
      expectBuiltIn(told)
      expect(told.plan).toEqual({ source: 'built in' })
      expect(told.warnings).toEqual([])
    }
  })

  test('a path: that file', async () => {
    const path = write(onJs(), join(cache, 'own.json'))
    write('broken')
    const told = await fresh({ NUMLOOM_PLAN: path })
    expect(told.backends).toEqual(ON_JS)
    expect(told.plan).toMatchObject({ source: path })
    expect(told.warnings).toEqual([])
  })

  test.each<[string, object | string | undefined, RegExp]>([
    ['missing', undefined, /ENOENT/],
    ['broken', 'broken', /it is not JSON/],
    ['of another version', { ...onJs(), numloom: '0.0.1' }, /it is of numloom 0\.0\.1/],
  ])('a path: throws where the file is %s', async (_, content, why) => {
    const path = join(cache, 'own.json')
    if (content !== undefined) write(content, path)
    write(onJs())
    const told = await fresh({ NUMLOOM_PLAN: path })
    expect(told.error).toMatchObject({ name: 'EnvironmentError', code: 'NUMLOOM_ENV', variable: 'NUMLOOM_PLAN' })
    expect(told.error.message).toContain(`NUMLOOM_PLAN='${path}'`)
    expect(told.error.message).toMatch(why)
    expect(told.plan).toBe(told.error.message)
    expect(told.choices).toBe(0)
    expect(told.backends).toBeUndefined()
  })
})

describe('arrays that are strided or outside the heap', () => {
  const always = (name: BackendName) => ({ levels: [{ work: 0, order: [name] }], threads: {} })
  const script = `
    import * as nl from 'numloom'
    const [x, m] = [nl.arange(40), nl.ones([4, 6])]
    const outside = nl.asarray(new Float64Array(40))
    const half = nl.empty(20)
    const calls = {
      contiguous: () => nl.add(x, x),
      number: () => nl.add(x, 1),
      rows: () => nl.add(m.slice(':', ':3'), m.slice(':', '3:')),
      everySecond: () => nl.add(x.slice('::2'), half),
      reversed: () => nl.add(x, x.slice('::-1')),
      transposed: () => nl.add(nl.ones([6, 4]), m.T),
      intoStrided: () => nl.add(half, half, { out: x.slice('::2') }),
      outside: () => nl.add(x, outside),
      outsideStrided: () => nl.add(outside.slice('::2'), half),
    }
    const told = Object.entries(calls).map(([name, fn]) => [name, nl.explain(fn).calls.at(-1).backend])
    const { others } = nl.explain(calls.outside).calls.at(-1)
    console.log(JSON.stringify({ ran: Object.fromEntries(told), others }))`
  const told = (plan: object) => {
    const path = write({ ...onJs(), plans: { add: { f64: { ...always('as'), ...plan } } } })
    type Told = Record<string, string>
    return jsonOf<{ ran: Told; others: Told }>(script, { env: { NUMLOOM_PLAN: path } })
  }

  test('follow their own part of the plan', async () => {
    const { ran, others } = await told({ strided: always('wasm'), outside: always('js') })
    expect(ran).toEqual({
      contiguous: 'as',
      number: 'as',
      rows: 'as',
      everySecond: 'wasm',
      reversed: 'wasm',
      transposed: 'wasm',
      intoStrided: 'wasm',
      outside: 'js',
      outsideStrided: 'js',
    })
    expect(others.wasm).toMatch(/outside the heap, wasm would copy it/)
    expect(others.native).toMatch(/^slower than js/)
  })

  test('follow the usual one where they have none; outside, what copies nothing goes first', async () => {
    const { outside, outsideStrided, ...inside } = (await told({})).ran
    expect(new Set(Object.values(inside))).toEqual(new Set(['as']))
    expect([outside, outsideStrided]).toEqual(['native', 'native'])
  })
})

describe('a plan from times', () => {
  /** Times that are the same for every amount of work. */
  const points = (single: Times): Point[] => [1, 10, 100, 1000].map((work) => ({ work, single, team: {} }))
  const names: BackendName[] = ['js', 'as', 'wasm', 'native']
  const planOf = (others: Partial<Record<Placement, Times>>): KernelPlan => {
    const all = { contiguous: { as: 1, wasm: 2, native: 3 }, ...others }
    const entries = Object.entries(all).map(([placement, times]) => [placement as Placement, points(times)] as const)
    return planFrom(new Map(entries), names)
  }
  const winner = (plan: KernelPlan, placement: 'strided' | 'outside') => plan[placement]?.levels[0]?.order[0]

  test('has a choice of its own for arrays that the usual one serves badly', () => {
    const plan = planOf({ strided: { as: 3, wasm: 2, native: 1 }, outside: { as: 1, wasm: 2, native: 3 } })
    expect(plan.levels[0]?.order[0]).toBe('as')
    expect(winner(plan, 'strided')).toBe('native')
    expect(winner(plan, 'outside')).toBe('as')
  })

  test('has none where the usual one is hardly slower', () => {
    const plan = planOf({ strided: { as: 1.1, wasm: 2, native: 1 }, outside: { as: 1.1, wasm: 1, native: 0.5 } })
    expect(Object.keys(plan).sort()).toEqual(['levels', 'threads'])
  })

  test('has one where the usual one is bad without the addon', () => {
    const plan = planOf({ strided: { as: 3, wasm: 2, native: 1.9 }, outside: { as: 1, wasm: 2, native: 0.5 } })
    expect(winner(plan, 'strided')).toBe('native')
    expect(winner(plan, 'outside')).toBe('native')
    expect(plan.outside?.levels[0]?.order[1]).toBe('as')
  })

  const cases = kernelList().flatMap((build) =>
    placementsOf(build.kernel).map((placement) => ({ ...build, placement })),
  )
  test.each(cases)('is measured with operands that lie so: $symbol, $placement', ({ kernel, dtype, placement }) => {
    const { args, release } = argumentsFor(kernel, dtype, sizesFor(kernel, 8), 1, placement)
    release()
    for (const [i, arg] of kernel.args.entries()) {
      if (arg.kind !== 'pointer') continue
      // Results are new arrays.
      const here = arg.access === 'out' ? 'contiguous' : placement
      expect(typeof args[i]).toBe(here === 'outside' ? 'object' : 'number')
      if (arg.strided) expect(args[i + arg.extents.length]).toBe(here === 'strided' ? 2 : 1)
    }
  })
})

describe('numloom tune', () => {
  const tuneWith = (env: Record<string, string>, ...args: string[]) =>
    spawnSync(process.execPath, ['dist/cli.js', 'tune', ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, NUMLOOM_CACHE: join(cache, 'new'), ...env },
    })
  const tune = (...args: string[]) => tuneWith({ TUNE_ANYWAY: '1' }, ...args)

  test('writes a plan that the next process obeys', async () => {
    const { status, stdout, stderr } = tune('--only=add_f64')
    expect(stderr).toBe('  1 of 1  add_f64\n')
    expect(status).toBe(0)
    const path = join(cache, 'new', NAME)
    expect(readdirSync(dirname(path))).toEqual([NAME])
    expect(stdout).toMatch(/^[01] of 1 plans? differ/)
    expect(stdout.endsWith(`\nWrote ${path}\n`)).toBe(true)
    const file = JSON.parse(readFileSync(path, 'utf8')) as PlanFile
    expect(file).toMatchObject(circumstancesHere())
    expect(Object.keys(file.plans)).toEqual(['add'])
    expect(Date.now() - Date.parse(file.date)).toBeLessThan(60_000)
    const told = await fresh({ NUMLOOM_CACHE: dirname(path) })
    expect(told.plan).toEqual({ source: path, measured: file.date, threads: file.threads })
    expect(told.warnings).toEqual([])
    const forTen = file.plans.add?.f64?.levels.findLast(({ work }) => work <= 10)
    expect(told.backends[0]).toBe(forTen?.order.find((name) => name !== 'wasm-threads'))
  })

  describe('--only', () => {
    const newPath = () => join(cache, 'new', NAME)
    const plansOf = (path: string) => (JSON.parse(readFileSync(path, 'utf8')) as PlanFile).plans
    const { add } = onJs().plans
    const here = (): PlanFile => ({ ...onJs(), threads: threadCount().count })

    test('leaves the other plans of the file as they were', () => {
      const path = write({ ...here(), plans: { add: { ...add, f32: add?.f64 }, sin: { f64: add?.f64 } } }, newPath())
      const { status, stdout } = tune('--only=add_f64')
      expect(status).toBe(0)
      expect(stdout.endsWith(`\nWrote ${path}; other plans in it that stay: 2\n`)).toBe(true)
      const plans = plansOf(path)
      expect(plans).toEqual({ add: { f64: expect.anything(), f32: add?.f64 }, sin: { f64: add?.f64 } })
      expect(plans.add?.f64).not.toEqual(add?.f64)
    })

    test('replaces a file that does not hold here, and says so', () => {
      const path = write({ ...here(), cpu: 'i4004' }, newPath())
      const { status, stdout } = tune('--only=negative_f64')
      expect(status).toBe(0)
      expect(stdout).toMatch(/\nWrote .*; what it held is gone: it is of the CPU 'i4004', this is '.*'\n$/)
      expect(Object.keys(plansOf(path))).toEqual(['negative'])
    })

    test('refuses to mix plans that were measured with unlike numbers of threads, before it measures', () => {
      const path = write(onJs(), newPath())
      expect(tune('--only=negative_f64')).toMatchObject({
        status: 1,
        stdout: '',
        stderr: expect.stringMatching(
          `^--only: the plans in ${path} were measured with ${THREADS} threads, these would be with ${threadCount().count}\\. .*\n$`,
        ),
      })
      expect(plansOf(path)).toEqual(onJs().plans)
    })
  })

  test.skipIf(availableParallelism() === 1)('tells where it measured with fewer threads than there are CPUs', () => {
    const { status, stdout } = tuneWith({ TUNE_ANYWAY: '1', OMP_NUM_THREADS: '1' }, '--only=negative_f64')
    expect(status).toBe(0)
    expect(stdout).toContain('\nMeasured with 1 thread (OMP_NUM_THREADS=1): it holds where calls may use no more.\n')
  })

  test('--dry-run writes nothing', () => {
    const { status, stdout } = tune('--dry-run', '--only=negative_f64')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^[01] of 1 plans? differ[\s\S]*Nothing is written: --dry-run\.\n$/)
    expect(readdirSync(cache)).toEqual([])
  })

  test('leaves out sizes that do not fit into a small heap, and says so', () => {
    const { status, stdout } = tuneWith({ TUNE_ANYWAY: '1', NUMLOOM_MAX_MEMORY: '64MB' }, '--only=add_f64')
    expect(status).toBe(0)
    expect(stdout).toContain(
      '\nNot measured: sizes that do not fit into a memory of 64 MiB, of add_f64; they run as the largest that fit.\n',
    )
    const { plans } = JSON.parse(readFileSync(join(cache, 'new', NAME), 'utf8')) as PlanFile
    expect(plans.add?.f64?.levels[0]?.order).toHaveLength(5)
  })

  test('refuses where there is no heap, and says what to do', () => {
    const { status, stderr } = tuneWith({ TUNE_ANYWAY: '1', NUMLOOM_MAX_MEMORY: '0' }, '--only=add_f64')
    expect(stderr).toMatch(
      /^there is no WebAssembly memory: NUMLOOM_MAX_MEMORY=0 forbids it\..* Tune where there is one/,
    )
    expect(status).toBe(1)
    expect(readdirSync(join(cache, 'new'))).toEqual([])
  })

  test.skipIf(availableParallelism() > 32)('refuses where the threads do not get a core each', () => {
    const { status, stderr } = tuneWith({ TUNE_ANYWAY: '', OMP_NUM_THREADS: '64' }, '--only=add_f64')
    expect(stderr).toMatch(/^64 threads are only \d+\.\d\d times as fast as 1 .* set TUNE_ANYWAY=1\.\n$/)
    expect(status).toBe(1)
    expect(readdirSync(join(cache, 'new'))).toEqual([])
  })

  test('says where it cannot write, before it measures', () => {
    writeFileSync(join(cache, 'new'), 'a file where the folder should be')
    expect(tune('--only=add_f64')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^E[A-Z]+: .*\n$/),
    })
  })

  test('refuses kernels and options that it does not know', () => {
    expect(tune('--only=add_f16')).toMatchObject({ status: 1, stderr: '--only: there is no kernel add_f16\n' })
    expect(tune('--fast')).toMatchObject({ status: 2, stderr: expect.stringContaining('numloom tune [--dry-run]') })
    expect(readdirSync(cache)).toEqual([])
  })
})
