// The team of `wasm-threads`: brings up its threads, runs kernels on it within the process's budget, and notices lost threads.
// It loads nothing: wasm.ts has the module.
// SPDX-License-Identifier: MIT

import { fileURLToPath } from 'node:url'
import { claim, release } from '../core/budget.js'
import { BackendError } from '../core/errors.js'
import type { Variables } from '../omp/variables.js'

/** As many as the team in cpp/wasm/threads.cpp holds. */
export const MAX_TEAM = 64
/** How long to wait for the next thread to come up before it counts as dead. */
const START_TIMEOUT_MS = 2000

/** What a module with a team exports for it. */
export interface TeamExports {
  nl_set_threads(count: number): void
  nl_team_start(count: number): number
  nl_team_ready(): number
  nl_team_failure(): number
  nl_team_join(): void
  nl_set_schedule(kind: number, chunk: number): void
  nl_set_spins(spins: number): void
}

export interface TeamModule {
  readonly url: URL
  readonly threaded: boolean
  readonly exports: TeamExports
  /** Brings the schedule in force to the team. */
  applySchedule(): void
}

export type Raw = (...args: number[]) => void

/** How often a waiting thread looks before it sleeps: about a minute, never, or the module's own moment. */
export function setSpins(exports: TeamExports, { waitPolicy }: Variables): void {
  exports.nl_set_spins(waitPolicy === undefined ? -1 : waitPolicy === 'active' ? 2 ** 31 - 1 : 0)
}

/** How many threads are up, how many the calls want, and how many the module's regions have. */
let teamSize = 1
let currentThreads = 1
let regionThreads = 1

/** Brings the team up to `count` threads, waiting for them without leaving the job. */
function growTeam(module: TeamModule, count: number): void {
  const created = createMembers(module, count)
  const bell = new Int32Array(new SharedArrayBuffer(4))
  let ready = module.exports.nl_team_ready()
  let deadline = performance.now() + START_TIMEOUT_MS
  while (ready < count) {
    const before = ready
    if (ready >= created || performance.now() > deadline) throw teamError(module, count, ready)
    Atomics.wait(bell, 0, 0, 1)
    ready = module.exports.nl_team_ready()
    if (ready > before) deadline = performance.now() + START_TIMEOUT_MS
  }
  teamSize = count
}

function createMembers(module: TeamModule, count: number): number {
  try {
    return module.exports.nl_team_start(count)
  } catch (error) {
    // Node cannot start a Worker: the system refuses a thread, or its memory.
    throw teamError(module, count, module.exports.nl_team_ready(), error)
  }
}

function teamError(module: TeamModule, wanted: number, ready: number, cause?: unknown): BackendError {
  const why = cause instanceof Error ? ` (${cause.message})` : ''
  return new BackendError(
    `backend 'wasm-threads' could not start ${wanted} threads: ${ready} are up${why}. Use fewer (withThreads, OMP_NUM_THREADS).`,
    { backend: 'wasm-threads', file: fileURLToPath(module.url), ...(cause === undefined ? {} : { cause }) },
  )
}

/** How many threads the next calls want. They start when a call gets them of the budget. */
export function setThreads(module: TeamModule, count: number): void {
  if (count === currentThreads || !module.threaded) return
  currentThreads = count
  if (count === 1) setRegions(module, 1)
}

function setRegions(module: TeamModule, count: number): void {
  if (count === regionThreads) return
  module.exports.nl_set_threads(count)
  regionThreads = count
}

/** A kernel that runs on the team where more than one thread was set, within the process's budget. */
export function onTeam(module: TeamModule, raw: Raw): Raw {
  return (...args) => {
    if (currentThreads === 1) raw(...args)
    else runRegion(module, raw, args)
  }
}

let lastCount = 1

/** How many threads the last call on the team had. */
export const lastTeam = () => lastCount

function runRegion(module: TeamModule, raw: Raw, args: number[]): void {
  enterTeam(module)
  try {
    raw(...args)
  } catch (error) {
    abandonTeam(module)
    throw error
  } finally {
    release()
  }
  checkTeam(module)
}

/** Takes what the process's budget leaves of the threads that are wanted, until release(). Throws BackendError. */
function enterTeam(module: TeamModule): void {
  lastCount = claim(currentThreads)
  try {
    if (lastCount > teamSize) growTeam(module, lastCount)
  } catch (error) {
    release()
    throw error
  }
  setRegions(module, lastCount)
  module.applySchedule()
}

/** The caller's own share trapped. */
function abandonTeam(module: TeamModule): void {
  module.exports.nl_team_join()
  if (module.exports.nl_team_failure() !== 0) forgetTeam(module)
}

function checkTeam(module: TeamModule): void {
  const failure = module.exports.nl_team_failure()
  if (failure !== 0) throw lostThread(module, failure)
}

/** Some of its threads are gone: the next call that wants threads brings up new ones. */
function forgetTeam(module: TeamModule): void {
  setThreads(module, 1)
  teamSize = 1
}

function lostThread(module: TeamModule, failure: number): BackendError {
  forgetTeam(module)
  const what = failure === 1 ? 'a thread of its team died or did not wake' : 'a thread of its team trapped'
  return new BackendError(
    `backend 'wasm-threads': ${what}, so the result is not whole. The next call starts another thread.`,
    { backend: 'wasm-threads', file: fileURLToPath(module.url) },
  )
}

/** The module and the threads of the compiled function that is being called, until it has them. */
let awaiting: { readonly module: TeamModule; readonly threads: number } | undefined
let entered = false

/** Before every parallel loop of a compiled function: the first one of a call gets the team. Throws BackendError. */
export function joinTeam(): void {
  if (awaiting === undefined) return
  const { module, threads } = awaiting
  awaiting = undefined
  setThreads(module, Math.min(threads, MAX_TEAM))
  enterTeam(module)
  entered = true
}

/** Calls a compiled function, whose loops have at most so many threads. Throws BackendError where one of them fails. */
export function callOnTeam(
  module: TeamModule,
  threads: number,
  call: (slots: number) => number,
  slots: number,
): number {
  if (!module.threaded) return call(slots)
  setThreads(module, 1)
  awaiting = threads === 1 ? undefined : { module, threads }
  let status: number
  let hadTeam = false
  try {
    status = call(slots)
  } catch (error) {
    if (entered) abandonTeam(module)
    throw error
  } finally {
    hadTeam = entered
    awaiting = undefined
    entered = false
    if (hadTeam) release()
  }
  if (hadTeam) checkTeam(module)
  return status
}

/** The module is given up, and its team with it. */
export function resetTeam(): void {
  teamSize = currentThreads = regionThreads = 1
}
