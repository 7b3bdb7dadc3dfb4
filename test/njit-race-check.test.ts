// { race: 'check' }: conflicts that happen are told with the element, the iterations and the accesses; others are not.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { afterAll, describe, expect, test } from 'vitest'
import { failAllocation } from '../dist/core/failing.js'
import { heap } from '../dist/core/heap.js'
import { atomicAdd, type NjitOptions, njit, prange } from '../dist/njit.js'
import { RACES } from './support/races.ts'

// biome-ignore lint/suspicious/noExplicitAny: functions of all kinds of arguments
type Source = (...args: any[]) => unknown

interface Access {
  write: boolean
  line: number
}
interface Reported extends Error {
  code: string
  conflicts: { variable: string; index: number[]; iterations: [number, number]; first: Access; second: Access }[]
}

const ramp = (count: number) => Float64Array.from({ length: count }, (_, i) => i)

afterAll(() => nl.shutdown())

describe.each(['native', 'wasm'] as const)('%s', (target) => {
  const checked = <F extends Source>(source: F, options: NjitOptions = {}) =>
    njit({ parallel: true, race: 'check', target, cache: false, ...options }, source)

  /** What a call reports; its arguments must be what plain JavaScript leaves. */
  function reportOf(source: Source, args: () => unknown[], options: NjitOptions = {}): Reported {
    const [ours, theirs] = [args(), args()]
    let report: unknown
    try {
      checked(source, options)(...ours)
    } catch (error) {
      report = error
    }
    expect(report).toMatchObject({ code: 'NL4003' })
    source(...theirs)
    expect(ours).toEqual(theirs)
    return report as Reported
  }

  function expectQuiet(source: Source, args: () => unknown[], options: NjitOptions = {}): void {
    const [ours, theirs] = [args(), args()]
    expect(checked(source, options)(...ours)).toEqual(source(...theirs))
    expect(ours).toEqual(theirs)
  }

  describe('conflicts', () => {
    test('of a neighbour, with all that there is to tell', () => {
      const smooth = (a: Float64Array) => {
        for (const i of prange(3, 9, 2)) {
          a[i] = 1
          a[i + 1] = (a[i - 1] as number) + 2
        }
      }
      const report = reportOf(smooth, () => [ramp(12)])
      expect(report.conflicts).toEqual([expect.objectContaining({ variable: 'a', index: [4], iterations: [3, 5] })])
      expect(report.conflicts[0]).toMatchObject({ first: { write: true, line: 4 }, second: { write: false, line: 4 } })
      expect(report.message).toMatch(/^NL4003 .*:4:\d+: /)
      expect(report.message).toMatch(/a\[4\]: iteration 3 writes it at 4:\d+, iteration 5 reads it at 4:\d+/)
      for (const fix of [/\(1\) a reduction: a\[k\] \+=/, /\(2\) atomicAdd/, /\(3\) a serial loop/])
        expect(report.message).toMatch(fix)
    })

    test('of loops that are one, whose iterations are told by number', () => {
      const between = (a: Float64Array) => {
        for (const i of prange(3, { collapse: 2 })) for (const j of prange(5, 9)) a[i * 3 + j] = i
      }
      const { conflicts } = reportOf(between, () => [ramp(30)])
      expect(conflicts).toEqual([expect.objectContaining({ index: [8], iterations: [3, 4] })])
      const within = (a: Float64Array) => {
        for (const i of prange(3, { collapse: 2 })) for (const j of prange(4)) a[i] = j
      }
      expect(reportOf(within, () => [ramp(3)]).conflicts[0]).toMatchObject({ index: [0], iterations: [0, 1] })
    })

    test('of an iteration that writes what several others have read', () => {
      const source = (a: Float64Array, out: Float64Array) => {
        for (const i of prange(5)) {
          out[i] = a[0] as number
          if (i === 3) a[0] = 7
        }
      }
      const { conflicts } = reportOf(source, () => [ramp(1), ramp(5)])
      expect(conflicts.map(({ iterations }) => iterations)).toEqual([[2, 3]])
    })

    test('of elements of different sizes that overlap', () => {
      const views = () => {
        const x = ramp(50)
        return [x, new Int32Array(x.buffer)]
      }
      const low = (x: Float64Array, y: Int32Array) => {
        for (const i of prange(x.length - 1)) {
          x[i] = i
          y[2 * i + 2] = 1
        }
      }
      const { conflicts } = reportOf(low, views)
      expect(conflicts[0]).toMatchObject({ variable: 'x', index: [1], iterations: [0, 1] })
      const halves = (_: Float64Array, y: Int32Array) => {
        for (const i of prange(y.length)) y[i] = i
      }
      expectQuiet(halves, views)
    })

    test('of one element, and of a few that many share', () => {
      const one = (x: Float64Array) => {
        for (const i of prange(4)) x[0] = (x[0] as number) * 2 + i
      }
      expect(reportOf(one, () => [ramp(2)]).conflicts[0]).toMatchObject({ index: [0], iterations: [0, 1] })
      const written = (x: Float64Array, y: Float64Array) => {
        for (const i of prange(2)) x[0] = i > 0 ? (y[i] as number) : 1
      }
      const { conflicts: writes } = reportOf(written, () => [ramp(2), ramp(2)])
      expect(writes).toMatchObject([{ first: { write: true }, second: { write: true } }])
      const few = (y: Int32Array) => {
        for (const i of prange(6)) y[i % 4] = i
      }
      const { conflicts } = reportOf(few, () => [new Int32Array(4)])
      expect(conflicts).toMatchObject([{ variable: 'y', index: [0], iterations: [0, 4] }])
    })

    test.each<[string, Source]>([
      [
        'of elements',
        (x: nl.NDArray) => {
          for (const i of prange(4)) x.set(i >> 1, 2, i)
        },
      ],
      [
        'of elements of rows',
        (x: { row(i: number): nl.NDArray }) => {
          for (const i of prange(4)) {
            const row = x.row(i >> 1)
            row.set(2, i)
          }
        },
      ],
    ])('%s, by all their indices', (_, source) => {
      const compiled = checked(source)
      for (const x of [nl.zeros([3, 4]), nl.zeros([4, 3]).T, nl.zeros([6, 8]).slice('::-2', '::2')]) {
        expect(() => compiled(x)).toThrow(
          expect.objectContaining({
            conflicts: [expect.objectContaining({ variable: 'x', index: [0, 2], iterations: [0, 1] })],
          }),
        )
        expect([x.get(0, 2), x.get(1, 2)]).toEqual([1, 3])
      }
    })

    test('of arrays that the function makes before the loop', () => {
      const source = (n: number) => {
        const work = new Float64Array(3)
        for (const i of prange(n)) {
          work[i % 2] = i
        }
        return work[0]
      }
      expect(reportOf(source, () => [4]).conflicts[0]).toMatchObject({ variable: 'work', iterations: [0, 2] })
      expectQuiet(source, () => [2])
    })

    test('of loops inside, with the iterations of the outermost', () => {
      const source = (out: Float64Array, n: number) => {
        for (const i of prange(n)) {
          for (const j of prange(n)) out[i + j] = j
        }
      }
      const { conflicts } = reportOf(source, () => [new Float64Array(9), 3])
      expect(conflicts).toMatchObject([{ index: [1], iterations: [0, 1] }])
      expectQuiet(source, () => [new Float64Array(9), 1])
    })

    test('of functions that call themselves', () => {
      const source = (out: Float64Array, x: Int32Array) => {
        const mark = (to: Float64Array, at: number): number => {
          to[at] = at
          return at === 0 ? 0 : mark(to, at >> 1)
        }
        for (const i of prange(x.length)) mark(out, x[i] as number)
      }
      const { conflicts } = reportOf(source, () => [new Float64Array(16), Int32Array.of(12, 7)])
      expect(conflicts).toMatchObject([{ variable: 'out', index: [3], iterations: [0, 1] }])
    })

    test('of variables', () => {
      const source = (x: Float64Array) => {
        let last = -1
        for (const i of prange(x.length)) {
          if ((x[i] as number) > 0) last = i
        }
        return last
      }
      const { conflicts } = reportOf(source, () => [Float64Array.of(0, 1, 0, 2)])
      expect(conflicts).toEqual([
        {
          ...{ variable: 'last', index: [], iterations: [1, 3] },
          first: expect.objectContaining({ write: true, line: 4 }),
          second: expect.objectContaining({ write: true, line: 4 }),
        },
      ])
      expectQuiet(source, () => [Float64Array.of(0, 0, 3, 0)])
    })

    test('of atomic additions with what is not atomic', () => {
      const source = (x: Float64Array, reads: boolean) => {
        let seen = 0
        for (const i of prange(5)) {
          atomicAdd(x, 1, i)
          if (reads && i === 4) seen += x[1] as number
        }
        return seen
      }
      expect(reportOf(source, () => [ramp(2), true]).conflicts).toMatchObject([{ index: [1], iterations: [3, 4] }])
      expectQuiet(source, () => [ramp(2), false])
    })

    test('of arrays that overlap', () => {
      const source = (x: Float64Array, y: Float64Array) => {
        for (const i of prange(x.length)) y[i] = (x[i] as number) + 1
      }
      const compiled = checked(source)
      const memory = ramp(10)
      expect(() => compiled(memory.subarray(0, 8), memory.subarray(1, 9))).toThrow(
        expect.objectContaining({ conflicts: [expect.objectContaining({ variable: 'y', index: [0] })] }),
      )
      compiled(memory.subarray(0, 5), memory.subarray(5, 10))
    })

    test('are told shortly, and no more than 16', () => {
      const source = (x: Float64Array) => {
        for (const _ of prange(2)) {
          x[0] = (x[1] as number) + (x[2] as number) + (x[3] as number)
          x[1] = (x[0] as number) + (x[2] as number) + (x[3] as number)
          x[2] = (x[0] as number) + (x[1] as number) + (x[3] as number)
          x[3] = (x[0] as number) + (x[1] as number) + (x[2] as number)
        }
      }
      const { conflicts, message } = reportOf(source, () => [ramp(4)])
      expect(conflicts).toHaveLength(16)
      expect(message.split('\n').length).toBeLessThan(12)
      expect(message).toMatch(/and 10 more/)
    })
  })

  describe('no conflict', () => {
    test('of indices that are elements, unless one comes twice', () => {
      const scatter = (out: Float64Array, idx: Int32Array, x: Float64Array) => {
        for (const i of prange(x.length)) out[idx[i] as number] = x[i] as number
        return out[0]
      }
      expect(() =>
        njit({ parallel: true, target, cache: false }, scatter)(ramp(4), new Int32Array(4), ramp(4)),
      ).toThrow(expect.objectContaining({ code: 'NL4002' }))
      expectQuiet(scatter, () => [ramp(4), Int32Array.of(2, 0, 3, 1), ramp(4)])
      expect(reportOf(scatter, () => [ramp(4), Int32Array.of(2, 0, 2, 1), ramp(4)]).conflicts).toMatchObject([
        { variable: 'out', index: [2], iterations: [0, 2], first: { write: true }, second: { write: true } },
      ])
    })

    test('of elements that are not evaluated', () => {
      const source = (x: Float64Array, shift: number) => {
        for (const i of prange(1, x.length)) {
          x[i] = shift > 0 ? (x[i - shift] as number) : shift < 0 && (x[i - 1] as number) > 3 ? 5 : i
        }
      }
      expectQuiet(source, () => [ramp(8), 0])
      expectQuiet(source, () => [ramp(8), 0], { boundsCheck: false })
      expect(reportOf(source, () => [ramp(8), 1]).conflicts).toMatchObject([{ index: [1], iterations: [1, 2] }])
      expect(reportOf(source, () => [ramp(8), -1]).conflicts).toMatchObject([{ index: [1], iterations: [1, 2] }])
    })

    test('of arrays of each iteration, though they come to lie where others were', () => {
      const source = (out: Float64Array, idx: Int32Array) => {
        for (const i of prange(idx.length)) {
          const work = new Float64Array(8)
          work[0] = i
          out[idx[i] as number] = work[0] as number
        }
      }
      expectQuiet(source, () => [ramp(4), Int32Array.of(3, 1, 2, 0)])
    })

    test('of reductions, beside others that are watched', () => {
      const source = (bins: Int32Array, out: Float64Array, idx: Int32Array) => {
        let sum = 0
        let least = Number.POSITIVE_INFINITY
        for (const i of prange(idx.length)) {
          const k = idx[i] as number
          bins[k & 1] = ((bins[k & 1] as number) + 1) | 0
          sum += k
          if (k < least) least = k
          out[k] = i
        }
        return sum + least
      }
      expectQuiet(source, () => [new Int32Array(2), ramp(5), Int32Array.of(4, 2, 3, 1)])
      const { conflicts } = reportOf(source, () => [new Int32Array(2), ramp(5), Int32Array.of(4, 2, 4, 2)])
      expect(new Set(conflicts.map(({ variable }) => variable))).toEqual(new Set(['out']))
    })

    test('of one loop with another', () => {
      const source = (x: Float64Array) => {
        for (const i of prange(x.length)) x[i % x.length] = i
        for (const i of prange(x.length)) x[x.length - 1 - (i % x.length)] = i
      }
      expectQuiet(source, () => [ramp(5)])
      expectQuiet(source, () => [new Float64Array(0)])
    })
  })

  const DATA: Record<string, () => unknown[]> = {
    'an array of each iteration of the outer loop, used by loops within': () => [9, new Float64Array(1024)],
    'elements by an index that is an element': () => [Int32Array.of(9, 11, 9), ramp(3), new Float64Array(21)],
  }
  test.each(RACES)('numba#$issue: $what', ({ what, source, expect: outcome, args }) => {
    // It ends at an index out of bounds before the element comes up a second time.
    if (what === 'an index that wraps around at 32 bits') expect(() => checked(source)(...args())).toThrow(RangeError)
    else if (outcome === 'refused') expect(reportOf(source, DATA[what] ?? args).conflicts).not.toHaveLength(0)
    else expectQuiet(source, args)
  })

  test('loops that are left early are refused whatever their data', () => {
    const source = (x: Float64Array) => {
      for (const i of prange(x.length)) if (x[i] === 3) return i
      return -1
    }
    expect(() => checked(source)(ramp(2))).toThrow(expect.objectContaining({ code: 'NL4002' }))
  })

  test('diagnostics say so', () => {
    const compiled = checked((x: Float64Array) => {
      for (const i of prange(x.length)) x[i] = i
    })
    compiled(ramp(3))
    expect(String(compiled.parallelDiagnostics())).toMatch(/serial, it is checked for races/)
  })

  test('memory comes back, and lack of it is an error', () => {
    const compiled = checked((x: Float64Array, step: number) => {
      for (const i of prange(x.length)) x[i - (i % step)] = i
    })
    const x = new Float64Array(500_000)
    const used = () => (target === 'wasm' ? heap().reservedBytes : process.memoryUsage().rss)
    const turn = () => expect(() => compiled(x, 2)).toThrow(/NL4003/)
    turn()
    const before = used()
    for (let i = 0; i < 30; i++) turn()
    expect(used() - before).toBeLessThan(300e6)
    compiled(x, 1)
    if (target === 'native') return
    const failing = failAllocation(2)
    expect(() => compiled(new Float64Array(3), 1)).toThrow(/no memory/)
    failing.stop()
  })
})

test('plain JavaScript runs as it is', () => {
  const compiled = njit({ race: 'check', target: 'js' }, (x: Float64Array) => {
    for (const i of prange(4)) x[0] = i
  })
  const x = ramp(1)
  compiled(x)
  expect(x[0]).toBe(3)
})
