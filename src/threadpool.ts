// threadpoolctl's view of numloom: threadpoolInfo() and threadpoolLimits(), with its keys.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { type BackendStatus, backends } from './backends/load.js'
import { type Context, checkFunction, within } from './core/context.js'
import { ValueError } from './core/errors.js'
import { shown } from './core/shown.js'
import { configureCounts, configuredCounts, countOf, threadCount, type UserApi, wantedThreads } from './core/threads.js'
import { VERSION } from './version.js'

/** One pool of threads, with threadpoolctl's keys. */
export interface Threadpool {
  readonly user_api: UserApi
  readonly internal_api: 'numloom' | 'openmp'
  readonly prefix: string
  readonly filepath: string
  /** null for libgomp, which does not tell its own. */
  readonly version: string | null
  readonly num_threads: number
  readonly threading_layer: 'pthreads' | 'openmp'
  readonly architecture: string
}

/** Every backend with threads that this machine has, for linear algebra ('blas') and for all else ('openmp'). */
export function threadpoolInfo(): Threadpool[] {
  const threaded = backends().filter(({ available, maxThreads }) => available && (maxThreads ?? 1) > 1)
  return threaded.flatMap((status) => USER_APIS.map((api) => poolOf(status, api)))
}

function poolOf({ name, path = '', isa = '', maxThreads = 1 }: BackendStatus, api: UserApi): Threadpool {
  const gomp = name === 'native' && api === 'openmp'
  return {
    user_api: api,
    internal_api: gomp ? 'openmp' : 'numloom',
    prefix: gomp ? 'libgomp' : 'numloom',
    filepath: (gomp && findLibgomp()) || path,
    version: gomp ? null : VERSION,
    num_threads: Math.min(threadCount(api).count, maxThreads),
    threading_layer: name === 'native' ? 'openmp' : 'pthreads',
    architecture: isa,
  }
}

/** The file that the addon's OpenMP came from; undefined where it is a part of the addon, or the system does not tell. */
function findLibgomp(): string | undefined {
  if (process.platform !== 'linux') return undefined
  return /^\S+ \S+ \S+ \S+ \S+ +(\/.*libgomp[^/\n]*)$/m.exec(readFileSync('/proc/self/maps', 'latin1'))?.[1]
}

const USER_APIS: readonly UserApi[] = ['openmp', 'blas']

/** A limit for one API, as threadpoolInfo() has it. */
export type PoolLimit = Pick<Threadpool, 'user_api' | 'num_threads'>

export interface ThreadpoolOptions {
  /**
   * One limit, one for each API, or what threadpoolInfo() told (the largest of an API). null sets none, nor does
   * 'sequential_blas_under_openmp', which is how numloom works anyway.
   */
  readonly limits:
    | number
    | Partial<Record<UserApi, number>>
    | readonly PoolLimit[]
    | 'sequential_blas_under_openmp'
    | null
  /** The API that a single limit is for; both where it is left out. */
  readonly userApi?: UserApi
}

type Limits = Partial<Record<UserApi, number>>

const CALLER = 'threadpoolLimits'
const isApi = (name: unknown): name is UserApi => (USER_APIS as readonly unknown[]).includes(name)

function refuse(what: string, valid: string, given: unknown): never {
  throw new ValueError(`${CALLER}: ${what} must be ${valid}, not ${shown(given)}`)
}

function limitsOf(options: ThreadpoolOptions): Limits {
  if (typeof options !== 'object' || options === null) refuse('the argument', '{ limits, userApi }', options)
  const { limits, userApi } = options
  const unknown = Object.keys(options).find((key) => key !== 'limits' && key !== 'userApi')
  if (unknown !== undefined) throw new ValueError(`${CALLER}: unknown option '${unknown}'; valid are limits, userApi`)
  if (userApi !== undefined && !isApi(userApi)) refuse('userApi', USER_APIS.join(' or '), userApi)
  if (typeof limits === 'number') {
    return Object.fromEntries(USER_APIS.filter((api) => (userApi ?? api) === api).map((api) => [api, limits]))
  }
  if (limits === null || limits === 'sequential_blas_under_openmp') return {}
  if (userApi !== undefined) refuse('limits', 'a number where there is a userApi', limits)
  const byApi = Array.isArray(limits) ? limitsOfPools(limits) : (limits as Limits | undefined)
  if (typeof byApi === 'object' && Object.keys(byApi).every(isApi)) return byApi
  return refuse('limits', 'a number, { openmp, blas } or what threadpoolInfo() returned', limits)
}

/** undefined where one of them is no pool. */
function limitsOfPools(pools: readonly PoolLimit[]): Limits | undefined {
  const limits: Limits = {}
  for (const pool of pools) {
    if (!isApi(pool?.user_api)) return undefined
    limits[pool.user_api] = Math.max(pool.num_threads, limits[pool.user_api] ?? 0)
  }
  return limits
}

function countsOf(options: ThreadpoolOptions): Context {
  const { openmp, blas } = limitsOf(options)
  return {
    ...(openmp !== undefined && { threads: countOf(openmp, CALLER) }),
    ...(blas !== undefined && { blasThreads: countOf(blas, CALLER) }),
  }
}

/** Limits that hold until they are disposed of: `using limits = nl.threadpoolLimits({ limits: 1 })`. */
export class ThreadpoolLimits {
  #before: ReturnType<typeof configuredCounts> | undefined
  readonly #original: Readonly<Record<UserApi, number>>

  constructor(counts: Context) {
    this.#original = { openmp: threadCount('openmp').count, blas: threadCount('blas').count }
    const before = configuredCounts()
    this.#before = before
    configureCounts({
      openmp: counts.threads ?? before.openmp,
      blas: counts.blasThreads ?? before.blas ?? (counts.threads && wantedThreads('blas', {})),
    })
  }

  /** The counts that held before, by API. */
  getOriginalNumThreads(): Record<UserApi, number> {
    return { ...this.#original }
  }

  /** Puts back the counts that held before; a second call does nothing. */
  restoreOriginalLimits(): void {
    if (this.#before !== undefined) configureCounts(this.#before)
    this.#before = undefined
  }

  /** Keeps the limits for good. */
  unregister(): void {
    this.#before = undefined
  }

  [Symbol.dispose](): void {
    this.restoreOriginalLimits()
  }
}

function limitThreads<T>(options: ThreadpoolOptions, fn?: () => T): T | ThreadpoolLimits {
  const counts = countsOf(options)
  if (fn === undefined) return new ThreadpoolLimits(counts)
  checkFunction(fn, CALLER)
  // A limit for all else leaves linear algebra as it was.
  const untouched = counts.threads && counts.blasThreads === undefined ? { blasThreads: wantedThreads('blas') } : {}
  return within({ ...counts, ...untouched }, fn)
}

function wrap<A extends unknown[], R>(options: ThreadpoolOptions, fn: (...args: A) => R): (...args: A) => R {
  countsOf(options)
  checkFunction(fn, `${CALLER}.wrap`)
  return function (this: unknown, ...args) {
    return limitThreads(options, () => fn.apply(this, args)) as R
  }
}

export interface LimitThreads {
  /** Sets limits for the whole process, to be disposed of. Throws ValueError. */
  (options: ThreadpoolOptions): ThreadpoolLimits
  /** Runs `fn`, and what it awaits, with limits; returns what it returns. Throws ValueError. */
  <T>(options: ThreadpoolOptions, fn: () => T): T
  /** A function that does what `fn` does, with limits for each of its calls. Throws ValueError. */
  wrap: typeof wrap
}

/** Limits of threads, by threadpoolctl's keys: until they are disposed of, for a function, or for all calls of one. */
export const threadpoolLimits = Object.assign(limitThreads, { wrap }) as LimitThreads
