// The thread count as users ask for it: what a forced backend makes of the one that is set.
// SPDX-License-Identifier: MIT

import { tryLoad } from '../backends/load.js'
import { type ThreadCount, threadCount } from '../core/threads.js'
import { threadsText } from '../report/text.js'
import { forcedBackend } from '../runtime.js'

/** The thread count of the next call of a kernel that is large enough, and where it came from. */
export function countInForce(): ThreadCount {
  const asked = threadCount()
  const backend = forcedBackend()
  const loaded = backend && tryLoad(backend)
  // Without the backend all calls are errors, whatever the count.
  const most = loaded && 'maxThreads' in loaded ? loaded.maxThreads : asked.count
  if (asked.count <= most) return asked
  return { count: most, source: `${asked.source}, but ${backend} is forced, which has ${threadsText(most)}` }
}

/**
 * The number of threads that the next call large enough will use. Linear algebra may have a count of its own, which
 * threadpoolInfo() tells; functions of njit have a target of their own, whatever the backend.
 */
export function getNumThreads(): number {
  return countInForce().count
}
