// Pranges with `collapse`: nests that are one parallel loop compute what plain JavaScript does.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { afterAll, describe, expect, test } from 'vitest'
import { atomicAdd, type NjitOptions, njit, prange } from '../dist/njit.js'
import { Random } from './support/random.ts'

// biome-ignore lint/suspicious/noExplicitAny: functions of all kinds of arguments
type Source = (...args: any[]) => unknown

const PLACES = (['native', 'wasm'] as const).flatMap((target) => [1, 2, 4].map((threads) => ({ target, threads })))
const doubles = (count: number, value: (i: number) => number) =>
  Float64Array.from({ length: count }, (_, i) => value(i))

afterAll(() => nl.shutdown())

function outcome(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
}

describe.each(PLACES)('$target, $threads threads', (place) => {
  const compiled = (source: Source, options: NjitOptions = {}) =>
    njit({ parallel: true, require: 'compiled', ...place, ...options }, source)

  function expectSame(source: Source, args: () => unknown[], collapsed = 2): void {
    const [ours, theirs] = [args(), args()]
    const f = compiled(source)
    expect(outcome(() => f(...ours))).toEqual(outcome(() => source(...theirs)))
    expect(ours).toEqual(theirs)
    expect(f.parallelDiagnostics().loops).toEqual([expect.objectContaining({ parallel: true, collapsed })])
  }

  test('elements of its own', () => {
    const source = (a: Float64Array, out: Float64Array, m: number, n: number) => {
      for (const i of prange(0, m, 1, { collapse: 2, schedule: 'dynamic', chunk: 5 })) {
        for (const j of prange(n)) {
          const at = i * n + j
          out[at] = (a[at] as number) * 2 + i - j
        }
      }
    }
    for (const [m, n] of [
      [0, 7],
      [7, 0],
      [1, 1],
      [3, 50],
      [50, 3],
    ] as const) {
      expectSame(source, () => [doubles(m * n, Math.sqrt), new Float64Array(m * n), m, n])
    }
  })

  test('three loops, by steps of both signs', () => {
    const source = (out: Int32Array, l: number, m: number) => {
      for (const i of prange(l, { collapse: 3 })) {
        for (const j of prange(m - 1, -1, -1)) for (const k of prange(1, 12, 3)) out[(i * m + j) * 12 + k] = i + j * k
      }
    }
    expectSame(source as Source, () => [new Int32Array(4 * 5 * 12).fill(1), 4, 5], 3)
  })

  test('an NDArray', () => {
    const source = (a: nl.NDArray) => {
      const [m, n] = a.shape as [number, number]
      for (const i of prange(m, { collapse: 2 }))
        for (const j of prange(n)) a.set(i, j, (a.get(i, j) as number) * i + j)
      return a
    }
    const f = compiled(source)
    expect((f(nl.arange(0, 35).reshape(5, 7)) as nl.NDArray).toArray()).toEqual(
      source(nl.arange(0, 35).reshape(5, 7)).toArray(),
    )
  })

  test('reductions of variables', () => {
    const source = (x: Float64Array, m: number, n: number) => {
      let [sum, most, best, at] = [0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -1]
      for (const i of prange(m, { collapse: 2 })) {
        for (const j of prange(n)) {
          const value = x[i * n + j] as number
          sum += value
          most = Math.max(most, value)
          if (value < best) {
            best = value
            at = i * n + j
          }
        }
      }
      return [sum, most, best, at]
    }
    // Whole numbers, so that the order of the sum makes no difference.
    expectSame(source, () => [doubles(90 * 70, (i) => (i * 7919) % 1009), 90, 70])
    expectSame(source, () => [doubles(2 * 5000, (i) => (i * 7919) % 1009), 2, 5000])
  })

  test('reductions of elements, of which one loop alone has its own', () => {
    const source = (x: Int32Array, columns: Int32Array, rows: Int32Array, m: number, n: number) => {
      for (const i of prange(m, { collapse: 2 })) {
        for (const j of prange(n)) {
          columns[j] = (columns[j] as number) + (x[i * n + j] as number)
          rows[i] = (rows[i] as number) + (x[i * n + j] as number)
        }
      }
    }
    const args = () => [Int32Array.from(doubles(600, (i) => i % 37)), new Int32Array(30), new Int32Array(20), 20, 30]
    expectSame(source as Source, args)
  })

  test('the error of the lowest iteration', () => {
    const source = (x: Float64Array, m: number, n: number) => {
      for (const i of prange(m, { collapse: 2, schedule: 'static' })) {
        for (const j of prange(n)) {
          if (x[i * n + j] === 1) throw new RangeError('the first')
          if (x[i * n + j] === 2) throw new Error('a later one')
        }
      }
    }
    for (const first of [1, 1999, 5003, 19_999]) {
      expectSame(source, () => [doubles(20_000, (i) => (i < first ? 0 : i === first ? 1 : 2)), 4, 5000])
    }
  })

  test('bounds of inner loops are looked at where the outer one runs', () => {
    const source = (out: Float64Array, m: number, by: number) => {
      for (const i of prange(m, { collapse: 2 })) {
        for (const j of prange(0, 3, by)) atomicAdd(out, (i + j) % 3, 1)
      }
    }
    for (const [m, by] of [
      [0, 0],
      [2, 1],
      [2, -1],
    ]) {
      expectSame(source as Source, () => [new Float64Array(3), m, by])
    }
    expect(() => compiled(source as Source)(new Float64Array(3), 2, 0)).toThrow(nl.ValueError)
  })

  test('more iterations than can be counted', () => {
    const source = (n: number, x: Float64Array) => {
      for (const i of prange(n, { collapse: 3 })) {
        for (const j of prange(n)) {
          for (const k of prange(n)) if (i + j + k < x.length && x[i + j + k] === 1) throw new Error('one')
        }
      }
    }
    for (const n of [3, 2 ** 18, 2 ** 40]) expectSame(source, () => [n, Float64Array.of(0, 0, 1)], 3)
  })

  test('labels of loops', () => {
    const source = (out: Float64Array, m: number, n: number) => {
      for (const i of prange(m, { collapse: 2 })) {
        // Only one thing is in it.
        for (const j of prange(n)) {
          if (j === i) continue
          out[i * n + j] = 1
        }
        if (m < 0) continue
      }
    }
    expect(() => compiled(source)(new Float64Array(12), 3, 4)).toThrow(/NL4004.*here is a condition/)
    const alone = (out: Float64Array, m: number, n: number) => {
      for (const i of prange(m, { collapse: 2 })) {
        columns: for (const j of prange(n)) {
          for (let k = 0; k < 3; k++) if (j === i + k) continue columns
          out[i * n + j] = 1
        }
      }
    }
    expectSame(alone, () => [new Float64Array(60), 5, 12])
  })
})

test('both loops must be independent', () => {
  const OFF = { parallel: true } as const
  const outer = (out: Float64Array) => {
    for (const i of prange(3, { collapse: 2 })) for (const j of prange(4)) out[j] = i
  }
  const inner = (out: Float64Array) => {
    for (const i of prange(3, { collapse: 2 })) for (const j of prange(4)) out[i] = j
  }
  const along = (out: Float64Array) => {
    for (const i of prange(3, { collapse: 2 }))
      for (const j of prange(1, 4)) out[i * 4 + j] = out[i * 4 + j - 1] as number
  }
  const leaves = (out: Float64Array) => {
    rows: for (const i of prange(3, { collapse: 2 })) {
      for (const j of prange(4)) {
        if (j > i) continue rows
        out[i * 4 + j] = 1
      }
    }
  }
  for (const source of [outer, inner, along, leaves]) {
    expect(() => njit(OFF, source)(new Float64Array(12))).toThrow(/NL4002/)
    const [ours, theirs] = [doubles(12, Math.sqrt), doubles(12, Math.sqrt)]
    njit(source)(ours)
    source(theirs)
    expect(ours).toEqual(theirs)
  }
})

test('as the bits of the sum do not depend on threads or schedules', () => {
  const source = (x: Float64Array, n: number) => {
    let sum = 0
    for (const i of prange(x.length / n, { collapse: 2 })) for (const j of prange(n)) sum += x[i * n + j] as number
    return sum
  }
  const x = doubles(123_000, (i) => Math.sin(i))
  for (const target of ['native', 'wasm'] as const) {
    const sums = ['static', 'dynamic,3', 'guided'].flatMap((schedule) =>
      [1, 2, 4].map((threads) => njit({ parallel: true, schedule, target, threads }, source)(x, 41)),
    )
    expect(new Set(sums).size).toBe(1)
    expect(sums[0]).toBeCloseTo(source(x, 41), 8)
  }
})

/** A nest of random ranges that adds to elements and counts its iterations. */
function randomNest(random: Random): string {
  const depth = 2 + random.below(3)
  const level = (at: number): string => {
    if (at === depth) {
      const names = Array.from({ length: depth }, (_, k) => `i${k}`)
      return `{ const at = ${names.map((name, k) => `Math.imul(${name}, ${[1, 31, 57, 101][k]})`).join(' + ')}
        atomicAdd(out, at & 63, 1 + (at & 7)); count += 1; ${random.below(2) ? 'if (at === bad) throw new Error("bad")' : ''} }`
    }
    const number = () => `${random.below(12) - 3}`
    const whole = () => random.pick([number(), number(), 'n', 'n + 1', 'm'])
    const bound = () => (random.below(5) ? whole() : 'half')
    const step = random.pick(['1', '2', '-1', '-3', '4', 'by'])
    const range = random.below(3) === 0 ? [bound()] : [whole(), bound(), ...(random.below(2) ? [step] : [])]
    return `for (const i${at} of prange(${[...range, ...(at === 0 ? [`{ collapse: ${depth} }`] : [])].join(', ')})) ${random.below(2) ? level(at + 1) : `{ ${level(at + 1)} }`}`
  }
  return `(out, n, m, by, half, bad) => { let count = 0\n${level(0)}\nreturn count }`
}

test('random nests', () => {
  const random = new Random('collapse')
  for (let round = 0; round < 24; round++) {
    const text = randomNest(random)
    const make = new Function('prange', 'atomicAdd', `return ${text}`)
    const source = make(prange, atomicAdd) as Source
    const target = round % 4 ? 'native' : 'wasm'
    const schedule = random.pick(['static', 'static,1', 'dynamic,2', 'guided'])
    const f = njit({ parallel: true, target, threads: 3, schedule }, source)
    for (let call = 0; call < 3; call++) {
      const numbers = [
        random.below(9),
        0 - random.below(5),
        random.pick([2, -1, 3, 0]),
        random.below(9) / 2,
        random.below(60),
      ]
      const [ours, theirs] = [new Int32Array(64), new Int32Array(64)]
      const found = outcome(() => f(ours, ...numbers))
      expect(found, text).toEqual(outcome(() => source(theirs, ...numbers)))
      if (typeof found === 'number') expect(ours, text).toEqual(theirs)
    }
  }
})
