// Scripts end by themselves right after their last line: idle thread teams keep no process alive.
//
// The limit is generous, because machines that run tests are busy; what was measured is printed.
// SPDX-License-Identifier: MIT

import { afterAll, describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'
import { type ChildOptions, type ChildResult, runScript } from './support/child.ts'

const LIMIT_SECONDS = 10

let worst = 0
afterAll(() => console.log(`scripts ended at most ${(worst * 1000).toFixed(0)} ms after their last line`))

async function ended(script: string, options: ChildOptions = {}): Promise<ChildResult> {
  const result = await runScript(script, options)
  worst = Math.max(worst, result.secondsToEnd)
  expect(result.secondsToEnd).toBeLessThan(LIMIT_SECONDS)
  return result
}

/** A call large enough for threads, then what the script ends with. */
const work = (backend: string) => `
  nl.setBackend('${backend}')
  const x = nl.linspace(0, 1, 1_000_000)
  const [call] = nl.explain(() => nl.withThreads(4, () => nl.add(x, 1))).calls
`
const importIt = `import * as nl from 'numloom'\n`
const requireIt = `const nl = require('numloom')\n`
const lastLine = `console.log(call.backend, call.threads)`

const threadsOf = (backend: string) => (backend === 'native' || backend === 'wasm-threads' ? 4 : 1)

describe.each(BACKEND_NAMES)('on %s', (backend) => {
  const expected = `${backend} ${threadsOf(backend)}\n`

  test('import', async () => {
    const { code, stdout, stderr } = await ended(importIt + work(backend) + lastLine)
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: expected, stderr: '' })
  })
  test('require', async () => {
    const flags = process.version.startsWith('v20') ? ['--no-warnings'] : []
    const { code, stdout, stderr } = await ended(requireIt + work(backend) + lastLine, { commonjs: true, flags })
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: expected, stderr: '' })
  })
  test('after an error that nobody catches', async () => {
    const { code, stdout, stderr } = await ended(`${importIt}${work(backend)}${lastLine}; throw new Error('the end')`)
    expect({ code, stdout }).toEqual({ code: 1, stdout: expected })
    expect(stderr).toContain('the end')
  })
  test('after a rejection that nobody handles', async () => {
    const { code, stderr } = await ended(`${importIt}${work(backend)}${lastLine}; Promise.reject(new Error('the end'))`)
    expect(code).toBe(1)
    expect(stderr).toContain('the end')
  })
  test('by process.exit', async () => {
    const { code, stdout } = await ended(`${importIt}${work(backend)}${lastLine}; process.exit(7)`)
    expect({ code, stdout }).toEqual({ code: 7, stdout: expected })
  })
  test('while a timer is still pending, and after it', async () => {
    const { code, stdout } = await ended(
      `${importIt}${work(backend)}setTimeout(() => { nl.add(x, 2); ${lastLine} }, 50)`,
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: expected })
  })

  /** Runs the script in a worker, and tells its exit code. */
  const inWorker = (body: string, before = '') => `
    import { Worker } from 'node:worker_threads'
    ${before}
    const body = ${JSON.stringify(`(async () => { const nl = await import('numloom'); const { parentPort } = await import('node:worker_threads'); ${body} })()`)}
    const worker = new Worker(body, { eval: true })
    worker.on('message', (message) => console.log('from the worker:', message))
    worker.on('error', (error) => console.log('failed:', error.message))
    worker.on('exit', (code) => console.log('the worker ended with', code))
  `
  const post = `parentPort.postMessage(call.backend + ' ' + call.threads)`
  const fromWorker = `from the worker: ${expected}the worker ended with 0\n`

  test('in a worker', async () => {
    const { code, stdout } = await ended(inWorker(`${work(backend)}; ${post}`))
    expect({ code, stdout }).toEqual({ code: 0, stdout: fromWorker })
  })
  test('in a worker and in the main thread', async () => {
    const { code, stdout } = await ended(inWorker(`${work(backend)}; ${post}`, importIt + work(backend)))
    expect({ code, stdout }).toEqual({ code: 0, stdout: fromWorker })
  })
  test('in a worker that fails', async () => {
    const { code, stdout } = await ended(inWorker(`${work(backend)}; throw new Error('the end')`))
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'failed: the end\nthe worker ended with 1\n' })
  })
  test('in workers one after another', async () => {
    // What a worker loaded alone is unloaded with it, maybe while threads still run in it.
    const script = `
      import { Worker } from 'node:worker_threads'
      import { once } from 'node:events'
      const body = ${JSON.stringify(`import('numloom').then((nl) => { ${work(backend)} })`)}
      const codes = []
      for (let i = 0; i < 8; i++) codes.push((await once(new Worker(body, { eval: true }), 'exit'))[0])
      console.log(codes.join())
    `
    const { code, stdout } = await ended(script)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '0,0,0,0,0,0,0,0\n' })
  })
  test('with a worker that is terminated', async () => {
    const script = `${inWorker(`${work(backend)}; ${post}; setInterval(() => nl.add(x, 1), 1)`)}
      worker.on('message', () => worker.terminate())`
    const { code, stdout } = await ended(script)
    expect(code).toBe(0)
    expect(stdout).toBe(`from the worker: ${expected}the worker ended with 1\n`)
  })
})

test('import alone starts nothing and writes nothing', async () => {
  const { code, stdout, stderr } = await ended(`${importIt}console.log(typeof nl.add)`)
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'function\n', stderr: '' })
})
