// The settings that environment variables give, read at the first use and again by reloadEnv().
//
// A variable that is not valid is as good as unset, and says so once; with NUMLOOM_STRICT_ENV=1 it is an error.
// SPDX-License-Identifier: MIT

import {
  checkEarlierVariables,
  complain,
  environment,
  forgetComplaints,
  onCopy,
  rawEnvironment,
  readVariable,
} from '../core/env.js'
import { allowedCpus, type Detected, detect } from './detect.js'
import {
  parseBoolean,
  parseDisplay,
  parseLevels,
  parseLimit,
  parseProcBind,
  parseSchedule,
  parseStackSize,
  parseThreadCounts,
  parseWaitPolicy,
  type Schedule,
  SUPPORTED_LEVELS,
} from './parse.js'
import { parsePlaces } from './places.js'

/** A number of threads, and the variable or call that it comes from. */
export interface ThreadCount {
  readonly count: number
  /** Where the number came from, as in `OMP_NUM_THREADS=2`. */
  readonly source: string
}

export interface Variables {
  readonly detected: Detected
  /** The most threads that any setting may ask for: four a CPU, 64 at least. */
  readonly cap: number
  /** By nesting level, from NUMLOOM_NUM_THREADS or OMP_NUM_THREADS. */
  readonly counts: readonly number[] | undefined
  readonly threads: ThreadCount
  /** For linear algebra: by the variable of a BLAS library, else the same. */
  readonly blasThreads: ThreadCount
  readonly threadLimit: number | undefined
  readonly dynamic: boolean
  readonly schedule: Schedule
  readonly maxActiveLevels: number
  /** How waiting threads wait; undefined: they spin for a moment, then sleep. */
  readonly waitPolicy: 'active' | 'passive' | undefined
  readonly stackBytes: number | undefined
  readonly procBind: string | undefined
  readonly places: string | undefined
  readonly display: boolean | 'verbose'
}

const STATIC: Schedule = { kind: 'static', chunk: 0, monotonic: true }

/** Below these, by rank, OMP_NUM_THREADS. 0 means unset in all of them. */
export const BLAS_VARIABLES = [
  'OPENBLAS_NUM_THREADS',
  'GOTO_NUM_THREADS',
  'MKL_NUM_THREADS',
  'BLIS_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
] as const

/** As in OMP_SCHEDULE. */
export function formatSchedule({ kind, chunk, monotonic }: Schedule): string {
  const modifier = kind === 'static' || !monotonic ? '' : 'monotonic:'
  return `${modifier}${kind}${chunk > 0 ? `,${chunk}` : ''}`
}

interface Counts extends ThreadCount {
  /** As the variable gives them; undefined where none does. */
  readonly counts: readonly number[] | undefined
  /** The variable. */
  readonly name?: string
}

const plain = ({ count, source }: ThreadCount): ThreadCount => ({ count, source })

/** What no count goes beyond: a variable's own value, and what is told to be used. */
interface Bounds {
  readonly cap: number
  readonly limit: number
}

/** By the first of the variables that is set and valid, `before` being one with a rank above them; all are checked. */
function readThreads(names: readonly string[], bounds: Bounds, otherwise: Counts, before?: Counts): Counts {
  const [name, ...rest] = names
  if (name === undefined) return before ?? otherwise
  const { cap, limit } = bounds
  const others = (first: Counts | undefined) => readThreads(rest, bounds, otherwise, first)
  const counts = readVariable(
    name,
    (text) => parseThreadCounts(text, cap),
    () => {
      const { count, source } = others(before)
      return `${Math.min(count, limit)} is used (${source})`
    },
    (own) => (before ? String(Math.min(before.count, limit)) : own.map((count) => Math.min(count, limit)).join()),
  )
  const own = counts && { count: counts[0] as number, source: `${name}=${environment(name)}`, counts, name }
  return others(before ?? own)
}

function readSchedule(): Schedule {
  const blank = rawEnvironment('OMP_SCHEDULE')?.trim() === ''
  if (blank) complain('OMP_SCHEDULE', '', 'it is empty', 'static is used')
  return readVariable('OMP_SCHEDULE', parseSchedule, 'static is used', formatSchedule) ?? STATIC
}

/** A list of thread counts opens as many levels, unless OMP_MAX_ACTIVE_LEVELS or the older OMP_NESTED says otherwise. */
function readLevels(counts: readonly number[] | undefined): number {
  const byCounts = Math.min(counts?.length ?? 1, SUPPORTED_LEVELS)
  const nested = readVariable('OMP_NESTED', parseBoolean, `${byCounts > 1} is used`)
  if (nested !== undefined) {
    complain('OMP_NESTED', String(nested), 'it is deprecated', 'use OMP_MAX_ACTIVE_LEVELS instead', false)
  }
  const otherwise = nested === undefined ? byCounts : nested ? SUPPORTED_LEVELS : 1
  return readVariable('OMP_MAX_ACTIVE_LEVELS', parseLevels, `${otherwise} is used`) ?? otherwise
}

function readAll(): Variables {
  checkEarlierVariables()
  const detected = detect()
  const cap = Math.max(64, 4 * detected.cpus)
  const byCpus = { count: Math.min(detected.count, cap), source: detected.source, counts: undefined }
  const threadLimit = readVariable('OMP_THREAD_LIMIT', parseLimit, 'no limit is used')
  const dynamic = readVariable('OMP_DYNAMIC', parseBoolean, 'false is used') ?? false
  // The levels are read later, as they depend on the counts.
  const serial = parseLevels(environment('OMP_MAX_ACTIVE_LEVELS') ?? '').value === 0
  const limit = Math.min(cap, threadLimit ?? cap, dynamic ? detected.count : cap, serial ? 1 : cap)
  const bounds = { cap, limit }
  const threads = readThreads(['NUMLOOM_NUM_THREADS', 'OMP_NUM_THREADS'], bounds, byCpus)
  // NUMLOOM_NUM_THREADS goes before the names of other libraries.
  const first = threads.name === 'NUMLOOM_NUM_THREADS' ? threads : undefined
  const blas = BLAS_VARIABLES.filter((name) => environment(name) !== '0')
  const places = readVariable('OMP_PLACES', (text) => parsePlaces(text, allowedCpus()), 'no places are used')
  const bound = `${places !== undefined} is used`
  return {
    detected,
    cap,
    counts: threads.counts,
    threads: plain(threads),
    blasThreads: plain(readThreads(blas, bounds, threads, first)),
    threadLimit,
    dynamic,
    schedule: readSchedule(),
    maxActiveLevels: readLevels(threads.counts),
    waitPolicy: readVariable('OMP_WAIT_POLICY', parseWaitPolicy, 'some spinning, then sleep, is used'),
    stackBytes: readVariable('OMP_STACKSIZE', parseStackSize, "the system's size is used", (bytes) => `${bytes}B`),
    procBind: readVariable('OMP_PROC_BIND', parseProcBind, bound),
    places,
    display: readVariable('OMP_DISPLAY_ENV', parseDisplay, 'false is used') ?? false,
  }
}

let current: Variables | undefined
const listeners: ((variables: Variables) => void)[] = []

/** The settings of the environment. Throws EnvironmentError for an invalid one where NUMLOOM_STRICT_ENV=1. */
export function variables(): Variables {
  return current ?? use(onCopy(readAll))
}

function use(read: Variables): Variables {
  current = read
  for (const listener of listeners) listener(read)
  return read
}

/** Calls `listener` after each reading of the environment. */
export function whenRead(listener: (variables: Variables) => void): void {
  listeners.push(listener)
}

/**
 * Reads the environment variables again; what functions have set stays. Complaints may come a second time. Where it throws
 * EnvironmentError, what was read before still holds.
 */
export function reloadEnv(): void {
  forgetComplaints()
  use(onCopy(readAll))
}
