// One budget of threads for all worker_threads of the process that use the wasm team: each module has a team of its own,
// and what the others have running is not there for it. (The addon, which is one for the process, counts by itself.)
//
// The counts lie in memory that workers inherit from the thread that started them, if numloom was imported there.
// SPDX-License-Identifier: MIT

import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads'

const KEY = 'numloom:budget'
const SLOTS = 128
/** A thread that was terminated in the middle of a region leaves its claim behind. */
const STALE_SECONDS = 60

function inherit(): Int32Array {
  const inherited: unknown = getEnvironmentData(KEY)
  if (inherited instanceof SharedArrayBuffer) return new Int32Array(inherited)
  const made = new SharedArrayBuffer(SLOTS * 2 * Int32Array.BYTES_PER_ELEMENT)
  setEnvironmentData(KEY, made)
  return new Int32Array(made)
}

/** Of each thread of Node, by its id: the size of its team, and the second in which it was claimed. */
const claims = inherit()
const own = (threadId % SLOTS) * 2

/** How many of `wanted` threads a region may have, the caller being one. Give them back by release(). */
export function claim(wanted: number): number {
  const now = Math.floor(performance.timeOrigin / 1000 + performance.now() / 1000) | 0
  let others = 0
  for (let slot = 0; slot < claims.length; slot += 2) {
    const threads = Atomics.load(claims, slot)
    if (threads > 0 && slot !== own && now - Atomics.load(claims, slot + 1) < STALE_SECONDS) others += threads
  }
  const got = Math.max(1, wanted - others)
  Atomics.store(claims, own + 1, now)
  Atomics.store(claims, own, got)
  return got
}

export function release(): void {
  Atomics.store(claims, own, 0)
}
