// showRuntime(): what numloom found on this machine and what it would do with it, as numpy.show_runtime() tells it.
//
// It must answer also where things are broken: what cannot be had is told with its reason.
// SPDX-License-Identifier: MIT

import { arch, cpus, platform, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { getHeapStatistics } from 'node:v8'
import type { BackendName } from './backends/backend.js'
import { type BackendStatus, backends } from './backends/load.js'
import { cacheFolder } from './cache.js'
import { environment } from './core/env.js'
import { EnvironmentError } from './core/errors.js'
import { heap } from './core/heap.js'
import { environmentCopy } from './core/loading.js'
import { type ThreadCount, threadCount } from './core/threads.js'
import type { Kernel } from './kernel/define.js'
import { type PlanInForce, planInForce } from './kernel/plan.js'
import { families } from './kernel/registry.js'
import { countInForce } from './omp/count.js'
import { ignoredVariables } from './omp/ignored.js'
import { readable } from './report/text.js'
import { getBackend, type Prospect, prospect } from './runtime.js'
import { describe } from './system-text.js'
import { VERSION } from './version.js'

/** Operations of a call that count as so much. */
const WORK = { small: 100, medium: 10_000, large: 10_000_000 } as const
export type WorkSize = keyof typeof WORK

/** What runs the kernels of a family for an amount of work. */
export interface Choice extends Prospect {
  readonly family: string
  readonly size: WorkSize
  /** Operations of the call. */
  readonly work: number
  readonly kernels: readonly string[]
}

export interface Simd {
  /** What runs, what this CPU could run, or why nothing does. */
  readonly native: { readonly chosen?: string; readonly found: readonly string[]; readonly reason?: string }
  readonly wasm: { readonly chosen?: string; readonly relaxed: boolean; readonly reason: string }
}

export interface Memory {
  readonly shared: boolean
  readonly maximumMiB: number
  /** Why it is not the shared 4 GiB that was wanted; empty where it is. */
  readonly reasons: readonly string[]
  /** Bytes that arrays hold, and the size of the heap now. */
  readonly inUse: number
  readonly total: number
  /** Limits of others: the machine's, the control group's if there is one, and that of V8's own heap. */
  readonly systemMiB: number
  readonly constrainedMiB: number | undefined
  readonly v8HeapMiB: number
}

export interface Runtime {
  readonly numloom: string
  readonly node: string
  readonly v8: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  /** What is in force: a name, 'auto', or why there is none. */
  readonly backend: string
  /** The plan by which 'auto' chooses, or why there is none. */
  readonly plan: PlanInForce | string
  /** 0 where the environment is wrong, with what is wrong as the source. */
  readonly threads: ThreadCount
  readonly simd: Simd
  readonly memory: Memory
  readonly backends: readonly BackendStatus[]
  readonly choices: readonly Choice[]
  /** The variables that numloom or an OpenMP or BLAS library would read, as far as they are set. */
  readonly environment: Readonly<Record<string, string>>
  /** Variables of these that have no effect here, with the reason. */
  readonly ignored: Readonly<Record<string, string>>
  /** Folders and files: the package, what the backends run, and the cache of `make`'s tools and `numloom tune`. */
  readonly paths: Readonly<Record<string, string>>
}

/** Versions, CPU, SIMD, threads, memory, every backend, and which of them runs what and why. As a string it reads well. */
export function showRuntime(): Runtime {
  const statuses = backends()
  const facts: Runtime = {
    numloom: VERSION,
    node: process.version,
    v8: process.versions.v8,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    backend: orMessage(getBackend),
    plan: orMessage(planInForce),
    threads: unlessWrong(countInForce, (source) => ({ count: 0, source })),
    simd: simdOf(statuses),
    memory: unlessWrong(memoryOfHeap, noMemory),
    backends: statuses,
    choices: choices(),
    environment: variablesSet(),
    ignored: unlessWrong(
      () => ignoredVariables(statuses.some(({ name, available }) => name === 'native' && available)),
      () => ({}),
    ),
    paths: paths(statuses),
  }
  return readable(facts, describe)
}

function orMessage<T>(ask: () => T): T | string {
  try {
    return ask()
  } catch (error) {
    return (error as Error).message
  }
}

/** Where NUMLOOM_STRICT_ENV=1 makes a wrong variable an error, that is told instead. */
function unlessWrong<T>(ask: () => T, otherwise: (problem: string) => T): T {
  try {
    return ask()
  } catch (error) {
    if (error instanceof EnvironmentError) return otherwise(error.message)
    throw error
  }
}

function simdOf(statuses: readonly BackendStatus[]): Simd {
  const status = (name: BackendName) => statuses.find((one) => one.name === name)
  const [native, wasm] = [status('native'), status('wasm')]
  return {
    native: native?.available
      ? { chosen: native.isa as string, found: native.isas ?? [] }
      : { found: [], reason: native?.reason ?? '' },
    wasm: wasm?.available ? wasmSimd(wasm) : { relaxed: false, reason: wasm?.reason ?? '' },
  }
}

function wasmSimd({ isa, file }: BackendStatus): Simd['wasm'] {
  const relaxed = isa === 'relaxed-simd'
  const forced = environment('NUMLOOM_WASM_ISA')
  const found = relaxed ? `the engine accepts ${file}` : 'the engine refuses relaxed SIMD'
  return { chosen: isa as string, relaxed, reason: forced === undefined ? found : `NUMLOOM_WASM_ISA=${forced}` }
}

const MiB = 2 ** 20

function memoryOfHeap(): Memory {
  const { choice, bytesInUse, buffer } = heap()
  const { shared, maximumBytes, reasons } = choice
  return {
    shared,
    maximumMiB: maximumBytes / MiB,
    reasons,
    inUse: bytesInUse,
    total: buffer.byteLength,
    ...memoryOfSystem(),
  }
}

function noMemory(problem: string): Memory {
  return { shared: false, maximumMiB: 0, reasons: [problem], inUse: 0, total: 0, ...memoryOfSystem() }
}

function memoryOfSystem(): Pick<Memory, 'systemMiB' | 'constrainedMiB' | 'v8HeapMiB'> {
  // Where nothing limits it, older Nodes answer 0 or undefined, newer ones a number beyond all memory.
  const constrained = process.constrainedMemory?.() ?? 0
  return {
    systemMiB: Math.round(totalmem() / MiB),
    constrainedMiB: constrained > 0 && constrained < totalmem() ? Math.round(constrained / MiB) : undefined,
    v8HeapMiB: Math.round(getHeapStatistics().heap_size_limit / MiB),
  }
}

/** By family and work; kernels that run on the same backend with as many threads are told together. */
function choices(): Choice[] {
  try {
    getBackend()
    planInForce()
    threadCount()
  } catch {
    return []
  }
  const all = () =>
    Object.entries(families).flatMap(([family, kernels]) =>
      (Object.keys(WORK) as WorkSize[]).flatMap((size) => choicesFor(family, Object.values(kernels), size)),
    )
  return unlessWrong(all, () => [])
}

function choicesFor(family: string, kernels: readonly Kernel[], size: WorkSize): Choice[] {
  const groups = new Map<string, Choice & { kernels: string[] }>()
  for (const kernel of kernels) {
    const found = prospect(kernel, kernel.dtypes[0] ?? 'f64', WORK[size])
    const key = JSON.stringify(found)
    const group = groups.get(key)
    if (group) group.kernels.push(kernel.name)
    else groups.set(key, { family, size, work: WORK[size], kernels: [kernel.name], ...found })
  }
  return [...groups.values()].sort((a, b) => b.kernels.length - a.kernels.length)
}

const READ = /^((NUMLOOM|OMP|GOMP|KMP|OPENBLAS|GOTO|MKL|BLIS|VECLIB)_|XDG_CACHE_HOME$)/

function variablesSet(): Record<string, string> {
  const found = Object.entries(environmentCopy()).filter(([name]) => READ.test(name)) as [string, string][]
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function paths(statuses: readonly BackendStatus[]): Record<string, string> {
  const files = statuses.flatMap(({ name, path }) => (path === undefined ? [] : [[name, path]]))
  return {
    numloom: fileURLToPath(new URL('..', import.meta.url)),
    ...Object.fromEntries(files),
    cache: cacheFolder(),
  }
}
