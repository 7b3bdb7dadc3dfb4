// Dispatch: finds the backend for a call by the plan, or the one that was forced, and runs it there.
//
// Nothing here falls back silently: a forced backend runs the kernel or throws, and `auto` passes over a backend only
// for a reason that `backends()`, `explain()` and `numloom info` tell.
// SPDX-License-Identifier: MIT

import { BACKEND_NAMES, type Backend, type BackendName, type Call, type KernelArgument } from './backends/backend.js'
import { load, tryLoad } from './backends/load.js'
import { type Context, checkFunction, context, within } from './core/context.js'
import type { Code } from './core/dtype.js'
import { environment } from './core/env.js'
import { BackendError, OutOfMemoryError } from './core/errors.js'
import type { Shape } from './core/shape.js'
import { type ThreadCount, threadCount, type UserApi } from './core/threads.js'
import type { Kernel } from './kernel/define.js'
import { BEYOND_MEASURED, type Choice, choiceFor, type Placement, planOf } from './kernel/plan.js'
import { isLinearAlgebra } from './kernel/registry.js'
import { variables, whenRead } from './omp/variables.js'
import { type Dispatch, kernelCall, observe, type Planned } from './report/dispatch.js'
import { reporting } from './report/events.js'
import './report/start.js'

type Setting = BackendName | 'auto'

/** By setBackend; it goes before NUMLOOM_BACKEND, which is read again with the rest of the environment. */
let chosen: Setting | undefined
let fromEnvironment: Setting | undefined
whenRead(() => {
  fromEnvironment = undefined
})

function checkName(name: string, caller: string): Setting {
  if (name === 'auto' || (BACKEND_NAMES as readonly string[]).includes(name)) return name as Setting
  throw new BackendError(`${caller}: unknown backend '${name}'; valid are auto, ${BACKEND_NAMES.join(', ')}`, {
    backend: String(name),
  })
}

/** The backend in force: a name, or 'auto', which chooses by the plan. Throws BackendError for a wrong NUMLOOM_BACKEND. */
export function getBackend(): Setting {
  return settingIn(context())
}

/** The backend that is forced; undefined where the plan chooses, or where a wrong NUMLOOM_BACKEND makes calls errors. */
export function forcedBackend(): BackendName | undefined {
  try {
    const setting = getBackend()
    return setting === 'auto' ? undefined : setting
  } catch {
    return undefined
  }
}

function settingIn(scoped: Context | undefined): Setting {
  if (scoped?.backend !== undefined) return scoped.backend as Setting
  if (chosen !== undefined) return chosen
  fromEnvironment ??= checkName(environment('NUMLOOM_BACKEND')?.toLowerCase() ?? 'auto', 'NUMLOOM_BACKEND')
  return fromEnvironment
}

/** Makes every following call run on one backend, or lets the plan choose ('auto'). Throws BackendError. */
export function setBackend(name: Setting): void {
  loadNamed(name, 'setBackend')
  chosen = name
}

function loadNamed(name: Setting, caller: string): void {
  if (checkName(name, caller) === 'auto') return
  // Where NUMLOOM_STRICT_ENV=1 makes wrong variables errors, that holds for backends that do not read them too.
  variables()
  load(name as BackendName)
}

/**
 * Runs `fn` with all calls on one backend, also those after an `await` in it, and returns what it returns. A kernel that
 * the backend does not have throws BackendError; it never runs elsewhere. Throws ValueError where there is no function.
 */
export function withBackend<T>(name: Setting, fn: () => T): T {
  loadNamed(name, 'withBackend')
  checkFunction(fn, 'withBackend')
  return within({ backend: name }, fn)
}

/** What the plan says for arrays that lie in one way. */
interface Ranking extends Choice {
  readonly placement: Placement
  /** The first usable backend of each level, with threads and without. */
  readonly best: Map<number, BackendName>
}

/** A kernel for a dtype, bound to the backends that were asked for so far. */
class Route {
  readonly contiguous: Ranking
  readonly strided: Ranking
  readonly outside: Ranking
  /** Where arguments have the strides along last axes, if the plan makes a difference by them. */
  readonly #lastStrides: readonly number[]
  /** Whose thread count it uses. */
  readonly api: UserApi
  #calls = new Map<BackendName, Call | undefined>()

  constructor(
    readonly kernel: Kernel,
    readonly dtype: Code,
  ) {
    const plan = planOf(kernel, dtype)
    const ranking = (placement: Placement): Ranking => {
      const { levels, threads } = choiceFor(plan, placement)
      return { placement, levels, threads, best: new Map() }
    }
    this.contiguous = ranking('contiguous')
    this.strided = ranking('strided')
    this.outside = ranking('outside')
    this.#lastStrides = plan.strided === undefined ? [] : lastStrides(kernel)
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

  /** Which part of the plan holds for arguments. A stride of 0 is one number for all: no kernel minds. */
  rankingFor(args: readonly KernelArgument[]): Ranking {
    for (let i = 0; i < args.length; i++) if (typeof args[i] !== 'number') return this.outside
    const at = this.#lastStrides
    for (let i = 0; i < at.length; i++) {
      const stride = args[at[i] as number]
      if (stride !== 1 && stride !== 0) return this.strided
    }
    return this.contiguous
  }

  /** `wasm-threads` with one thread is `wasm`, and is not considered. */
  choose({ levels, best }: Ranking, work: number, threads: number): BackendName {
    let level = levels.length - 1
    while (level > 0 && (levels[level] as (typeof levels)[number]).work > work) level--
    const key = level * 2 + (threads > 1 ? 1 : 0)
    let name = best.get(key)
    if (name === undefined) {
      name = levels[level]?.order.find((candidate) => this.usable(candidate, threads)) ?? 'js'
      best.set(key, name)
    }
    return name
  }

  usable(name: BackendName, threads: number): boolean {
    if (name === 'wasm-threads' && threads === 1) return false
    const backend = tryLoad(name)
    return !(backend instanceof BackendError) && this.bind(backend) !== undefined
  }

  /** How many threads pay for this work on a backend. */
  threadsFor(backend: Backend, ranking: Ranking, work: number, wanted: number): number {
    return work >= (ranking.threads[backend.name] ?? BEYOND_MEASURED) ? Math.min(wanted, backend.maxThreads) : 1
  }
}

function lastStrides({ args }: Kernel): number[] {
  return args.flatMap((arg, i) => (arg.kind === 'stride' && args[i + 1]?.kind !== 'stride' ? [i] : []))
}

const routes = new Map<Kernel, Map<Code, Route>>()

/** Forgets what kernels were bound to. */
export function forgetRoutes(): void {
  routes.clear()
}

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

/**
 * Runs a kernel on checked arguments. `shape` is for reports alone: what the operation has where its grid is merged from
 * more axes. Throws BackendError where a forced backend cannot.
 */
export function run(kernel: Kernel, dtype: Code, work: number, args: KernelArgument[], shape?: Shape): void {
  const route = routeOf(kernel, dtype)
  // Looking up the scope is a good part of a small call: once.
  const scoped = context()
  const setting = settingIn(scoped)
  const wanted = threadCount(route.api, scoped)
  const ranking = route.rankingFor(args)
  const name = setting === 'auto' ? route.choose(ranking, work, wanted.count) : setting
  if (ranking === route.outside && setting === 'auto') runOutside(name, route, work, args, shape, wanted)
  else runOn(name, route, ranking, work, args, shape, wanted)
}

/** The addon works in place; wasm needs room for copies; js needs nothing. */
function runOutside(
  name: BackendName,
  route: Route,
  work: number,
  args: KernelArgument[],
  shape: Shape | undefined,
  wanted: ThreadCount,
): void {
  try {
    runOn(name, route, route.outside, work, args, shape, wanted)
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error
    runOn('js', route, route.outside, work, args, shape, wanted)
  }
}

function runOn(
  name: BackendName,
  route: Route,
  ranking: Ranking,
  work: number,
  args: KernelArgument[],
  shape: Shape | undefined,
  wanted: ThreadCount,
): void {
  const backend = load(name)
  const call = route.bind(backend)
  if (call === undefined) {
    throw new BackendError(`backend '${name}' has no kernel ${route.symbol}; use another backend, or 'auto'`, {
      backend: name,
      kernel: route.symbol,
    })
  }
  const threads = route.threadsFor(backend, ranking, work, wanted.count)
  if (reporting) {
    runObserved(route, call, { work, args, shape, backend, threads, threadSetting: wanted })
    return
  }
  backend.setThreads(threads)
  call(args)
}

/** The same, told to whoever listens. A function of its own: closures in `runOn` would cost every call. */
function runObserved(route: Route, call: Call, chosen: Omit<Planned, 'kernel' | 'dtype' | 'others'>): void {
  const { work, args, shape, backend, threads, threadSetting } = chosen
  const { kernel, dtype } = route
  const about = { kernel, dtype, forced: getBackend() !== 'auto', placement: route.rankingFor(args).placement }
  const others = reasonsLater(about, backend.name, work, threadSetting.count)
  const run = () => {
    backend.setThreads(threads)
    call(args as KernelArgument[])
  }
  observe(kernelCall({ kernel, dtype, work, args, shape, backend, threads, threadSetting, others }, run))
}

/** What a call with so much work on arrays in the heap would run on, and why not on others. */
export function prospect(kernel: Kernel, dtype: Code, work: number): Prospect {
  const route = routeOf(kernel, dtype)
  const { count } = threadCount(route.api)
  const setting = getBackend()
  const ranking = route.contiguous
  const name = setting === 'auto' ? route.choose(ranking, work, count) : setting
  const backend = tryLoad(name)
  const about = { forced: setting !== 'auto', ranking }
  if (backend instanceof BackendError) return { backend: 'none', threads: 0, others: { [name]: backend.message } }
  if (route.bind(backend) === undefined) {
    return { backend: 'none', threads: 0, others: { [name]: `it is forced and has no kernel ${route.symbol}` } }
  }
  const others = reasons(route, name, work, count, about)
  return { backend: name, threads: route.threadsFor(backend, ranking, work, count), others }
}

export interface Prospect {
  /** 'none' where the call would throw. */
  readonly backend: BackendName | 'none'
  readonly threads: number
  readonly others: Dispatch['others']
}

interface Circumstances {
  readonly forced: boolean
  readonly ranking: Ranking
}

interface Reported {
  readonly kernel: Kernel
  readonly dtype: Code
  readonly placement: Placement
  readonly forced: boolean
}

/**
 * A function of its own, since closures of one function keep alive what any of them uses, and a report that is kept shall
 * keep no array; nor, after shutdown(), the memory to which a route is bound.
 */
function reasonsLater(about: Reported, chosen: BackendName, work: number, threads: number): () => Dispatch['others'] {
  return () => {
    const { kernel, dtype, placement, forced } = about
    const route = routeOf(kernel, dtype)
    return reasons(route, chosen, work, threads, { forced, ranking: route[placement] })
  }
}

function reasons(route: Route, chosen: BackendName, work: number, threads: number, about: Circumstances) {
  const others: Partial<Record<BackendName, string>> = {}
  for (const name of BACKEND_NAMES) {
    if (name !== chosen) others[name] = reason(route, name, chosen, work, threads, about)
  }
  return others
}

function reason(
  route: Route,
  name: BackendName,
  chosen: BackendName,
  work: number,
  threads: number,
  { forced, ranking }: Circumstances,
): string {
  if (forced) return `${chosen} is forced`
  const backend = tryLoad(name)
  if (backend instanceof BackendError) return backend.message
  if (route.bind(backend) === undefined) return `it has no kernel ${route.symbol}`
  if (name === 'wasm-threads' && threads === 1) return 'with 1 thread it is wasm'
  if (ranking === route.outside && name !== 'native') {
    return name === 'js' ? 'slower' : `an array lies outside the heap, ${name} would copy it`
  }
  const first = ranking.levels.find((level) => level.order[0] === name)
  if (first && first.work > work) return `slower than ${chosen} below ${first.work} operations`
  return `slower than ${chosen} for ${work} operations`
}
