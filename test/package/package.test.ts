// The packages as a user gets them: installed from their tarballs into an empty folder, with the platform package and
// without, run by the oldest and the newest Node.
// SPDX-License-Identifier: MIT

import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testContents } from './contents.js'
import {
  install,
  type Node,
  nodes,
  npx,
  REPOSITORY,
  run,
  runFixture,
  running,
  tarballs,
  withNode,
  workFolder,
} from './installed.js'
import { testTypes } from './types.js'

const BACKENDS = ['js', 'as', 'wasm', 'wasm-threads', 'native']

interface Status {
  name: string
  available: boolean
  reason?: string
  file?: string
}

interface Computed {
  statuses: Status[]
  results: Record<string, number[]>
  libgomp?: string
}

let work: string
/** Folders with numloom and its platform package, with numloom alone, and with both and LLVM under an awkward path. */
let complete: string
let alone: string
let awkward: string

beforeAll(() => {
  work = workFolder()
  const { main, platform, dependencies } = tarballs(work)
  complete = install(work, 'complete', [main, platform, ...dependencies])
  alone = install(work, 'alone', [main, ...dependencies])
  awkward = join(work, 'with space, ü and 100%25')
  cpSync(complete, awkward, { recursive: true, verbatimSymlinks: true })
  mkdirSync(join(awkward, 'node_modules/@yowasp'), { recursive: true })
  symlinkSync(join(REPOSITORY, 'node_modules/@yowasp/clang'), join(awkward, 'node_modules/@yowasp/clang'))
}, 60_000)

afterAll(() => rmSync(work, { recursive: true, force: true }))

const names = (statuses: Status[]) => statuses.flatMap((status) => (status.available ? [status.name] : []))

/** Fails with the reasons of those that are missing. */
function expectAvailable({ statuses, results }: Computed, wanted: string[]): void {
  expect(names(statuses), statuses.map(({ reason }) => reason ?? '').join('\n')).toEqual(wanted)
  const x = Array.from({ length: 10_000 }, (_, i) => i / 9999)
  const roots = x.reduce((sum, value) => sum + Math.sqrt(value), 0)
  const squares = x.reduce((sum, value) => sum + value * value, 0)
  expect(Object.keys(results)).toEqual(['auto', ...wanted])
  for (const [name, values] of Object.entries(results)) {
    for (const [i, value] of [roots, squares, 0].entries()) expect(values[i], name).toBeCloseTo(value, 8)
  }
}

describe.each(nodes())('$name', (node: Node) => {
  const test = it.skipIf(node.path === undefined)

  test('runs the first example and ends by itself', () => {
    interface Report {
      total: number
      explanation: string
      forced: string
      product: number[][]
    }
    const report = runFixture<Report>(node, complete, 'example.mjs')
    let total = 0
    for (let i = 0; i < 1e6; i++) total += Math.sin(i / 999_999)
    expect(report.total).toBeCloseTo(total, 5)
    expect(report.explanation).toMatch(/^sin_f64 on \S+ \(/)
    expect(report.forced).toBe('wasm')
    expect(report.product).toEqual([
      [5, 14],
      [14, 50],
    ])
  })

  test('`require` gives what `import` gives: one instance and one heap', () => {
    const required = runFixture<Record<string, unknown>>(node, complete, 'commonjs.cjs')
    expect(required.integral).toBeCloseTo(0, 9)
    const { sum, integral: _, ...same } = required
    expect(sum).toBeCloseTo(50_000, 6)
    expect(same).toEqual({ sameFunctions: true, sameClassic: true, sameClass: true, sameHeap: true, sameSetting: true })
    expect(runFixture(node, complete, 'one-instance.mjs')).toEqual({
      sum: 100_000,
      sameFunctions: true,
      sameClassic: true,
      sameClass: true,
      sameHeap: true,
    })
  })

  test('has every backend when the platform package is installed', () => {
    const computed = runFixture<Computed>(node, complete, 'backends.mjs')
    expectAvailable(computed, BACKENDS)
    expect(computed.libgomp).toMatch(/node_modules\/@numloom\/native-[^/]+\/libgomp\.so\.1$/)
  })

  test('works without the platform package, and says how to get it', () => {
    const computed = runFixture<Computed>(node, alone, 'backends.mjs')
    expectAvailable(computed, BACKENDS.slice(0, -1))
    const native = computed.statuses.find((status) => status.name === 'native')
    expect(native?.reason).toMatch(/npm install @numloom\/native-\w+-\w+-\w+/)
    const forced = run(node.path as string, ['example.mjs'], { cwd: alone, env: { NUMLOOM_BACKEND: 'native' } })
    expect(forced.status).toBe(1)
    expect(forced.stderr).toContain('BackendError')
    expect(forced.stderr).toContain('npm install @numloom/native-')
  })

  test('works under a path with a space, a percent sign and a letter beyond ASCII', () => {
    expectAvailable(runFixture<Computed>(node, awkward, 'backends.mjs'), BACKENDS)
  })

  test('works in a worker beside the main thread', () => {
    type Results = Record<string, number[]>
    const { here, there } = runFixture<{ here: Results; there: Results }>(node, complete, 'worker.mjs')
    expect(Object.keys(here)).toEqual(BACKENDS)
    expect(there).toEqual(here)
    for (const [roots] of Object.values(here)) expect(roots).toBe(2000)
  })

  test('compiles loops: natively, and to WebAssembly where there is LLVM', () => {
    const result = { sum: 149_985_000, last: 29_997, threads: 2 }
    const install = (name: string) =>
      expect.stringContaining(`there is no package ${name}. Install it: npm install ${name}`)
    const noLlvm = install('@yowasp/clang')
    expect(runFixture(node, complete, 'njit.mjs')).toEqual({
      native: { runs: 'native', ...result, text: noLlvm },
      wasm: { name: 'NjitError', code: 'NL5004', message: noLlvm },
    })
    expect(runFixture(node, awkward, 'njit.mjs')).toEqual({
      native: { runs: 'native', ...result, text: install('wabt') },
      wasm: { runs: 'wasm', ...result, text: install('wabt') },
    })
    expect(runFixture(node, complete, 'njit.cjs')).toEqual({ runs: 'native', sum: 499_500, same: true })
  })

  test('starts no thread until an operation is large enough', () => {
    const counts = runFixture<Record<string, number>>(node, complete, 'threads.mjs')
    const { before = 0, afterSmall, afterLarge, used } = counts
    expect(afterSmall).toBe(before)
    expect(used).toBe(2)
    expect(afterLarge).toBeGreaterThan(before)
  })

  test('reports the time from import to the first result', () => {
    for (const folder of [complete, alone]) {
      const runs = Array.from({ length: 5 }, () => runFixture<Record<string, number>>(node, folder, 'first-result.mjs'))
      const median = (key: string) =>
        runs
          .map((one) => one[key] as number)
          .sort((a, b) => a - b)[2]
          ?.toFixed(1)
      console.log(
        `${node.name}, ${folder === complete ? 'with' : 'without'} the addon: first result ${median('result')} ms after ` +
          `the import began (import ${median('import')} ms), ${median('process')} ms after the process began`,
      )
    }
  }, 20_000)

  test('has a command that tells what is there', () => {
    const command = join(complete, 'node_modules/.bin/numloom')
    const env = withNode(node)
    const text = run(command, ['info'], { cwd: complete, env })
    expect(text).toMatchObject({ status: 0, stderr: '' })
    for (const name of BACKENDS) expect(text.stdout).toMatch(new RegExp(`^ +${name} `, 'm'))
    const json = run(command, ['info', '--json'], { cwd: complete, env })
    expect(json).toMatchObject({ status: 0, stderr: '' })
    const config = JSON.parse(json.stdout)
    expect(names(config.backends)).toEqual(BACKENDS)
    expect(config.node).toBe(run(node.path as string, ['--version'], { cwd: complete }).stdout.trim())
    expect(run(command, ['nonsense'], { cwd: complete, env })).toMatchObject({ status: 2, stdout: '' })
  })

  test('has a command that measures a plan', () => {
    const command = join(complete, 'node_modules/.bin/numloom')
    const env = { ...withNode(node), NUMLOOM_CACHE: join(work, node.name), NUMLOOM_PLAN: '' }
    const tuned = run(command, ['tune', '--only=add_f64'], { cwd: complete, env: { ...env, TUNE_ANYWAY: '1' } })
    expect(tuned.status, tuned.stderr).toBe(0)
    const { stdout } = run(command, ['info'], { cwd: complete, env })
    expect(stdout).toMatch(/^plan +\S.*\.json, measured \d{4}-\d\d-\d\d with /m)
  })
})

it('answers to npx', () => {
  const { status, stdout, stderr } = npx(work, complete, 'numloom', 'info')
  expect(status, stderr).toBe(0)
  expect(stdout).toMatch(/^numloom +\d+\.\d+\.\d+$/m)
})

it('loads the wasm files from beside its code, and names the one that is missing', () => {
  const folder = join(awkward, 'node_modules/numloom/dist')
  renameSync(join(folder, 'wasm'), join(folder, 'elsewhere'))
  try {
    const { statuses } = runFixture<Computed>(running(), awkward, 'backends.mjs')
    expect(names(statuses)).toEqual(['js', 'native'])
    for (const name of ['as', 'wasm', 'wasm-threads']) {
      expect(statuses.find((status) => status.name === name)?.reason).toContain(join(folder, 'wasm', 'numloom.'))
    }
  } finally {
    renameSync(join(folder, 'elsewhere'), join(folder, 'wasm'))
  }
})

testContents(() => complete)
testTypes(() => complete)
