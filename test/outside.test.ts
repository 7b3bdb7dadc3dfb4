// Typed arrays that numloom did not allocate: worked on in place, or through copies that nobody sees.
// SPDX-License-Identifier: MIT

import { inspect } from 'node:util'
import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'
import { njit } from '../dist/njit.js'
import { errorOf } from './support/errors.ts'

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

/** ArrayBuffer, with what ES2024 has of it. */
const Resizable = ArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(bytes: number): void }

describe('a typed array whose buffer is gone', () => {
  const taken: [string, () => { array: nl.NDArray; take(): void }][] = [
    [
      'transferred',
      () => {
        const data = new Float64Array(100_000).fill(2)
        return { array: nl.asarray(data), take: () => structuredClone(0, { transfer: [data.buffer] }) }
      },
    ],
    [
      'made smaller',
      () => {
        const buffer = new Resizable(800_000, { maxByteLength: 800_000 })
        return { array: nl.asarray(new Float64Array(buffer)), take: () => buffer.resize(80) }
      },
    ],
  ]
  test.each(BACKEND_NAMES)('%s', (backend) => {
    nl.withBackend(backend, () => {
      for (const [, make] of taken) {
        const { array, take } = make()
        const view = array.slice('5:')
        const inside = nl.ones(100_000)
        take()
        const uses: (() => unknown)[] = [
          () => nl.add(array, 1),
          () => nl.sum(view),
          () => nl.add(inside, 1, { out: array }),
          () => nl.dot(inside, array),
          () => nl.array(array),
          () => array.get(0),
          () => array.set(0, 1),
          () => array.data,
          () => view.toArray(),
          () => String(array),
        ]
        for (const use of uses) expect(errorOf(use)).toBeInstanceOf(nl.DisposedError)
        expect(inspect(array)).toBe('NDArray (its typed array is gone)')
        expect(nl.sum(inside).item()).toBe(100_000)
        array.dispose()
        view.dispose()
      }
    })
  })
  test('of compiled functions too; one given as it is has no elements, as in JavaScript', () => {
    for (const target of ['native', 'wasm'] as const) {
      const total = njit({ target }, (x: Float64Array) => {
        let sum = 0
        for (let i = 0; i < x.length; i++) sum += x[i] as number
        return sum
      })
      const second = njit({ target }, (x: nl.NDArray) => (x.get(1) as number) + 0)
      const data = Float64Array.of(1, 2, 3)
      const array = nl.asarray(data)
      expect([total(data), second(array)]).toEqual([6, 2])
      structuredClone(0, { transfer: [data.buffer] })
      expect(total(data)).toBe(0)
      expect(errorOf(() => second(array))).toBeInstanceOf(nl.DisposedError)
    }
  })
})
