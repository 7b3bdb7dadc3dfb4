// Target `wasm`: C by LLVM from npm to a side module of the C++ kernels' module, in the same memory and on the same team.
// SPDX-License-Identifier: MIT

import { createHash, randomBytes } from 'node:crypto'
import { load } from '../backends/load.js'
import { callFunction, type FunctionHost, wasmFunctions } from '../backends/wasm.js'
import { NjitError, OutOfMemoryError } from '../core/errors.js'
import { heap } from '../core/heap.js'
import { threadCount } from '../core/threads.js'
import { clang, runClang, runClangAsync } from './clang.js'
import type { Job } from './compile-worker.js'
import { place } from './copies.js'
import { commonFlags, fastmathFlags } from './flags.js'
import { findPackage } from './packages.js'
import { CLANG_REMARKS, parseRemarks } from './remarks.js'
import { type Allocation, loadSideModule, type SideModule } from './side-module.js'
import { type ArrayArgument, type CompileOptions, type Program, STACK_ENDED, type Target } from './target.js'

const COMPILE = ['--target=wasm32-unknown-unknown', '-msimd128', '-mbulk-memory', '-nostdlib']
const LINK = [
  '--experimental-pic',
  '-shared',
  '--no-entry',
  '--import-memory',
  '--import-undefined',
  '-Bsymbolic',
  '--strip-debug',
]
/** A module may only import memory of its own kind. */
const SHARED = { compile: ['-matomics'], link: ['--shared-memory', '--max-memory=4294967296'] }
const NOT_SHARED = { compile: [], link: [] }
const EXPORTS = ['nl_main', 'nl_body', 'nl_free'].map((name) => `--export-if-defined=${name}`)

const byMemory = () => (heap().choice.shared ? SHARED : NOT_SHARED)

function compileFlags({ fastmath }: CompileOptions): string[] {
  return [...COMPILE, ...byMemory().compile, ...commonFlags(), ...fastmathFlags(fastmath, true)]
}

function jobOf(source: string, options: CompileOptions): Job {
  const compile: Job['steps'][number] = ['clang', ...compileFlags(options), '-c', 'function.c', '-o', 'function.o']
  const link: Job['steps'][number] = [
    'wasm-ld',
    ...LINK,
    ...byMemory().link,
    ...EXPORTS,
    ...['function.o', '-o', 'function.wasm'],
  ]
  return { source, steps: [compile, link], output: 'function.wasm' }
}

/** What functions share that are loaded into one module: it is gone when the module is. */
class Loaded implements Allocation {
  readonly modules = new Map<string, SideModule>()
  readonly #borrowed = new Map<number, () => void>()
  readonly #host: FunctionHost

  constructor(host: FunctionHost) {
    this.#host = host
    const seeds = randomBytes(8)
    host.exports.nl_seed(seeds.readInt32LE(0), seeds.readInt32LE(4))
  }

  load(binary: Uint8Array): SideModule {
    const key = createHash('sha256').update(binary).digest('hex')
    let module = this.modules.get(key)
    if (module === undefined) {
      module = loadSideModule(binary, this.#host, this)
      this.modules.set(key, module)
    }
    return module
  }

  /** The array heap's own memory, as for an array; 0 where there is none. */
  allocate = (bytes: number): number => {
    stackFor(FRAMES)
    try {
      const { address, release } = heap().borrow(bytes)
      this.#borrowed.set(address, release)
      return address
    } catch (error) {
      if (error instanceof OutOfMemoryError) return 0
      throw error
    }
  }

  /** Memory that a thread of the team allocated is malloc's. */
  release = (address: number): void => {
    const unsigned = address >>> 0
    const release = this.#borrowed.get(unsigned)
    if (release === undefined) this.#host.exports.nl_njit_release?.(address)
    else {
      this.#borrowed.delete(unsigned)
      release()
    }
  }

  /** After an error of the engine, which leaves it to nobody else. */
  releaseAll(): void {
    for (const release of this.#borrowed.values()) release()
    this.#borrowed.clear()
  }
}

/** More than the heap takes. */
const FRAMES = 100

/** Throws the engine's RangeError where its stack ends soon, rather than in the middle of a change to the heap. */
function stackFor(frames: number): number {
  return frames === 0 ? 0 : 1 + stackFor(frames - 1)
}

const loaded = new WeakMap<FunctionHost, Loaded>()

function loadedInto(host: FunctionHost): Loaded {
  let state = loaded.get(host)
  if (state === undefined) {
    state = new Loaded(host)
    loaded.set(host, state)
  }
  return state
}

class WasmProgram implements Program {
  readonly #binary: Uint8Array
  readonly #slotCount: number
  #host: FunctionHost | undefined
  #module!: SideModule
  #address = 0
  #view: Float64Array = new Float64Array()
  #threads = 1
  #copied = 0

  constructor(binary: Uint8Array, slotCount: number) {
    this.#binary = binary
    this.#slotCount = slotCount
    load('wasm')
    this.#attach()
  }

  /** Loads it where it is not loaded: shutdown() gives up the module and the heap. */
  #attach(): FunctionHost {
    const host = wasmFunctions()
    if (host === this.#host) return host
    this.#module = loadedInto(host).load(this.#binary)
    this.#address = heap().borrow(this.#slotCount * Float64Array.BYTES_PER_ELEMENT).address
    this.#host = host
    return host
  }

  slots(): Float64Array {
    this.#attach()
    const { buffer } = heap()
    if (this.#view.buffer !== buffer) this.#view = new Float64Array(buffer, this.#address, this.#slotCount)
    return this.#view
  }

  call(arrays: readonly ArrayArgument[], threads = threadCount().count): number {
    const outside = arrays.some(({ memory }) => typeof memory !== 'number')
    this.#copied = 0
    if (!outside) return this.#run(arrays, threads)
    const placed = place(arrays)
    try {
      const slots = this.slots()
      for (const [slot, address] of placed.addresses) slots[slot] = address
      return this.#run(arrays, threads)
    } finally {
      this.#copied = placed.finish()
    }
  }

  #run(arrays: readonly ArrayArgument[], threads: number): number {
    const host = this.#attach()
    const slots = this.slots()
    for (const { slot, memory } of arrays) if (typeof memory === 'number') slots[slot] = memory
    const { exports, parallel } = this.#module
    const stack = host.stackPointer.value
    try {
      if (!parallel) return exports.nl_main(this.#address)
      return callFunction(threads, exports.nl_main, this.#address)
    } catch (error) {
      // A trap leaves everything that was on the stack there.
      host.stackPointer.value = stack
      loadedInto(host).releaseAll()
      if (error instanceof RangeError) return STACK_ENDED
      if (!(error instanceof WebAssembly.RuntimeError)) throw error
      throw new NjitError(`a compiled function was stopped by the engine: ${error.message}`)
    } finally {
      if (parallel) this.#threads = host.exports.nl_njit_team?.() ?? 1
    }
  }

  read(address: number, bytes: number): ArrayBuffer {
    const copy = new Uint8Array(bytes)
    // Not the heap's own buffer, which does not know of memory that the team's threads took.
    copy.set(new Uint8Array(heap().choice.memory.buffer, address, bytes))
    return copy.buffer
  }

  free(): void {
    this.#module.exports.nl_free(this.#address)
  }

  lastThreads(): number {
    return this.#threads
  }

  lastCopied(): number {
    return this.#copied
  }
}

/** WebAssembly's text of the module that a source becomes. */
export function moduleText(source: string, options: CompileOptions): string {
  clang()
  const wabt = findPackage('wabt', "show WebAssembly's text").url
  return new TextDecoder().decode(runClang({ ...jobOf(source, options), wabt }).output)
}

export const wasmTarget: Target = {
  name: 'wasm',
  isa: 'simd128',
  identity() {
    const { compile, link } = byMemory()
    return ['wasm', clang().version, ...COMPILE, ...compile, ...commonFlags(), ...LINK, ...link].join(' ')
  },
  compile: (source, options) => runClang(jobOf(source, options)).output,
  compileAsync: async (source, options) => (await runClangAsync(jobOf(source, options))).output,
  load: (binary, slotCount) => new WasmProgram(binary, slotCount),
  disassemble(source, options) {
    const step: Job['steps'][number] = ['clang', ...compileFlags(options), '-S', 'function.c', '-o', 'function.s']
    return new TextDecoder().decode(runClang({ source, steps: [step], output: 'function.s' }).output)
  },
  remarks(source, options) {
    const flags = [...compileFlags(options), ...CLANG_REMARKS]
    const step: Job['steps'][number] = ['clang', ...flags, '-c', 'function.c', '-o', 'function.o']
    return parseRemarks(runClang({ source, steps: [step], output: 'function.o' }).log, source)
  },
}
