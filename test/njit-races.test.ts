// Loops that are known to have gone wrong in parallel: an error that says why, or what JavaScript computes.
// SPDX-License-Identifier: MIT

import { describe, expect, test } from 'vitest'
import { njit } from '../dist/njit.js'
import { RACES } from './support/races.ts'

describe.each(['native', 'wasm'] as const)('%s', (target) => {
  test.each(RACES)('numba#$issue: $what', ({ source, expect: outcome, args }) => {
    const compiled = njit({ parallel: true, target }, source)
    if (outcome === 'refused') {
      expect(() => compiled(...args())).toThrow(expect.objectContaining({ code: expect.stringMatching(/^NL4/) }))
      expect(() => compiled(...args())).toThrow(/iterations/)
      return
    }
    const [ours, theirs] = [args(), args()]
    const result = compiled(...ours)
    expect(result).toBe(source(...theirs))
    expect(ours).toEqual(theirs)
  })
})
