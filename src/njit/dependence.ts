// Whether a loop may be run a few iterations at a time (SIMD), as far as arrays are concerned.
// SPDX-License-Identifier: MIT

import { arrayAccesses, distinctPairs, firstConflict, writtenArrays } from './accesses.js'
import { Space } from './affine.js'
import { Body } from './body.js'
import type { ForLoop, Statement, Variable } from './ir.js'
import { eachStatement } from './walk.js'

export interface Vectorizable {
  readonly safe: boolean
  /** Pairs of arrays that must not overlap in memory for this to hold. */
  readonly distinct: readonly (readonly [Variable, Variable])[]
}

/** Whether no iteration of a loop touches an element that another one writes. `around`: as for independence. */
export function vectorizable(loop: ForLoop, around: readonly Statement[] = []): Vectorizable {
  const body = new Body(loop, around)
  const space = new Space(body)
  const accesses = arrayAccesses(body, space)
  let safe = !accesses.some(({ atomic }) => atomic)
  eachStatement(loop.body, (s) => {
    if (s.kind === 'alias' && body.isOutside(s.variable)) safe = false
    if (s.kind === 'call' && s.results.some((result) => body.isOutside(result))) safe = false
  })
  for (const array of writtenArrays(accesses).values()) {
    safe &&= firstConflict(array, accesses, loop.step, space) === undefined
  }
  return { safe, distinct: safe ? distinctPairs(accesses) : [] }
}
