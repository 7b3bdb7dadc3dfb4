// The environment's settings: every odd value does what the table of docs/guide.md says, and says so once.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { variables } from '../dist/omp/variables.js'
import { jsonOf, runScript } from './support/child.ts'

const warnings: string[] = []
const onWarning = (warning: Error) => warnings.push(warning.message)
let before: NodeJS.ProcessEnv

beforeEach(() => {
  before = { ...process.env }
  process.on('warning', onWarning)
})
afterEach(() => {
  process.off('warning', onWarning)
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
  Object.assign(process.env, before)
  nl.reloadEnv()
})

/** Reads the environment with variables set, and gives the warnings that came. */
async function reload(env: Record<string, string>): Promise<string[]> {
  Object.assign(process.env, env)
  warnings.length = 0
  nl.reloadEnv()
  nl.getNumThreads()
  await new Promise((resolve) => setImmediate(resolve))
  return [...warnings]
}

const cap = () => variables().cap
const detected = () => variables().detected.count

describe('OMP_NUM_THREADS', () => {
  type Row = [value: string, counts: readonly number[] | 'default' | 'cap', warns: boolean]
  const rows: Row[] = [
    ['1', [1], false],
    [' 3 ', [3], false],
    ['4,2', [4, 2], false],
    ['4, 2 ,1', [4, 2, 1], false],
    ['4,,2', 'default', true],
    ['4,', 'default', true],
    [',4', 'default', true],
    ['', 'default', false],
    ['   ', 'default', false],
    ['0', 'default', true],
    ['-1', 'default', true],
    ['abc', 'default', true],
    ['true', 'default', true],
    ['3abc', 'default', true],
    ['3.5', 'default', true],
    ['3;2', 'default', true],
    ['0x10', 'default', true],
    ['010', [10], false],
    ['+3', [3], false],
    ['4 2', 'default', true],
    ['all', 'default', true],
    ['4294967297', 'cap', true],
    ['100000', 'cap', true],
    ['12345678901234567890', 'cap', true],
  ]
  test.each(rows)('%j', async (value, counts, warns) => {
    const given = await reload({ OMP_NUM_THREADS: value })
    const expected = counts === 'default' ? [detected()] : counts === 'cap' ? [cap()] : counts
    expect(nl.getNumThreads()).toBe(expected[0])
    expect(nl.omp.getMaxThreads()).toBe(expected[0])
    expect(variables().counts ?? [detected()]).toEqual(expected)
    expect(nl.omp.getMaxActiveLevels()).toBe(counts === 'default' ? 1 : expected.length)
    expect(given.length).toBe(warns ? 1 : 0)
    if (warns) for (const part of ['OMP_NUM_THREADS', value]) expect(given[0]).toContain(part)
  })
  test('unset: the CPUs that this process may use', async () => {
    delete process.env.OMP_NUM_THREADS
    expect(await reload({})).toEqual([])
    expect(nl.getNumThreads()).toBe(detected())
  })
  test('the cap is four a CPU, 64 at least', () => {
    expect(cap()).toBe(Math.max(64, 4 * variables().detected.cpus))
  })
  test('names are case-sensitive', async () => {
    await reload({ omp_num_threads: '5' })
    expect(nl.getNumThreads()).toBe(detected())
  })
})

describe('OMP_SCHEDULE', () => {
  const schedule = (kind: string, chunk = 0, monotonic = kind === 'static') => ({ kind, chunk, monotonic })
  test.each<[string, object, boolean]>([
    ['static', schedule('static'), false],
    ['STATIC , 3', schedule('static', 3), false],
    ['dynamic,0', schedule('dynamic', 1), true],
    ['dynamic,-1', schedule('static'), true],
    ['static,abc', schedule('static'), true],
    ['staticx', schedule('static'), true],
    ['guided,abc', schedule('static'), true],
    ['auto,3', schedule('auto'), true],
    ['runtime', schedule('static'), true],
    ['foo', schedule('static'), true],
    ['', schedule('static'), true],
    ['guided,99999999999', schedule('static'), true],
    ['dynamic, 4 ', schedule('dynamic', 4), false],
    ['nonmonotonic:dynamic,2', schedule('dynamic', 2, false), false],
    ['monotonic : guided', schedule('guided', 0, true), false],
  ])('%j', async (value, expected, warns) => {
    const given = await reload({ OMP_SCHEDULE: value })
    expect(nl.omp.getSchedule()).toEqual(expected)
    expect(given.filter((text) => text.startsWith('OMP_SCHEDULE')).length).toBe(warns ? 1 : 0)
  })
})

describe('other variables', () => {
  type Row = [name: string, value: string, key: keyof ReturnType<typeof variables>, expected: unknown, warns: boolean]
  const truths = ['1', 'yes', 'on', '.true.', 't', 'TRUE'].map(
    (value): Row => ['OMP_DYNAMIC', value, 'dynamic', true, false],
  )
  const rows: Row[] = [
    ...truths,
    ['OMP_DYNAMIC', 'off', 'dynamic', false, false],
    ['OMP_DYNAMIC', 'truex', 'dynamic', false, true],
    ['OMP_THREAD_LIMIT', '0', 'threadLimit', undefined, true],
    ['OMP_THREAD_LIMIT', '7', 'threadLimit', 7, false],
    ['OMP_MAX_ACTIVE_LEVELS', '300', 'maxActiveLevels', 255, true],
    ['OMP_MAX_ACTIVE_LEVELS', '0', 'maxActiveLevels', 0, false],
    ['OMP_MAX_ACTIVE_LEVELS', '-1', 'maxActiveLevels', 1, true],
    ['OMP_NESTED', 'true', 'maxActiveLevels', 255, true],
    ['OMP_PROC_BIND', 'true,close', 'procBind', undefined, true],
    ['OMP_PROC_BIND', 'Spread , close', 'procBind', 'spread,close', false],
    ['OMP_PLACES', 'foo', 'places', undefined, true],
    ['OMP_PLACES', 'cores(2)', 'places', 'cores(2)', false],
    ['OMP_PLACES', '{0:4}:2:4', 'places', '{0:4}:2:4', false],
    ['OMP_PLACES', '0,1', 'places', '0,1', false],
    ['OMP_STACKSIZE', '4', 'stackBytes', 16384, true],
    ['OMP_STACKSIZE', '16KB', 'stackBytes', 16384, false],
    ['OMP_STACKSIZE', '2 m', 'stackBytes', 2 * 1024 * 1024, false],
    ['OMP_STACKSIZE', '300', 'stackBytes', 300 * 1024, false],
    ['OMP_STACKSIZE', '1.5M', 'stackBytes', undefined, true],
    ['OMP_WAIT_POLICY', 'Active', 'waitPolicy', 'active', false],
    ['OMP_WAIT_POLICY', 'lazy', 'waitPolicy', undefined, true],
  ]
  test.each(rows)('%s=%j', async (name, value, key, expected, warns) => {
    const given = await reload({ [name]: value })
    expect(variables()[key]).toEqual(expected)
    expect(given.length).toBe(warns ? 1 : 0)
    if (warns) expect(given[0]).toContain(name)
  })
  test('OMP_THREAD_LIMIT caps every count', async () => {
    expect(await reload({ OMP_THREAD_LIMIT: '1', OMP_NUM_THREADS: '8' })).toEqual([])
    expect(nl.getNumThreads()).toBe(1)
    expect(nl.withThreads(4, () => nl.getNumThreads())).toBe(1)
    expect(nl.omp.getThreadLimit()).toBe(1)
  })
  test('OMP_DYNAMIC=true uses no more threads than CPUs', async () => {
    await reload({ OMP_DYNAMIC: 'true', OMP_NUM_THREADS: String(detected() + 3) })
    expect(nl.getNumThreads()).toBe(detected())
    nl.omp.setDynamic(false)
    expect(nl.getNumThreads()).toBe(detected() + 3)
  })
  test.each([['1'], ['true'], ['verbose']])('OMP_DISPLAY_ENV=%s prints the settings', async (OMP_DISPLAY_ENV) => {
    const script = `import * as nl from 'numloom'; nl.getNumThreads()`
    const { stderr } = await runScript(script, { env: { OMP_DISPLAY_ENV, OMP_NUM_THREADS: '3,2' } })
    expect(stderr).toContain('OPENMP DISPLAY ENVIRONMENT BEGIN')
    expect(stderr).toContain("OMP_NUM_THREADS = '3,2'")
    expect(stderr.includes('NUMLOOM_VERSION')).toBe(OMP_DISPLAY_ENV === 'verbose')
  })
})

describe('OMP_PROC_BIND and OMP_PLACES', () => {
  const masks = (env: Record<string, string>) =>
    jsonOf<string[]>(
      `import { readdirSync, readFileSync } from 'node:fs'
      import * as nl from 'numloom'
      const x = nl.ones([1_000_000])
      const before = new Set(readdirSync('/proc/self/task'))
      nl.withBackend('native', () => nl.withThreads(3, () => nl.exp(x)))
      const made = readdirSync('/proc/self/task').filter((task) => !before.has(task))
      const mask = (task) => /Cpus_allowed_list:\\s*(\\S+)/.exec(readFileSync('/proc/self/task/' + task + '/status', 'latin1'))[1]
      console.log(JSON.stringify(made.map(mask).sort()))`,
      { env },
    )
  test('bind the threads of the addon', async ({ skip }) => {
    if (detected() < 2) skip('there is one CPU only')
    const free = await masks({})
    expect(free[0]).toBe(free[1])
    expect(free[0]).not.toMatch(/^\d+$/)
    expect(await masks({ OMP_PROC_BIND: 'true', OMP_PLACES: '{0},{1}' })).toEqual(['0', '1'])
    expect(await masks({ OMP_PROC_BIND: 'true,close', OMP_PLACES: 'foo' })).toEqual(free)
  })
})

describe('names of BLAS libraries', () => {
  test('count for linear algebra alone, below NUMLOOM_NUM_THREADS', async () => {
    const count = (env: Record<string, string>) =>
      jsonOf<[number, number]>(
        `import * as nl from 'numloom'
        const [a, x] = [nl.ones([1200, 1200]), nl.ones(1_000_000)]
        const calls = nl.withBackend('native', () => nl.explain(() => [nl.matmul(a, a), nl.exp(x)])).calls
        console.log(JSON.stringify(calls.map(({ threads }) => threads)))`,
        { env },
      )
    expect(await count({ OPENBLAS_NUM_THREADS: '3', OMP_NUM_THREADS: '2' })).toEqual([3, 2])
    expect(await count({ OPENBLAS_NUM_THREADS: '0', MKL_NUM_THREADS: '4', OMP_NUM_THREADS: '2' })).toEqual([4, 2])
    expect(await count({ OPENBLAS_NUM_THREADS: '3', NUMLOOM_NUM_THREADS: '2' })).toEqual([2, 2])
  })
})

describe('NUMLOOM_STRICT_ENV=1', () => {
  test('makes an invalid value an error with its name and value', async () => {
    process.env.NUMLOOM_STRICT_ENV = '1'
    process.env.OMP_NUM_THREADS = 'abc'
    const error = (() => {
      try {
        nl.reloadEnv()
      } catch (caught) {
        return caught
      }
    })()
    expect(error).toBeInstanceOf(nl.EnvironmentError)
    expect(error).toMatchObject({ code: 'NUMLOOM_ENV', variable: 'OMP_NUM_THREADS', value: 'abc' })
    process.env.OMP_NUM_THREADS = '3'
    nl.reloadEnv()
    expect(nl.getNumThreads()).toBe(3)
  })
})

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
})
