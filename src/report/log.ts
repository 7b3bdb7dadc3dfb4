// NUMLOOM_LOG: events as lines on stderr. What costs time unasked is a warning; what happens seldom, info; all, debug.
// SPDX-License-Identifier: MIT

import { load } from '../backends/load.js'
import type { Dispatch } from './dispatch.js'
import { type CopyEvent, type MemoryEvent, on, type RegionEvent } from './events.js'
import { arrayText, callText, millisecondsText, threadsText } from './text.js'

export const LOG_LEVELS = ['off', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Not console: its output may be redirected by who embeds numloom. */
const line = (...words: (string | number)[]) => process.stderr.write(`numloom ${words.join(' ')}\n`)

function logDispatch(call: Dispatch): void {
  const { backend, isa, threads, ms, arrays, bytesCopied } = call
  const copied = bytesCopied > 0 ? `, ${bytesCopied} bytes copied` : ''
  const about = `${arrays.map(arrayText).join('; ')}${copied}`
  line('dispatch', callText(call), backend, isa, threadsText(threads), millisecondsText(ms), about)
}

function logCopy({ op, backend, direction, bytes, ms, why }: CopyEvent): void {
  line('copy', op, backend, direction, bytes, 'bytes', `${millisecondsText(ms)}:`, why)
}

function logRegion({ op, backend, threads, ms }: RegionEvent): void {
  line('region', op, backend, threadsText(threads), millisecondsText(ms))
}

function logMemory({ event, bytes, inUse, total }: MemoryEvent): void {
  line('memory', event, bytes, 'bytes,', inUse, 'of', total, 'in use')
}

/** Why the fastest backend is missing, where it is, and how to add it. */
function logMissing(): void {
  try {
    load('native')
  } catch (error) {
    line((error as Error).message)
  }
}

/** Writes events from now on. */
export function startLog(level: LogLevel): void {
  if (level === 'off') return
  on('copy', logCopy)
  on('memory', (event) => {
    if (level !== 'warn' || event.event === 'spill') logMemory(event)
  })
  if (level !== 'debug') return
  // Importing loads no backends: the first call does.
  const remove = on('dispatch', () => {
    remove()
    logMissing()
  })
  on('dispatch', logDispatch)
  on('region', logRegion)
}
