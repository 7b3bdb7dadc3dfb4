// Typed arrays that numloom did not allocate: worked on in place, or through copies that nobody sees.
// SPDX-License-Identifier: MIT

import { inspect } from 'node:util'
import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'
import { njit } from '../dist/njit.js'
import { errorOf } from './support/errors.ts'
import { Random } from './support/random.ts'

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

describe('a small part of a large typed array', () => {
  const WASM = ['wasm', 'wasm-threads', 'as'] as const
  const copied = (backend: nl.BackendName, work: () => unknown) =>
    nl.withBackend(backend, () => nl.explain(work).calls.reduce((bytes, call) => bytes + call.bytesCopied, 0))
  test.each(WASM)('%s copies that part alone', (backend) => {
    const x = nl.asarray(new Float64Array(80_000)).reshape([40, 20, 100])
    const bytes = 80_000 * 8
    expect(copied(backend, () => nl.add(x.slice(3), 1))).toBe(2000 * 8)
    expect(copied(backend, () => nl.multiply(x.slice(':', ':', 5), 2))).toBe(800 * 8)
    for (const axis of [0, 1, 2]) expect(copied(backend, () => nl.sum(x, { axis }))).toBeLessThan(3 * bytes)
    const cube = nl.asarray(new Float64Array(27_000)).reshape([30, 30, 30])
    expect(copied(backend, () => nl.add(cube.T, cube))).toBeLessThan(4 * 27_000 * 8)
  })
  test.each(WASM)('%s writes no other elements', (backend) => {
    const data = new Float64Array(6000)
    const out = nl.asarray(data).reshape([60, 100])
    const written = (part: nl.NDArray) => {
      const events: nl.CopyEvent[] = []
      const off = nl.on('copy', (event) => events.push(event))
      nl.withBackend(backend, () => nl.add(part, 1, { out: part }))
      off()
      return events.reduce((sum, { direction, bytes }) => sum + (direction === 'out' ? bytes : 0), 0)
    }
    for (const part of [out.row(3), out.slice(':', 7), out.slice('::2', '::-3'), out.slice('5:9', '10:20'), out.T]) {
      expect(written(part)).toBe(part.size * 8)
    }
  })
  test.each(WASM)('%s gives what js gives, of parts that lie among each other, too', (backend) => {
    const random = new Random('outside')
    const step = () => [':', '::2', '::-1', '3:40', '::-3', '10:11', '4:4'][Math.floor(random.uniform(0, 7))] as string
    const run = (name: nl.BackendName, inPlace: boolean, turns: readonly boolean[], slice: [string, string]) =>
      nl.withBackend(name, () => {
        const grid = nl.asarray(Float64Array.from({ length: 3600 }, (_, i) => (i % 17) - 8)).reshape([60, 60])
        const other = inPlace ? grid : nl.asarray(Float64Array.from({ length: 3600 }, (_, i) => i)).reshape([60, 60])
        const [a, b, out] = [grid, grid, other].map((from, i) => (turns[i] ? from.T : from).slice(...slice))
        nl.add(a as nl.NDArray, b as nl.NDArray, { out: out as nl.NDArray })
        if (backend !== 'as')
          nl.matmul(grid.slice(':9', ':20'), grid.T.slice('40:', '50:'), { out: grid.slice('20:29', ':10') })
        nl.blas.axpy(2, grid.row(7), grid.row(9).slice('::-1'))
        return [...grid.toTypedArray(), ...other.toTypedArray()]
      })
    for (let round = 0; round < 60; round++) {
      const [turned, ...turns] = [0, 1, 2].map(() => random.uniform(0, 1) < 0.3)
      const how = [round % 2 === 0, round % 2 === 0 ? [turned, turned, turned] : [turned, ...turns], [step(), step()]]
      const args = how as [boolean, boolean[], [string, string]]
      expect(run(backend, ...args), String(args)).toEqual(run('js', ...args))
    }
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
