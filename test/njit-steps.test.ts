// Ranges whose steps are known when they run. SPDX-License-Identifier: MIT

import { describe, expect, test } from 'vitest'
import { ValueError } from '../dist/core/errors.js'
import { njit, prange } from '../dist/njit.js'
import { TARGETS } from './support/njit.ts'

describe.each(TARGETS)('by a step that is known when it runs: %s', (target) => {
  const compile = <F extends (...args: never[]) => unknown>(source: F) => njit({ parallel: true, target }, source)

  test('elements, forwards and backwards', () => {
    const source = (x: Float64Array, start: number, stop: number, step: number) => {
      for (const i of prange(start, stop, step)) x[i] = 2 * (x[i] as number) + i
      return x
    }
    const compiled = compile(source)
    const ramp = () => Float64Array.from({ length: 100 }, (_, at) => at)
    for (const [start, stop, step] of [
      ...[
        [0, 100, 1],
        [3, 100, 7],
        [99, -1, -1],
        [98, 2.5, -5],
        [0, 100, 1000],
      ],
      ...[
        [5, 5, 2],
        [5, 100, -2],
        [50, 0, 3],
        [99, Number.NaN, -3],
        [99, Number.NaN, 3],
      ],
    ] as [number, number, number][]) {
      expect(compiled(ramp(), start, stop, step)).toEqual(source(ramp(), start, stop, step))
    }
    for (const run of [source, compiled]) {
      expect(() => run(ramp(), 0, 100, 0)).toThrow(/^prange\(\) takes .* a step that is not 0$/)
      expect(() => run(ramp(), 0, 100, 0)).toThrow(ValueError)
    }
    expect(compiled.parallelDiagnostics().loops.every(({ parallel }) => parallel)).toBe(true)
  })

  test('blocks, sums, and a nest', () => {
    const source = (x: Float64Array, step: number, columns: number, out: Float64Array) => {
      const half = (step / 2) | 0
      for (const i of prange(0, x.length, step)) {
        for (let j = i; j < Math.min(i + step, x.length); j++) out[j] = (x[j] as number) - (x[i] as number)
      }
      let sum = 0
      for (const i of prange(x.length - 1, -1, -half)) sum += x[i] as number
      for (const i of prange(0, x.length / columns, half, { collapse: 2 })) {
        for (const j of prange(columns)) out[i * columns + j] = (out[i * columns + j] as number) + j
      }
      return sum
    }
    const x = Float64Array.from({ length: 1200 }, (_, at) => at)
    const [ours, theirs] = [new Float64Array(1200), new Float64Array(1200)]
    expect(compile(source)(x, 7, 30, ours)).toBe(source(x, 7, 30, theirs))
    expect(ours).toEqual(theirs)
  })
})
