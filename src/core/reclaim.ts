// Finds the memory of arrays that were dropped: by the addon's watcher at any time; without the addon between jobs by
// finalizers, and within one job by a watcher that is slow.
//
// It decides when it is worth to collect garbage, and tells the heap which blocks are free. Memory that dispose() frees
// does not come this way.
// SPDX-License-Identifier: MIT

import { warnOnce } from './env.js'
import type { Block, Region } from './region.js'
import { collectorWatcher, type Effort, takeOffer, type Watcher } from './watcher.js'

/**
 * Without the addon, blocks from this size on, and pages, are watched; all are once so many bytes of new memory were needed
 * without a look.
 */
const WATCHED_BYTES = 256 * 1024
const WATCH_ALL_AFTER = 64 * 2 ** 20
/** After so many blocks the addon is worth loading for its watcher alone: finalizers pile up until a job ends. */
const OFFER_AFTER = 2048
/** After so many more blocks, or half of those that are watched, the watcher is asked for the dead. */
const WATCH_ROUND = 4096
/** Between two questions that collections of garbage prompt, each of which goes through all that is watched. */
const ASK_MS = 100
/**
 * New memory between two looks for dead arrays. A forced collection takes 0.1 to 10 ms: where the last one took long, so
 * much more that it costs a tenth of the time that writing the memory takes, about 10 MB a ms, but not without end, nor than
 * so many times what is in use: small programs stay small.
 */
const SWEEP_BYTES = 256 * 2 ** 20
const SWEEP_BYTES_PER_MS = 128 * 2 ** 20
const MOST_SWEEP_BYTES = 640 * 2 ** 20
const SWEEP_SHARE = 2
/** How much more at a time: filling fresh memory first costs as much as the collection did, so that short loops stay small. */
const GROWTH_PER_MS = 4 * 2 ** 20
/** The same for pages of small arrays, which take 8 ms or more to fill. */
const SWEEP_PAGE_BYTES = 32 * 2 ** 20
const SWEEP_PAGE_BYTES_PER_MS = 32 * 2 ** 20
const MOST_SWEEP_PAGE_BYTES = 64 * 2 ** 20

/** Of all heaps: the addon still watches what is left of one that was given up. */
let lastWatchId = 0

/** Knows of no death. */
const blind: Watcher = { watch() {}, sweep: () => [] }

export const ADVICE = 'Free arrays by scope(), `using` or dispose(), or write results to `out`'

export class Reclaimer {
  #release: (block: Block) => void
  #registry = new FinalizationRegistry<Block>((block) => this.#collected(block))
  /** Holds an object that nobody uses, whose end tells that garbage was collected. */
  #canary = new FinalizationRegistry<undefined>(() => this.#afterCollection())
  #awaiting = false
  #asked = 0
  #timer: NodeJS.Timeout | undefined
  #watcher: Watcher = collectorWatcher()
  #watched = new Map<number, Block>()
  #tracked = 0
  #nextRound = lastWatchId + WATCH_ROUND
  #watchedBytes = WATCHED_BYTES
  /** Bytes taken since the last look, and those of pages among them. */
  unswept = 0
  #unsweptPages = 0
  /** When all garbage was collected last, and how long that took. */
  #majorEnd = 0
  #majorMs = 0
  #limit = SWEEP_BYTES
  #pageLimit = SWEEP_PAGE_BYTES

  /** `release` is called with the block of every region that died. */
  constructor(release: (block: Block) => void) {
    this.#release = release
  }

  /** From now on the death of a region is noticed. */
  track(region: Region, isPage: boolean): void {
    const { block } = region
    if (isPage) this.#unsweptPages += block.size
    if (++this.#tracked === OFFER_AFTER) this.#improve()
    if (this.#watcher.slow) {
      this.#registry.register(region, block, block)
      if (!isPage && (block.size < this.#watchedBytes || region.outside !== undefined)) return
    } else this.#awaitCollection()
    // Not the address: that is used again while an older region that had it may not be collected yet.
    block.watchId = ++lastWatchId
    this.#watcher.watch(region, block.watchId)
    this.#watched.set(block.watchId, block)
    if (block.watchId < this.#nextRound) return
    this.sweep('ask')
    this.#nextRound = block.watchId + Math.max(WATCH_ROUND, this.#watched.size / 2)
  }

  #awaitCollection(): void {
    if (this.#awaiting) return
    this.#awaiting = true
    this.#canary.register({}, undefined)
  }

  #afterCollection(): void {
    const wait = this.#asked + ASK_MS - performance.now()
    if (wait > 0) this.#timer = setTimeout(() => this.#afterCollection(), wait).unref()
    else {
      this.#awaiting = false
      this.sweep('ask')
      this.#asked = performance.now()
      if (this.#watched.size > 0) this.#awaitCollection()
    }
  }

  /** Of a heap that was given up: the addon tells each death once, and those of the next heap's arrays are not for this one. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#watcher = blind
    this.#watched.clear()
  }

  /** The block is free already, or will be now. */
  forget(block: Block): void {
    block.released = true
    // Also of a region that died: its finalizer would wait for the end of the job.
    this.#registry.unregister(block)
    if (block.watchId === 0) return
    this.#watched.delete(block.watchId)
    this.#watcher.forget?.(block.watchId)
  }

  /** A region died, and with it the arrays that held it. */
  #collected(block: Block): void {
    if (block.released) return
    this.forget(block)
    block.tally.arrays -= block.holders
    this.#release(block)
  }

  watchWith(watcher: Watcher): void {
    const before = this.#watcher
    this.#watcher = watcher
    before.handOver?.(watcher)
  }

  /** Has the addon watch, where it can be had. */
  #improve(): void {
    const better = this.#watcher.slow ? takeOffer() : undefined
    if (better !== undefined) this.watchWith(better)
  }

  /** Has the blocks released that died in this job; tells whether there were any. */
  sweep(effort: Effort): boolean {
    if (effort !== 'ask') this.unswept = this.#unsweptPages = 0
    const begin = performance.now()
    let found = false
    for (const id of this.#watcher.sweep(effort)) {
      const block = this.#watched.get(id)
      if (block === undefined) continue
      this.#collected(block)
      found = true
    }
    if (effort === 'major') {
      this.#majorEnd = performance.now()
      this.#majorMs = this.#majorEnd - begin
    }
    return found
  }

  /** Whether all garbage was not collected for so long that doing it costs a tenth of the time at most. */
  get rested(): boolean {
    return performance.now() - this.#majorEnd > 9 * this.#majorMs
  }

  /** Looks for dead arrays, if there may be many by now, until `take` finds something. `inUse`: by arrays, in bytes. */
  searchFor(take: () => number | undefined, inUse: () => number): number | undefined {
    if (this.unswept >= WATCH_ALL_AFTER) this.#watchedBytes = 0
    const many = this.unswept >= this.#limit
    if (!many && this.#unsweptPages < this.#pageLimit) return undefined
    this.#improve()
    const begin = performance.now()
    let address: number | undefined
    for (const effort of ['minor', 'major'] as const) {
      if (this.sweep(effort) && this.#watcher.slow && many) warnSlow()
      address = take()
      if (address !== undefined) break
    }
    const spent = performance.now() - begin
    const growth = spent * GROWTH_PER_MS
    const wanted = Math.min(spent * SWEEP_BYTES_PER_MS, this.#limit + growth)
    const wantedPages = Math.min(spent * SWEEP_PAGE_BYTES_PER_MS, this.#pageLimit + growth)
    this.#limit = between(SWEEP_BYTES, wanted, Math.min(MOST_SWEEP_BYTES, SWEEP_BYTES + SWEEP_SHARE * inUse()))
    this.#pageLimit = between(SWEEP_PAGE_BYTES, wantedPages, MOST_SWEEP_PAGE_BYTES)
    return address
  }
}

const between = (least: number, value: number, most: number) => Math.min(most, Math.max(least, value))

function warnSlow(): void {
  warnOnce(
    'NUMLOOM_NO_ADDON',
    `arrays are dropped that, without the native addon, only full garbage collections find. ${ADVICE}: that is faster.`,
  )
}
