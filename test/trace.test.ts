// What the environment asks for: lines on stderr by NUMLOOM_LOG, and files in Chrome's trace event format.
// SPDX-License-Identifier: MIT

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as nl from 'numloom'
import { afterAll, describe, expect, test } from 'vitest'
import { ROOT, runScript } from './support/child.ts'
import { copyOfBuild } from './support/copy.ts'
import { errorOf } from './support/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'numloom-trace-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A call in one thread, one in two, and one that copies. */
const WORK = `
  import * as nl from 'numloom'
  const x = nl.linspace(0, 1, 500_000)
  nl.withBackend('native', () => {
    nl.withThreads(1, () => nl.add(x, 1))
    nl.withThreads(2, () => nl.sin(x))
  })
  nl.withThreads(2, () => nl.withBackend('wasm-threads', () => nl.cos(x)))
  const outside = nl.asarray(new Float64Array(1000))
  nl.withBackend('wasm', () => nl.negative(outside, { out: outside }))
`

describe('NUMLOOM_LOG', () => {
  const lines = async (level: string, work = WORK, cwd = ROOT) => {
    const { stderr, stdout, code } = await runScript(work, { env: { NUMLOOM_LOG: level }, cwd })
    expect({ stdout, code }).toEqual({ stdout: '', code: 0 })
    return stderr.split('\n').filter((line) => line !== '')
  }
  const kinds = (all: string[]) => all.map((line) => line.split(' ', 2).join(' '))

  test('debug writes a line for every event', async () => {
    const all = await lines('debug')
    expect(kinds(all)).toEqual(
      expect.arrayContaining(['numloom dispatch', 'numloom copy', 'numloom region', 'numloom memory']),
    )
    const isa = nl.backends().find(({ name }) => name === 'native')?.isa
    const format = new RegExp(
      `^numloom dispatch sin_f64 native ${isa} 2 threads \\d+\\.\\d{3} ms x float64 \\(500000,\\) C; out float64 \\(500000,\\) C$`,
    )
    expect(all.filter((line) => format.test(line))).toHaveLength(1)
    expect(all).toContainEqual(expect.stringMatching(/^numloom region cos wasm-threads 2 threads \d+\.\d{3} ms$/))
    expect(all).toContainEqual(
      expect.stringMatching(/^numloom copy negative wasm in 8000 bytes \d+\.\d{3} ms: .*outside/),
    )
    expect(all).toContainEqual(expect.stringMatching(/^numloom memory grow \d+ bytes, \d+ of \d+ in use$/))
  })

  test('debug says once, before the first call, why native is missing and how to add it', async () => {
    const copy = copyOfBuild()
    try {
      rmSync(copy.path('build', 'native'), { recursive: true, force: true })
      const work = "import * as nl from 'numloom'; for (let i = 0; i < 3; i++) nl.sin(nl.ones(1e5))"
      const about = (all: string[]) => all.filter((line) => line.includes("backend 'native'"))
      const all = await lines('debug', work, copy.root)
      expect(about(all)).toEqual([
        expect.stringMatching(
          /^numloom backend 'native' cannot be used: there is no package (@numloom\/native-\S+)\. .*: npm install \1$/,
        ),
      ])
      const first = (kind: string) => all.findIndex((line) => line.startsWith(`numloom ${kind}`))
      expect(first('backend')).toBeLessThan(first('dispatch'))
      expect(about(await lines('info', work, copy.root))).toEqual([])
      expect(about(await lines('debug'))).toEqual([])
    } finally {
      copy.remove()
    }
  })

  test('info leaves calls out, warn also growth, off all', async () => {
    expect(new Set(kinds(await lines('info')))).toEqual(new Set(['numloom memory', 'numloom copy']))
    expect(kinds(await lines('warn'))).toEqual(['numloom copy', 'numloom copy'])
    expect(await lines('off')).toEqual([])
    expect(await lines('')).toEqual([])
  })

  test('anything else is told once and ignored', async () => {
    const all = await lines('verbose')
    expect(all.filter((line) => line.includes("NUMLOOM_LOG='verbose'"))).toHaveLength(1)
    expect(all.join(' ')).toContain('expected off, warn, info or debug; off is used')
    expect(all.filter((line) => line.startsWith('numloom '))).toEqual([])
  })

  test('the case of the level does not count', async () => {
    expect(new Set(kinds(await lines('INFO')))).toEqual(new Set(['numloom memory', 'numloom copy']))
  })
})

interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  ts: number
  dur: number
  cat: string
  args: Record<string, unknown>
}

function load(file: string) {
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: TraceEvent[] }
  const metadata = traceEvents.filter(({ ph }) => ph === 'M')
  const timed = traceEvents.filter(({ ph }) => ph !== 'M')
  const rows = new Map(metadata.filter(({ name }) => name === 'thread_name').map(({ tid, args }) => [args.name, tid]))
  return { metadata, timed, rows, spans: timed.filter(({ ph }) => ph === 'X') }
}

/** Spans of a row lie behind or inside each other. */
function expectNested(spans: readonly TraceEvent[]): void {
  const open: number[] = []
  for (const { ts, dur } of spans) {
    while (open.length > 0 && (open.at(-1) as number) <= ts) open.pop()
    if (open.length > 0) expect(ts + dur).toBeLessThanOrEqual((open.at(-1) as number) + 0.001)
    open.push(ts + dur)
  }
}

async function traced(name: string, script: string) {
  const file = join(folder, name)
  const result = await runScript(script, { env: { NUMLOOM_TRACE: file } })
  return { file, ...result }
}

describe('NUMLOOM_TRACE', () => {
  test('writes complete events that are ordered and nest, on named rows', async () => {
    const { file, code } = await traced('work.json', WORK)
    expect(code).toBe(0)
    const { metadata, timed, rows, spans } = load(file)
    expect([...rows.keys()]).toEqual(['main thread', 'main thread, team member 1'])
    expect(metadata.find(({ name }) => name === 'process_name')?.args.name).toContain(`numloom ${nl.version}`)
    expect(new Set(timed.map(({ pid }) => pid)).size).toBe(1)
    timed.slice(1).forEach(({ ts }, i) => {
      expect(ts).toBeGreaterThanOrEqual(timed[i]?.ts as number)
    })
    for (const { ts, dur } of spans) expect(ts > 0 && dur >= 0).toBe(true)
    const [main, member] = ['main thread', 'main thread, team member 1'].map((row) => {
      return spans.filter(({ tid }) => tid === rows.get(row))
    }) as [TraceEvent[], TraceEvent[]]
    expectNested(main)
    expectNested(member)
    expect(member.map(({ name, args }) => [name, args.backend])).toEqual([
      ['sin', 'native'],
      ['cos', 'wasm-threads'],
    ])
    const kernels = main.filter(({ cat }) => cat === 'kernel')
    expect(kernels.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['add_f64', 'sin_f64', 'cos_f64', 'negative_f64']),
    )
    const outer = kernels.find(({ name }) => name === 'negative_f64') as TraceEvent
    const copies = main.filter(({ cat }) => cat === 'copy')
    expect(copies.map(({ name }) => name)).toEqual(['copy in', 'copy out'])
    for (const { ts, dur } of copies) {
      expect(ts).toBeGreaterThanOrEqual(outer.ts)
      expect(ts + dur).toBeLessThanOrEqual(outer.ts + outer.dur + 0.001)
    }
    expect(timed.some(({ ph, name, args }) => ph === 'C' && name === 'heap' && Number(args.inUse) >= 0)).toBe(true)
  })

  test.each([
    ['an uncaught error', `${WORK}; throw new Error('the end')`, 1],
    ['a rejection', `${WORK}; await Promise.reject(new Error('the end'))`, 1],
    ['process.exit', `${WORK}; process.exit(3)`, 3],
  ])('is valid after %s', async (name, script, expected) => {
    const { file, code } = await traced(`${name}.json`, script)
    expect(code).toBe(expected)
    expect(load(file).spans.map((span) => span.name)).toContain('sin_f64')
  })

  test('without a call is valid too', async () => {
    const { file } = await traced('nothing.json', `import 'numloom'`)
    expect(load(file)).toMatchObject({ timed: [], metadata: [{ name: 'process_name' }, { name: 'thread_name' }] })
  })

  test('a worker writes a file of its own', async () => {
    const script = `
      import { Worker } from 'node:worker_threads'
      import * as nl from 'numloom'
      nl.cos(nl.ones(3))
      const code = "import('numloom').then((nl) => nl.sin(nl.ones(3)))"
      new Worker(code, { eval: true })
    `
    const { file, code } = await traced('both.json', script)
    expect(code).toBe(0)
    expect(load(file).spans.map(({ name }) => name)).toContain('cos_f64')
    expect(load(file).spans.map(({ name }) => name)).not.toContain('sin_f64')
    const own = load(join(folder, 'both.1.json'))
    expect(own.spans.map(({ name }) => name)).toContain('sin_f64')
    expect([...own.rows.keys()]).toEqual(['worker 1'])
    expect(own.rows.get('worker 1')).not.toBe(load(file).rows.get('main thread'))
  })

  test('a child process writes a file of its own, named by its number, as its own children and workers do', async () => {
    const grandchild = `import('numloom').then((nl) => nl.exp(nl.ones(3)))`
    const script = `
      import { spawnSync } from 'node:child_process'
      import { Worker } from 'node:worker_threads'
      import * as nl from 'numloom'
      nl.cos(nl.ones(3))
      const node = (code) => spawnSync(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout
      const child = \`import('numloom').then((nl) => {
        nl.sin(nl.ones(3))
        const { spawnSync } = require('node:child_process')
        const { pid } = spawnSync(process.execPath, ['-e', ${JSON.stringify(grandchild)}])
        new (require('node:worker_threads').Worker)("import('numloom').then((nl) => nl.negative(nl.ones(3)))", { eval: true })
        console.log(JSON.stringify([process.pid, pid]))
      })\`
      process.stdout.write(node(child))
      nl.log(nl.ones(3))
    `
    const { file, code, stdout, stderr } = await traced('family.json', script)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [child, grandchildPid] = JSON.parse(stdout) as [number, number]
    const kernels = (path: string) => load(path).spans.map(({ name }) => name)
    expect(kernels(file)).toEqual(['cos_f64', 'log_f64'])
    expect(kernels(join(folder, `family.${child}.json`))).toEqual(['sin_f64'])
    expect(kernels(join(folder, `family.${child}.1.json`))).toEqual(['negative_f64'])
    expect(kernels(join(folder, `family.${grandchildPid}.json`))).toEqual(['exp_f64'])
  })

  test('a child process that is given another file writes that', async () => {
    const other = join(folder, 'other.json')
    const script = `
      import { spawnSync } from 'node:child_process'
      import * as nl from 'numloom'
      nl.cos(nl.ones(3))
      const code = "import('numloom').then((nl) => nl.sin(nl.ones(3)))"
      const env = { ...process.env, NUMLOOM_TRACE: ${JSON.stringify(other)} }
      process.exitCode = spawnSync(process.execPath, ['-e', code], { env }).status
    `
    const { file, code } = await traced('one.json', script)
    expect(code).toBe(0)
    expect(load(file).spans.map(({ name }) => name)).toEqual(['cos_f64'])
    expect(load(other).spans.map(({ name }) => name)).toEqual(['sin_f64'])
  })

  test.each(['await worker.terminate()', 'process.exit(0)'])(
    'a worker that %s ends has written by then',
    async (end) => {
      const name = end.startsWith('await') ? 'terminated' : 'exited'
      const own = join(folder, `${name}.1.json`)
      const script = `
      import { readFileSync } from 'node:fs'
      import { setTimeout as sleep } from 'node:timers/promises'
      import { Worker } from 'node:worker_threads'
      const code = "import('numloom').then((nl) => { for (let i = 0; i < 300; i++) nl.sin(nl.ones(3)); setInterval(() => {}, 1000) })"
      const worker = new Worker(code, { eval: true })
      const written = () => { try { return readFileSync('${own}', 'utf8').includes('sin_f64') } catch { return false } }
      for (let wait = 0; wait < 1000 && !written(); wait++) await sleep(20)
      ${end}
    `
      const { code, stderr } = await traced(`${name}.json`, script)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(load(own).spans.filter((span) => span.name === 'sin_f64')).toHaveLength(300)
    },
  )

  test('of more calls than the memory of V8 would hold is whole', async () => {
    const script = `
      import * as nl from 'numloom'
      const x = nl.ones(3)
      for (let i = 0; i < 150_000; i++) nl.negative(x, { out: x })
    `
    const file = join(folder, 'long.json')
    const flags = ['--max-old-space-size=48']
    const { code, stderr } = await runScript(script, { env: { NUMLOOM_TRACE: file }, flags })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { spans } = load(file)
    expect(spans).toHaveLength(150_000)
    expectNested(spans)
  })

  test('is whole after a signal, but for the last thousand events', async () => {
    const script = `
      import * as nl from 'numloom'
      const x = nl.ones(3)
      for (let i = 0; i < 5_500; i++) nl.negative(x, { out: x })
      process.kill(process.pid, 'SIGKILL')
    `
    const { file, code } = await traced('killed.json', script)
    expect(code).toBe(null)
    const { length } = load(file).spans
    expect(length).toBeGreaterThan(4_400)
    expect(length).toBeLessThanOrEqual(5_500)
  })

  test('a file that cannot be written is told once, and nothing else happens', async () => {
    const { code, stderr, file } = await traced('no/such/folder.json', WORK)
    expect(code).toBe(0)
    expect(stderr.match(/NUMLOOM_ENV\] .*NUMLOOM_TRACE='.*ENOENT.*; no trace is written/g)).toHaveLength(1)
    expect(existsSync(file)).toBe(false)
  })
})

describe('trace', () => {
  test('tells on stderr what it could not write at the end, and leaves the exit code alone', async () => {
    const gone = join(folder, 'gone')
    const script = `
      import { mkdirSync, rmSync } from 'node:fs'
      import * as nl from 'numloom'
      mkdirSync(${JSON.stringify(gone)})
      nl.trace(${JSON.stringify(join(gone, 'trace.json'))})
      rmSync(${JSON.stringify(gone)}, { recursive: true })
    `
    const { code, stderr } = await runScript(script)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^numloom: trace: .*gone.* cannot be written: ENOENT/)
  })

  test('goes to the folder in which it was started, also where the program is in another by then', async () => {
    const script = `
      import { mkdirSync } from 'node:fs'
      import * as nl from 'numloom'
      mkdirSync('elsewhere')
      nl.trace('by-hand.json')
      nl.sin(nl.ones(3))
      process.chdir('elsewhere')
    `
    const own = `${new URL('../dist/index.js', import.meta.url)}`
    const options = { cwd: folder, env: { NUMLOOM_TRACE: 'by-env.json' } }
    const { code, stderr } = await runScript(script.replace("'numloom'", JSON.stringify(own)), options)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const file of ['by-hand.json', 'by-env.json']) {
      expect(load(join(folder, file)).spans.map(({ name }) => name)).toContain('sin_f64')
    }
  })

  test('that cannot be written when it is stopped is an error with the file', () => {
    const gone = join(folder, 'removed')
    mkdirSync(gone)
    const stop = nl.trace(join(gone, 'trace.json'))
    rmSync(gone, { recursive: true })
    const error = errorOf<nl.ValueError>(stop)
    expect(error).toBeInstanceOf(nl.ValueError)
    expect(error).toMatchObject({ file: join(gone, 'trace.json') })
  })

  test('that goes where another one is written is told of, and does not harm that', () => {
    const file = join(folder, 'twice.json')
    const first = nl.trace(file)
    const second = nl.trace(file)
    nl.sin(nl.ones(3))
    second()
    expect(errorOf(first)).toMatchObject({
      code: 'NUMLOOM_VALUE',
      file,
      message: expect.stringMatching(/something else/),
    })
    expect(load(file).spans.map(({ name }) => name)).toEqual(['sin_f64'])
    // Stopping again does nothing.
    first()
    second()
  })

  test('that cannot be written any more does not disturb calls', () => {
    const gone = join(folder, 'halfway')
    mkdirSync(gone)
    const stop = nl.trace(join(gone, 'trace.json'))
    rmSync(gone, { recursive: true })
    const x = nl.ones(3)
    for (let i = 0; i < 2_500; i++) nl.negative(x, { out: x })
    expect(errorOf(stop)).toMatchObject({ code: 'NUMLOOM_VALUE', message: expect.stringMatching(/ENOENT/) })
  })

  test.each([[undefined], [5], [null]])('of %s is a ValueError', (file) => {
    const error = errorOf(() => nl.trace(file as unknown as string))
    expect(error).toBeInstanceOf(nl.ValueError)
    expect((error as Error).message).toContain(`not ${file}`)
  })

  test('records until it is stopped', () => {
    const file = join(folder, 'some.json')
    {
      using _trace = nl.trace(file)
      nl.sin(nl.ones(3))
    }
    nl.cos(nl.ones(3))
    expect(load(file).spans.map(({ name }) => name)).toEqual(['sin_f64'])
    const error = errorOf(() => nl.trace(join(folder, 'no/such/file.json')))
    expect(error).toBeInstanceOf(nl.ValueError)
  })
})
