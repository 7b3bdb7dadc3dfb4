// What a checked prange found, from the record that it leaves.
// SPDX-License-Identifier: MIT

import type { NjitError } from '../core/errors.js'
import { placeOf, problem } from './diagnostic.js'
import { CONFLICTS, conflictSlots, FOUND, type Watch } from './emit-races.js'
import { decodePosition } from './frontend.js'
import type { Position } from './ir.js'
import { fixesFor } from './parallel.js'
import type { Source } from './source.js'

interface Access {
  readonly write: boolean
  readonly position: Position
}

interface Conflict {
  readonly variable: string
  /** Of the element; empty for a variable that is no array. */
  readonly index: readonly number[]
  /** Values of the loop's variable. */
  readonly iterations: readonly [number, number]
  readonly first: Access
  readonly second: Access
}

/** Conflicts that the message tells; the error has all. */
const MOST_TOLD = 6

/** `record` is where that of errors begins in the slots. */
export function raceError(watch: Watch, record: Float64Array, sources: readonly Source[]): NjitError {
  const conflicts = Array.from({ length: record[FOUND] as number }, (_, i) => readConflict(watch, record, i, sources))
  const { variable, index, first } = conflicts[0] as Conflict
  const told = conflicts.slice(0, MOST_TOLD).map((conflict) => `\n  ${conflictText(conflict)}`)
  const more = conflicts.length > MOST_TOLD ? `\n  and ${conflicts.length - MOST_TOLD} more` : ''
  const message = `iterations of this prange depend on each other:${told.join('')}${more}`
  return problem('NL4003', first.position, message, fixesFor(variable, index.length > 0 ? 'array' : 'number'), {
    conflicts: conflicts.map(({ first, second, ...conflict }) => ({
      ...conflict,
      first: accessOf(first),
      second: accessOf(second),
    })),
  })
}

function readConflict({ axes, accesses, watched }: Watch, record: Float64Array, i: number, sources: readonly Source[]) {
  const start = CONFLICTS + i * conflictSlots(axes)
  const slot = (at: number) => record[start + at] as number
  const access = (at: number): Access => {
    const { write, where } = accesses[slot(at)] as Watch['accesses'][number]
    return { write, position: decodePosition(sources, where) }
  }
  const { name, rank } = watched[slot(4)] as Watch['watched'][number]
  return {
    variable: name,
    index: Array.from(record.subarray(start + 5, start + 5 + rank)),
    iterations: [slot(2), slot(3)],
    first: access(0),
    second: access(1),
  } satisfies Conflict
}

function conflictText({ variable, index, iterations, first, second }: Conflict): string {
  const element = `${variable || 'an array'}${index.length > 0 ? `[${index.join(', ')}]` : ''}`
  const access = (iteration: number, { write, position }: Access) => {
    const { line, column } = placeOf(position)
    return `iteration ${iteration} ${write ? 'writes' : 'reads'} it at ${line}:${column}`
  }
  return `${element}: ${access(iterations[0], first)}, ${access(iterations[1], second)}`
}

function accessOf({ write, position }: Access) {
  const { line, column } = placeOf(position)
  return { write, line, column }
}
