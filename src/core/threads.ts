// How many threads a call may use: the one place where that is decided.
//
// A call's own option > withThreads > setNumThreads > NUMLOOM_NUM_THREADS > (linear algebra: OPENBLAS_NUM_THREADS and
// the like) > OMP_NUM_THREADS > the CPUs that this process may use; all capped by OMP_THREAD_LIMIT.
// SPDX-License-Identifier: MIT

import { type ThreadCount, variables, whenRead } from '../omp/variables.js'
import { type Context, checkFunction, context, within } from './context.js'
import { ValueError } from './errors.js'
import { shown } from './shown.js'

export type { ThreadCount } from '../omp/variables.js'

/** The parts of numloom that may have thread counts of their own, by threadpoolctl's names. */
export type UserApi = 'openmp' | 'blas'

let configured: ThreadCount | undefined
let configuredBlas: ThreadCount | undefined

/** omp_set_dynamic and omp_set_max_active_levels; they go before the environment. */
let dynamic: boolean | undefined
let activeLevels: number | undefined

/** What no call goes beyond, and why. */
interface Cap {
  readonly count: number
  readonly why: string
}
let cap: Cap | undefined
/** The last count that was above the cap, and what became of it: calls do without making it anew. */
let above: ThreadCount | undefined
let capped: ThreadCount | undefined

function forgetCap(): void {
  cap = undefined
  above = undefined
}
whenRead(forgetCap)

/** Whether calls use no more threads than there are CPUs, whatever was asked for. */
export function isDynamic(): boolean {
  return dynamic ?? variables().dynamic
}

export function setDynamicCount(value: boolean): void {
  dynamic = value
  forgetCap()
}

/** How many levels of regions may have more than one thread; with 0 none has. */
export function maxActiveLevels(): number {
  return activeLevels ?? variables().maxActiveLevels
}

export function setActiveLevels(levels: number): void {
  activeLevels = levels
  forgetCap()
}

function findCap(): Cap {
  const { threadLimit, detected } = variables()
  let least: Cap = { count: Number.POSITIVE_INFINITY, why: '' }
  const limit = (count: number, why: string) => {
    if (count < least.count) least = { count, why }
  }
  if (maxActiveLevels() === 0) limit(1, 'capped to 1, as no level may be active')
  if (threadLimit !== undefined) limit(threadLimit, `capped by OMP_THREAD_LIMIT=${threadLimit}`)
  if (isDynamic()) limit(detected.count, 'capped to the CPUs by OMP_DYNAMIC')
  return least
}

/** What becomes of a wanted count: it is brought to the cap at each use, since the cap may change. */
export function withinCap(wanted: ThreadCount): ThreadCount {
  cap ??= findCap()
  if (wanted.count <= cap.count) return wanted
  if (wanted !== above) {
    above = wanted
    capped = { count: cap.count, source: `${wanted.source}, ${cap.why}` }
  }
  return capped as ThreadCount
}

/** As many of a checked count as a call may use. */
export function allowedThreads(count: number): number {
  cap ??= findCap()
  return Math.min(count, cap.count)
}

/** A checked thread count that a call gives. Throws ValueError. */
export function countOf(count: number, caller: string): ThreadCount {
  const { cap: most } = variables()
  if (Number.isInteger(count) && count >= 1 && count <= most) return { count, source: `${caller}(${count})` }
  throw new ValueError(`${caller}: the thread count must be an integer from 1 to ${most}, not ${shown(count)}`)
}

/** The thread count that was asked for, by whatever goes before all else. */
export function wantedThreads(api: UserApi = 'openmp', scoped: Context | undefined = context()): ThreadCount {
  if (api === 'blas') {
    return scoped?.blasThreads ?? scoped?.threads ?? configuredBlas ?? configured ?? variables().blasThreads
  }
  return scoped?.threads ?? configured ?? variables().threads
}

/** The thread count that the next call may have, whatever its backend, and where it came from. */
export function threadCount(api: UserApi = 'openmp', scoped: Context | undefined = context()): ThreadCount {
  return withinCap(wantedThreads(api, scoped))
}

/** Sets the thread count from now on. Throws ValueError unless it is an integer from 1 to four a CPU (64 at least). */
export function setNumThreads(count: number): void {
  configured = countOf(count, 'setNumThreads')
  configuredBlas = undefined
}

/**
 * Runs `fn` with a thread count and returns what it returns. The count holds for everything that `fn` calls and awaits,
 * and nowhere else. Throws ValueError for an invalid count, or where there is no function.
 */
export function withThreads<T>(count: number, fn: () => T): T {
  const threads = countOf(count, 'withThreads')
  checkFunction(fn, 'withThreads')
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
