// explain(): what ran where, and why.
//
// Calls belong to the function that made them, also after it awaited something: AsyncLocalStorage follows it. It is
// switched off as soon as nothing is explained, because older Nodes pay for it at every promise.
// SPDX-License-Identifier: MIT

import { AsyncLocalStorage } from 'node:async_hooks'
import { checkFunction, disableLater } from './core/context.js'
import type { Dispatch } from './report/dispatch.js'
import { on, type Subscription } from './report/events.js'
import { dispatchText } from './report/text.js'

/** The calls of kernels and of functions of njit in one function, in order. */
export class Explanation {
  constructor(readonly calls: readonly Dispatch[]) {}

  toString(): string {
    if (this.calls.length === 0) return 'no kernel ran'
    return this.calls.map(dispatchText).join('\n')
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

interface Collector {
  readonly calls: Dispatch[]
  /** That of the explain() around it, which hears of its calls too. */
  readonly outer: Collector | undefined
  /** What a function left behind (a timer) may run on after it has been explained. */
  open: boolean
}

const storage = new AsyncLocalStorage<Collector>()
let subscription: Subscription | undefined
let active = 0

function begin(): Collector {
  if (active++ === 0) {
    subscription = on('dispatch', (dispatch) => {
      for (let collector = storage.getStore(); collector !== undefined; collector = collector.outer) {
        if (collector.open) collector.calls.push(dispatch)
      }
    })
  }
  return { calls: [], outer: storage.getStore(), open: true }
}

function end(collector: Collector): Explanation {
  collector.open = false
  if (--active === 0) {
    subscription?.()
    disableLater(storage, () => active === 0)
  }
  return new Explanation(collector.calls)
}

/**
 * Runs `fn` and tells, for every call of a kernel or of a function of njit in it: arrays, backend, file, instruction set,
 * threads, bytes copied, time, and why the other backends did not run it. Where `fn` returns a promise, so does this, and
 * calls that it makes after awaiting count too; those of other functions that run meanwhile do not. Throws what `fn`
 * throws, and ValueError where there is no function.
 */
export function explain(fn: () => PromiseLike<unknown>): Promise<Explanation>
export function explain(fn: () => unknown): Explanation
export function explain(fn: () => unknown): Explanation | Promise<Explanation> {
  checkFunction(fn, 'explain')
  const collector = begin()
  let promise: PromiseLike<unknown> | undefined
  try {
    const result = storage.run(collector, fn)
    if (isPromise(result)) promise = result
  } catch (error) {
    end(collector)
    throw error
  }
  return promise ? finished(promise, collector) : end(collector)
}

async function finished(promise: PromiseLike<unknown>, collector: Collector): Promise<Explanation> {
  try {
    await promise
  } finally {
    end(collector)
  }
  return new Explanation(collector.calls)
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}
