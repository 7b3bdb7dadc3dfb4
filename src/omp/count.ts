// The thread count as users ask for it: what the backends that calls may run on make of the one that is set.
// SPDX-License-Identifier: MIT

import type { BackendName } from '../backends/backend.js'
import { statusOf } from '../backends/load.js'
import { type ThreadCount, threadCount } from '../core/threads.js'
import { threadsText } from '../report/text.js'
import { forcedBackend } from '../runtime.js'

/** Those with threads. The addon reads settings as it is loaded: only where the other cannot do. */
const THREADED: readonly BackendName[] = ['wasm-threads', 'native']

/** The most threads of the first of the backends that has as many as wanted, else of all; undefined where none is there. */
function mostOf(names: readonly BackendName[], wanted: number): number | undefined {
  let most: number | undefined
  for (const name of names) {
    const backend = statusOf(name)
    if ('maxThreads' in backend) most = Math.max(most ?? 1, backend.maxThreads)
    if (most !== undefined && most >= wanted) break
  }
  return most
}

/** The thread count of the next call of a kernel that is large enough, and where it came from. */
export function countInForce(): ThreadCount {
  const asked = threadCount()
  if (asked.count === 1) return asked
  const forced = forcedBackend()
  // Without the forced backend all calls are errors, whatever the count; without threaded ones they have one thread.
  const most = forced ? (mostOf([forced], asked.count) ?? asked.count) : (mostOf(THREADED, asked.count) ?? 1)
  if (asked.count <= most) return asked
  const why = forced ? `${forced} is forced, which has` : 'the backends that are available have'
  return { count: most, source: `${asked.source}, but ${why} ${threadsText(most)}` }
}

/**
 * The number of threads that the next call large enough will use. Linear algebra may have a count of its own, which
 * threadpoolInfo() tells; functions of njit have a target of their own, whatever the backend.
 */
export function getNumThreads(): number {
  return countInForce().count
}
