// The allocator of array memory: JavaScript metadata over the one WebAssembly.Memory.
//
// Blocks have rounded sizes and are reused hot, newest first; what is not reused is merged with its neighbours. Small
// arrays are bumped out of pages that are freed as a whole. Memory is given back when the last array that uses it is
// disposed of or collected. Kernels never see this file: they get addresses.
// SPDX-License-Identifier: MIT

import { type Code, codeInfo, type TypedArray } from './dtype.js'
import { warnOnce } from './env.js'
import { DisposedError, OutOfMemoryError } from './errors.js'
import { Lent } from './lent.js'
import { ARENA_BYTES, createMemory, type MemoryChoice, PAGE_BYTES } from './memory.js'
import { FreeBlocks } from './ranges.js'
import { ADVICE, Reclaimer } from './reclaim.js'
import { type Block, blockSize, newBlock, ownerOf, Region, type Tally } from './region.js'
import type { Watcher } from './watcher.js'

const SMALL_ALIGNMENT = 16
/** Arrays up to this size share pages: creating a tracked block for each would cost more than the arithmetic on it. */
const SMALL_BYTES = 1024
const SMALL_PAGE_BYTES = 128 * 1024
/** Each collection that makes no room puts off the next one twice as long, so many times. */
const MOST_FRUITLESS = 10

export type HeapEvent = 'grow' | 'spill' | 'reclaim'

/** Told of what the heap does beyond handing out blocks, where someone listens (src/report). */
let listener: ((event: HeapEvent, bytes: number) => void) | undefined
export function watchHeap(told: typeof listener): void {
  listener = told
}

type Views = Record<Code, TypedArray>

export class Heap {
  readonly choice: MemoryChoice
  #buffer: ArrayBufferLike
  /** All that the memory had so far: typed arrays over a shared one stay as they are when it grows. */
  #buffers = new WeakSet<ArrayBufferLike>()
  #views: Views
  #lent = new Lent()
  #free = new FreeBlocks()
  #page: Region | undefined
  #pageUsed = 0
  /** The first of the small arrays outside the heap that are counted together, as large as a page of them. */
  #outsidePage: Region | undefined
  /** Collections in a row that made no room. */
  #fruitless = 0
  #reclaimer = new Reclaimer((block) => this.#release(block))
  /** Arrays in the heap, and in memory outside that was taken because the heap was full. */
  readonly inside: Tally = { arrays: 0 }
  readonly spilled: Tally = { arrays: 0 }
  bytesInUse = 0
  bytesSpilled = 0
  /** The most that both were together, and that the heap alone was. */
  peakBytes = 0
  peakInside = 0
  /** How far the heap was ever used, from where arrays begin. */
  highestBytes = 0

  constructor() {
    this.choice = createMemory()
    this.#buffer = this.choice.maximumBytes > 0 ? this.choice.memory.buffer : new ArrayBuffer(0)
    this.#views = this.#makeViews()
  }

  #makeViews(): Views {
    this.#buffers.add(this.#buffer)
    const view = (code: Code) => new (codeInfo(code).Array)(this.#buffer)
    return { f64: view('f64'), f32: view('f32'), i32: view('i32'), i64: view('i64') }
  }

  /** The memory's buffer as it is now: growing replaces it. */
  get buffer(): ArrayBufferLike {
    return this.#buffer
  }

  /** Whether typed arrays over a buffer lie in the heap. */
  owns(buffer: ArrayBufferLike): boolean {
    return buffer === this.#buffer || (buffer instanceof SharedArrayBuffer && this.#buffers.has(buffer))
  }

  /** A typed array over the whole heap. Do not keep it: growing replaces it. */
  view(code: Code): TypedArray {
    return this.#views[code]
  }

  /** What arrays can have of the memory as it is now, used or not. */
  get reservedBytes(): number {
    return Math.max(0, this.#buffer.byteLength - ARENA_BYTES)
  }

  /** The largest free piece of it. */
  get largestFreeBytes(): number {
    return this.#free.largest()
  }

  /** Memory for `bytes` bytes and the address where they begin. Contents are whatever was there before. */
  allocate(bytes: number, code: Code): { region: Region; address: number } {
    if (bytes <= SMALL_BYTES) return this.#allocateSmall(bytes, code)
    const size = blockSize(bytes)
    const address = this.#take(size)
    if (address === undefined) return { region: this.#spill(bytes, code), address: 0 }
    return { region: this.#track(address, size, false), address }
  }

  /** Lets arrays that die within a synchronous job be reclaimed there. */
  watchWith(watcher: Watcher): void {
    this.#reclaimer.watchWith(watcher)
  }

  #track(address: number, size: number, isPage: boolean): Region {
    const region = new Region(newBlock(address, size, this.inside), undefined)
    this.#reclaimer.track(region, isPage)
    return region
  }

  #allocateSmall(bytes: number, code: Code): { region: Region; address: number } {
    let page = this.#page
    if (page === undefined || this.#pageUsed + bytes > SMALL_PAGE_BYTES) {
      const address = this.#take(SMALL_PAGE_BYTES)
      if (address === undefined) return { region: this.#spill(bytes, code), address: 0 }
      page = this.#page = this.#track(address, SMALL_PAGE_BYTES, true)
      this.#pageUsed = 0
    }
    const address = page.address + this.#pageUsed
    this.#pageUsed += Math.max(SMALL_ALIGNMENT, Math.ceil(bytes / SMALL_ALIGNMENT) * SMALL_ALIGNMENT)
    return { region: page, address }
  }

  /** The user gets a typed array over a region. */
  lend(region: Region): void {
    this.#lent.add(ownerOf(region.block))
  }

  /**
   * The memory of a typed array over the heap, which it shares with the array that lent it. Throws DisposedError where that
   * was freed, also where another one is there now than `before`, the one that the typed array was seen to be of.
   */
  regionAt(data: TypedArray, before: Region | undefined): Region {
    const owner = this.#lent.find(data.byteOffset, data.byteLength)
    if (owner === undefined || (before !== undefined && owner !== ownerOf(before.block))) {
      throw new DisposedError(
        'the memory of this typed array, which came from the `data` of an array, was freed with that',
      )
    }
    owner.users++
    const region = new Region(newBlock(owner.address, owner.size, this.inside, owner), undefined)
    this.#reclaimer.track(region, false)
    return region
  }

  /** Frees at once what no array holds any more: all that ever used it were disposed of, for none died uncounted. */
  free(region: Region): void {
    const { block } = region
    if (region === this.#page) {
      // A typed array over it would then be one over other arrays.
      if (block.users === 1 && !this.#lent.has(block)) this.#pageUsed = 0
      return
    }
    if (block === this.#outsidePage?.block) {
      this.bytesSpilled -= block.size
      block.size = 0
      return
    }
    if (block.tally !== this.inside && block.tally !== this.spilled) return
    this.#reclaimer.forget(block)
    this.#release(block)
  }

  #release(block: Block): void {
    const owner = ownerOf(block)
    if (--owner.users > 0) return
    if (owner.tally !== this.inside) this.bytesSpilled -= owner.size
    else {
      this.#lent.delete(owner)
      this.#give(owner.address, owner.size)
    }
  }

  /** A block for the length of one call: scratch space, copies of arguments. Free it by `release`. */
  borrow(bytes: number): { address: number; release: () => void } {
    const size = blockSize(Math.max(bytes, 1))
    const address = this.#take(size)
    if (address === undefined) {
      this.#reclaimer.unswept += size
      throw this.outOfMemory(bytes)
    }
    return { address, release: () => this.#give(address, size) }
  }

  #give(address: number, size: number): void {
    this.bytesInUse -= size
    this.#free.give(address, size, this.bytesInUse)
  }

  #take(size: number): number | undefined {
    const address = this.#free.take(size) ?? this.#searchFor(size) ?? this.#grow(size) ?? this.#reclaim(size)
    if (address !== undefined) {
      this.bytesInUse += size
      this.#reclaimer.unswept += size
      if (this.bytesInUse > this.peakInside) this.peakInside = this.bytesInUse
      this.highestBytes = Math.max(this.highestBytes, address + size - ARENA_BYTES)
      this.#notePeak()
    }
    return address
  }

  #notePeak(): void {
    const bytes = this.bytesInUse + this.bytesSpilled
    if (bytes > this.peakBytes) this.peakBytes = bytes
  }

  /** Before the heap grows, looks for arrays that died in this job. */
  #searchFor(size: number): number | undefined {
    const before = this.bytesInUse
    const address = this.#reclaimer.searchFor(
      () => this.#free.take(size),
      () => this.bytesInUse,
    )
    this.#tellReclaimed(before)
    return address
  }

  #tellReclaimed(before: number): void {
    if (before > this.bytesInUse) listener?.('reclaim', before - this.bytesInUse)
  }

  /** Collects all dead arrays and merges all blocks that wait for reuse, which may make room for another size. */
  #reclaim(size: number): number | undefined {
    if (this.choice.maximumBytes === 0) return undefined
    // A full heap of arrays that live must not cost every new array a collection.
    const enough = (this.choice.maximumBytes / 8) * 2 ** this.#fruitless
    if (this.#reclaimer.unswept < enough && !this.#reclaimer.rested) return undefined
    const before = this.bytesInUse
    this.#reclaimer.sweep('major')
    this.#tellReclaimed(before)
    this.#free.merge()
    const address = this.#free.take(size) ?? this.#grow(size)
    this.#fruitless = address === undefined ? Math.min(this.#fruitless + 1, MOST_FRUITLESS) : 0
    return address
  }

  #grow(size: number): number | undefined {
    this.#free.merge()
    const address = this.#free.take(size)
    if (address !== undefined) return address
    // Compiled functions may have made the memory larger, for themselves.
    const end = this.choice.maximumBytes > 0 ? this.choice.memory.buffer.byteLength : 0
    const missing = size - this.#free.endingAt(end)
    // Growing is a system call: at least 16 MiB at a time, an eighth of the heap when it is large.
    const generous = Math.max(missing, 16 * 2 ** 20, end / 8)
    if (!this.growBy(generous) && !this.growBy(missing)) return undefined
    const taken = this.#free.take(size)
    listener?.('grow', this.#buffer.byteLength - end)
    return taken
  }

  /** Makes the memory larger by at least so much, where it may be; false else. */
  growBy(bytes: number): boolean {
    const wanted = Math.ceil(bytes / PAGE_BYTES)
    if (this.#buffer.byteLength + wanted * PAGE_BYTES > this.choice.maximumBytes) return false
    const { memory } = this.choice
    let pages: number
    try {
      pages = memory.grow(wanted)
    } catch {
      return false
    }
    this.#buffer = memory.buffer
    this.#views = this.#makeViews()
    this.#free.extend(pages * PAGE_BYTES, wanted * PAGE_BYTES)
    return true
  }

  /** An array outside the heap, in memory that the engine itself collects. */
  #spill(bytes: number, code: Code): Region {
    const data = this.outsideArray(code, bytes / codeInfo(code).itemsize)
    const { maximumBytes } = this.choice
    if (maximumBytes > 0) {
      warnOnce(
        'NUMLOOM_HEAP_FULL',
        `the array heap (${maximumBytes / 2 ** 20} MiB) is full; new arrays are kept outside it, which costs wasm backends ` +
          `a copy per call. ${ADVICE}.`,
      )
    }
    this.bytesSpilled += bytes
    this.#reclaimer.unswept += bytes
    this.#notePeak()
    listener?.('spill', bytes)
    return this.#outsideRegion(data)
  }

  /** What tells of the end of an array lasts until a job ends, where there is no addon: too much to have it for small ones. */
  #outsideRegion(data: TypedArray): Region {
    const { byteLength } = data
    const first = this.#outsidePage
    if (first !== undefined && first.block.size + byteLength <= SMALL_PAGE_BYTES) {
      first.block.size += byteLength
      return new Region(first.block, data, first)
    }
    const region = new Region(newBlock(-1, byteLength, this.spilled), data)
    this.#reclaimer.track(region, false)
    if (byteLength < SMALL_PAGE_BYTES) this.#outsidePage = region
    return region
  }

  /** Gives up all its arrays, and looks no more for dead ones. */
  retire(): void {
    this.inside.retired = this.spilled.retired = true
    this.#reclaimer.stop()
  }

  /** A typed array of zeros that has nothing to do with the heap. Throws OutOfMemoryError. */
  outsideArray(code: Code, length: number): TypedArray {
    const info = codeInfo(code)
    try {
      return new info.Array(length)
    } catch {
      throw this.outOfMemory(length * info.itemsize)
    }
  }

  /** What further arrays may have of it, holes aside. */
  get availableBytes(): number {
    return Math.max(0, this.choice.maximumBytes - ARENA_BYTES - this.bytesInUse)
  }

  outOfMemory(wanted: number): OutOfMemoryError {
    const all = Math.max(0, this.choice.maximumBytes - ARENA_BYTES)
    const inUse = all > 0 ? `${this.bytesInUse} of ${all} bytes of the array heap are in use` : 'there is no array heap'
    return new OutOfMemoryError(`no memory for an array of ${wanted} bytes: ${inUse}. ${ADVICE}.`, {
      wanted,
      available: this.availableBytes,
    })
  }
}

let instance: Heap | undefined

/** Gives up the heap with all its arrays; the next use makes another. */
export function retireHeap(): void {
  instance?.retire()
  instance = undefined
}

/** The heap, made at the first call. */
export function heap(): Heap {
  instance ??= new Heap()
  return instance
}
