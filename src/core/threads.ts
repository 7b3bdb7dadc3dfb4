// How many threads a call may use: the one place where that is decided.
//
// A call's own option > withThreads > setNumThreads > NUMLOOM_NUM_THREADS > (linear algebra: OPENBLAS_NUM_THREADS and
// the like) > OMP_NUM_THREADS > the CPUs that this process may use; all capped by OMP_THREAD_LIMIT.
// SPDX-License-Identifier: MIT

import { type ThreadCount, variables, whenRead } from '../omp/variables.js'
import { type Context, context, within } from './context.js'
import { ValueError } from './errors.js'

export type { ThreadCount } from '../omp/variables.js'

/** The parts of numloom that may have thread counts of their own, by threadpoolctl's names. */
export type UserApi = 'openmp' | 'blas'

let configured: ThreadCount | undefined
let configuredBlas: ThreadCount | undefined
/** What the environment gives, with the limit applied. */
let fromEnvironment: Readonly<Record<UserApi, ThreadCount>> | undefined

/** omp_set_dynamic; goes before OMP_DYNAMIC. */
let dynamic: boolean | undefined
/** No call uses more threads than this: the CPUs, where the count is dynamic. */
let mostThreads: number | undefined

whenRead(() => {
  fromEnvironment = undefined
  mostThreads = undefined
})

/** Whether calls use no more threads than there are CPUs, whatever was asked for. */
export function isDynamic(): boolean {
  return dynamic ?? variables().dynamic
}

export function setDynamicCount(value: boolean): void {
  dynamic = value
  mostThreads = undefined
}

function checkCount(count: number, caller: string): number {
  const { cap } = variables()
  if (Number.isInteger(count) && count >= 1 && count <= cap) return count
  throw new ValueError(`${caller}: the thread count must be an integer from 1 to ${cap}, not ${String(count)}`)
}

/** A checked thread count that a call gives. Throws ValueError. */
export function countOf(count: number, caller: string): ThreadCount {
  return limited({ count: checkCount(count, caller), source: `${caller}(${count})` })
}

function limited(wanted: ThreadCount): ThreadCount {
  const { threadLimit } = variables()
  if (threadLimit === undefined || wanted.count <= threadLimit) return wanted
  return { count: threadLimit, source: `${wanted.source}, capped by OMP_THREAD_LIMIT=${threadLimit}` }
}

function readEnvironment(): Readonly<Record<UserApi, ThreadCount>> {
  const { threads, blasThreads } = variables()
  fromEnvironment = { openmp: limited(threads), blas: limited(blasThreads ?? threads) }
  return fromEnvironment
}

/** The thread count of the next call, and where it came from. */
export function threadCount(api: UserApi = 'openmp', scoped: Context | undefined = context()): ThreadCount {
  const blas = api === 'blas'
  const wanted =
    (blas ? scoped?.blasThreads : undefined) ??
    scoped?.threads ??
    (blas ? configuredBlas : undefined) ??
    configured ??
    (fromEnvironment ?? readEnvironment())[api]
  mostThreads ??= isDynamic() ? variables().detected.count : Number.POSITIVE_INFINITY
  if (wanted.count <= mostThreads) return wanted
  return { count: mostThreads, source: `${wanted.source}, capped to the CPUs by OMP_DYNAMIC` }
}

/** The number of threads that the next call large enough will use. */
export function getNumThreads(): number {
  return threadCount().count
}

/** Sets the thread count from now on. Throws ValueError unless it is an integer from 1 to four a CPU (64 at least). */
export function setNumThreads(count: number): void {
  configured = countOf(count, 'setNumThreads')
  configuredBlas = undefined
}

/**
 * Runs `fn` with a thread count and returns what it returns. The count holds for everything that `fn` calls and awaits,
 * and nowhere else. Throws ValueError for an invalid count.
 */
export function withThreads<T>(count: number, fn: () => T): T {
  const threads = countOf(count, 'withThreads')
  return within({ threads, blasThreads: threads }, fn)
}

/** Counts set for the whole process, to be put back later. */
export interface Configured {
  readonly openmp: ThreadCount | undefined
  readonly blas: ThreadCount | undefined
}

/** What setNumThreads and threadpoolLimits have set. */
export function configuredCounts(): Configured {
  return { openmp: configured, blas: configuredBlas }
}

/** Sets what configuredCounts() gave. */
export function configureCounts({ openmp, blas }: Configured): void {
  configured = openmp
  configuredBlas = blas
}
