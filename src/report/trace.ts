// Traces in Chrome's trace event format, for chrome://tracing and Perfetto: a row for the calling thread, and one for
// each other member of a team.
//
// The file grows as the process runs, and is finished by stopping or by the end of the process: also by an uncaught
// error. After a signal the last few events are missing, as they are of a worker that is ended from outside.
// SPDX-License-Identifier: MIT

import { resolve } from 'node:path'
import { isMainThread, threadId } from 'node:worker_threads'
import { ValueError } from '../core/errors.js'
import { VERSION } from '../version.js'
import type { Dispatch } from './dispatch.js'
import { type CopyEvent, type MemoryEvent, on, type RegionEvent, type Subscription } from './events.js'
import { callText } from './text.js'
import { TraceFile } from './trace-file.js'

/** A process that runs for days shall not fill the disk, nor a file that no viewer opens: the first million are kept. */
const MOST_EVENTS = 1_000_000
/** Events that are written together. */
const PIECE = 1000
/** They wait no longer for others where the event loop turns. */
const LATEST_MS = 20
/** Rows of one worker: more than a team has members. */
const ROWS = 2048

interface TraceEvent {
  readonly name: string
  /** X: complete, with a duration. C: a counter. M: metadata. */
  readonly ph: 'X' | 'C' | 'M'
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly dur?: number
  readonly cat?: string
  readonly args: object
}

/** Microseconds since the process began, to the nanosecond: ends and begins are rounded alike, so that they nest. */
const microseconds = (ms: number) => Math.round(ms * 1e6) / 1e3

class Trace {
  readonly #pid = process.pid
  readonly #caller = threadId * ROWS + 1
  readonly #thread = isMainThread ? 'main thread' : `worker ${threadId}`
  readonly #file: TraceFile
  #pending: TraceEvent[] = []
  #timer: NodeJS.Timeout | undefined
  #kept = 0
  #dropped = 0
  #members = 1
  /** Why the file could not be written: told at the end, since no call is to fail by it. */
  #failure: unknown

  constructor(path: string) {
    const process = this.#name('process_name', 0, `numloom ${VERSION}, node ${globalThis.process.version}`)
    this.#file = new TraceFile(path, [process, this.#name('thread_name', 0, this.#thread)])
  }

  #name(what: string, member: number, text: string): TraceEvent {
    return { name: what, ph: 'M', pid: this.#pid, tid: this.#caller + member, args: { name: text } }
  }

  #add(event: TraceEvent): void {
    if (this.#failure !== undefined) return
    if (this.#kept === MOST_EVENTS) {
      this.#dropped++
      return
    }
    this.#kept++
    this.#pending.push(event)
    if (this.#pending.length === PIECE) this.#write()
    else this.#timer ??= setTimeout(() => this.#write(), LATEST_MS).unref()
  }

  /** By time; of two that begin together, the longer one is outside. Names have no time and go first. */
  #write(): void {
    const order = (a: TraceEvent, b: TraceEvent) => (a.ts ?? 0) - (b.ts ?? 0) || (b.dur ?? 0) - (a.dur ?? 0)
    const events = this.#pending.sort(order)
    this.#pending = []
    clearTimeout(this.#timer)
    this.#timer = undefined
    try {
      this.#file.add(events, this.#dropped)
    } catch (error) {
      this.#failure = error
    }
  }

  /** Throws ValueError where not all could be written. */
  end(): void {
    if (this.#failure === undefined) this.#write()
    if (this.#failure !== undefined) throw this.#failure
  }

  #span(name: string, cat: string, member: number, { start, ms }: { start: number; ms: number }, args: object): void {
    const ts = microseconds(start)
    const dur = microseconds(microseconds(start + ms) / 1e3 - ts / 1e3)
    this.#add({ name, cat, ph: 'X', pid: this.#pid, tid: this.#caller + member, ts, dur, args })
  }

  readonly dispatch = (call: Dispatch): void => {
    const { backend, isa, threads, work, bytesCopied, arrays } = call
    const shapes = Object.fromEntries(
      arrays.map((array) => [array.name, `${array.dtype}[${array.shape}] ${array.layout}`]),
    )
    this.#span(callText(call), call.dtype === undefined ? 'njit' : 'kernel', 0, call, {
      backend,
      isa,
      threads,
      work,
      bytesCopied,
      ...shapes,
    })
  }

  readonly copy = (copy: CopyEvent): void => {
    const { op, backend, bytes, why } = copy
    this.#span(`copy ${copy.direction}`, 'copy', 0, copy, { op, backend, bytes, why })
  }

  /** The caller is member 0, whose row has the call itself. */
  readonly region = (region: RegionEvent): void => {
    const { op, backend, threads } = region
    for (; this.#members < threads; this.#members++) {
      this.#add(this.#name('thread_name', this.#members, `${this.#thread}, team member ${this.#members}`))
    }
    for (let member = 1; member < threads; member++) this.#span(op, 'region', member, region, { backend, threads })
  }

  readonly memory = ({ event, bytes, inUse, total, start }: MemoryEvent): void => {
    const common = { ph: 'C', pid: this.#pid, tid: this.#caller, ts: microseconds(start) } as const
    this.#add({ ...common, name: 'heap', args: { inUse, free: total - inUse } })
    this.#add({ ...common, name: event, args: { bytes } })
  }
}

/** A file's name with a number: `trace.json` becomes `trace.1.json`. */
export function numbered(file: string, number: number): string {
  return /\.\w+$/.test(file) ? file.replace(/\.\w+$/, `.${number}$&`) : `${file}.${number}`
}

/**
 * Records every event from now on, in a file of its own for each worker. What is returned stops that and finishes the
 * file, as the end of the process does. Both throw ValueError where the file cannot be written, which is tried at once.
 */
export function trace(file: string): Subscription {
  if (typeof file !== 'string') throw new ValueError(`trace: expected the name of a file, not ${String(file)}`)
  // The program may be in another folder when the file is written.
  const recorded = new Trace(resolve(isMainThread ? file : numbered(file, threadId)))
  const subscriptions = [
    on('dispatch', recorded.dispatch),
    on('copy', recorded.copy),
    on('region', recorded.region),
    on('memory', recorded.memory),
  ]
  const stop = () => {
    if (subscriptions.length === 0) return
    process.removeListener('exit', atExit)
    for (const remove of subscriptions.splice(0)) remove()
    recorded.end()
  }
  /** An exception here would change the exit code, and nobody could catch it. */
  const atExit = () => {
    try {
      stop()
    } catch (error) {
      process.stderr.write(`numloom: ${(error as Error).message}\n`)
    }
  }
  process.on('exit', atExit)
  return Object.assign(stop, { [Symbol.dispose]: stop })
}
