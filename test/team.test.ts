// Teams under stress: several workers at once, workers that end in the middle of a call, threads that die or trap.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { jsonOf, ROOT, runScript } from './support/child.ts'

const THREADED = ['wasm-threads', 'native'] as const

/** A script that starts workers, each of which runs `job` and posts what it returns. */
const withWorkers = (count: number, job: string, rest: string) => `
  import { Worker } from 'node:worker_threads'
  import * as nl from 'numloom'
  const code = \`
    const { parentPort } = require('node:worker_threads')
    const nl = require('numloom')
    ${job}
  \`
  const workers = Array.from({ length: ${count} }, () => new Worker(code, { eval: true, execArgv: [] }))
  ${rest}
`

/** The job of a worker that is in a region of two threads nearly all the time, and says so. */
const endless = (backend: string) => `
  nl.setBackend('${backend}'); nl.setNumThreads(2)
  const x = nl.ones([3_000_000]), out = nl.zeros([3_000_000])
  nl.sin(x, { out })
  parentPort.postMessage('up')
  for (;;) nl.sin(x, { out })`

describe.each(THREADED)('%s', (backend) => {
  test('eight workers at once, in more threads than cores, are all right', async () => {
    const job = `
      nl.setBackend('${backend}'); nl.setNumThreads(4)
      const x = nl.linspace(0, 1, 300_000)
      const sums = new Set()
      for (let i = 0; i < 20; i++) sums.add(nl.sum(nl.exp(x)).item())
      parentPort.postMessage([...sums])`
    const rest = `
      const results = await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
        worker.once('message', resolve); worker.once('error', reject)
      })))
      const x = nl.linspace(0, 1, 300_000)
      const alone = nl.withBackend('${backend}', () => nl.withThreads(1, () => nl.sum(nl.exp(x)).item()))
      console.log(JSON.stringify({ results, alone }))`
    const { results, alone } = await jsonOf<{ results: number[][]; alone: number }>(withWorkers(8, job, rest))
    expect(results).toEqual(Array.from({ length: 8 }, () => [alone]))
  })

  test.each(THREADED)('a call that finds the budget used, by %s, runs on fewer threads', async (other) => {
    const rest = `
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
      const x = nl.ones([3_000_000]), teams = []
      for (let i = 0; i < 30; i++) {
        const [call] = nl.explain(() => nl.withBackend('${backend}', () => nl.withThreads(2, () => nl.sin(x)))).calls
        teams.push(call.threads)
      }
      await Promise.all(workers.map((worker) => worker.terminate()))
      console.log(JSON.stringify(teams))`
    const teams = await jsonOf<number[]>(withWorkers(2, endless(other), rest))
    expect(teams).toContain(1)
  })

  test('starts no more threads than the budget leaves', async () => {
    const job = `import(${JSON.stringify(pathToFileURL(join(ROOT, 'dist/core/budget.js')).href)}).then(({ claim }) => {
      parentPort.postMessage(claim(6))
      setInterval(() => {}, 1000)
    })`
    const rest = `
      import { readdirSync } from 'node:fs'
      const tasks = () => readdirSync('/proc/self/task').length
      const claimed = await new Promise((resolve) => workers[0].once('message', resolve))
      const x = nl.ones([1_000_000])
      const team = (threads) => nl.explain(() =>
        nl.withBackend('${backend}', () => nl.withThreads(threads, () => nl.sin(x)))).calls[0].threads
      team(1)
      const before = tasks()
      const threads = team(8)
      const started = tasks() - before
      await workers[0].terminate()
      console.log(JSON.stringify({ claimed, threads, started, alone: team(8) }))`
    const found = await jsonOf(withWorkers(1, job, rest))
    expect(found).toEqual({ claimed: 6, threads: 2, started: 1, alone: 8 })
  })

  test('workers that are terminated in the middle of a call leave the others working', async () => {
    const job = `
      nl.setBackend('${backend}'); nl.setNumThreads(2)
      const x = nl.linspace(0, 1, 200_000)
      nl.exp(x)
      parentPort.postMessage('up')
      for (;;) nl.exp(x)`
    const rest = `
      nl.setBackend('${backend}'); nl.setNumThreads(2)
      const x = nl.linspace(0, 1, 200_000)
      const before = nl.sum(nl.exp(x)).item()
      let wrong = 0
      for (let round = 0; round < 25; round++) {
        const four = round === 0 ? workers : Array.from({ length: 4 }, () => new Worker(code, { eval: true, execArgv: [] }))
        await Promise.all(four.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
        await Promise.all(four.map((worker) => worker.terminate()))
        if (nl.sum(nl.exp(x)).item() !== before) wrong++
      }
      console.log(JSON.stringify(wrong))`
    expect(await jsonOf<number>(withWorkers(4, job, rest))).toBe(0)
  }, 180_000)

  test('a worker that was terminated in the middle of a call has no threads of the budget', async () => {
    const rest = `
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
      await Promise.all(workers.map((worker) => worker.terminate()))
      const x = nl.ones([3_000_000])
      const teams = ['native', 'wasm-threads'].map((name) =>
        nl.explain(() => nl.withBackend(name, () => nl.withThreads(2, () => nl.sin(x)))).calls[0].threads)
      console.log(JSON.stringify(teams))`
    expect(await jsonOf<number[]>(withWorkers(3, endless(backend), rest))).toEqual([2, 2])
  })

  test('an idle process rests', async () => {
    const idle = await jsonOf<number>(`
      import * as nl from 'numloom'
      const x = nl.ones([1_000_000])
      nl.withBackend('${backend}', () => nl.withThreads(4, () => nl.exp(x)))
      // The engine still compiles and collects for a while: the most restful second of four counts.
      let least = 1
      for (let i = 0; i < 4; i++) {
        const before = process.cpuUsage()
        await new Promise((resolve) => setTimeout(resolve, 1000))
        const { user, system } = process.cpuUsage(before)
        least = Math.min(least, (user + system) / 1e6)
      }
      console.log(JSON.stringify(least))
    `)
    expect(idle).toBeLessThan(0.01)
  })

  test('child processes and cluster work after use', () => {
    const file = join(ROOT, 'build', `cluster-${process.pid}.cjs`)
    writeFileSync(file, clusterScript(backend))
    try {
      const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 30_000 })
      expect({ stdout, stderr, status }).toEqual({ stdout: '2 1000000 1000000\n', stderr: '', status: 0 })
    } finally {
      rmSync(file)
    }
  })
})

const clusterScript = (backend: string) => `
  const cluster = require('node:cluster')
  const { execFileSync } = require('node:child_process')
  const nl = require('numloom')
  const x = nl.ones([1_000_000])
  const value = () => nl.withBackend('${backend}', () => nl.withThreads(3, () => nl.sum(x).item()))
  const own = value()
  if (cluster.isPrimary) {
    const inChild = execFileSync(process.execPath, ['-p', '1 + 1']).toString().trim()
    const worker = cluster.fork()
    worker.on('message', (inWorker) => {
      console.log(inChild, inWorker, value())
      worker.kill()
    })
  } else process.send(own)
`

describe('where a worker loads the addon first, with the environment of the process', () => {
  const job = `
    const tasks = () => require('node:fs').readdirSync('/proc/self/task').length
    const x = nl.ones([1_000_000])
    nl.setBackend('native')
    nl.withThreads(1, () => nl.sin(x))
    const before = tasks()
    const [call] = nl.explain(() => nl.withThreads(3, () => nl.sin(x))).calls
    parentPort.postMessage({ reported: call.threads, found: 1 + tasks() - before })`
  const rest = `
    workers[0].once('message', (found) => console.log(JSON.stringify(found)))`
  const found = (env: Record<string, string>) =>
    jsonOf(withWorkers(1, job, rest).replace('execArgv: []', 'execArgv: [], env: {}'), { env })

  test.each([
    ['a dynamic number of threads', { OMP_DYNAMIC: 'true' }],
    ['a limit of threads', { OMP_THREAD_LIMIT: '2' }],
    ['a limit of levels', { OMP_MAX_ACTIVE_LEVELS: '0' }],
  ] as const)('%s is numloom’s alone', async (_, env) => {
    expect(await found(env)).toEqual({ reported: 3, found: 3 })
  })
  test('a stack that is too small for kernels makes native unavailable', async () => {
    const caught = `try { nl.setBackend('native') } catch ({ name, message }) { parentPort.postMessage({ name, message }) }`
    const script = withWorkers(1, caught, rest).replace('execArgv: []', 'execArgv: [], env: {}')
    expect(await jsonOf(script, { env: { OMP_STACKSIZE: '20K' } })).toMatchObject({
      name: 'BackendError',
      message: expect.stringMatching(/OMP_STACKSIZE=20K, less than the minimum of 512K/),
    })
  })
})

describe('the smallest OMP_STACKSIZE', () => {
  test.each(['4', '20K', '512K'])('%s is enough for kernels and compiled functions', async (size) => {
    const script = `
      import * as nl from 'numloom'
      import { njit, prange } from 'numloom/njit'
      nl.setBackend('native')
      const [a, t, x] = [nl.ones([1200, 1200]), nl.ones([1200, 1200]).T, nl.ones(1200)]
      const every = nl.ones([1200, 2400]).slice(':', '::2')
      const fib = njit(function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) })
      const fill = njit({ parallel: true, target: 'native', globals: { fib } }, (out) => {
        for (const i of prange(out.length)) out[i] = fib(20)
      })
      const out = new Float64Array(8)
      const found = nl.withThreads(3, () => {
        fill(out)
        const products = [nl.matmul(a, x), nl.matmul(t, x), nl.matmul(every, x), nl.matmul(a, t)]
        return products.map((product) => nl.min(product).item() === 1200 && nl.max(product).item() === 1200)
      })
      console.log(JSON.stringify([found, [...out]]))`
    const { code, stdout, stderr } = await runScript(script, { env: { OMP_STACKSIZE: size } })
    expect({ code, found: stdout && JSON.parse(stdout) }).toEqual({
      code: 0,
      found: [[true, true, true, true], new Array(8).fill(6765)],
    })
    const warnings = stderr.split('\n').filter((line) => line.includes('OMP_STACKSIZE'))
    expect(warnings.length).toBe(size === '512K' ? 0 : 1)
    if (size !== '512K') expect(warnings[0]).toContain('524288B is used')
  })
})

describe('OMP_PROC_BIND', () => {
  test.runIf(availableParallelism() > 1)('binds the threads of the team, and none of Node', async () => {
    const mask = (path: string) =>
      `readFileSync(${path} + '/status', 'latin1').split('Cpus_allowed_list:')[1].split('Mems')[0].trim()`
    const run = `nl.withBackend('native', () => nl.withThreads(2, () => nl.sin(nl.ones([1_000_000]))))`
    const job = `
      const { readFileSync } = require('node:fs')
      parentPort.once('message', () => {
        ${run}
        parentPort.postMessage(${mask("'/proc/thread-self'")})
      })`
    const rest = `
      import { readFileSync, readdirSync } from 'node:fs'
      const masks = () => new Map(readdirSync('/proc/self/task').map((id) => [id, ${mask("'/proc/self/task/' + id")}]))
      const before = masks()
      ${run}
      const made = [...masks()].filter(([id]) => !before.has(id)).map(([, cpus]) => cpus)
      const same = [...before].every(([id, cpus]) => masks().get(id) === cpus)
      workers[0].postMessage('go')
      workers[0].once('message', (cpus) => {
        nl.reloadEnv()
        const inWorker = cpus === before.get(String(process.pid))
        console.log(JSON.stringify({ made, same, inWorker, count: nl.getNumThreads() }))
        process.exit()
      })`
    const env = { OMP_PROC_BIND: 'close', OMP_PLACES: 'threads' }
    const result = await jsonOf<{ made: string[] }>(withWorkers(1, job, rest), { env })
    expect(result).toMatchObject({ same: true, inWorker: true, count: availableParallelism() })
    expect(result.made).toContainEqual(expect.stringMatching(/^\d+$/))
  })
})

describe('threads that the system does not start', () => {
  const tried = `
    const tried = (threads, fn) => { try { return nl.withThreads(threads, fn) } catch ({ name, code, backend }) { return { name, code, backend } } }
  `
  test('are a BackendError of native, and the process goes on', async () => {
    // No machine has the address space for such stacks.
    const found = await jsonOf<unknown[]>(
      `
      import * as nl from 'numloom'
      import { njit, prange } from 'numloom/njit'
      ${tried}
      const sum = () => nl.withBackend('native', () => nl.sum(nl.ones(1_000_000)).item())
      const fill = njit({ parallel: true, target: 'native' }, (out) => {
        for (const i of prange(out.length)) out[i] = i
      })
      const out = new Float64Array(1000)
      const last = () => { fill(out); return out[999] }
      console.log(JSON.stringify([tried(2, sum), tried(1, sum), tried(2, last), tried(1, last)]))`,
      { env: { OMP_STACKSIZE: '100000G' } },
    )
    const error = { name: 'BackendError', code: 'NUMLOOM_BACKEND', backend: 'native' }
    expect(found).toEqual([error, 1_000_000, error, 999])
  })

  test('are one also where a larger team was there just before', async ({ skip }) => {
    if (spawnSync('prlimit', ['--version']).error) skip('prlimit is not installed')
    const script = `
      import { spawnSync } from 'node:child_process'
      import { readFileSync } from 'node:fs'
      import * as nl from 'numloom'
      ${tried}
      const x = nl.ones(300_000)
      const team = (threads) => tried(threads, () =>
        nl.explain(() => nl.withBackend('native', () => nl.exp(x))).calls[0].threads)
      const found = [team(8), team(2)]
      // Room for three more stacks, once those of the threads that libgomp let go are free.
      await new Promise((resolve) => setTimeout(resolve, 100))
      const size = 1024 * Number(/VmSize:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1])
      const limited = spawnSync('prlimit', ['--pid', String(process.pid), '--as=' + (size + 3 * 2 ** 30)])
      found.push(limited.status, team(8), team(3))
      console.log(JSON.stringify(found))`
    const error = { name: 'BackendError', code: 'NUMLOOM_BACKEND', backend: 'native' }
    expect(await jsonOf(script, { env: { OMP_STACKSIZE: '1G' } })).toEqual([8, 2, 0, error, 3])
  })

  test('are a BackendError of wasm-threads, and fewer serve', async () => {
    const found = await jsonOf<unknown[]>(`
      import { createRequire, syncBuiltinESMExports } from 'node:module'
      const threads = createRequire(import.meta.url)('node:worker_threads')
      const { Worker } = threads
      let left = 1
      threads.Worker = class extends Worker {
        constructor(...args) {
          if (left-- === 0) throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })
          super(...args)
        }
      }
      syncBuiltinESMExports()
      const nl = await import('numloom')
      ${tried}
      const sum = () => nl.withBackend('wasm-threads', () => nl.sum(nl.ones(1_000_000)).item())
      const found = [tried(4, sum), tried(2, sum), tried(4, sum)]
      left = 0
      try { nl.withThreads(5, sum) } catch ({ message, cause }) { found.push(message, cause.code) }
      console.log(JSON.stringify(found))`)
    const error = { name: 'BackendError', code: 'NUMLOOM_BACKEND', backend: 'wasm-threads' }
    const reason = expect.stringContaining(
      "backend 'wasm-threads' could not start 5 threads: 4 are up (EAGAIN). Use fewer",
    )
    expect(found).toEqual([error, 1_000_000, 1_000_000, reason, 'ERR_WORKER_INIT_FAILED'])
  })
})

describe('preloads of the user', () => {
  test.each(THREADED)('are not run by threads of %s', async (backend) => {
    const file = join(ROOT, 'build', `preload-${process.pid}-${backend}.cjs`)
    writeFileSync(
      file,
      `if (!require('node:worker_threads').isMainThread) throw new Error('for the main thread alone')`,
    )
    const script = `
      import * as nl from 'numloom'
      const sum = () => nl.withBackend('${backend}', () => nl.withThreads(3, () => nl.sum(nl.ones(1_000_000)).item()))
      const first = sum()
      // What a thread says comes between jobs.
      await new Promise((resolve) => setTimeout(resolve, 100))
      console.log(JSON.stringify([first, sum()]))`
    try {
      for (const options of [{ flags: ['--require', file] }, { env: { NODE_OPTIONS: `--require "${file}"` } }]) {
        expect(await jsonOf(script, options)).toEqual([1_000_000, 1_000_000])
      }
    } finally {
      rmSync(file)
    }
  })
})

describe('a thread of the wasm team', () => {
  const capture = `
    import { createRequire, syncBuiltinESMExports } from 'node:module'
    const threads = createRequire(import.meta.url)('node:worker_threads')
    const made = []
    const { Worker } = threads
    threads.Worker = class extends Worker { constructor(...args) { super(...args); made.push(this) } }
    syncBuiltinESMExports()
    const nl = await import('numloom')
    const x = nl.linspace(0, 1, 300_000)
    const run = () => nl.withBackend('wasm-threads', () => nl.withThreads(3, () => nl.sum(nl.exp(x)).item()))
    const caught = (fn) => { try { return fn() } catch (error) { return { name: error.name, code: error.code, backend: error.backend } } }
  `
  test('that died is an error within two seconds, and the next call is right', async () => {
    const result = await jsonOf<{ first: number; error: object; seconds: number; after: number }>(`${capture}
      const first = run()
      const alive = setInterval(() => {}, 1000)
      await made[0].terminate()
      clearInterval(alive)
      const start = performance.now()
      const error = caught(run)
      const seconds = (performance.now() - start) / 1000
      console.log(JSON.stringify({ first, error, seconds, after: run() }))
    `)
    expect(result.error).toEqual({ name: 'BackendError', code: 'NUMLOOM_BACKEND', backend: 'wasm-threads' })
    expect(result.seconds).toBeLessThan(2)
    expect(result.after).toBe(result.first)
  })

  test.each(['', 'active'])(
    'that ends within its share is an error, waiting policy %j',
    async (policy) => {
      const file = join(ROOT, 'build', `ending-${process.pid}.cjs`)
      // In threads of the team alone, this function of the engine ends the thread, once.
      writeFileSync(
        file,
        `const { tan } = Math
      Math.tan = (x) => { if (x === 1 && !process.env.ENDED) process.exit(); return tan(x) }`,
      )
      try {
        const result = await jsonOf<{ error: object; after: boolean }>(
          `
        import { createRequire, syncBuiltinESMExports } from 'node:module'
        const threads = createRequire(import.meta.url)('node:worker_threads')
        const { Worker } = threads
        let made = 0
        threads.Worker = class extends Worker {
          constructor(name, options) {
            const own = options.name === 'em-pthread'
            const env = { ...process.env, ...(own && made++ > 0 && { ENDED: '1' }) }
            super(name, own ? { ...options, env, execArgv: ['--require', ${JSON.stringify(file)}] } : options)
          }
        }
        syncBuiltinESMExports()
        const nl = await import('numloom')
        const { njit, prange } = await import('numloom/njit')
        const fill = njit({ parallel: true, target: 'wasm' }, (out, x) => {
          for (const i of prange(out.length)) out[i] = Math.tan(x[i])
        })
        const x = Float64Array.from({ length: 1000 }, (_, i) => (i === 999 ? 1 : i / 2000)), out = new Float64Array(1000)
        const run = () => nl.withThreads(2, () => { fill(out, x); return out.every((value, i) => value === Math.tan(x[i])) })
        const caught = (fn) => { try { return fn() } catch ({ name, code, backend }) { return { name, code, backend } } }
        nl.withThreads(1, () => fill(out, x))
        console.log(JSON.stringify({ error: caught(run), after: caught(run) }))`,
          { env: { OMP_WAIT_POLICY: policy } },
        )
        const error = { name: 'BackendError', code: 'NUMLOOM_BACKEND', backend: 'wasm-threads' }
        expect(result).toEqual({ error, after: true })
      } finally {
        rmSync(file)
      }
    },
    90_000,
  )

  test('that traps, or a caller that does, is one error, and the next call is right', async () => {
    const result = await jsonOf<{ first: number; errors: string[]; after: number }>(`${capture}
      const { loadWasmThreads } = await import('./dist/backends/wasm.js')
      const { exp } = await import('./dist/kernels/math.js')
      const first = run()
      const backend = loadWasmThreads()
      const call = backend.bind(exp, 'f64')
      const errors = []
      const { heap } = await import('./dist/core/heap.js')
      const end = heap().buffer.byteLength
      // Beyond the memory for all; then for the other members only: they have the last two thirds.
      for (const out of [end + 2 ** 20, end - 8 * 110_000]) {
        backend.setThreads(3)
        try { call([1, 300_000, 33554432, 0, 1, out, 0, 1]) } catch (error) { errors.push(error.name) }
      }
      console.log(JSON.stringify({ first, errors, after: run() }))
    `)
    expect(result.errors).toEqual(['RuntimeError', 'BackendError'])
    expect(result.after).toBe(result.first)
  })
})
