// What numloom tells while it works: the events, who listens to them, and the one variable that says whether anyone does.
//
// Calls look at `reporting` and at nothing else here, so that a program that does not listen does not pay.
// SPDX-License-Identifier: MIT

import type { BackendName } from '../backends/backend.js'
import { ValueError } from '../core/errors.js'
import { heap, watchHeap } from '../core/heap.js'
import type { Dispatch } from './dispatch.js'

/** Elements that a wasm backend took over the border of the heap, because it reaches no other memory. */
export interface CopyEvent {
  /** The kernel or the function of njit that was called. */
  readonly op: string
  readonly backend: BackendName
  readonly bytes: number
  /** Into the heap before the kernel ran, or out of it afterwards. */
  readonly direction: 'in' | 'out'
  readonly why: string
  /** When it began, as performance.now() has it, and how long it took. */
  readonly start: number
  readonly ms: number
}

/** A call of a kernel or of a function of njit with more than one thread. */
export interface RegionEvent {
  readonly op: string
  readonly backend: BackendName
  readonly threads: number
  readonly start: number
  readonly ms: number
}

/** What the array heap did beyond handing out blocks. */
export interface MemoryEvent {
  /** It grew; an array went outside it, because it is full; dead arrays were found within a long job. */
  readonly event: 'grow' | 'spill' | 'reclaim'
  /** How much it grew by, went outside, or was found. */
  readonly bytes: number
  /** Bytes of the heap that arrays hold, and its size with the modules' own part. */
  readonly inUse: number
  readonly total: number
  /** When, as performance.now() has it. */
  readonly start: number
}

export interface Events {
  readonly dispatch: Dispatch
  readonly copy: CopyEvent
  readonly region: RegionEvent
  readonly memory: MemoryEvent
}

export type EventName = keyof Events

/** Removes the handler; so does the end of a `using` declaration. */
export interface Subscription {
  (): void
  [Symbol.dispose](): void
}

interface Listener {
  readonly handler: (event: never) => void
  /** Calls that a handler makes itself are not told to it. */
  busy: boolean
}

const listeners: Record<EventName, Set<Listener>> = {
  dispatch: new Set(),
  copy: new Set(),
  region: new Set(),
  memory: new Set(),
}

/** Whether calls have to be told to anyone. */
export let reporting = false

function update(): void {
  reporting = listeners.dispatch.size + listeners.copy.size + listeners.region.size > 0
  watchHeap(listeners.memory.size > 0 ? tellMemory : undefined)
}

/**
 * Calls `handler` for every event of a kind, until the function that this returns is called. Events come after the call
 * that they tell of has finished. What a handler throws becomes an uncaught exception later: the call is not disturbed.
 * Throws ValueError for an unknown event.
 */
export function on<K extends EventName>(name: K, handler: (event: Events[K]) => void): Subscription {
  if (!Object.hasOwn(listeners, name)) {
    throw new ValueError(`on: unknown event '${String(name)}'; valid are ${Object.keys(listeners).join(', ')}`)
  }
  if (typeof handler !== 'function') throw new ValueError(`on: the handler is a ${typeof handler}, not a function`)
  const listener: Listener = { handler, busy: false }
  listeners[name].add(listener)
  update()
  const remove = () => {
    listeners[name].delete(listener)
    update()
  }
  return Object.assign(remove, { [Symbol.dispose]: remove })
}

/** Whether anyone listens to an event. */
export const heard = (name: EventName): boolean => listeners[name].size > 0

/** Tells an event to all who listen. */
export function emit<K extends EventName>(name: K, event: Events[K]): void {
  // Those of now: a handler may add others, or itself again.
  for (const listener of [...listeners[name]]) {
    if (listener.busy || !listeners[name].has(listener)) continue
    listener.busy = true
    try {
      listener.handler(event as never)
    } catch (error) {
      throwLater(error)
    } finally {
      listener.busy = false
    }
  }
}

/** As node:diagnostics_channel does: the caller gets its result, and the error does not get lost. */
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

function tellMemory(event: MemoryEvent['event'], bytes: number): void {
  const { bytesInUse, buffer } = heap()
  emit('memory', { event, bytes, inUse: bytesInUse, total: buffer.byteLength, start: performance.now() })
}
