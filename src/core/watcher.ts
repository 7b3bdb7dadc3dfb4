// What tells dead arrays before a synchronous job ends, where JavaScript's finalizers never run.
//
// The addon's weak references do it best (backends/native.ts). Without the addon it is done here by WeakRef, whose targets
// the engine keeps until a job ends: running a script in a context with microtasks of its own ends one, as far as that goes.
// SPDX-License-Identifier: MIT

import { setFlagsFromString } from 'node:v8'
import { createContext, runInNewContext, Script } from 'node:vm'

/** How hard to look for the dead: only ask, or collect young objects or all of them before. */
export type Effort = 'ask' | 'minor' | 'major'

export interface Watcher {
  watch(object: object, id: number): void
  /** Lets another watch what this one watched. */
  handOver?(to: Watcher): void
  /** Told of what needs no watching any more; without it, such objects are found among the dead. */
  forget?(id: number): void
  /** The ids of the objects that died. */
  sweep(effort: Effort): number[]
  /** Whether each search costs so much that the user had better free arrays. */
  readonly slow?: boolean
}

let offer: (() => Watcher | undefined) | undefined

/** Names a way to a better watcher, which is not taken before one is needed. */
export function offerWatcher(make: () => Watcher | undefined): void {
  offer = make
}

/** The better watcher, asked for once; undefined where it cannot be had. */
export function takeOffer(): Watcher | undefined {
  const make = offer
  offer = undefined
  return make?.()
}

type Gc = (options?: { type: 'minor' }) => void

let gc: Gc | undefined

/** Collects garbage: young objects, or all. */
export function collectGarbage(effort: 'minor' | 'major'): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc')
    gc = runInNewContext('gc') as Gc
  }
  if (effort === 'minor') gc({ type: 'minor' })
  else gc()
}

function makeJobEnd(): () => void {
  const context = createContext({}, { microtaskMode: 'afterEvaluate' })
  const script = new Script('0')
  return () => script.runInContext(context)
}

/** Needs no addon. A minor collection takes WeakRef's targets for alive, so that every search is a full one. */
export function collectorWatcher(): Watcher {
  const watched = new Map<number, WeakRef<object>>()
  let endJob: (() => void) | undefined
  return {
    slow: true,
    watch: (object, id) => watched.set(id, new WeakRef(object)),
    handOver(to) {
      for (const [id, reference] of watched) {
        const object = reference.deref()
        if (object !== undefined) to.watch(object, id)
      }
      if (watched.size === 0) return
      watched.clear()
      // What was looked at is kept until a job ends.
      endJob ??= makeJobEnd()
      endJob()
    },
    forget: (id) => watched.delete(id),
    sweep(effort) {
      if (effort !== 'major') return []
      endJob ??= makeJobEnd()
      endJob()
      collectGarbage('major')
      const dead = [...watched].flatMap(([id, reference]) => (reference.deref() === undefined ? [id] : []))
      for (const id of dead) watched.delete(id)
      return dead
    },
  }
}
