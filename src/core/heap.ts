// The allocator of array memory: JavaScript metadata over the one WebAssembly.Memory.
//
// Blocks have rounded sizes and are reused hot, newest first; what is not reused is merged with its neighbours. Small
// arrays are bumped out of pages that are freed as a whole. Memory is given back when the last array that uses it is
// disposed of or collected. Kernels never see this file: they get addresses.
// SPDX-License-Identifier: MIT

import { type Code, codeInfo, type TypedArray } from './dtype.js'
import { warnOnce } from './env.js'
import { OutOfMemoryError } from './errors.js'
import { ARENA_BYTES, createMemory, type MemoryChoice, PAGE_BYTES } from './memory.js'
import { FreeRanges } from './ranges.js'

const ALIGNMENT = 64
const SMALL_ALIGNMENT = 16
/** Arrays up to this size share pages: creating a tracked block for each would cost more than the arithmetic on it. */
const SMALL_BYTES = 1024
const SMALL_PAGE_BYTES = 32 * 1024

/** A piece of memory that arrays share: a block or page of the heap, or a typed array from outside (address -1). */
export class Region {
  /** Arrays that use it and have not been disposed of. */
  holders = 0
  /** By which the watcher knows it; 0 where it is not watched. */
  watchId = 0

  constructor(
    readonly address: number,
    readonly bytes: number,
    readonly outside: TypedArray | undefined,
    /** Whether it is a page that small arrays share. */
    readonly page: boolean,
  ) {}
}

/** Blocks from this size on are watched, so that they can be reclaimed within one long synchronous job. */
const WATCHED_BYTES = 256 * 1024
/** New memory between two looks for dead arrays: a forced collection takes 0.1 to 3 ms, writing this much about 50. */
const SWEEP_BYTES = 256 * 2 ** 20

/** What can tell dead objects before the job ends (the addon's weak references). */
export interface Watcher {
  watch(object: object, id: number): void
  /** Collects garbage and returns the ids of the objects that died. `thorough` is slower and finds all. */
  sweep(thorough: boolean): number[]
}

interface Block {
  readonly address: number
  readonly size: number
  /** Whether the memory was released, by whichever way came first. */
  released: boolean
  watchId: number
}

/**
 * Added to large blocks, so that arrays made one after another do not begin at the same place of a page: a load would wait
 * for a store to the same place of another page, whose address the processor compares by its low 12 bits only.
 */
const STAGGER_BYTES = 5 * ALIGNMENT
const STAGGERED_BYTES = 16 * 1024

/** Rounds up to one of eight sizes between powers of two, so that a freed block fits the next array of about its size. */
function blockSize(bytes: number): number {
  const step = Math.max(ALIGNMENT, 2 ** (Math.floor(Math.log2(bytes)) - 3))
  return Math.ceil(bytes / step) * step + (bytes >= STAGGERED_BYTES ? STAGGER_BYTES : 0)
}

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
  #views: Views
  #hot = new Map<number, number[]>()
  #cold = new FreeRanges()
  #page: Region | undefined
  #pageUsed = 0
  #registry = new FinalizationRegistry<Block>((block) => this.#releaseOnce(block))
  #watcher: Watcher | undefined
  #watched = new Map<number, Block>()
  #lastWatchId = 0
  #unswept = 0
  bytesInUse = 0

  constructor() {
    this.choice = createMemory()
    this.#buffer = this.choice.memory.buffer
    this.#views = this.#makeViews()
  }

  #makeViews(): Views {
    const view = (code: Code) => new (codeInfo(code).Array)(this.#buffer)
    return { f64: view('f64'), f32: view('f32'), i32: view('i32'), i64: view('i64') }
  }

  /** The memory's buffer as it is now: growing replaces it. */
  get buffer(): ArrayBufferLike {
    return this.#buffer
  }

  /** A typed array over the whole heap. Do not keep it: growing replaces it. */
  view(code: Code): TypedArray {
    return this.#views[code]
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
    this.#watcher = watcher
  }

  #track(address: number, size: number, page: boolean): Region {
    const region = new Region(address, size, undefined, page)
    const block: Block = { address, size, released: false, watchId: 0 }
    this.#registry.register(region, block, region)
    if (size >= WATCHED_BYTES && this.#watcher !== undefined) {
      // Not the address: that is used again while an older region that had it may not be collected yet.
      region.watchId = block.watchId = ++this.#lastWatchId
      this.#watcher.watch(region, block.watchId)
      this.#watched.set(block.watchId, block)
    }
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

  /** Frees at once what no array holds any more. Pages wait for the collector: their other arrays may live. */
  free(region: Region): void {
    if (region.page || region.outside !== undefined) return
    this.#registry.unregister(region)
    this.#watched.delete(region.watchId)
    this.#release(region.address, region.bytes)
  }

  #releaseOnce(block: Block): void {
    if (block.released) return
    block.released = true
    this.#watched.delete(block.watchId)
    this.#release(block.address, block.size)
  }

  /** Releases what died in this job. */
  #sweep(thorough: boolean): void {
    this.#unswept = 0
    const before = this.bytesInUse
    for (const id of this.#watcher?.sweep(thorough) ?? []) {
      const block = this.#watched.get(id)
      if (block !== undefined) this.#releaseOnce(block)
    }
    if (before > this.bytesInUse) listener?.('reclaim', before - this.bytesInUse)
  }

  /** A block for the length of one call: scratch space, copies of arguments. Free it by `release`. */
  borrow(bytes: number): { address: number; release: () => void } {
    const size = blockSize(Math.max(bytes, 1))
    const address = this.#take(size)
    if (address === undefined) throw this.#outOfMemory(bytes)
    return { address, release: () => this.#release(address, size) }
  }

  #release(address: number, size: number): void {
    this.bytesInUse -= size
    const blocks = this.#hot.get(size)
    if (blocks) blocks.push(address)
    else this.#hot.set(size, [address])
  }

  #take(size: number): number | undefined {
    const address = this.#reuse(size) ?? this.#sweepFor(size) ?? this.#grow(size) ?? this.#reclaim(size)
    if (address !== undefined) {
      this.bytesInUse += size
      this.#unswept += size
    }
    return address
  }

  #reuse(size: number): number | undefined {
    return this.#hot.get(size)?.pop() ?? this.#cold.take(size)
  }

  /** Before the heap grows, looks for arrays that died in this job, if there may be many by now. */
  #sweepFor(size: number): number | undefined {
    if (this.#unswept < SWEEP_BYTES) return undefined
    for (const thorough of [false, true]) {
      this.#sweep(thorough)
      const address = this.#reuse(size)
      if (address !== undefined) return address
    }
    return undefined
  }

  /** Collects all dead arrays and merges all blocks that wait for reuse, which may make room for another size. */
  #reclaim(size: number): number | undefined {
    this.#sweep(true)
    for (const [blockBytes, addresses] of this.#hot) {
      for (const address of addresses) this.#cold.add(address, blockBytes)
    }
    this.#hot.clear()
    return this.#cold.take(size) ?? this.#grow(size)
  }

  #grow(size: number): number | undefined {
    const end = this.#buffer.byteLength
    const tail = this.#cold.endingAt(end)
    const missing = size - tail
    // Growing is a system call: at least 16 MiB at a time, an eighth of the heap when it is large.
    const generous = Math.max(missing, 16 * 2 ** 20, end / 8)
    if (!this.#growBy(generous) && !this.#growBy(missing)) return undefined
    const grown = this.#buffer.byteLength - end
    this.#cold.add(end, grown)
    const address = this.#cold.take(size)
    listener?.('grow', grown)
    return address
  }

  #growBy(bytes: number): boolean {
    const pages = Math.ceil(bytes / PAGE_BYTES)
    if (this.#buffer.byteLength + pages * PAGE_BYTES > this.choice.maximumBytes) return false
    try {
      this.choice.memory.grow(pages)
    } catch {
      return false
    }
    this.#buffer = this.choice.memory.buffer
    this.#views = this.#makeViews()
    return true
  }

  /** An array outside the heap, in memory that the engine itself collects. */
  #spill(bytes: number, code: Code): Region {
    const info = codeInfo(code)
    try {
      const region = new Region(-1, bytes, new info.Array(bytes / info.itemsize), false)
      warnOnce(
        'NUMLOOM_HEAP_FULL',
        `the array heap (${this.choice.maximumBytes / 2 ** 20} MiB) is full; new arrays are kept outside it, which costs ` +
          'wasm backends a copy per call. Free arrays by dispose() or `using`, or write results to `out`.',
      )
      listener?.('spill', bytes)
      return region
    } catch {
      throw this.#outOfMemory(bytes)
    }
  }

  #outOfMemory(wanted: number): OutOfMemoryError {
    return new OutOfMemoryError(
      `no memory for an array of ${wanted} bytes: ${this.bytesInUse} of ${this.choice.maximumBytes - ARENA_BYTES} bytes ` +
        'of the array heap are in use. Free arrays by dispose() or `using`, or write results to `out`.',
      { wanted },
    )
  }
}

let instance: Heap | undefined

/** The heap, made at the first call. */
export function heap(): Heap {
  instance ??= new Heap()
  return instance
}
