// Backends `wasm` and `wasm-threads`: the C++ kernels by Emscripten. Over shared memory both are one module, which
// `wasm` holds to one thread; over unshared memory there is a build without threads, and no `wasm-threads`.
// SPDX-License-Identifier: MIT

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Code } from '../core/dtype.js'
import { readVariable } from '../core/env.js'
import { BackendError } from '../core/errors.js'
import { heap } from '../core/heap.js'
import type { Kernel } from '../kernel/define.js'
import { parseWord } from '../omp/parse.js'
import { scheduleFollower } from '../omp/schedule.js'
import { variables, whenRead } from '../omp/variables.js'
import { VERSION } from '../version.js'
import { type Backend, type BackendName, binaryError, checkTable } from './backend.js'
import { compileBinary, fileName, readBinary } from './files.js'
import { callWithCopies } from './outside.js'
import {
  callOnTeam,
  lastTeam,
  MAX_TEAM,
  onTeam,
  type Raw,
  resetTeam,
  setSpins,
  setThreads,
  type TeamExports,
  type TeamModule,
} from './wasm-team.js'

interface Exports extends TeamExports {
  nl_version(): number
  nl_table_begin(): number
  nl_table_end(): number
}

/** What compiled functions (src/njit) call; without threads there is no nl_njit_... */
export interface FunctionExports {
  nl_random(): number
  nl_seed(low: number, high: number): void
  nl_block_sin(x: number, y: number, n: number): void
  nl_block_cos(x: number, y: number, n: number): void
  nl_block_exp(x: number, y: number, n: number): void
  nl_block_log(x: number, y: number, n: number): void
  nl_njit_region?(program: number, which: number, context: number, items: number, kind: number, chunk: number): void
  nl_njit_team?(): number
  nl_njit_release?(address: number): void
}

/** The body of a compiled function's parallel loops, as this thread instantiated it. */
export type LoopBody = (which: number, context: number, begin: number, end: number) => void

interface Module extends TeamModule {
  readonly isa: string
  readonly exports: Exports
  readonly functions: ReadonlyMap<string, Raw>
  readonly host: FunctionHost
  terminate(): Promise<void>
}

type Isa = 'relaxed-simd' | 'simd128'

function candidates(threaded: boolean): { isa: Isa; url: URL }[] {
  const files: { isa: Isa; url: URL }[] = threaded
    ? [
        { isa: 'relaxed-simd', url: new URL('../wasm/numloom.threads.relaxed.wasm', import.meta.url) },
        { isa: 'simd128', url: new URL('../wasm/numloom.threads.wasm', import.meta.url) },
      ]
    : [
        { isa: 'relaxed-simd', url: new URL('../wasm/numloom.relaxed.wasm', import.meta.url) },
        { isa: 'simd128', url: new URL('../wasm/numloom.wasm', import.meta.url) },
      ]
  const isas = files.map(({ isa }) => isa)
  const forced = readVariable('NUMLOOM_WASM_ISA', parseWord(isas), 'the best that the engine takes is used')
  return forced === undefined ? files : files.filter(({ isa }) => isa === forced)
}

/** The best build that the engine accepts: validating the very file cannot disagree with loading it. */
function choose(name: BackendName, threaded: boolean): { isa: Isa; url: URL; bytes: Uint8Array<ArrayBuffer> } {
  const files = candidates(threaded).map((file) => ({ ...file, bytes: readBinary(name, file.url) }))
  const valid = files.find(({ bytes }) => WebAssembly.validate(bytes))
  if (valid) return valid
  const last = files[files.length - 1] as (typeof files)[number]
  compileBinary(name, last.url, last.bytes)
  binaryError(name, fileURLToPath(last.url), 'the engine refuses it')
}

interface Instance {
  exports: Exports
  table: WebAssembly.Table
  stackPointer: WebAssembly.Global
  /** By the function's address in the heap, as cpp/wasm/njit.cpp looks them up. */
  bodies: Map<number, LoopBody>
  /** Ends the team's threads. */
  terminate(): Promise<void>
}

/** What Emscripten's glue knows of its threads. */
interface Threads {
  readonly pthreads: Readonly<Record<number, Worker>>
  readonly unusedWorkers: Worker[]
  /** Starts a thread, to be found in `unusedWorkers`. */
  allocateUnusedWorker(): Worker
  /** Ends them, and the wait of this thread for messages of theirs, which would keep the memory for ever. */
  terminateRuntime(): void
}

/** As the glue does, but without the preloads of the user (`node --require`, NODE_OPTIONS), which are for his own threads. */
function startThread(threads: Threads, glue: string): Worker {
  const worker = new Worker(glue, { workerData: 'em-pthread', name: 'em-pthread', execArgv: [], env: {} })
  threads.unusedWorkers.push(worker)
  return worker
}

/** Emscripten's glue runs the threads. It is CommonJS because only that form loads synchronously. */
function instantiateThreaded(url: URL, bytes: Uint8Array<ArrayBuffer>): Instance {
  const glue = fileURLToPath(url).replace(/\.wasm$/, '.cjs')
  const factory = createRequire(import.meta.url)(glue) as (module: object) => unknown
  const bodies = new Map<number, LoopBody>()
  const module: Record<string, unknown> = { wasmMemory: heap().choice.memory, wasmBinary: bytes, njit: bodies }
  factory(module)
  const exports = Object.fromEntries(
    Object.entries(module).flatMap(([name, value]) => (name.startsWith('_nl_') ? [[name.slice(1), value]] : [])),
  )
  const threads = module.PThread as Threads
  threads.allocateUnusedWorker = () => startThread(threads, glue)
  return {
    exports: exports as unknown as Exports,
    table: module.wasmTable as WebAssembly.Table,
    stackPointer: module.___stack_pointer as WebAssembly.Global,
    bodies,
    async terminate() {
      const workers = [...Object.values(threads.pthreads), ...threads.unusedWorkers]
      threads.terminateRuntime()
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

function instantiateSerial(name: BackendName, url: URL, bytes: Uint8Array<ArrayBuffer>): Instance {
  const module = compileBinary(name, url, bytes)
  const { exports } = new WebAssembly.Instance(module, { env: { memory: heap().choice.memory } })
  return {
    exports: exports as unknown as Exports,
    table: exports.__indirect_function_table as WebAssembly.Table,
    stackPointer: exports.__stack_pointer as WebAssembly.Global,
    bodies: new Map(),
    terminate: async () => {},
  }
}

function cString(address: number): string {
  const bytes = new Uint8Array(heap().buffer, address)
  return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)))
}

/** struct Entry of cpp/core/export.h: symbol, function, invoke, signature. */
function readTable({ exports, table }: Instance) {
  const words = new Uint32Array(heap().buffer)
  const signatures = new Map<string, string>()
  const functions = new Map<string, Raw>()
  for (let at = exports.nl_table_begin(); at < exports.nl_table_end(); at += 4) {
    const entry = words[at >> 2] as number
    const symbol = cString(words[entry >> 2] as number)
    signatures.set(symbol, cString(entry + 12))
    functions.set(symbol, table.get(words[(entry >> 2) + 1] as number) as Raw)
  }
  return { signatures, functions }
}

let loaded: Module | undefined

/** Whether Node's permission model lets this process start threads. */
export const mayStartThreads = (): boolean => process.permission?.has('worker') ?? true

function load(name: BackendName): Module {
  if (loaded) return loaded
  const threaded = heap().choice.shared
  const { isa, url, bytes } = choose(name, threaded)
  const instance = threaded ? instantiateThreaded(url, bytes) : instantiateSerial(name, url, bytes)
  const version = cString(instance.exports.nl_version())
  if (version !== VERSION) binaryError(name, fileURLToPath(url), `it is of version ${version}, not ${VERSION}`)
  const { signatures, functions } = readTable(instance)
  checkTable(name, fileURLToPath(url), signatures)
  const { exports, terminate, stackPointer, bodies } = instance
  const applySchedule = scheduleFollower((kind, chunk) => exports.nl_set_schedule(kind, chunk))
  const host = { exports: exports as unknown as FunctionExports, stackPointer, bodies }
  loaded = { url, isa, threaded: threaded && mayStartThreads(), exports, functions, host, applySchedule, terminate }
  if (threaded) setSpins(exports, variables())
  return loaded
}

whenRead((read) => {
  if (loaded?.threaded) setSpins(loaded.exports, read)
})

/** What compiled functions need of the module. */
export interface FunctionHost {
  readonly exports: FunctionExports
  readonly stackPointer: WebAssembly.Global
  readonly bodies: Map<number, LoopBody>
}

/** The same object until the module is loaded anew. Throws BackendError where it cannot be loaded. */
export const wasmFunctions = (): FunctionHost => load('wasm').host

/** Calls a compiled function, whose loops have at most so many threads. Throws BackendError where one of them fails. */
export const callFunction = (threads: number, call: (slots: number) => number, slots: number): number =>
  callOnTeam(load('wasm'), threads, call, slots)

/** Ends the team. The next use of the backends loads the module again. */
export async function shutdownWasm(): Promise<void> {
  const module = loaded
  loaded = undefined
  resetTeam()
  await module?.terminate()
}

function backend(name: BackendName, module: Module, maxThreads: number): Backend {
  return {
    name,
    file: fileName(module.url),
    path: fileURLToPath(module.url),
    isa: module.isa,
    maxThreads,
    bind(kernel: Kernel, dtype: Code) {
      const raw = module.functions.get(`${kernel.name}_${dtype}`)
      return raw && callWithCopies(kernel, dtype, maxThreads > 1 ? onTeam(module, raw) : raw)
    },
    setThreads: (count) => setThreads(module, Math.min(count, maxThreads)),
    lastTeam,
  }
}

/** Loads the C++ kernels for one thread. Throws BackendError. */
export function loadWasm(): Backend {
  return backend('wasm', load('wasm'), 1)
}

/** Loads the C++ kernels with threads. No thread starts before the first call that uses one. Throws BackendError. */
export function loadWasmThreads(): Backend {
  const { shared, reasons } = heap().choice
  if (!shared) withoutThreads(`the array memory is not shared (${reasons.join('; ')})`)
  if (!mayStartThreads()) withoutThreads('its permissions forbid this process threads. Start node with --allow-worker')
  return backend('wasm-threads', load('wasm-threads'), MAX_TEAM)
}

function withoutThreads(why: string): never {
  throw new BackendError(`backend 'wasm-threads' cannot be used: ${why}`, { backend: 'wasm-threads' })
}
