// Whether a loop may be run a few iterations at a time (SIMD), as far as arrays are concerned.
// SPDX-License-Identifier: MIT

import { arrayAccesses, distinctPairs, firstConflict, writtenArrays } from './accesses.js'
import { Space } from './affine.js'
import type { ForLoop, Variable } from './ir.js'
import { Names } from './names.js'
import { eachStatement } from './visit.js'

export interface Vectorizable {
  readonly safe: boolean
  /** Pairs of arrays that must not overlap in memory for this to hold. */
  readonly distinct: readonly (readonly [Variable, Variable])[]
}

/** Whether no iteration of a loop touches an element that another one writes. */
export function vectorizable(loop: ForLoop): Vectorizable {
  const names = new Names(loop)
  const space = new Space(names)
  const accesses = arrayAccesses(names, space)
  let safe = !accesses.some(({ atomic }) => atomic)
  eachStatement(loop.body, (s) => {
    if (s.kind === 'alias' && names.isOutside(s.variable)) safe = false
    if (s.kind === 'call' && s.results.some((result) => names.isOutside(result))) safe = false
  })
  for (const array of writtenArrays(accesses).values()) {
    safe &&= firstConflict(array, accesses, loop.step, space) === undefined
  }
  return { safe, distinct: safe ? distinctPairs(accesses) : [] }
}
