// The contract between definitions and binaries: a binary that is not what the definitions say does not load, and
// everything else goes on without it, visibly.
// SPDX-License-Identifier: MIT

import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import * as nl from 'numloom'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { relaxedSimd, simd, threads } from 'wasm-feature-detect'
import { BACKEND_NAMES, type BackendName, checkTable } from '../dist/backends/backend.js'
import { kernelList } from '../dist/kernel/registry.js'
import { signatureInWords, signatureOf } from '../dist/kernel/signature.js'
import { jsonOf, runScript } from './support/child.ts'
import { type Copy, copyOfBuild } from './support/copy.ts'
import { errorOf } from './support/errors.ts'

const BINARIES = BACKEND_NAMES.filter((name) => name !== 'js')

/** The table of a backend that is as it should be. */
const fullTable = (backend: BackendName) =>
  new Map(
    kernelList()
      .filter(({ kernel }) => kernel.on.includes(backend))
      .map(({ kernel, dtype, symbol }) => [symbol, signatureOf(kernel, dtype)]),
  )

describe('tables', () => {
  test('every backend of this build is what the definitions say', () => {
    for (const status of nl.backends()) expect(status).toMatchObject({ available: true })
    expect(nl.backends().map(({ name }) => name)).toEqual([...BACKEND_NAMES])
  })

  test('definitions name known backends, and no two have one symbol', () => {
    const symbols = kernelList().map(({ symbol }) => symbol)
    expect(new Set(symbols).size).toBe(symbols.length)
    for (const { kernel } of kernelList()) for (const name of kernel.on) expect(BINARIES).toContain(name)
  })

  for (const backend of BINARIES) {
    test(`${backend}: a kernel that its definition names is missing`, () => {
      expect(() => checkTable(backend, 'x.wasm', fullTable(backend))).not.toThrow()
      for (const symbol of fullTable(backend).keys()) {
        const table = fullTable(backend)
        table.delete(symbol)
        const error = errorOf<nl.BackendError>(() => checkTable(backend, 'x.wasm', table))
        expect(error).toBeInstanceOf(nl.BackendError)
        expect(error).toMatchObject({ backend, file: 'x.wasm', kernel: symbol })
        expect(error.message).toMatch(`x.wasm: kernel ${symbol} is missing`)
      }
    })

    test(`${backend}: a signature differs`, () => {
      for (const [symbol, signature] of fullTable(backend)) {
        const other = `${signature}n`
        const error = errorOf<nl.BackendError>(() =>
          checkTable(backend, 'x.wasm', fullTable(backend).set(symbol, other)),
        )
        expect(error).toMatchObject({ backend, file: 'x.wasm', kernel: symbol })
        for (const part of [symbol, signatureInWords(signature), signatureInWords(other)]) {
          expect(error.message).toContain(part)
        }
      }
    })

    test(`${backend}: a kernel without a definition`, () => {
      const error = errorOf<nl.BackendError>(() =>
        checkTable(backend, 'x.wasm', fullTable(backend).set('of_tomorrow_f64', 'n')),
      )
      expect(error).toMatchObject({ backend, file: 'x.wasm', kernel: 'of_tomorrow_f64' })
    })
  }

  test('pages, which ask wasm-feature-detect, choose the build that Node chooses by validating it', async () => {
    const files = { relaxed: 'numloom.relaxed.wasm', plain: 'numloom.wasm' }
    const valid = (file: string) => WebAssembly.validate(readFileSync(new URL(`../dist/wasm/${file}`, import.meta.url)))
    expect({ relaxed: valid(files.relaxed), plain: valid(files.plain) }).toEqual({
      relaxed: await relaxedSimd(),
      plain: await simd(),
    })
    expect(nl.showRuntime().memory.shared).toBe(await threads())
  })

  test('signatures are told in words', () => {
    expect(signatureInWords('n&d*di&l*s')).toBe('(size, const f64*, f64*, i32, const i64*, f32*)')
  })
})

interface Report {
  readonly status: nl.BackendStatus[]
  readonly sum: number
  readonly backend: string
  readonly forced: { readonly name: string; readonly code: string; readonly message: string } | undefined
  readonly afterwards: number
}

/** What a program sees where binaries are damaged; `forced` is what happens if one of them is forced all the same. */
const REPORT = (forced: string) => `
  import * as nl from 'numloom'
  const x = nl.linspace(0, 1, 100_001)
  let sum
  const { backend } = nl.explain(() => { sum = nl.sum(x).item() }).calls[0]
  let forced
  try { nl.withBackend('${forced}', () => nl.sum(x)) } catch ({ name, code, message }) { forced = { name, code, message } }
  console.log(JSON.stringify({ status: nl.backends(), sum, backend, forced, afterwards: nl.sum(x).item() }))
`

describe('damaged files', () => {
  let copy: Copy
  beforeEach(() => {
    copy = copyOfBuild()
  })
  afterEach(() => copy.remove())

  const addon = () => {
    const [platform] = readdirSync(copy.path('build', 'native'))
    return copy.path('build', 'native', platform as string, 'numloom.node')
  }
  const wasm = (pattern: RegExp) =>
    readdirSync(copy.path('dist', 'wasm'))
      .filter((name) => pattern.test(name))
      .map((name) => copy.path('dist', 'wasm', name))

  /** Checks that these backends are gone, with a reason that matches, and that all else works. */
  async function expectWithout(gone: readonly BackendName[], reason: RegExp) {
    const report = await jsonOf<Report>(REPORT(gone[0] as string), { cwd: copy.root })
    for (const status of report.status) {
      expect(status.available, status.name).toBe(!gone.includes(status.name))
      if (!status.available) expect(status.reason).toMatch(reason)
    }
    expect(report.sum).toBeCloseTo(50000.5, 6)
    expect(report.afterwards).toBe(report.sum)
    expect(gone).not.toContain(report.backend)
    expect(report.forced).toMatchObject({ name: 'BackendError', code: 'NUMLOOM_BACKEND' })
    expect(report.forced?.message).toMatch(reason)
    const cli = JSON.stringify(copy.path('dist', 'cli.js'))
    const script = `process.argv = [process.execPath, 'numloom', 'info']; await import(${cli})`
    const info = await runScript(script, { cwd: copy.root })
    expect(info.stdout).toMatch(reason)
  }

  test('a whole copy works', async () => {
    const report = await jsonOf<Report>(REPORT('native'), { cwd: copy.root })
    expect(report.status.every(({ available }) => available)).toBe(true)
    expect(report.forced).toBeUndefined()
  })

  test('as: missing', async () => {
    for (const file of wasm(/\.as\./)) rmSync(file)
    await expectWithout(['as'], /numloom\.as\.shared\.wasm: ENOENT/)
  })
  test('as: truncated', async () => {
    for (const file of wasm(/\.as\./)) truncateSync(file, 1000)
    await expectWithout(['as'], /numloom\.as\.shared\.wasm: .*WebAssembly/)
  })
  test('as: empty', async () => {
    for (const file of wasm(/\.as\./)) truncateSync(file, 0)
    await expectWithout(['as'], /numloom\.as\.shared\.wasm: .*WebAssembly/)
  })
  test('wasm: missing', async () => {
    for (const file of wasm(/threads.*\.wasm$/)) rmSync(file)
    await expectWithout(['wasm', 'wasm-threads'], /numloom\.threads[a-z.]*\.wasm: ENOENT/)
  })
  test('wasm: truncated', async () => {
    for (const file of wasm(/threads.*\.wasm$/)) truncateSync(file, 5000)
    await expectWithout(['wasm', 'wasm-threads'], /numloom\.threads[a-z.]*\.wasm: .*WebAssembly/)
  })
  test('wasm: without its glue', async () => {
    for (const file of wasm(/\.cjs$/)) rmSync(file)
    await expectWithout(['wasm', 'wasm-threads'], /numloom\.threads[a-z.]*\.cjs/)
  })
  test('native: missing', async () => {
    rmSync(addon())
    await expectWithout(['native'], /@numloom\/native-/)
  })
  test('native: truncated', async () => {
    truncateSync(addon(), 10_000)
    await expectWithout(['native'], /numloom\.node/)
  })
  test('native: no addon at all', async () => {
    writeFileSync(addon(), 'module.exports = {}')
    await expectWithout(['native'], /numloom\.node/)
  })

  test('all gone: js is left', async () => {
    for (const file of [...wasm(/./), addon()]) rmSync(file)
    const report = await jsonOf<Report>(REPORT('as'), { cwd: copy.root })
    expect(report.backend).toBe('js')
    expect(report.status.filter(({ available }) => available).map(({ name }) => name)).toEqual(['js'])
  })

  test('another version than the binaries', async () => {
    const file = copy.path('dist', 'version.js')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/'\d[^']*'/, "'99.1.0'"))
    const { status } = await jsonOf<Report>(REPORT('native'), { cwd: copy.root })
    for (const name of ['wasm', 'wasm-threads', 'native']) {
      const { available, reason } = status.find((one) => one.name === name) as nl.BackendStatus
      expect(available).toBe(false)
      expect(reason).toMatch(/(wasm|node): it is of version .*, not 99\.1\.0/)
    }
  })

  test('a definition that a binary lacks', async () => {
    const file = copy.path('dist', 'kernels', 'math.js')
    const source = readFileSync(file, 'utf8')
    writeFileSync(file, `${source}\nexport const cube = { ...sin, name: 'of_tomorrow' }\n`)
    const { status } = await jsonOf<Report>(REPORT('native'), { cwd: copy.root })
    for (const name of ['wasm', 'wasm-threads', 'native']) {
      const { reason } = status.find((one) => one.name === name) as nl.BackendStatus
      expect(reason).toMatch(/kernel of_tomorrow_f64 is missing/)
    }
  })
})

describe('the arena below the arrays', () => {
  /** Loads one backend alone and calls it with threads; tells which parts of the memory it wrote to. */
  const touched = (backend: string) =>
    jsonOf<{ low: boolean; arena: boolean; arrays: boolean }>(`
      import * as nl from 'numloom'
      import { heap } from './dist/core/heap.js'
      import { ARENA_BYTES } from './dist/core/memory.js'
      const guard = nl.full(4_000_000, 1.25)
      const x = nl.linspace(0, 1, 1_000_000)
      const out = nl.empty(1_000_000)
      const heapBytes = () => new Uint8Array(heap().buffer)
      const before = heapBytes().slice(ARENA_BYTES - 64)
      nl.withBackend('${backend}', () => nl.withThreads(4, () => nl.add(x, x, { out })))
      out.data.fill(0)
      const wrote = (from, to) => heapBytes().subarray(from, to).some((byte) => byte !== 0)
      console.log(JSON.stringify({
        low: wrote(0, 65536),
        arena: wrote(65536, ARENA_BYTES),
        arrays: guard.data.some((value) => value !== 1.25),
      }))
    `)

  test('as keeps its data below 64 KiB', async () => {
    expect(await touched('as')).toMatchObject({ arena: false, arrays: false })
  })
  test.each(['wasm', 'wasm-threads'])(
    '%s keeps its data, stacks and malloc between 64 KiB and the arrays',
    async (name) => {
      expect(await touched(name)).toEqual({ low: false, arena: true, arrays: false })
    },
  )
  test('native writes to arrays alone', async () => {
    expect(await touched('native')).toEqual({ low: false, arena: false, arrays: false })
  })
})
