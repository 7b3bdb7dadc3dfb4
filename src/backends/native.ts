// Backend `native`: the C++ kernels as a Node-API addon with OpenMP, for the best instruction set of this CPU.
//
// The addon comes from the platform's package (@numloom/native-...), or from a build in this repository.
// SPDX-License-Identifier: MIT

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { claims, ownSlot } from '../core/budget.js'
import type { Code } from '../core/dtype.js'
import { codeInfo } from '../core/dtype.js'
import { environment, readVariable } from '../core/env.js'
import { BackendError } from '../core/errors.js'
import { heap } from '../core/heap.js'
import { withEnvironment } from '../core/loading.js'
import { collectGarbage, offerWatcher, type Watcher } from '../core/watcher.js'
import type { Kernel } from '../kernel/define.js'
import { allowedCpus } from '../omp/detect.js'
import { parseStackSize, parseWord } from '../omp/parse.js'
import { usablePlaces } from '../omp/places.js'
import { scheduleFollower } from '../omp/schedule.js'
import { noteStart, settingsAtStart, type Values } from '../omp/started.js'
import { variables } from '../omp/variables.js'
import { VERSION } from '../version.js'
import { type Backend, binaryError, type Call, checkTable, type KernelArgument } from './backend.js'

/** libgomp's own limit is higher; more threads than this are a mistake. */
const MAX_THREADS = 1024

/** Takes the arrays from outside the heap. Returns how many threads the system did not start, if that befell it. */
type NativeCall = (...outside: ArrayBufferView[]) => number | undefined

interface Addon {
  readonly version: string
  /** The variables of teams as libgomp found them when the addon was loaded first in the process. */
  readonly settings: Values
  /** Where a kernel's arguments are put before it is called; -1 - k stands for the array that is passed as argument k. */
  readonly numbers: Float64Array
  isas(): string[]
  kernels(isa: string): [symbol: string, signature: string, call: NativeCall][]
  /** Returns the address where they begin. */
  attach(bytes: Uint8Array, reserved: number): number
  setThreads(count: number): void
  setSchedule(kind: number, chunk: number): void
  prepare(stackBytes: number, cpus: Int32Array, claims: Int32Array, own: number): void
  lastTeam(): number
  releaseThreads(): void
  openFunction(file: string, isa: string): CompiledFunction
  watch(object: object, id: number): void
  sweep(): number[]
}

/** A function of src/njit that the addon loaded. */
export interface CompiledFunction {
  /**
   * Runs it with slots, numbers of slots and the arrays whose addresses they take: its status, plus twice its team.
   * Throws BackendError where the system did not start its threads.
   */
  call(slots: Float64Array, ...arrays: (number | ArrayBufferView)[]): number
  free(slots: Float64Array): void
  /** Fills the target from memory of the function. */
  read(address: number, target: Uint8Array): void
}

/** Collects garbage and asks the addon's weak references which arrays died. A major collection finds all. */
function watcherOf(addon: Addon): Watcher {
  return {
    watch: (object, id) => addon.watch(object, id),
    sweep(effort) {
      if (effort !== 'ask') collectGarbage(effort)
      return addon.sweep()
    },
  }
}

function unavailable(reason: string, file?: string): never {
  throw new BackendError(
    `backend 'native' cannot be used: ${reason}`,
    file === undefined ? { backend: 'native' } : { backend: 'native', file },
  )
}

/** Whether a file whose path has this in it is loaded into the process. */
const isMapped = (part: string) => readFileSync('/proc/self/maps', 'latin1').includes(part)

/** `linux-x64-gnu`: as platform packages are named. The C library is told by the loader that is mapped. */
function platformName(): string {
  const base = `${process.platform}-${process.arch}`
  if (process.platform !== 'linux') return base
  return base + (isMapped('/ld-musl-') ? '-musl' : '-gnu')
}

/** Where the addon may be, the likeliest first. */
function findAddon(): string {
  const platform = platformName()
  const name = `@numloom/native-${platform}`
  const local = fileURLToPath(new URL(`../../build/native/${platform}/numloom.node`, import.meta.url))
  if (existsSync(local)) return local
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch {
    unavailable(`there is no package ${name}. Install it, if your platform has one: npm install ${name}`)
  }
}

const ELF_MAGIC = 0x464c457f

/**
 * Mapping a truncated library ends the process by a signal, which nothing can catch. The section headers of an ELF file
 * are its last part, so its header tells how long it must be. Returns what is wrong.
 */
export function truncation(bytes: Buffer): string | undefined {
  if (bytes.length >= 64 && bytes.readUInt32LE(0) !== ELF_MAGIC) return undefined
  const length =
    bytes.length < 64 ? 64 : Number(bytes.readBigUInt64LE(40)) + bytes.readUInt16LE(58) * bytes.readUInt16LE(60)
  return bytes.length < length ? `it is truncated: ${bytes.length} of ${length} bytes` : undefined
}

/** As libgomp reads it. */
const SPIN_COUNT = /^\s*(infinit[ey]|\d{1,12}\s*[kmgt]?)\s*$/i

/**
 * The environment in which libgomp is loaded. Most settings are numloom's (core/threads.ts): libgomp would apply them
 * once more, and print messages of its own about these and all others. It gets those that only it can obey, where they
 * are valid. Waiting threads spin for about 0.1 ms, unless the user says otherwise: the default of several ms starves
 * other processes.
 */
function openmpEnvironment(cpus: readonly number[] | undefined): Values {
  const { procBind, places, stackBytes, waitPolicy } = variables()
  const all = Object.keys(process.env).filter((name) => /^(OMP|GOMP|ACC)_/.test(name))
  const spins = environment('GOMP_SPINCOUNT')
  const otherwise = waitPolicy === undefined ? '20000' : undefined
  return {
    ...Object.fromEntries(all.map((name) => [name, undefined])),
    OMP_PROC_BIND: procBind,
    OMP_PLACES: places && usablePlaces(places, cpus),
    OMP_STACKSIZE: stackBytes === undefined ? undefined : `${stackBytes}B`,
    OMP_WAIT_POLICY: waitPolicy,
    GOMP_SPINCOUNT: spins !== undefined && SPIN_COUNT.test(spins) ? spins : otherwise,
  }
}

let opened: Addon | undefined

/** Not by require(), which gives all copies of numloom in a thread the same addon, with one heap and one count of threads. */
function openAddon(file: string, wanted: Values): Addon {
  if (opened) return opened
  const module = { exports: {} }
  try {
    withEnvironment(wanted, () => process.dlopen(module, file))
    opened = module.exports as Addon
    return opened
  } catch (error) {
    unavailable(`${file}: ${(error as Error).message}`, file)
  }
}

/** Threads with less of a stack than kernels need would end the process. Throws BackendError. */
function checkStack(setting: string, file: string): void {
  const { value, problem } = parseStackSize(setting)
  if (value === undefined || problem === undefined) return
  unavailable(
    `the process was started with OMP_STACKSIZE=${setting}, ${problem}, and libgomp was loaded by a worker or another ` +
      'addon, which leave that. Set more, or use native in the main thread before',
    file,
  )
}

/** Throws BackendError. */
function loadAddon(file: string): Addon {
  const problem = truncation(readFileSync(file))
  if (problem !== undefined) binaryError('native', file, problem)
  // Where it is told to bind threads, libgomp binds the one that loads it too.
  const cpus = allowedCpus('/', 'thread-self')
  const wanted = settingsAtStart() === undefined ? openmpEnvironment(cpus) : {}
  // What was read before, for another copy of numloom or another addon, is not read again.
  const addon = openAddon(file, isMapped('/libgomp.so') ? {} : wanted)
  if (addon.version !== VERSION) binaryError('native', file, `it is of version ${addon.version}, not ${VERSION}`)
  checkStack(addon.settings.OMP_STACKSIZE ?? '', file)
  const { stackBytes } = noteStart(addon.settings, wanted)
  addon.prepare(stackBytes ?? 0, Int32Array.from(cpus ?? []), claims, ownSlot())
  return addon
}

function chooseIsa(addon: Addon, file: string): string {
  const isas = addon.isas()
  const [best] = isas
  if (best === undefined) unavailable(`${file} needs a CPU with at least x86-64-v2`, file)
  return readVariable('NUMLOOM_ISA', parseWord(isas), `${best} is used`) ?? best
}

/** Loads the addon. Throws BackendError. */
export function loadNative(): Backend {
  const file = findAddon()
  const addon = loadAddon(file)
  const isa = chooseIsa(addon, file)
  const rows = addon.kernels(isa)
  checkTable('native', file, new Map(rows.map(([symbol, signature]) => [symbol, signature])))
  const functions = new Map(rows.map(([symbol, , call]) => [symbol, call]))
  heap().watchWith(watcherOf(addon))
  releaseThreads = () => addon.releaseThreads()
  const applySchedule = scheduleFollower((kind, chunk) => addon.setSchedule(kind, chunk))
  // The addon outlives shutdown(), with the count that it had: the first call sets it.
  let threads: number | undefined
  functionLoader = {
    open: (library) => openFunction(addon, library, isa),
    heapBase: () => attachHeap(addon),
  }
  return {
    name: 'native',
    file: basename(file),
    path: file,
    isa,
    isas: addon.isas(),
    maxThreads: MAX_THREADS,
    bind(kernel: Kernel, dtype: Code) {
      const call = functions.get(`${kernel.name}_${dtype}`)
      return call && bindCall(addon, kernel, dtype, call)
    },
    setThreads(count) {
      if (count > 1) applySchedule()
      if (count === threads) return
      addon.setThreads(count)
      threads = count
    },
    lastTeam: () => addon.lastTeam(),
  }
}

/** What compiled functions need of the addon that is loaded. */
export interface FunctionLoader {
  open(library: string): CompiledFunction
  /** The address of the heap in the process. */
  heapBase(): number
}

let functionLoader: FunctionLoader | undefined

function openFunction(addon: Addon, file: string, isa: string): CompiledFunction {
  const library = addon.openFunction(file, isa)
  return {
    ...library,
    call(slots, ...arrays) {
      const result = library.call(slots, ...arrays)
      if (result < 0) throw refusal(-result)
      return result
    },
  }
}

/** Undefined until the backend is loaded. */
export const nativeFunctions = (): FunctionLoader | undefined => functionLoader

let releaseThreads: (() => void) | undefined

/** A program that calls no kernel on the addon still drops arrays. */
function offerAddon(): void {
  offerWatcher(() => {
    try {
      return watcherOf(loadAddon(findAddon()))
    } catch {
      return undefined
    }
  })
}
offerAddon()

/** Ends the threads that OpenMP keeps for this thread. */
export function shutdownNative(): void {
  releaseThreads?.()
  attached = undefined
  offerAddon()
}

let attached: ArrayBufferLike | undefined
let heapBase = 0

/** Growing the memory replaces its buffer: the addon then has to learn the new extent. Returns where it begins. */
function attachHeap(addon: Addon): number {
  const { buffer } = heap()
  if (buffer === attached) return heapBase
  const { shared, maximumBytes } = heap().choice
  heapBase = addon.attach(new Uint8Array(buffer), shared ? maximumBytes : buffer.byteLength)
  attached = buffer
  return heapBase
}

function bindCall(addon: Addon, kernel: Kernel, dtype: Code, call: NativeCall): Call {
  const itemsizes = kernel.args.map((arg) => codeInfo((arg.kind === 'pointer' && arg.dtype) || dtype).itemsize)
  const { numbers } = addon
  return (args: KernelArgument[]) => {
    attachHeap(addon)
    const outside: ArrayBufferView[] = []
    for (let i = 0; i < itemsizes.length; i++) {
      const value = args[i] as KernelArgument
      if (typeof value === 'number') numbers[i] = value
      else numbers[i] = -outside.push(viewFrom(value.data, value.at, itemsizes[i] as number))
    }
    const refused = outside.length === 0 ? call() : call(...outside)
    if (refused !== undefined) throw refusal(refused)
  }
}

function refusal(threads: number): BackendError {
  return new BackendError(
    `backend 'native' could not start ${threads} threads: the system refused. ` +
      'Use fewer (withThreads, OMP_NUM_THREADS), or a smaller OMP_STACKSIZE.',
    { backend: 'native' },
  )
}

/** A view that begins at an element; negative strides reach in front of it, inside the same array. */
function viewFrom(data: ArrayBufferView, at: number, itemsize: number): ArrayBufferView {
  // Another view costs more than a small call.
  if (at === 0) return data
  return new Uint8Array(data.buffer, data.byteOffset + at * itemsize)
}
