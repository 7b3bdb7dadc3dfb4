// nl.omp, threadpoolInfo() and threadpoolLimits(): the routines of OpenMP and of threadpoolctl.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import * as nl from 'numloom'
import { afterEach, describe, expect, test } from 'vitest'
import { ROOT } from './support/child.ts'

const before = nl.getNumThreads()
afterEach(() => nl.setNumThreads(before))

describe('outside of a region', () => {
  test('the routines tell of a team of one', () => {
    const { omp } = nl
    expect([omp.getNumThreads(), omp.getThreadNum(), omp.inParallel(), omp.getLevel(), omp.getActiveLevel()]).toEqual([
      ...[1, 0, false, 0, 0],
    ])
    expect([0, 5, -1].map(omp.getAncestorThreadNum)).toEqual([0, -1, -1])
    expect([0, 3].map(omp.getTeamSize)).toEqual([1, -1])
  })
  test('setNumThreads and getMaxThreads', () => {
    nl.omp.setNumThreads(5)
    expect([nl.omp.getMaxThreads(), nl.getNumThreads()]).toEqual([5, 5])
    for (const wrong of [0, -1, 2.5, Number.NaN, 1e9]) expect(() => nl.omp.setNumThreads(wrong)).toThrow(nl.ValueError)
    expect(nl.omp.getMaxThreads()).toBe(5)
  })
  test('schedule', () => {
    const start = nl.omp.getSchedule()
    nl.omp.setSchedule({ kind: 'guided', chunk: 4 })
    expect(nl.omp.getSchedule()).toEqual({ kind: 'guided', chunk: 4, monotonic: false })
    expect(() => nl.omp.setSchedule({ kind: 'foo' as 'auto' })).toThrow(nl.ValueError)
    expect(() => nl.omp.setSchedule({ kind: 'dynamic', chunk: -1 })).toThrow(nl.ValueError)
    for (const wrong of [undefined, null, 'static', { kind: 'static', monotonic: 'x' }]) {
      expect(() => nl.omp.setSchedule(wrong as unknown as nl.omp.Schedule)).toThrow(nl.ValueError)
    }
    Object.assign(nl.omp.getSchedule(), { kind: 'foo' })
    expect(nl.omp.getSchedule().kind).toBe('guided')
    nl.omp.setSchedule(start)
    expect(nl.omp.getSchedule()).toEqual(start)
  })
  test('levels', () => {
    const start = nl.omp.getMaxActiveLevels()
    nl.omp.setMaxActiveLevels(1000)
    expect(nl.omp.getMaxActiveLevels()).toBe(nl.omp.getSupportedActiveLevels())
    expect(() => nl.omp.setMaxActiveLevels(-1)).toThrow(nl.ValueError)
    nl.omp.setMaxActiveLevels(0)
    expect(nl.withThreads(4, () => nl.getNumThreads())).toBe(1)
    nl.omp.setMaxActiveLevels(start)
    expect(nl.withThreads(4, () => nl.getNumThreads())).toBe(4)
  })
  test('what is no boolean is refused', () => {
    for (const wrong of ['false', 0, undefined]) {
      expect(() => nl.omp.setDynamic(wrong as never)).toThrow(nl.ValueError)
      expect(() => nl.omp.setNested(wrong as never)).toThrow(nl.ValueError)
    }
  })
  test('a wrong argument is a ValueError also where it cannot be written down', () => {
    const cycle: Record<string, unknown> = {}
    cycle.own = cycle
    const bare = Object.assign(Object.create(null), { two: 2 })
    for (const wrong of [2n, cycle, bare, Symbol('two'), { toString: null }] as never[]) {
      const uses = [
        () => nl.omp.setDynamic(wrong),
        () => nl.omp.setNested(wrong),
        () => nl.omp.setMaxActiveLevels(wrong),
        () => nl.omp.setSchedule({ kind: wrong }),
        () => nl.omp.setSchedule({ kind: 'static', chunk: wrong }),
        () => nl.setNumThreads(wrong),
        () => nl.withThreads(2, wrong),
        () => nl.exp(1, { threads: wrong }),
        () => nl.threadpoolLimits({ limits: wrong }),
        () => nl.threadpoolLimits({ limits: 1, userApi: wrong }),
        () => nl.threadpoolLimits({ limits: { blas: wrong } }),
      ]
      for (const use of uses) expect(use).toThrow(nl.ValueError)
    }
    expect(() => nl.omp.setDynamic(2n as never)).toThrow(/not 2n$/)
    expect(() => nl.setNumThreads(Number.NaN)).toThrow(/not NaN$/)
  })
  test('a scope without a function is refused', () => {
    const { withThreads, withBackend } = nl as unknown as Record<string, (...args: unknown[]) => unknown>
    expect(() => withThreads?.(2)).toThrow(nl.ValueError)
    expect(() => withBackend?.('js', 5)).toThrow(nl.ValueError)
  })
  test('the clock goes on, in seconds', () => {
    const between = () => [process.hrtime.bigint(), nl.omp.getWtime(), process.hrtime.bigint()] as const
    const [first, start, second] = between()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30)
    const [third, end, fourth] = between()
    const tick = 1e-5
    expect(end - start).toBeGreaterThan(Number(third - second) / 1e9 - tick)
    expect(end - start).toBeLessThan(Number(fourth - first) / 1e9 + tick)
    expect(nl.omp.getWtick()).toBeLessThanOrEqual(1e-6)
  })
  test('displayEnv returns what it prints', () => {
    nl.omp.setNumThreads(6)
    const text = nl.omp.displayEnv(true)
    for (const line of [
      "OMP_NUM_THREADS = '6'",
      "OMP_SCHEDULE = 'STATIC'",
      "NUMLOOM_THREADS_SOURCE = 'setNumThreads(6)'",
    ]) {
      expect(text).toContain(line)
    }
  })
})

describe('threadpoolInfo', () => {
  test("has threadpoolctl's keys and the counts in force", () => {
    const info = nl.withThreads(3, () => nl.threadpoolInfo())
    expect(info.map(({ user_api }) => user_api)).toContain('blas')
    for (const pool of info) {
      expect(Object.keys(pool).sort()).toEqual(
        [
          ...['architecture', 'filepath', 'internal_api', 'num_threads', 'prefix', 'threading_layer'],
          ...['user_api', 'version'],
        ].sort(),
      )
      expect(pool.num_threads).toBe(3)
      expect(isAbsolute(pool.filepath)).toBe(true)
      expect(existsSync(pool.filepath)).toBe(true)
    }
    const [gomp] = info.filter(({ internal_api }) => internal_api === 'openmp')
    expect(gomp).toMatchObject({ user_api: 'openmp', prefix: 'libgomp', version: null })
    if (process.platform === 'linux') expect(gomp?.filepath).toMatch(/libgomp|numloom\.node$/)
    for (const { internal_api, version } of info) if (internal_api === 'numloom') expect(version).toBe(nl.version)
  })
})

describe('threadpoolLimits', () => {
  const counts = () => Object.fromEntries(nl.threadpoolInfo().map((pool) => [pool.user_api, pool.num_threads]))
  test('as a scope, which follows await', async () => {
    nl.setNumThreads(4)
    const inside = nl.threadpoolLimits({ limits: 2, userApi: 'blas' }, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return counts()
    })
    expect(counts()).toEqual({ openmp: 4, blas: 4 })
    expect(await inside).toEqual({ openmp: 4, blas: 2 })
  })
  test('of everything but linear algebra', () => {
    nl.setNumThreads(4)
    expect(nl.threadpoolLimits({ limits: { openmp: 3 } }, counts)).toEqual({ openmp: 3, blas: 4 })
  })
  test('as a disposable', () => {
    nl.setNumThreads(4)
    const limits = nl.threadpoolLimits({ limits: { openmp: 3, blas: 2 } })
    expect(counts()).toEqual({ openmp: 3, blas: 2 })
    expect(limits.getOriginalNumThreads()).toEqual({ openmp: 4, blas: 4 })
    limits[Symbol.dispose]()
    limits[Symbol.dispose]()
    expect(counts()).toEqual({ openmp: 4, blas: 4 })
  })
  test('as a function, whose every call has the limits', async () => {
    nl.setNumThreads(4)
    const object = {
      factor: 10,
      counts: nl.threadpoolLimits.wrap({ limits: 2, userApi: 'blas' }, async function (this: unknown, n: number) {
        await new Promise((resolve) => setImmediate(resolve))
        return { ...counts(), n: n * (this as { factor: number }).factor }
      }),
    }
    expect(await object.counts(1)).toEqual({ openmp: 4, blas: 2, n: 10 })
    expect(await object.counts(2)).toEqual({ openmp: 4, blas: 2, n: 20 })
    expect(counts()).toEqual({ openmp: 4, blas: 4 })
  })
  test('null sets none, for one API too', () => {
    nl.setNumThreads(4)
    expect(nl.threadpoolLimits({ limits: null, userApi: 'blas' }, counts)).toEqual({ openmp: 4, blas: 4 })
  })
  test('by what threadpoolInfo told', () => {
    const info = nl.threadpoolLimits({ limits: { openmp: 3, blas: 2 } }, () => nl.threadpoolInfo())
    expect(nl.threadpoolLimits({ limits: info }, counts)).toEqual({ openmp: 3, blas: 2 })
  })
  test('within a scope leave what holds outside of it', () => {
    nl.setNumThreads(4)
    const limits = nl.withThreads(2, () => nl.threadpoolLimits({ limits: { openmp: 3 } }))
    expect(counts()).toEqual({ openmp: 3, blas: 4 })
    limits.restoreOriginalLimits()
  })
  test('may be kept', () => {
    const limits = nl.threadpoolLimits({ limits: 3 })
    limits.unregister()
    limits.restoreOriginalLimits()
    expect(counts()).toEqual({ openmp: 3, blas: 3 })
  })
  test('wrong arguments', () => {
    const wrong = [
      { limits: 0 },
      { limits: 'all' },
      { limits: { fft: 2 } },
      { limits: 1, userApi: 'fft' },
      { limits: true },
      { limits: 1, user_api: 'blas' },
      { limits: { openmp: 1 }, userApi: 'blas' },
      { limits: [{ user_api: 'fft', num_threads: 1 }] },
      { limits: [null] },
      { limits: [{ user_api: 'blas' }] },
      ...[{}, 5, null, undefined],
    ]
    for (const options of wrong) {
      expect(() => nl.threadpoolLimits(options as unknown as nl.ThreadpoolOptions)).toThrow(nl.ValueError)
      expect(() => nl.threadpoolLimits.wrap(options as unknown as nl.ThreadpoolOptions, counts)).toThrow(nl.ValueError)
    }
    expect(() => nl.threadpoolLimits({ limits: 1 }, 5 as never)).toThrow(nl.ValueError)
    expect(counts()).toEqual({ openmp: before, blas: before })
  })
})

describe('the command', () => {
  const command = (args: string[], env: Record<string, string>) =>
    spawnSync(process.execPath, ['dist/cli.js', ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    })
  const threads = (...args: string[]) => command(['threads', ...args], { OMP_NUM_THREADS: '3' })
  test('says without a stack what is wrong with the environment, and info answers', () => {
    const env = { OMP_NUM_THREADS: 'abc', NUMLOOM_STRICT_ENV: '1' }
    const message = "OMP_NUM_THREADS='abc': 'abc' is not a positive integer"
    expect(command(['threads'], env)).toMatchObject({ status: 1, stdout: '', stderr: `numloom: ${message}\n` })
    const info = command(['info'], env)
    expect(info).toMatchObject({ status: 0, stderr: '' })
    expect(info.stdout).toContain(`threads    0 (${message})`)
  })
  test.each(['', 'thread', 'constructor'])('%j is none, and told how it is used', (name) => {
    expect(command([name], {})).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^usage: /) })
  })
  test('numloom threads --json', () => {
    const pools = JSON.parse(threads('--json').stdout) as nl.Threadpool[]
    expect(pools.length).toBeGreaterThan(0)
    expect(pools.every(({ num_threads }) => num_threads === 3)).toBe(true)
  })
  test('numloom threads', () => {
    const { stdout, status } = threads()
    expect(status).toBe(0)
    expect(stdout).toContain('OMP_NUM_THREADS=3')
  })
})
