// threadpoolctl's view of numloom: threadpoolInfo() and threadpoolLimits(), with its keys.
// SPDX-License-Identifier: MIT

import { backends } from './backends/load.js'
import { type Context, within } from './core/context.js'
import { ValueError } from './core/errors.js'
import { configureCounts, configuredCounts, countOf, threadCount, type UserApi } from './core/threads.js'
import { VERSION } from './version.js'

/** One pool of threads, with threadpoolctl's keys. */
export interface Threadpool {
  readonly user_api: UserApi
  readonly internal_api: 'numloom' | 'openmp'
  readonly prefix: string
  readonly filepath: string
  readonly version: string
  readonly num_threads: number
  readonly threading_layer: 'pthreads' | 'openmp'
  readonly architecture: string
}

/** Every backend with threads that this machine has, for linear algebra ('blas') and for all else ('openmp'). */
export function threadpoolInfo(): Threadpool[] {
  const threaded = backends().filter(({ available, maxThreads }) => available && (maxThreads ?? 1) > 1)
  return threaded.flatMap(({ name, file = '', isa = '', maxThreads = 1 }) =>
    USER_APIS.map(
      (api): Threadpool => ({
        user_api: api,
        internal_api: name === 'native' ? 'openmp' : 'numloom',
        prefix: name === 'native' ? 'libgomp' : 'numloom',
        filepath: file,
        version: VERSION,
        num_threads: Math.min(threadCount(api).count, maxThreads),
        threading_layer: name === 'native' ? 'openmp' : 'pthreads',
        architecture: isa,
      }),
    ),
  )
}

const USER_APIS: readonly UserApi[] = ['openmp', 'blas']

export interface ThreadpoolOptions {
  /** One limit, or one for each API; 'sequential_blas_under_openmp' is how numloom works anyway. */
  readonly limits: number | Partial<Record<UserApi, number>> | 'sequential_blas_under_openmp' | null
  /** The API that a single limit is for; both where it is left out. */
  readonly userApi?: UserApi
}

function limitsOf({ limits, userApi }: ThreadpoolOptions): Partial<Record<UserApi, number>> {
  if (userApi !== undefined && !USER_APIS.includes(userApi)) {
    throw new ValueError(`threadpoolLimits: userApi must be ${USER_APIS.join(' or ')}, not ${String(userApi)}`)
  }
  if (limits === null || limits === 'sequential_blas_under_openmp') return {}
  if (typeof limits === 'number') {
    return Object.fromEntries(USER_APIS.filter((api) => (userApi ?? api) === api).map((api) => [api, limits]))
  }
  const unknown =
    typeof limits === 'object' ? Object.keys(limits).find((key) => !(USER_APIS as string[]).includes(key)) : limits
  if (unknown === undefined) return limits
  throw new ValueError(`threadpoolLimits: limits must be a number or { openmp, blas }, not ${JSON.stringify(limits)}`)
}

/** Limits that hold until they are disposed of: `using limits = nl.threadpoolLimits({ limits: 1 })`. */
export class ThreadpoolLimits {
  #before: ReturnType<typeof configuredCounts> | undefined

  constructor(counts: Context) {
    const before = configuredCounts()
    this.#before = before
    configureCounts({
      openmp: counts.threads ?? before.openmp,
      blas: counts.blasThreads ?? before.blas ?? (counts.threads && threadCount('blas')),
    })
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

/** Sets limits for the whole process, to be disposed of. Throws ValueError. */
export function threadpoolLimits(options: ThreadpoolOptions): ThreadpoolLimits
/** Runs `fn`, and what it awaits, with limits; returns what it returns. Throws ValueError. */
export function threadpoolLimits<T>(options: ThreadpoolOptions, fn: () => T): T
export function threadpoolLimits<T>(options: ThreadpoolOptions, fn?: () => T): T | ThreadpoolLimits {
  const { openmp, blas } = limitsOf(options)
  const counts: Context = {
    ...(openmp !== undefined && { threads: countOf(openmp, 'threadpoolLimits') }),
    ...(blas !== undefined && { blasThreads: countOf(blas, 'threadpoolLimits') }),
  }
  if (fn === undefined) return new ThreadpoolLimits(counts)
  // A limit for all else leaves linear algebra as it was.
  const untouched = counts.threads && counts.blasThreads === undefined ? { blasThreads: threadCount('blas') } : {}
  return within({ ...counts, ...untouched }, fn)
}
