// Events in words: for explain(), and for the lines of NUMLOOM_LOG.
// SPDX-License-Identifier: MIT

import type { ArrayReport, Dispatch } from './dispatch.js'

/** `(500, 1000)`, `(3,)`, `()`: as Python writes shapes. */
const shapeText = (shape: readonly number[]) => `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`

/** `x float64 (500, 1000) C`. */
export function arrayText({ name, dtype, shape, layout, outside }: ArrayReport): string {
  return `${name} ${dtype} ${shapeText(shape)} ${layout}${outside ? ' outside the heap' : ''}`
}

export const threadsText = (threads: number): string => `${threads} ${threads === 1 ? 'thread' : 'threads'}`

/** Microseconds are the least that a call takes. */
export const millisecondsText = (ms: number): string => `${ms.toFixed(3)} ms`

/** `add_f64` of a kernel, `norm(f8[::1])` of a function of njit. */
export function callText({ op, dtype, signature }: Pick<Dispatch, 'op' | 'dtype' | 'signature'>): string {
  return dtype === undefined ? `${op}(${signature})` : `${op}_${dtype}`
}

/** Some lines about a call; all but the first are indented. */
export function dispatchText(call: Dispatch): string {
  const setting = `${call.threadSetting.count} allowed by ${call.threadSetting.source}`
  const code = [call.file, call.isa].filter(Boolean).join(', ')
  const what = code === '' ? '' : ` (${code})`
  const work = call.work === undefined ? '' : `${call.work} operations, `
  const lines = [
    `${callText(call)} on ${call.backend}${what}, ${threadsText(call.threads)} (${setting}), ` +
      `${work}${millisecondsText(call.ms)}`,
  ]
  if (call.arrays.length > 0) lines.push(`  ${call.arrays.map(arrayText).join('; ')}`)
  if (call.bytesCopied > 0) lines.push(`  copied ${call.bytesCopied} bytes over the border of the heap`)
  for (const [name, reason] of Object.entries(call.others)) lines.push(`  not ${name}: ${reason}`)
  return lines.join('\n')
}

/** Facts that print as text, by String() and by console.log, and stay plain data for JSON and for programs. */
export function readable<T extends object>(facts: T, describe: (facts: T) => string): T {
  const text = { value: () => describe(facts), enumerable: false }
  return Object.defineProperties(facts, { toString: text, [Symbol.for('nodejs.util.inspect.custom')]: text })
}
