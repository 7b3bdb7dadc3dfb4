// The settings of worker threads: of those that share the environment of the process, and of those with another one while
// the process has one libgomp.
// SPDX-License-Identifier: MIT

import { describe, expect, test } from 'vitest'
import { jsonOf, runScript } from './support/child.ts'

const HEAD = `
  import { SHARE_ENV, Worker } from 'node:worker_threads'
  import { once } from 'node:events'
  const start = (code, options) => new Worker("const { parentPort, workerData } = require('node:worker_threads');" + code, { eval: true, execArgv: [], ...options })
  const answer = async (worker) => (await once(worker, 'message'))[0]`

const USE = `nl.setBackend('native'); nl.withThreads(2, () => nl.exp(nl.ones(1e6)));`
const WARNING = /NumloomWarning: (.*)$/gm

describe('workers with the environment of the process', () => {
  const env = { OMP_NUM_THREADS: '3', OMP_SCHEDULE: 'dynamic', OMP_THREAD_LIMIT: '5' }
  test('that use native at once have their variables, and leave them as they are', async () => {
    const script = `${HEAD}
      const settings = () => JSON.stringify(Object.entries(process.env).filter(([name]) => /^(OMP|GOMP|NUMLOOM)_/.test(name)).sort())
      const before = settings()
      const code = \`
        const nl = require('numloom')
        const bell = new Int32Array(workerData)
        Atomics.add(bell, 0, 1)
        while (Atomics.load(bell, 0) < 8);
        ${USE}
        parentPort.postMessage([nl.getNumThreads(), nl.omp.getSchedule().kind])\`
      const workerData = new SharedArrayBuffer(4)
      const workers = Array.from({ length: 8 }, () => start(code, { workerData, env: SHARE_ENV }))
      const found = await Promise.all(workers.map(answer))
      console.log(JSON.stringify({ found, same: settings() === before }))`
    expect(await jsonOf(script, { env })).toEqual({ found: Array(8).fill([3, 'dynamic']), same: true })
  })
  test('read it when the main thread has loaded native, for which it changes it', async () => {
    // While the addon's file is loaded the environment is another: then the worker starts to read it.
    const script = `${HEAD}
      import * as nl from 'numloom'
      nl.getNumThreads()
      const shared = new Int32Array(new SharedArrayBuffer(8))
      const worker = start(\`
        const nl = require('numloom')
        const bell = workerData
        Atomics.store(bell, 0, 1)
        Atomics.notify(bell, 0)
        Atomics.wait(bell, 1, 0)
        const changed = process.env.OMP_NUM_THREADS === undefined
        parentPort.postMessage({ changed, found: [nl.getNumThreads(), nl.omp.getSchedule().kind, nl.omp.getThreadLimit()] })\`,
        { workerData: shared, env: SHARE_ENV })
      const reading = answer(worker)
      while (Atomics.load(shared, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      const load = process.dlopen
      process.dlopen = (...args) => {
        Atomics.store(shared, 1, 1)
        Atomics.notify(shared, 1)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
        load.apply(process, args)
      }
      ${USE}
      console.log(JSON.stringify(await reading))`
    expect(await jsonOf(script, { env })).toEqual({ changed: true, found: [3, 'dynamic', 5] })
  })
})

describe('a worker with an environment of its own', () => {
  const NAMES = ['OMP_PROC_BIND', 'OMP_PLACES', 'OMP_STACKSIZE', 'OMP_WAIT_POLICY']
  const asked = { OMP_WAIT_POLICY: 'passive', OMP_STACKSIZE: '3M', OMP_PROC_BIND: 'close', OMP_PLACES: 'cores' }
  const SHOW = `
    const shown = nl.omp.displayEnv().match(/(PROC_BIND|PLACES|STACKSIZE|WAIT_POLICY) = '.*'/g).join()
    const told = { shown, ignored: nl.showRuntime().ignored };`
  const NOTHING = "PLACES = '',PROC_BIND = 'FALSE',STACKSIZE = '',WAIT_POLICY = ''"
  const ASKED = "PLACES = 'cores',PROC_BIND = 'CLOSE',STACKSIZE = '3145728B',WAIT_POLICY = 'PASSIVE'"
  const inWorker = `const nl = require('numloom'); ${USE} ${SHOW} parentPort.postMessage(told)`
  const first = (env: object) =>
    `const told = await answer(start(${JSON.stringify(inWorker)}, { env: ${JSON.stringify(env)} }))`
  type Told = { shown: string; ignored: Record<string, string> }
  async function run(script: string, env: Record<string, string>): Promise<Told & { warned: number }> {
    const { stdout, stderr, code } = await runScript(`${HEAD}\n${script}\nconsole.log(JSON.stringify(told))`, { env })
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    return { ...(JSON.parse(stdout) as Told), warned: [...stderr.matchAll(WARNING)].length }
  }

  test('is told what libgomp has from the main thread', async () => {
    const { shown, ignored, warned } = await run(`import * as nl from 'numloom'; ${USE} ${first(asked)}`, {})
    expect(shown).toBe(NOTHING)
    expect(Object.keys(ignored).sort()).toEqual([...NAMES].sort())
    expect(ignored.OMP_STACKSIZE).toBe('native was loaded with none; a new process reads it anew')
    expect(warned).toBe(4)
  })
  test('is told what libgomp has from the process, where it loads it', async () => {
    const { shown, ignored, warned } = await run(first({}), asked)
    expect(shown).toBe(ASKED)
    expect(ignored.OMP_PROC_BIND).toBe('native was loaded with close; a new process reads it anew')
    expect(warned).toBe(4)
  })
  test('and the main thread is, after it', async () => {
    const main = `
      import * as nl from 'numloom'
      delete process.env.OMP_STACKSIZE
      await answer(start(${JSON.stringify(inWorker)}, { env: {} }))
      process.env.OMP_STACKSIZE = '3M'
      nl.reloadEnv()
      ${USE} ${SHOW}`
    const { shown, ignored } = await run(main, asked)
    expect(shown).toBe(ASKED.replace('3145728B', ''))
    expect(ignored).toEqual({ OMP_STACKSIZE: 'native was loaded with none; a new process reads it anew' })
  })
  test('that is that of the process has no warning', async () => {
    const main = `import * as nl from 'numloom'; ${USE} ${first({ ...asked, OMP_STACKSIZE: '3072K' })}`
    expect(await run(main, asked)).toEqual({ shown: ASKED, ignored: {}, warned: 0 })
  })
})
