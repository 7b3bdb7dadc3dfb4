// scope(): the arrays made inside a function are freed when it is done, except those that it returns.
//
// Which scope an array belongs to follows the flow of control through awaits (AsyncLocalStorage). Outside of scopes,
// making an array costs the look at one variable (array.ts), and nothing is tracked.
// SPDX-License-Identifier: MIT

import { AsyncLocalStorage } from 'node:async_hooks'
import { NDArray, onCreation } from './array.js'
import { checkFunction, disableLater } from './context.js'

/** The arrays made in a scope so far. */
class Scope {
  readonly arrays = new Set<NDArray>()
  ended = false

  constructor(readonly outer: Scope | undefined) {}
}

const storage = new AsyncLocalStorage<Scope>()
let open = 0

/** The innermost scope of this flow that has not ended: what outlives its own belongs to the one around it. */
function current(): Scope | undefined {
  let scope = storage.getStore()
  while (scope?.ended) scope = scope.outer
  return scope
}

const track = (array: NDArray) => {
  current()?.arrays.add(array)
}

function begin(): Scope {
  if (open++ === 0) onCreation(track)
  return new Scope(current())
}

/** Frees the arrays of a scope that are not in `kept`, which belong to the scope around it from now on. */
function end(scope: Scope, kept: ReadonlySet<NDArray>): void {
  scope.ended = true
  if (--open === 0) {
    onCreation(undefined)
    disableLater(storage, () => open === 0)
  }
  let { outer } = scope
  while (outer?.ended) outer = outer.outer
  for (const array of scope.arrays) {
    if (!kept.has(array)) array.dispose()
    else if (!array.disposed) outer?.arrays.add(array)
  }
  scope.arrays.clear()
}

const isPlain = (value: object) => {
  const prototype = Object.getPrototypeOf(value) as unknown
  return prototype === Object.prototype || prototype === null
}

/** What a value consists of, as far as arrays are looked for in it. */
function parts(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  if (value instanceof Set) return value
  return isPlain(value) ? [...Object.values(value), ...symbolValues(value as Record<symbol, unknown>)] : []
}

function symbolValues(value: Record<symbol, unknown>): unknown[] {
  return Object.getOwnPropertySymbols(value).map((key) => value[key])
}

/** All arrays in a value. */
function arraysIn(value: unknown): Set<NDArray> {
  const found = new Set<NDArray>()
  const seen = new Set<object>()
  const pending = [value]
  while (pending.length > 0) {
    const next = pending.pop()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    if (next instanceof NDArray) found.add(next)
    else for (const part of parts(next)) if (typeof part === 'object') pending.push(part)
  }
  return found
}

const NONE: ReadonlySet<NDArray> = new Set()

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

/** Ends the scope with what `result` keeps; also where looking through it throws, as a getter may. */
function finish<T>(scope: Scope, result: T): T {
  let kept = NONE
  try {
    kept = arraysIn(result)
  } finally {
    end(scope, kept)
  }
  return result
}

/**
 * Runs `fn` and frees all arrays made in it, except those that it returns: an array, or arrays within nested arrays,
 * plain objects, Maps and Sets. A view that is returned keeps its memory. What an inner scope returns belongs to the scope
 * around it. Where `fn` throws, all are freed. Where it returns a promise, the scope lasts until that is settled, also
 * across awaits, and arrays made meanwhile by others are not its.
 *
 * An array that was put elsewhere (a variable outside, a field of an object of a class) throws DisposedError afterwards.
 * Typed arrays that `data` gave are no longer valid; toTypedArray() copies. A scope holds all that is made in it until it
 * ends: around the body of a long loop it saves memory, around the loop it costs memory. Throws ValueError where `fn` is
 * no function.
 */
export function scope<T>(fn: () => T): T {
  checkFunction(fn, 'scope')
  const entered = begin()
  let result: T
  let isLater: boolean
  try {
    result = storage.run(entered, fn)
    isLater = isPromise(result)
  } catch (error) {
    end(entered, NONE)
    throw error
  }
  if (!isLater) return finish(entered, result)
  const settled = Promise.resolve(result).then(
    (value) => finish(entered, value),
    (error: unknown) => {
      end(entered, NONE)
      throw error
    },
  )
  return settled as T
}
