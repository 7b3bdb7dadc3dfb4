// Settings that hold within a function, and in everything that it awaits: withThreads, withBackend, threadpoolLimits.
// SPDX-License-Identifier: MIT

import { AsyncLocalStorage } from 'node:async_hooks'
import type { ThreadCount } from '../omp/variables.js'
import { ValueError } from './errors.js'
import { shown } from './shown.js'

export interface Context {
  readonly threads?: ThreadCount
  /** For linear algebra, where it has a number of its own. */
  readonly blasThreads?: ThreadCount
  readonly backend?: string
}

// Made at the first use: a storage that exists costs every promise of the process a little.
let storage: AsyncLocalStorage<Context> | undefined

/** The settings in force here; undefined outside of any. */
export function context(): Context | undefined {
  return storage?.getStore()
}

const leaving = new WeakSet<object>()

/**
 * Turns a storage off after this job, where nothing uses it then. To turn it off at once would leave a task behind each
 * time, which a loop without an end of its job gathers.
 */
export function disableLater(storage: { disable(): void }, isUnused: () => boolean): void {
  if (leaving.has(storage)) return
  leaving.add(storage)
  const later = setImmediate(() => {
    leaving.delete(storage)
    if (isUnused()) storage.disable()
  })
  later.unref()
}

/** Throws ValueError where what is to be run in a scope is no function. */
export function checkFunction(fn: unknown, caller: string): void {
  if (typeof fn !== 'function') throw new ValueError(`${caller}: expected a function to run, not ${shown(fn)}`)
}

/** Runs `fn` with settings added to those in force, and returns what it returns. */
export function within<T>(settings: Context, fn: () => T): T {
  storage ??= new AsyncLocalStorage<Context>()
  return storage.run({ ...storage.getStore(), ...settings }, fn)
}
