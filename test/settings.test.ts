// The environment's settings: every odd value does what the table of docs/guide.md says, and says so once.
// SPDX-License-Identifier: MIT

import { dirname, join } from 'node:path'
import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { variables } from '../dist/omp/variables.js'
import { jsonOf, PERMISSION, runScript } from './support/child.ts'
import { keepEnvironment, reload, told } from './support/settings.ts'

keepEnvironment()

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
    if (warns)
      for (const part of ['OMP_NUM_THREADS', value, `; ${expected[0]} is used`]) expect(given[0]).toContain(part)
  })
  test('unset: the CPUs that this process may use', async () => {
    delete process.env.OMP_NUM_THREADS
    expect(await reload({})).toEqual([])
    expect(nl.getNumThreads()).toBe(detected())
  })
  test('is checked also where another variable goes before it', async () => {
    expect(await reload({ NUMLOOM_NUM_THREADS: '2', OMP_NUM_THREADS: 'abc' })).toEqual([
      "OMP_NUM_THREADS='abc': 'abc' is not a positive integer; 2 is used (NUMLOOM_NUM_THREADS=2)",
    ])
    expect(await reload({ OMP_NUM_THREADS: '99999' })).toEqual([
      `OMP_NUM_THREADS='99999': more than ${cap()} threads; 2 is used`,
    ])
    process.env.NUMLOOM_STRICT_ENV = '1'
    expect(() => nl.reloadEnv()).toThrow(nl.EnvironmentError)
  })
  test('the warning tells the count within OMP_THREAD_LIMIT', async () => {
    const [text] = await reload({ OMP_THREAD_LIMIT: '1', OMP_NUM_THREADS: 'abc' })
    expect(text).toContain('; 1 is used')
    expect(await reload({ OMP_THREAD_LIMIT: '3', OMP_NUM_THREADS: '99999,2,9' })).toEqual([
      `OMP_NUM_THREADS='99999,2,9': more than ${cap()} threads; 3,2,3 is used`,
    ])
  })
  const leaves: [env: Record<string, string>, count: () => number][] = [
    [{ OMP_DYNAMIC: 'true' }, detected],
    [{ OMP_MAX_ACTIVE_LEVELS: '0' }, () => 1],
  ]
  test.each(leaves)('the warning tells the count that %j leaves', async (env, count) => {
    const [text] = await reload({ ...env, OMP_NUM_THREADS: '100000' })
    expect(nl.getNumThreads()).toBe(count())
    expect(text).toBe(`OMP_NUM_THREADS='100000': more than ${cap()} threads; ${count()} is used`)
  })
  test('of a list opens no more levels than are supported', async () => {
    await reload({ OMP_NUM_THREADS: new Array(301).fill(2).join() })
    expect(nl.omp.getMaxActiveLevels()).toBe(nl.omp.getSupportedActiveLevels())
  })
  test.each(['js', 'as', 'wasm'] as const)('is 1 where %s is forced, which has one thread', async (name) => {
    await reload({ OMP_NUM_THREADS: '3', NUMLOOM_BACKEND: name })
    expect([nl.getNumThreads(), nl.omp.getMaxThreads()]).toEqual([1, 1])
    const source = `OMP_NUM_THREADS=3, but ${name} is forced, which has 1 thread`
    expect(nl.showRuntime().threads).toEqual({ count: 1, source })
    expect(nl.withBackend('native', () => nl.getNumThreads())).toBe(3)
    await reload({ NUMLOOM_BACKEND: 'auto' })
    expect(nl.getNumThreads()).toBe(3)
    expect(nl.withBackend(name, () => nl.getNumThreads())).toBe(1)
    await reload({ NUMLOOM_BACKEND: 'cuda' })
    expect(nl.getNumThreads()).toBe(3)
  })
  test.each([
    [{ NUMLOOM_MAX_MEMORY: '0' }, [] as string[], 1],
    [{ NUMLOOM_SHARED_MEMORY: '0' }, [] as string[], 1],
    // Without --allow-worker.
    [{}, [PERMISSION, '--allow-fs-read=*'], 1],
    [{}, [PERMISSION, '--allow-fs-read=*', '--allow-worker'], 3],
    [{}, [] as string[], 3],
  ])('with %j and %j no call has more than auto has backends for', async (env, flags, count) => {
    const found = await jsonOf<unknown>(
      `import * as nl from 'numloom'
      const [count, most, { source }] = [nl.getNumThreads(), nl.omp.getMaxThreads(), nl.showRuntime().threads]
      const [call] = nl.explain(() => nl.exp(nl.ones(3_000_000))).calls.slice(-1)
      console.log(JSON.stringify([count, most, call.threads, source]))`,
      { env: { ...env, OMP_NUM_THREADS: '3' }, flags: ['--no-addons', ...flags] },
    )
    const but = count === 1 ? ', but the backends that are available have 1 thread' : ''
    expect(found).toEqual([count, count, count, `OMP_NUM_THREADS=3${but}`])
  })
  test('libgomp that was loaded before has read a stack that is too small: native is not available, and says so', async () => {
    const { path } = nl.backends().find(({ name }) => name === 'native') as nl.BackendStatus
    const found = await jsonOf<unknown>(
      `import * as nl from 'numloom'
      const { available, reason } = nl.backends().find(({ name }) => name === 'native')
      const [call] = nl.explain(() => nl.exp(nl.ones(3_000_000))).calls.slice(-1)
      console.log(JSON.stringify([available, reason, call.backend]))`,
      {
        env: { LD_PRELOAD: join(dirname(path as string), 'libgomp.so.1'), OMP_STACKSIZE: '20K', OMP_NUM_THREADS: '2' },
      },
    )
    expect(found).toEqual([false, expect.stringContaining('OMP_STACKSIZE=20K'), 'wasm-threads'])
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
    ['OMP_THREAD_LIMIT', '100000000000000000000', 'threadLimit', 2 ** 31 - 1, true],
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
    ['OMP_STACKSIZE', '4', 'stackBytes', 512 * 1024, true],
    ['OMP_STACKSIZE', '511KB', 'stackBytes', 512 * 1024, true],
    ['OMP_STACKSIZE', '512KB', 'stackBytes', 512 * 1024, false],
    ['OMP_STACKSIZE', '2 m', 'stackBytes', 2 * 1024 * 1024, false],
    ['OMP_STACKSIZE', '3000', 'stackBytes', 3000 * 1024, false],
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
  test('OMP_THREAD_LIMIT caps counts that were set before it was read, and no more when it is gone', async () => {
    using _limits = nl.threadpoolLimits({ limits: 8 })
    await reload({ OMP_THREAD_LIMIT: '2' })
    expect(nl.getNumThreads()).toBe(2)
    expect(nl.showRuntime().threads.source).toBe('threadpoolLimits(8), capped by OMP_THREAD_LIMIT=2')
    const inside = nl.withThreads(6, () => {
      delete process.env.OMP_THREAD_LIMIT
      nl.reloadEnv()
      return nl.showRuntime().threads
    })
    expect(inside).toEqual({ count: 6, source: 'withThreads(6)' })
    expect(nl.showRuntime().threads).toEqual({ count: 8, source: 'threadpoolLimits(8)' })
  })
  test('OMP_THREAD_LIMIT caps what a compiled function asks for', async () => {
    const script = `
      import { njit, prange } from 'numloom/njit'
      const double = njit({ parallel: true, threads: 3 }, function double(x) {
        for (const i of prange(x.length)) x[i] = x[i] * 2
      })
      double(new Float64Array(100_000))
      console.log(JSON.stringify(double.stats.lastThreads))
    `
    expect(await jsonOf(script)).toBe(3)
    expect(await jsonOf(script, { env: { OMP_THREAD_LIMIT: '2' } })).toBe(2)
  })
  test('OMP_MAX_ACTIVE_LEVELS=0 leaves one thread to every call', async () => {
    await reload({ OMP_MAX_ACTIVE_LEVELS: '0', OMP_NUM_THREADS: '3' })
    expect(nl.getNumThreads()).toBe(1)
    const x = nl.ones(1_000_000)
    const run = () => nl.withBackend('native', () => nl.exp(x))
    expect(nl.explain(run).calls[0]?.threads).toBe(1)
    await reload({ OMP_MAX_ACTIVE_LEVELS: '1' })
    expect(nl.explain(run).calls[0]?.threads).toBe(3)
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
  test('OMP_DISPLAY_ENV prints them also where the backend asked for is unknown', async () => {
    const env = { OMP_DISPLAY_ENV: 'true', OMP_NUM_THREADS: '3', NUMLOOM_BACKEND: 'cuda' }
    const { code, stdout, stderr } = await runScript(`import * as nl from 'numloom'; console.log(nl.getNumThreads())`, {
      env,
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '3\n' })
    expect(stderr).toContain("OMP_NUM_THREADS = '3'")
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
  test('and OMP_STACKSIZE are told as ignored where a backend is forced that has no such threads', async () => {
    const told = (NUMLOOM_BACKEND: string) =>
      jsonOf<{ ignored: Record<string, string>; text: string; bind: string; shown: string }>(
        `import * as nl from 'numloom'
        const runtime = nl.showRuntime()
        const [bind, shown] = [nl.omp.getProcBind(), nl.omp.displayEnv()]
        console.log(JSON.stringify({ ignored: runtime.ignored, text: String(runtime), bind, shown }))`,
        { env: { NUMLOOM_BACKEND, OMP_PROC_BIND: 'close', OMP_PLACES: 'cores', OMP_STACKSIZE: '1M' } },
      )
    const forced = await told('WASM-threads')
    const reason = 'wasm-threads is forced, and only native binds threads'
    const stack = 'wasm-threads is forced, and only native has stacks of a size that can be set'
    expect(forced.ignored).toEqual({ OMP_PROC_BIND: reason, OMP_PLACES: reason, OMP_STACKSIZE: stack })
    expect(forced.text).toContain(`OMP_PROC_BIND is ignored: ${reason}`)
    expect(forced.bind).toBe('false')
    expect(forced.shown).toContain("OMP_STACKSIZE = ''")
    const native = await told('native')
    expect(native).toMatchObject({ ignored: {}, bind: 'close' })
    expect(native.shown).toContain("OMP_STACKSIZE = '1048576B'")
  })
})

describe('what teams are started with, read again', () => {
  const again = `{ OMP_WAIT_POLICY: 'passive', OMP_PROC_BIND: 'close', OMP_PLACES: 'cores', OMP_STACKSIZE: '1M' }`
  const script = (use: string) => `
    ${use}
    Object.assign(process.env, ${again})
    nl.reloadEnv()
    const [bind, shown] = [nl.omp.getProcBind(), nl.omp.displayEnv()]
    console.log(JSON.stringify({ ignored: nl.showRuntime().ignored, bind, shown: shown.match(/(?<=_POLICY = ')\\w+/)[0] }))`
  test('is told as ignored, and by a warning, where native was loaded before', async () => {
    const use = `nl.withBackend('native', () => nl.ones(3))`
    const { said, lines } = await told(script(use), { OMP_WAIT_POLICY: 'active', OMP_PLACES: 'cores' })
    const loaded = (value: string) => `native was loaded with ${value}; a new process reads it anew`
    expect(JSON.parse(said)).toEqual({
      ignored: { OMP_WAIT_POLICY: loaded('active'), OMP_PROC_BIND: loaded('none'), OMP_STACKSIZE: loaded('none') },
      bind: 'true',
      shown: 'ACTIVE',
    })
    expect(lines).toHaveLength(3)
    expect(lines.join()).toContain(`OMP_WAIT_POLICY='passive': ${loaded('active')}`)
  })
  test('is in force where it was not', async () => {
    const { said, lines } = await told(script('nl.getNumThreads()'), { OMP_WAIT_POLICY: 'active' })
    expect(JSON.parse(said)).toEqual({ ignored: {}, bind: 'close', shown: 'PASSIVE' })
    expect(lines).toEqual([])
  })
  test('the wasm team waits as it says', async () => {
    const use = (first: string, then: string) => `
      process.env.OMP_WAIT_POLICY = '${first}'
      nl.setBackend('wasm-threads')
      const x = nl.ones(300_000)
      const sum = () => nl.withThreads(3, () => nl.sum(nl.exp(x)).item())
      const before = sum()
      process.env.OMP_WAIT_POLICY = '${then}'
      nl.reloadEnv()
      // The most restful second of four: the engine has work of its own.
      let least = 3
      for (let i = 0; i < 4; i++) {
        const start = process.cpuUsage()
        await new Promise((resolve) => setTimeout(resolve, 1000))
        const { user, system } = process.cpuUsage(start)
        least = Math.min(least, (user + system) / 1e6)
      }
      console.log(JSON.stringify({ rests: least < 0.05, same: before === sum(), ignored: nl.showRuntime().ignored }))`
    for (const [first, then] of [
      ['active', 'passive'],
      ['active', ''],
    ] as const) {
      const { said, lines } = await told(use(first, then), {})
      expect({ ...JSON.parse(said), lines }).toEqual({ rests: true, same: true, ignored: {}, lines: [] })
    }
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
  test('are checked also where others go before them', async () => {
    const wrong = (name: string, used: string) => `${name}='xyz': 'xyz' is not a positive integer; ${used} is used`
    expect(await reload({ OPENBLAS_NUM_THREADS: 'xyz', NUMLOOM_NUM_THREADS: '2' })).toEqual([
      `${wrong('OPENBLAS_NUM_THREADS', '2')} (NUMLOOM_NUM_THREADS=2)`,
    ])
    delete process.env.NUMLOOM_NUM_THREADS
    expect(await reload({ OPENBLAS_NUM_THREADS: '3', MKL_NUM_THREADS: 'xyz' })).toEqual([
      `${wrong('MKL_NUM_THREADS', '3')} (OPENBLAS_NUM_THREADS=3)`,
    ])
  })
})
