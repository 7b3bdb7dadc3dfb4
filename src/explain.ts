// explain(): what ran where, and why.
// SPDX-License-Identifier: MIT

import { type Dispatch, recording } from './runtime.js'

/** The kernel calls of one function, in order. */
export class Explanation {
  constructor(readonly calls: readonly Dispatch[]) {}

  toString(): string {
    if (this.calls.length === 0) return 'no kernel ran'
    return this.calls.map(describe).join('\n')
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

function describe(call: Dispatch): string {
  const threads = `${call.threads} ${call.threads === 1 ? 'thread' : 'threads'}`
  const setting = `${call.threadSetting.count} allowed by ${call.threadSetting.source}`
  const lines = [
    `${call.op}_${call.dtype} on ${call.backend} (${call.file}, ${call.isa}), ${threads} (${setting}), ${call.work} operations`,
  ]
  for (const [name, reason] of Object.entries(call.others)) lines.push(`  not ${name}: ${reason}`)
  return lines.join('\n')
}

/** Runs the synchronous `fn` and tells, for every kernel call in it, the backend, file, instruction set and threads. */
export function explain(fn: () => unknown): Explanation {
  const calls: Dispatch[] = []
  recording((dispatch) => calls.push(dispatch), fn)
  return new Explanation(calls)
}
