// The settings that environment variables give, read at the first use and again by reloadEnv().
//
// A variable that is not valid is as good as unset, and says so once; with NUMLOOM_STRICT_ENV=1 it is an error.
// SPDX-License-Identifier: MIT

import { complain, environment, forgetComplaints, rawEnvironment } from '../core/env.js'
import { allowedCpus, type Detected, detect } from './detect.js'
import {
  type Parsed,
  parseBoolean,
  parseDisplay,
  parseLevels,
  parsePositive,
  parseProcBind,
  parseSchedule,
  parseStackSize,
  parseThreadCounts,
  parseWord,
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
  /** For linear algebra alone, from the variable of a BLAS library. */
  readonly blasThreads: ThreadCount | undefined
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

/** The value of a variable; undefined where it is unset or not valid. */
function read<T>(name: string, parse: (text: string) => Parsed<T>, otherwise: string): T | undefined {
  const text = environment(name)
  if (text === undefined) return undefined
  const { value, problem } = parse(text)
  if (problem !== undefined) complain(name, text, problem, value === undefined ? otherwise : `${show(value)} is used`)
  return value
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.join(',')
  if (typeof value !== 'object' || value === null) return String(value)
  return formatSchedule(value as Schedule)
}

/** As in OMP_SCHEDULE. */
export function formatSchedule({ kind, chunk, monotonic }: Schedule): string {
  const modifier = kind === 'static' || !monotonic ? '' : 'monotonic:'
  return `${modifier}${kind}${chunk > 0 ? `,${chunk}` : ''}`
}

function readThreads(cap: number): { name: string; counts: readonly number[] } | undefined {
  for (const name of ['NUMLOOM_NUM_THREADS', 'OMP_NUM_THREADS']) {
    const counts = read(name, (text) => parseThreadCounts(text, cap), 'it is ignored')
    if (counts !== undefined) return { name, counts }
  }
  return undefined
}

function readBlasThreads(cap: number): ThreadCount | undefined {
  for (const name of BLAS_VARIABLES) {
    if (environment(name) === '0') continue
    const count = read(name, (text) => parseThreadCounts(text, cap), 'it is ignored')?.[0]
    if (count !== undefined) return { count, source: `${name}=${environment(name)}` }
  }
  return undefined
}

function readSchedule(): Schedule {
  const blank = rawEnvironment('OMP_SCHEDULE')?.trim() === ''
  if (blank) complain('OMP_SCHEDULE', '', 'it is empty', 'static is used')
  return read('OMP_SCHEDULE', parseSchedule, 'static is used') ?? STATIC
}

/** A list of thread counts opens as many levels, unless OMP_MAX_ACTIVE_LEVELS or the older OMP_NESTED says otherwise. */
function readLevels(counts: readonly number[] | undefined): number {
  const nested = read('OMP_NESTED', parseBoolean, 'it is ignored')
  if (nested !== undefined) {
    complain('OMP_NESTED', String(nested), 'it is deprecated', 'use OMP_MAX_ACTIVE_LEVELS instead', false)
  }
  const byNested = nested === undefined ? undefined : nested ? SUPPORTED_LEVELS : 1
  return read('OMP_MAX_ACTIVE_LEVELS', parseLevels, 'it is ignored') ?? byNested ?? Math.max(1, counts?.length ?? 1)
}

function readAll(): Variables {
  const detected = detect()
  const cap = Math.max(64, 4 * detected.cpus)
  const found = readThreads(cap)
  const threads =
    found === undefined
      ? { count: Math.min(detected.count, cap), source: detected.source }
      : { count: found.counts[0] as number, source: `${found.name}=${environment(found.name)}` }
  const bind = read('OMP_PROC_BIND', parseProcBind, 'it is ignored')
  const places = read('OMP_PLACES', (text) => parsePlaces(text, allowedCpus()), 'it is ignored')
  return {
    detected,
    cap,
    counts: found?.counts,
    threads,
    // NUMLOOM_NUM_THREADS goes before the names of other libraries.
    blasThreads: found?.name === 'NUMLOOM_NUM_THREADS' ? undefined : readBlasThreads(cap),
    threadLimit: read('OMP_THREAD_LIMIT', parsePositive, 'it is ignored'),
    dynamic: read('OMP_DYNAMIC', parseBoolean, 'false is used') ?? false,
    schedule: readSchedule(),
    maxActiveLevels: readLevels(found?.counts),
    waitPolicy: read('OMP_WAIT_POLICY', (text) => parseWord(text, ['active', 'passive']), 'it is ignored'),
    stackBytes: read('OMP_STACKSIZE', parseStackSize, 'it is ignored'),
    procBind: bind,
    places,
    display: read('OMP_DISPLAY_ENV', parseDisplay, 'false is used') ?? false,
  }
}

let current: Variables | undefined
const listeners: ((variables: Variables) => void)[] = []

/** The settings of the environment. Throws EnvironmentError for an invalid one where NUMLOOM_STRICT_ENV=1. */
export function variables(): Variables {
  if (current === undefined) {
    current = readAll()
    for (const listener of listeners) listener(current)
  }
  return current
}

/** Calls `listener` after each reading of the environment. */
export function whenRead(listener: (variables: Variables) => void): void {
  listeners.push(listener)
}

/** Reads the environment variables again; what functions have set stays. Complaints may come a second time. */
export function reloadEnv(): void {
  forgetComplaints()
  current = undefined
  variables()
}
