// The OpenMP runtime routines that make sense here, under their names in camelCase: `nl.omp`.
//
// JavaScript runs outside of parallel regions, so the routines that tell about a region tell about none.
// SPDX-License-Identifier: MIT

import { ValueError } from './core/errors.js'
import { shown } from './core/shown.js'
import {
  isDynamic,
  maxActiveLevels,
  setActiveLevels,
  setNumThreads as setCount,
  setDynamicCount,
  threadCount,
} from './core/threads.js'
import { getNumThreads as maxThreads } from './omp/count.js'
import { teamSettings } from './omp/ignored.js'
import { NO_LIMIT, SCHEDULE_KINDS, type Schedule, SUPPORTED_LEVELS } from './omp/parse.js'
import { chooseSchedule, currentSchedule } from './omp/schedule.js'
import { formatSchedule, type Variables, variables, whenRead } from './omp/variables.js'
import { shutdown } from './shutdown.js'
import { VERSION } from './version.js'

export type { Schedule, ScheduleKind } from './omp/parse.js'

/** omp_set_num_threads. Throws ValueError unless count is an integer from 1 to four a CPU (64 at least). */
export function setNumThreads(count: number): void {
  setCount(count)
}

/** omp_get_max_threads: how many threads the next region may have. */
export function getMaxThreads(): number {
  return maxThreads()
}

/** omp_get_num_threads: the size of the team that runs this code. */
export function getNumThreads(): number {
  return 1
}

/** omp_get_thread_num: which member of the team runs this code. */
export function getThreadNum(): number {
  return 0
}

/** omp_in_parallel */
export function inParallel(): boolean {
  return false
}

/** omp_get_num_procs: the CPUs that this process may use, by its mask and its control groups' quotas. */
export function getNumProcs(): number {
  return variables().detected.count
}

/** omp_get_dynamic: whether calls may use fewer threads than asked for, to fit the CPUs. */
export function getDynamic(): boolean {
  return isDynamic()
}

/** omp_set_dynamic. Throws ValueError for what is no boolean. */
export function setDynamic(dynamic: boolean): void {
  setDynamicCount(checkBoolean(dynamic, 'setDynamic: dynamic'))
}

function checkBoolean(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value
  throw new ValueError(`${what} must be true or false, not ${shown(value)}`)
}

/** omp_get_schedule: how kernels deal their work out to threads. Results do not depend on it. */
export function getSchedule(): Schedule {
  return { ...currentSchedule() }
}

/** omp_set_schedule. chunk 0 leaves it to the kind. Throws ValueError for what is no schedule. */
export function setSchedule(schedule: { kind: Schedule['kind']; chunk?: number; monotonic?: boolean }): void {
  if (typeof schedule !== 'object' || schedule === null) {
    throw new ValueError(`setSchedule: expected { kind, chunk, monotonic }, not ${shown(schedule)}`)
  }
  const { kind, chunk = 0, monotonic = kind === 'static' } = schedule
  if (!SCHEDULE_KINDS.includes(kind)) {
    throw new ValueError(`setSchedule: unknown kind ${shown(kind)}; valid are ${SCHEDULE_KINDS.join(', ')}`)
  }
  if (!Number.isInteger(chunk) || chunk < 0 || chunk >= 2 ** 31) {
    throw new ValueError(`setSchedule: chunk must be an integer from 0 to ${2 ** 31 - 1}, not ${shown(chunk)}`)
  }
  chooseSchedule({
    kind,
    chunk: kind === 'auto' ? 0 : chunk,
    monotonic: checkBoolean(monotonic, 'setSchedule: monotonic'),
  })
}

/** omp_get_thread_limit */
export function getThreadLimit(): number {
  return variables().threadLimit ?? NO_LIMIT
}

/** omp_get_max_active_levels */
export function getMaxActiveLevels(): number {
  return maxActiveLevels()
}

/**
 * omp_set_max_active_levels. With 0 every call runs on one thread; more than the supported levels are the supported ones.
 * Throws ValueError below 0.
 */
export function setMaxActiveLevels(levels: number): void {
  if (!Number.isInteger(levels) || levels < 0) {
    throw new ValueError(`setMaxActiveLevels: levels must be a non-negative integer, not ${shown(levels)}`)
  }
  setActiveLevels(Math.min(levels, SUPPORTED_LEVELS))
}

/** omp_get_supported_active_levels */
export function getSupportedActiveLevels(): number {
  return SUPPORTED_LEVELS
}

/** omp_get_nested, which is deprecated: whether more than one level may be active. */
export function getNested(): boolean {
  return getMaxActiveLevels() > 1
}

/** omp_set_nested, which is deprecated: use setMaxActiveLevels. Throws ValueError for what is no boolean. */
export function setNested(nested: boolean): void {
  setActiveLevels(checkBoolean(nested, 'setNested: nested') ? SUPPORTED_LEVELS : 1)
}

/** omp_get_level: the nesting level of this code. */
export function getLevel(): number {
  return 0
}

/** omp_get_active_level */
export function getActiveLevel(): number {
  return 0
}

/** omp_get_ancestor_thread_num: -1 for a level that there is not. */
export function getAncestorThreadNum(level: number): number {
  return level === 0 ? 0 : -1
}

/** omp_get_team_size: -1 for a level that there is not. */
export function getTeamSize(level: number): number {
  return level === 0 ? 1 : -1
}

/** omp_get_wtime: seconds since some moment in the past. */
export function getWtime(): number {
  return performance.now() / 1000
}

/** omp_get_wtick: the precision of getWtime in seconds. */
export function getWtick(): number {
  return 1e-9
}

/** omp_get_proc_bind, as OMP_PROC_BIND had it when native was loaded; 'false' where a wasm backend is forced, whose threads are never bound. */
export function getProcBind(): string {
  const { procBind, places } = teamSettings()
  return procBind ?? (places === undefined ? 'false' : 'true')
}

/** omp_pause_resource_all: gives back threads and memory, as nl.shutdown() does. */
export function pauseResourceAll(): Promise<void> {
  return shutdown()
}

/** omp_display_env: the settings as a text in the form that OpenMP runtimes print, which is also printed on stderr. */
export function displayEnv(verbose = false): string {
  const text = describe(variables(), verbose)
  globalThis.process?.stderr?.write(text)
  return text
}

function describe(read: Variables, verbose: boolean): string {
  const count = threadCount()
  const { places, stackBytes, waitPolicy } = teamSettings()
  const rows: [string, string | number][] = [
    ['_OPENMP', 202111],
    ['OMP_DYNAMIC', String(getDynamic()).toUpperCase()],
    ['OMP_MAX_ACTIVE_LEVELS', getMaxActiveLevels()],
    ['OMP_NESTED', String(getNested()).toUpperCase()],
    ['OMP_NUM_THREADS', [count.count, ...(read.counts?.slice(1) ?? [])].join(',')],
    ['OMP_PLACES', places ?? ''],
    ['OMP_PROC_BIND', getProcBind().toUpperCase()],
    ['OMP_SCHEDULE', formatSchedule(getSchedule()).toUpperCase()],
    ['OMP_STACKSIZE', stackBytes === undefined ? '' : `${stackBytes}B`],
    ['OMP_THREAD_LIMIT', getThreadLimit()],
    ['OMP_WAIT_POLICY', (waitPolicy ?? '').toUpperCase()],
  ]
  if (verbose) {
    rows.push(
      ['NUMLOOM_VERSION', VERSION],
      ['NUMLOOM_THREADS_SOURCE', count.source],
      ['NUMLOOM_NUM_PROCS', read.detected.count],
      ['NUMLOOM_BLAS_THREADS', threadCount('blas').count],
    )
  }
  const lines = rows.map(([name, value]) => `  ${name} = '${value}'`)
  return ['OPENMP DISPLAY ENVIRONMENT BEGIN', ...lines, 'OPENMP DISPLAY ENVIRONMENT END', ''].join('\n')
}

whenRead((read) => {
  if (read.display !== false) displayEnv(read.display === 'verbose')
})
