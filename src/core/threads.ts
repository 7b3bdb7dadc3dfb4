// How many threads a call may use: the one place where that is decided.
// withThreads > setNumThreads > NUMLOOM_NUM_THREADS > OMP_NUM_THREADS > the cores that this process may run on.
// SPDX-License-Identifier: MIT

import { availableParallelism } from 'node:os'
import { environment, warnOnce } from './env.js'
import { ValueError } from './errors.js'

export interface ThreadCount {
  readonly count: number
  /** Where the number came from, as in `OMP_NUM_THREADS=2`. */
  readonly source: string
}

const LARGEST = 1024

let scoped: ThreadCount | undefined
let configured: ThreadCount | undefined
let detected: ThreadCount | undefined

function checkCount(count: number, caller: string): number {
  if (Number.isInteger(count) && count >= 1 && count <= LARGEST) return count
  throw new ValueError(`${caller}: the thread count must be an integer from 1 to ${LARGEST}, not ${String(count)}`)
}

/** OpenMP allows a list, one number a nesting level; there is one level here. */
function fromVariable(name: string): ThreadCount | undefined {
  const text = environment(name)
  if (text === undefined) return undefined
  const levels = text.split(',').map((level) => level.trim())
  const valid = levels.every((level) => /^\+?\d+$/.test(level) && Number(level) >= 1 && Number(level) <= LARGEST)
  if (valid) return { count: Number(levels[0]), source: `${name}=${text}` }
  warnOnce('NUMLOOM_ENV', `${name}='${text}' is ignored: expected an integer from 1 to ${LARGEST}`)
  return undefined
}

function detect(): ThreadCount {
  detected ??= fromVariable('NUMLOOM_NUM_THREADS') ??
    fromVariable('OMP_NUM_THREADS') ?? { count: availableParallelism(), source: 'available cores' }
  return detected
}

/** The thread count of the next call, and where it came from. */
export function threadCount(): ThreadCount {
  return scoped ?? configured ?? detect()
}

/** The number of threads that the next call large enough will use. */
export function getNumThreads(): number {
  return threadCount().count
}

/** Sets the thread count from now on. Throws ValueError unless it is an integer from 1 to 1024. */
export function setNumThreads(count: number): void {
  configured = { count: checkCount(count, 'setNumThreads'), source: `setNumThreads(${count})` }
}

/**
 * Runs `fn` with a thread count and returns what it returns; the count before holds again afterwards, also after an
 * error. `fn` is synchronous: what it awaits runs with the count before. Throws ValueError for an invalid count.
 */
export function withThreads<T>(count: number, fn: () => T): T {
  const before = scoped
  scoped = { count: checkCount(count, 'withThreads'), source: `withThreads(${count})` }
  try {
    return fn()
  } finally {
    scoped = before
  }
}
