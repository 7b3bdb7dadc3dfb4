// Dispatch: finds the backend for a call by the plan, or the one that was forced, and runs it there.
//
// Nothing here falls back silently: a forced backend runs the kernel or throws, and `auto` passes over a backend only
// for a reason that `backends()`, `explain()` and `numloom info` tell.
// SPDX-License-Identifier: MIT

import { loadAs } from './backends/as.js'
import { BACKEND_NAMES, type Backend, type BackendName, type Call, type KernelArgument } from './backends/backend.js'
import { jsBackend } from './backends/js.js'
import { loadNative } from './backends/native.js'
import { loadWasm, loadWasmThreads } from './backends/wasm.js'
import { context, within } from './core/context.js'
import type { Code } from './core/dtype.js'
import { environment } from './core/env.js'
import { BackendError, OutOfMemoryError } from './core/errors.js'
import { type ThreadCount, threadCount, type UserApi } from './core/threads.js'
import type { Kernel } from './kernel/define.js'
import { BEYOND_MEASURED, type KernelPlan, planOf } from './kernel/plan.js'
import { isLinearAlgebra } from './kernel/registry.js'

const LOADERS: Record<BackendName, () => Backend> = {
  js: () => jsBackend,
  as: loadAs,
  wasm: loadWasm,
  'wasm-threads': loadWasmThreads,
  native: loadNative,
}

const loaded = new Map<BackendName, Backend | BackendError>()

/** Loads a backend at most once; a failure is remembered with its reason. */
function tryLoad(name: BackendName): Backend | BackendError {
  let result = loaded.get(name)
  if (result === undefined) {
    try {
      result = LOADERS[name]()
    } catch (error) {
      if (error instanceof BackendError) result = error
      else {
        const message = `backend '${name}' cannot be used: ${(error as Error).message}`
        result = new BackendError(message, { backend: name })
      }
    }
    loaded.set(name, result)
  }
  return result
}

/** The loaded backend. Throws the BackendError that says why it cannot be had. */
function load(name: BackendName): Backend {
  const result = tryLoad(name)
  if (result instanceof BackendError) throw result
  return result
}

export interface BackendStatus {
  readonly name: BackendName
  readonly available: boolean
  /** Why it is not available. */
  readonly reason?: string
  /** The file that runs, its instruction set, and the most threads it can use. */
  readonly file?: string
  readonly isa?: string
  readonly maxThreads?: number
}

/** All five backends: what runs them, or why they cannot run. Loads those that were not used yet. */
export function backends(): BackendStatus[] {
  return BACKEND_NAMES.map((name) => {
    const result = tryLoad(name)
    if (result instanceof BackendError) return { name, available: false, reason: result.message }
    const { file, isa, maxThreads } = result
    return { name, available: true, file, isa, maxThreads }
  })
}

type Setting = BackendName | 'auto'

let configured: Setting | undefined

function checkName(name: string, caller: string): Setting {
  if (name === 'auto' || (BACKEND_NAMES as readonly string[]).includes(name)) return name as Setting
  throw new BackendError(`${caller}: unknown backend '${name}'; valid are auto, ${BACKEND_NAMES.join(', ')}`, {
    backend: String(name),
  })
}

/** The backend in force: a name, or 'auto', which chooses by the plan. Throws BackendError for a wrong NUMLOOM_BACKEND. */
export function getBackend(): Setting {
  const scoped = context()?.backend
  if (scoped !== undefined) return scoped as Setting
  configured ??= checkName(environment('NUMLOOM_BACKEND') ?? 'auto', 'NUMLOOM_BACKEND')
  return configured
}

/** Makes every following call run on one backend, or lets the plan choose ('auto'). Throws BackendError. */
export function setBackend(name: Setting): void {
  if (checkName(name, 'setBackend') !== 'auto') load(name as BackendName)
  configured = name
}

/**
 * Runs `fn` with all calls on one backend, also those after an `await` in it, and returns what it returns. A kernel that
 * the backend does not have throws BackendError; it never runs elsewhere.
 */
export function withBackend<T>(name: Setting, fn: () => T): T {
  if (checkName(name, 'withBackend') !== 'auto') load(name as BackendName)
  return within({ backend: name }, fn)
}

/** A kernel for a dtype, bound to the backends that were asked for so far. */
class Route {
  readonly plan: KernelPlan
  /** Whose thread count it uses. */
  readonly api: UserApi
  #calls = new Map<BackendName, Call | undefined>()
  /** The first usable backend of each level, with threads and without. */
  #best = new Map<number, BackendName>()

  constructor(
    readonly kernel: Kernel,
    readonly dtype: Code,
  ) {
    this.plan = planOf(kernel, dtype)
    this.api = isLinearAlgebra(kernel) ? 'blas' : 'openmp'
  }

  get symbol(): string {
    return `${this.kernel.name}_${this.dtype}`
  }

  /** The callable on a loaded backend. */
  bind(backend: Backend): Call | undefined {
    if (!this.#calls.has(backend.name)) this.#calls.set(backend.name, backend.bind(this.kernel, this.dtype))
    return this.#calls.get(backend.name)
  }

  /** `wasm-threads` with one thread is `wasm`, and is not considered. */
  choose(work: number, threads: number): BackendName {
    const { levels } = this.plan
    let level = levels.length - 1
    while (level > 0 && (levels[level] as (typeof levels)[number]).work > work) level--
    const key = level * 2 + (threads > 1 ? 1 : 0)
    let name = this.#best.get(key)
    if (name === undefined) {
      name = levels[level]?.order.find((candidate) => this.usable(candidate, threads)) ?? 'js'
      this.#best.set(key, name)
    }
    return name
  }

  usable(name: BackendName, threads: number): boolean {
    if (name === 'wasm-threads' && threads === 1) return false
    const backend = tryLoad(name)
    return !(backend instanceof BackendError) && this.bind(backend) !== undefined
  }

  /** How many threads pay for this work on a backend. */
  threadsFor(backend: Backend, work: number, wanted: number): number {
    return work >= (this.plan.threads[backend.name] ?? BEYOND_MEASURED) ? Math.min(wanted, backend.maxThreads) : 1
  }
}

const routes = new Map<Kernel, Map<Code, Route>>()

function routeOf(kernel: Kernel, dtype: Code): Route {
  let byDtype = routes.get(kernel)
  if (byDtype === undefined) {
    byDtype = new Map()
    routes.set(kernel, byDtype)
  }
  let route = byDtype.get(dtype)
  if (route === undefined) {
    route = new Route(kernel, dtype)
    byDtype.set(dtype, route)
  }
  return route
}

/** One kernel call, as explain() reports it. */
export interface Dispatch {
  readonly op: string
  readonly dtype: Code
  /** Operations of the call. */
  readonly work: number
  readonly backend: BackendName
  readonly file: string
  readonly isa: string
  readonly threads: number
  /** The thread count in force, and where it came from. */
  readonly threadSetting: ThreadCount
  /** Why each other backend did not run it. */
  readonly others: Readonly<Partial<Record<BackendName, string>>>
}

let recorder: ((dispatch: Dispatch) => void) | undefined

/** Runs `fn` and hands every dispatch in it to `record`. */
export function recording<T>(record: (dispatch: Dispatch) => void, fn: () => T): T {
  const before = recorder
  recorder = record
  try {
    return fn()
  } finally {
    recorder = before
  }
}

/** Runs a kernel on checked arguments. Throws BackendError where a forced backend cannot. */
export function run(kernel: Kernel, dtype: Code, work: number, args: KernelArgument[]): void {
  const route = routeOf(kernel, dtype)
  const setting = getBackend()
  if (setting !== 'auto') runOn(setting, route, work, args)
  else if (isOutside(args)) runOutside(route, work, args)
  else runOn(route.choose(work, threadCount(route.api).count), route, work, args)
}

/** Whether an argument lies outside the heap. */
function isOutside(args: readonly KernelArgument[]): boolean {
  for (let i = 0; i < args.length; i++) if (typeof args[i] !== 'number') return true
  return false
}

/** The addon works in place; wasm needs room for copies; js needs nothing. */
function runOutside(route: Route, work: number, args: KernelArgument[]): void {
  const { count } = threadCount(route.api)
  const name = route.usable('native', count) ? 'native' : route.choose(work, count)
  try {
    runOn(name, route, work, args)
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error
    runOn('js', route, work, args)
  }
}

function runOn(name: BackendName, route: Route, work: number, args: KernelArgument[]): void {
  const backend = load(name)
  const call = route.bind(backend)
  if (call === undefined) {
    throw new BackendError(`backend '${name}' has no kernel ${route.symbol}; use another backend, or 'auto'`, {
      backend: name,
      kernel: route.symbol,
    })
  }
  const wanted = threadCount(route.api)
  const threads = route.threadsFor(backend, work, wanted.count)
  backend.setThreads(threads)
  call(args)
  if (recorder !== undefined) {
    const { file, isa } = backend
    const others = reasons(route, name, work, wanted.count, isOutside(args))
    const { kernel, dtype } = route
    recorder({ op: kernel.name, dtype, work, backend: name, file, isa, threads, threadSetting: wanted, others })
  }
}

function reasons(route: Route, chosen: BackendName, work: number, threads: number, outside: boolean) {
  const others: Partial<Record<BackendName, string>> = {}
  for (const name of BACKEND_NAMES) {
    if (name !== chosen) others[name] = reason(route, name, chosen, work, threads, outside)
  }
  return others
}

function reason(route: Route, name: BackendName, chosen: BackendName, work: number, threads: number, outside: boolean) {
  if (getBackend() !== 'auto') return `${chosen} is forced`
  const backend = tryLoad(name)
  if (backend instanceof BackendError) return backend.message
  if (route.bind(backend) === undefined) return `it has no kernel ${route.symbol}`
  if (name === 'wasm-threads' && threads === 1) return 'with 1 thread it is wasm'
  if (outside) return name === 'js' ? 'slower' : `an array lies outside the heap, ${name} would copy it`
  const first = route.plan.levels.find((level) => level.order[0] === name)
  if (first && first.work > work) return `slower than ${chosen} below ${first.work} operations`
  return `slower than ${chosen} for ${work} operations`
}
