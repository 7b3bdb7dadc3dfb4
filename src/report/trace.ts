// Traces in Chrome's trace event format, for chrome://tracing and Perfetto: a row for the calling thread, and one for
// each other member of a team.
//
// The file is written by stopping, or at the end of the process: also at an uncaught error, but not at a signal.
// SPDX-License-Identifier: MIT

import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isMainThread, threadId } from 'node:worker_threads'
import { ValueError } from '../core/errors.js'
import { VERSION } from '../version.js'
import type { Dispatch } from './dispatch.js'
import { type CopyEvent, type MemoryEvent, on, type RegionEvent, type Subscription } from './events.js'
import { callText } from './text.js'

/** A process that runs for days shall not die of its trace: the first million events are kept. */
const MOST_EVENTS = 1_000_000
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
  readonly #events: TraceEvent[] = []
  readonly #pid = process.pid
  readonly #caller = threadId * ROWS + 1
  #members = 1
  #dropped = 0

  #add(event: TraceEvent): void {
    if (this.#events.length < MOST_EVENTS) this.#events.push(event)
    else this.#dropped++
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
    this.#members = Math.max(this.#members, threads)
    for (let member = 1; member < threads; member++) this.#span(op, 'region', member, region, { backend, threads })
  }

  readonly memory = ({ event, bytes, inUse, total, start }: MemoryEvent): void => {
    const common = { ph: 'C', pid: this.#pid, tid: this.#caller, ts: microseconds(start) } as const
    this.#add({ ...common, name: 'heap', args: { inUse, free: total - inUse } })
    this.#add({ ...common, name: event, args: { bytes } })
  }

  #names(): TraceEvent[] {
    const name = (what: string, member: number, text: string): TraceEvent => {
      return { name: what, ph: 'M', pid: this.#pid, tid: this.#caller + member, args: { name: text } }
    }
    const caller = isMainThread ? 'main thread' : `worker ${threadId}`
    const rows = Array.from({ length: this.#members }, (_, member) => {
      return name('thread_name', member, member === 0 ? caller : `${caller}, team member ${member}`)
    })
    return [name('process_name', 0, `numloom ${VERSION}, node ${process.version}`), ...rows]
  }

  /** By time; of two that begin together, the longer one is outside. */
  toJSON(): object {
    const order = (a: TraceEvent, b: TraceEvent) => (a.ts ?? 0) - (b.ts ?? 0) || (b.dur ?? 0) - (a.dur ?? 0)
    const traceEvents = [...this.#names(), ...this.#events.sort(order)]
    return { traceEvents, displayTimeUnit: 'ns', otherData: { numloom: VERSION, droppedEvents: this.#dropped } }
  }
}

/** Workers write a file of their own: `trace.json` becomes `trace.1.json`. */
function fileOfThread(file: string): string {
  if (isMainThread) return file
  return /\.\w+$/.test(file) ? file.replace(/\.\w+$/, `.${threadId}$&`) : `${file}.${threadId}`
}

/**
 * Records every event from now on. What is returned stops that and writes the file, as the end of the process does.
 * Both throw ValueError where the file cannot be written, which is tried at once.
 */
export function trace(file: string): Subscription {
  // The program may be in another folder when it ends.
  const path = resolve(fileOfThread(file))
  const recorded = new Trace()
  const write = () => {
    try {
      writeFileSync(path, JSON.stringify(recorded))
    } catch (error) {
      throw new ValueError(`trace: ${path} cannot be written: ${(error as Error).message}`, { file: path })
    }
  }
  write()
  const subscriptions = [
    on('dispatch', recorded.dispatch),
    on('copy', recorded.copy),
    on('region', recorded.region),
    on('memory', recorded.memory),
  ]
  const stop = () => {
    process.removeListener('exit', atExit)
    for (const remove of subscriptions.splice(0)) remove()
    write()
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
