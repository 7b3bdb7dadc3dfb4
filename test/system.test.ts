// What numloom says of itself: how it was built (showConfig), what it found here (showRuntime), and both as a command.
// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'
import { families, kernelList } from '../dist/kernel/registry.js'
import { jsonOf, runScript } from './support/child.ts'
import { copyOfBuild } from './support/copy.ts'

const versionOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version as string

describe('showConfig', () => {
  test('tells version, compilers, flags and instruction sets of the build', () => {
    const { numloom, build } = nl.showConfig()
    expect(numloom).toBe(nl.version)
    expect(build?.compilers).toMatchObject({
      native: expect.stringMatching(/\d+\.\d+/),
      wasm: expect.stringMatching(/^Emscripten \d+\.\d+\.\d+$/),
      as: `AssemblyScript ${versionOf('assemblyscript')}`,
    })
    expect(build?.flags.native).toContain('-O3')
    expect(build?.flags.wasm).toContain('-msimd128')
    expect(JSON.stringify(build)).not.toMatch(/NL_VERSION|\/home|\/root|\/tmp/)
    const native = nl.backends().find(({ name }) => name === 'native')
    expect(build?.isas.native).toContain(native?.isa)
    const wasm = nl.backends().find(({ name }) => name === 'wasm')
    expect(build?.isas.wasm).toContain(wasm?.isa)
  })

  test('counts kernels by family and backend', () => {
    const { kernels } = nl.showConfig()
    expect(Object.keys(kernels)).toEqual(Object.keys(families))
    for (const name of BACKEND_NAMES) {
      const total = Object.values(kernels).reduce((sum, counts) => sum + counts[name], 0)
      expect(total).toBe(kernelList().filter(({ kernel }) => name === 'js' || kernel.on.includes(name)).length)
    }
    expect(kernels.blas?.as).toBeLessThan(kernels.blas?.js ?? 0)
  })

  test('is text and data; prints only in the mode for it', async () => {
    const config = nl.showConfig({ mode: 'dicts' })
    expect(String(config)).toMatch(/^compiler +wasm +Emscripten/m)
    expect(inspect(config)).toBe(String(config))
    expect(JSON.parse(JSON.stringify(config))).toEqual({ ...config })
    const script = (options: string) => `import * as nl from 'numloom'; nl.showConfig(${options})`
    expect((await runScript(script(''))).stdout).toBe('')
    expect((await runScript(script(`{ mode: 'dicts' }`))).stdout).toBe('')
    expect((await runScript(script(`{ mode: 'stdout' }`))).stdout).toBe(`${config}\n`)
    expect(() => nl.showConfig({ mode: 'json' as 'dicts' })).toThrow(/valid are stdout, dicts/)
  })

  test('does without the file that make writes', async () => {
    const copy = copyOfBuild()
    try {
      rmSync(copy.path('dist', 'build-info.json'))
      const script = `import * as nl from 'numloom'; console.log(JSON.stringify(String(nl.showConfig())))`
      expect(await jsonOf(script, { cwd: copy.root })).toMatch(/compilers +unknown: dist\/build-info.json is not there/)
    } finally {
      copy.remove()
    }
  })
})

const RUNTIME = `import * as nl from 'numloom'; console.log(JSON.stringify(nl.showRuntime()))`
const runtimeWith = (env: Record<string, string>) => jsonOf<nl.Runtime>(RUNTIME, { env })

describe('showRuntime', () => {
  const runtime = nl.showRuntime()
  const text = String(runtime)

  test('tells versions, threads, memory, SIMD and every backend', () => {
    expect(runtime).toMatchObject({ numloom: nl.version, node: process.version, backend: 'auto' })
    expect(runtime.v8).toBe(process.versions.v8)
    expect(runtime.backends).toEqual(nl.backends())
    const native = nl.backends().find(({ name }) => name === 'native')
    expect(runtime.simd.native.chosen).toBe(native?.isa)
    expect(runtime.simd.native.found).toContain(native?.isa)
    expect(runtime.simd.wasm.relaxed).toBe(runtime.simd.wasm.chosen === 'relaxed-simd')
    expect(runtime.memory.total).toBeGreaterThanOrEqual(32 * 2 ** 20)
    for (const name of BACKEND_NAMES) expect(text).toMatch(new RegExp(`^ +${name} `, 'm'))
    expect(inspect(runtime)).toBe(text)
    expect(JSON.parse(JSON.stringify(runtime))).toMatchObject({ numloom: nl.version })
  })

  test('counts memory in use', () => {
    const { inUse } = nl.showRuntime().memory
    using x = nl.zeros(1_000_000)
    expect(nl.showRuntime().memory.inUse - inUse).toBeGreaterThanOrEqual(x.nbytes)
  })

  test('tells for every kernel and amount of work what a call runs on, as the call does, and why not the others', () => {
    for (const size of ['small', 'medium', 'large']) {
      const told = runtime.choices.filter((choice) => choice.size === size)
      const names = new Set(
        Object.values(families).flatMap((kernels) => Object.values(kernels).map(({ name }) => name)),
      )
      expect(told.flatMap(({ kernels }) => kernels).sort()).toEqual([...names].sort())
      for (const { backend, others } of told) {
        expect([backend, ...Object.keys(others)].sort()).toEqual([...BACKEND_NAMES].sort())
      }
    }
    for (const [size, n] of Object.entries({ small: 100, medium: 10_000 })) {
      const { calls } = nl.explain(() => [nl.sin(nl.ones(n)), nl.add(nl.ones(n), 1), nl.sum(nl.ones(n))])
      for (const { op, backend, threads, work } of calls) {
        const choice = runtime.choices.find((one) => one.size === size && one.kernels.includes(op))
        if (choice?.work === work) expect(choice).toMatchObject({ backend, threads })
      }
      expect(calls.filter(({ work }) => work === n).length).toBeGreaterThan(0)
    }
    expect(text).toMatch(/^runs +elementwise +large /m)
    expect(text).toContain('not as: it has no kernel gemm_f64')
  })

  test('tells the files, folders and variables', async () => {
    expect(runtime.paths.numloom).toBe(fileURLToPath(new URL('..', import.meta.url)))
    for (const name of ['as', 'wasm', 'native']) expect(existsSync(runtime.paths[name] as string)).toBe(true)
    const own = { NUMLOOM_CACHE: '/some/where', NUMLOOM_PLAN: 'default' }
    const blas = { BLIS_NUM_THREADS: '4', GOTO_NUM_THREADS: '5', VECLIB_MAXIMUM_THREADS: '6', MKL_DYNAMIC: 'false' }
    const env = { ...own, ...blas, OMP_NUM_THREADS: '2', OPENBLAS_NUM_THREADS: '3', XDG_CACHE_HOME: '/other' }
    const other = await runtimeWith(env)
    expect(other.environment).toEqual(env)
    expect(other.paths.cache).toBe('/some/where')
    expect(other.threads).toMatchObject({ count: 2, source: 'OMP_NUM_THREADS=2' })
  })

  test('tells limits and choices that the environment made', async () => {
    const limited = await runtimeWith({
      NUMLOOM_MAX_MEMORY: '128MB',
      NUMLOOM_SHARED_MEMORY: '0',
      NUMLOOM_WASM_ISA: 'simd128',
    })
    expect(limited.memory).toMatchObject({ shared: false, maximumMiB: 128 })
    expect(limited.memory.reasons.join()).toMatch(/NUMLOOM_SHARED_MEMORY=0/)
    expect(limited.simd.wasm).toEqual({ chosen: 'simd128', relaxed: false, reason: 'NUMLOOM_WASM_ISA=simd128' })
    const forced = await runtimeWith({ NUMLOOM_BACKEND: 'as' })
    const gemm = forced.choices.find(({ kernels }) => kernels.includes('gemm'))
    expect(gemm).toMatchObject({ backend: 'none', others: { as: expect.stringContaining('no kernel gemm_f64') } })
    expect(forced.choices.find(({ kernels }) => kernels.includes('sin'))).toMatchObject({
      backend: 'as',
      others: { native: 'as is forced' },
    })
  })

  test('answers also where nothing works', async () => {
    const env = { NUMLOOM_BACKEND: 'cuda', NUMLOOM_ISA: 'avx1024', NUMLOOM_STRICT_ENV: '1' }
    const broken = await runtimeWith(env)
    expect(broken.backend).toContain("unknown backend 'cuda'")
    expect(broken.choices).toEqual([])
    expect(broken.simd.native).toMatchObject({ found: [], reason: expect.stringContaining('avx1024') })
  })

  const strict = { NUMLOOM_STRICT_ENV: '1' }
  test.each([{ OMP_NUM_THREADS: 'abc' }, { NUMLOOM_LOG: 'abc' }])('answers also where %o is an error', async (env) => {
    const { threads, choices, memory } = await runtimeWith({ ...strict, ...env })
    expect(threads).toEqual({ count: 0, source: expect.stringContaining(`${Object.keys(env)[0]}='abc'`) })
    expect(choices).toEqual([])
    expect(memory.maximumMiB).toBeGreaterThan(0)
  })
  test('answers also where the memory asked for is an error', async () => {
    const { threads, memory } = await runtimeWith({ ...strict, NUMLOOM_MAX_MEMORY: 'abc' })
    expect(threads.count).toBeGreaterThan(0)
    expect(memory).toMatchObject({ maximumMiB: 0, reasons: [expect.stringContaining("NUMLOOM_MAX_MEMORY='abc'")] })
  })
})

test('npx numloom info tells both, as text and as JSON', () => {
  const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
  const output = (...args: string[]) => execFileSync(process.execPath, [cli, ...args], { encoding: 'utf8' })
  const text = output('info')
  for (const line of [/^numloom +\d/m, /^threads +\d/m, /^runs +math/m, /^compiler +as/m]) expect(text).toMatch(line)
  const { config, ...runtime } = JSON.parse(output('info', '--json'))
  expect(config).toEqual(JSON.parse(JSON.stringify(nl.showConfig())))
  expect(Object.keys(runtime)).toEqual(Object.keys(nl.showRuntime()))
})
