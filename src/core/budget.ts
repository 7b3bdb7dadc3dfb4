// One budget of threads for all worker_threads of the process and both teams: what others have running is not there for a
// call.
//
// The counts lie in memory that workers inherit from the thread that started them, if numloom was imported there. The
// addon (cpp/node/threads.cpp) claims and counts in it too.
// SPDX-License-Identifier: MIT

import { existsSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads'

const KEY = 'numloom:budget'
const SLOTS = 128
/** The words of a slot: the thread whose it is, 0 for none; how many threads it has running; since which second. */
const [OWNER, THREADS, SECOND, WORDS] = [0, 1, 2, 3] as const
/** A thread that was terminated in a region leaves its claim behind: so long where it cannot be seen that it ended. */
const STALE_SECONDS = 60

function inherit(): Int32Array {
  const inherited: unknown = getEnvironmentData(KEY)
  if (inherited instanceof SharedArrayBuffer) return new Int32Array(inherited)
  const made = new SharedArrayBuffer(SLOTS * WORDS * Int32Array.BYTES_PER_ELEMENT)
  setEnvironmentData(KEY, made)
  return new Int32Array(made)
}

/** A slot for each thread that ever claimed, from the first on without gaps. */
export const claims = inherit()

/** The id of this thread in the system; where the system does not tell, that in Node, negated. */
function systemId(): number {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')))
  } catch {
    return -1 - threadId
  }
}

const now = () => Math.floor(Date.now() / 1000) | 0

function isLive(slot: number): boolean {
  const owner = Atomics.load(claims, slot + OWNER)
  return owner > 0
    ? existsSync(`/proc/self/task/${owner}`)
    : now() - Atomics.load(claims, slot + SECOND) < STALE_SECONDS
}

function takeSlot(): number {
  const id = systemId()
  for (let slot = 0; slot < claims.length; slot += WORDS) {
    const owner = Atomics.load(claims, slot + OWNER)
    if (owner !== 0 && (owner < 0 || isLive(slot))) continue
    if (Atomics.compareExchange(claims, slot + OWNER, owner, id) !== owner) continue
    Atomics.store(claims, slot + THREADS, 0)
    return slot
  }
  // Among so many threads it does not matter that two are counted as one.
  return (threadId % SLOTS) * WORDS
}

let own: number | undefined

/** Where the slot of this thread begins in `claims`. */
export function ownSlot(): number {
  own ??= takeSlot()
  return own
}

/** How many of `wanted` threads a region may have, the caller being one. Give them back by release(). */
export function claim(wanted: number): number {
  const mine = ownSlot()
  Atomics.store(claims, mine + SECOND, now())
  // Before it looks at the others, so that of two that claim at once at least one sees the other.
  Atomics.store(claims, mine + THREADS, wanted)
  let others = 0
  for (let slot = 0; slot < claims.length && Atomics.load(claims, slot + OWNER) !== 0; slot += WORDS) {
    const threads = Atomics.load(claims, slot + THREADS)
    if (threads > 0 && slot !== mine && isLive(slot)) others += threads
  }
  const got = Math.max(1, wanted - others)
  Atomics.store(claims, mine + THREADS, got)
  return got
}

export function release(): void {
  Atomics.store(claims, ownSlot() + THREADS, 0)
}
