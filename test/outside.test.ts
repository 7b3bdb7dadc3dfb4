// Typed arrays that numloom did not allocate: worked on in place, or through copies that nobody sees.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'

const FLOATS = ['float64', 'float32'] as const

describe('memory from outside, on every backend', () => {
  test.each(BACKEND_NAMES)('%s works on typed arrays without keeping copies', (backend) => {
    nl.withBackend(backend, () => {
      const memory = Float64Array.from({ length: 1000 }, (_, i) => i)
      const x = nl.asarray(memory.subarray(100, 600))
      const results = new Float64Array(600)
      const out = nl.asarray(results.subarray(50, 550))
      nl.add(x, x, { out })
      expect([results[49], results[50], results[549], results[550]]).toEqual([0, 200, 1198, 0])
      memory[100] = 7
      expect(nl.add(x, x).get(0)).toBe(14)
      nl.add(x.slice('::-2'), 1, { out: out.slice('::2').slice(':250') })
      expect([results[50], results[51], results[52]]).toEqual([600, 202, 598])
      expect(nl.sum(x).item()).toBe(memory.subarray(100, 600).reduce((a, b) => a + b, 0))
      nl.multiply(x, 0, { out: x })
      expect([memory[99], memory[100], memory[599], memory[600]]).toEqual([99, 0, 0, 600])
    })
  })
  test.each(BACKEND_NAMES)('%s mixes them with arrays of the heap', (backend) => {
    nl.withBackend(backend, () => {
      for (const dtype of FLOATS) {
        const outside = nl.asarray(dtype === 'float64' ? new Float64Array(300).fill(2) : new Float32Array(300).fill(2))
        const inside = nl.ones(300, { dtype })
        expect(nl.sum(nl.multiply(outside, inside)).item()).toBe(600)
        nl.add(outside, inside, { out: outside })
        expect(outside.get(299)).toBe(3)
        nl.blas.axpy(2, inside, outside)
        expect(outside.get(0)).toBe(5)
      }
      const ints = Int32Array.of(1, 2, 3)
      expect(nl.sum(nl.add(ints, 1)).item()).toBe(9n)
    })
  })
})
