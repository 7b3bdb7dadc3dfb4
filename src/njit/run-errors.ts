// Errors of compiled code, from the record that it leaves.
// SPDX-License-Identifier: MIT

import { warnOnce } from '../core/env.js'
import { OutOfMemoryError, ShapeError, ValueError } from '../core/errors.js'
import { codeFrame, placeOf } from './diagnostic.js'
import { type Description, decodePosition } from './frontend.js'
import type { Failure } from './ir.js'
import { raceError } from './race-report.js'
import { type Source, sourceOf } from './source.js'
import { STACK_ENDED } from './target.js'

const CONSTRUCTORS = { Error, RangeError, TypeError, ValueError } as const

/** As semantics.h records them. */
const OUT_OF_BOUNDS = -1
const NO_MEMORY = -2
const TOO_DEEP = -3
const RACES = -4

export function callError(
  name: string,
  { layout, failures, watch }: Description,
  slots: Float64Array,
  sources: readonly Source[],
  status: number,
  available: number,
): Error {
  const [what = 0, where = 0, first = 0, axis = 0, size = 0] = slots.subarray(layout.error, layout.error + 5)
  if (what === TOO_DEEP || status === STACK_ENDED) {
    // Which of its calls was too deep is not recorded.
    const { file, line, column } = placeOf((sources[0] as Source).node.start)
    const message = `Maximum call stack size exceeded in '${name}'`
    return Object.assign(new RangeError(message), { function: name, file, line, column })
  }
  if (what === RACES && watch) return raceError(watch, slots.subarray(layout.error), sources)
  const position = decodePosition(sources, where)
  const { file, line, column } = placeOf(position)
  // It may be in a function that this one calls. Without a file, lines are those of its text.
  const owner = sourceOf(position).name
  const place = `in '${owner}' (${file ? `${file}:${line}:${column}` : `${line}:${column} of its text`})`
  const fields = { function: owner, file, line, column }
  if (what === OUT_OF_BOUNDS) {
    const message = `index ${first} is out of bounds for axis ${axis} with size ${size}, ${place}\n${codeFrame(position)}`
    return Object.assign(new RangeError(message), { code: 'NUMLOOM_INDEX', index: first, axis, size, ...fields })
  }
  if (what === NO_MEMORY) {
    const message = `no memory for an array of ${first} bytes, ${place}`
    return Object.assign(new OutOfMemoryError(message, { wanted: first, available }), fields)
  }
  const failure = failures[what] as Failure
  const text = failure.named ? failure.message.replace('{}', String(first)) : failure.message
  if (failure.error === 'ShapeError') return Object.assign(new ShapeError(text, { shapes: [[first]] }), fields)
  return Object.assign(new CONSTRUCTORS[failure.error](text), fields)
}

export function overlapWarning(name: string, where: number, sources: readonly Source[]): void {
  const { file, line } = placeOf(decodePosition(sources, where - 1))
  const loop = `the parallel loop of '${name}' at ${file ? `${file}:` : 'line '}${line}`
  warnOnce(
    'NUMLOOM_NJIT',
    `njit: ${loop} ran on one thread, because arrays that it stores into overlap others in memory`,
  )
}
