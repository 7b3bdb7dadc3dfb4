// Reductions of compiled loops have JavaScript's result: where order makes no difference to it, to the bit.
// SPDX-License-Identifier: MIT

import { arange, array, type NDArray } from 'numloom'
import { describe, expect, test } from 'vitest'
import { atomicAdd, njit, prange } from '../dist/njit.js'
import { TARGETS } from './support/njit.ts'
import { Random } from './support/random.ts'

const COUNT = 20_000
const make = <A>(kind: { from(length: { length: number }, of: (v: unknown, i: number) => number): A }) => ({
  of: (count: number, value: (i: number) => number) => kind.from({ length: count }, (_, i) => value(i)),
})

// biome-ignore lint/suspicious/noExplicitAny: functions of all kinds of arguments
function expectSame(source: (...args: any[]) => unknown, args: () => unknown[]): void {
  const [ours, theirs] = [args(), args()]
  const result = njit({ parallel: true }, source)(...ours)
  expect(result).toBe(source(...theirs))
  expect(ours).toEqual(theirs)
}

const doubles = (value: (i: number) => number) => make(Float64Array).of(COUNT, value)
const bins = () => make(Int32Array).of(COUNT, (i) => i % 3)

test('bins that a function with statements finds', () => {
  const count = (x: Float64Array, counts: Int32Array, ups: Int32Array) => {
    const bin = (value: number) => {
      let at = Math.floor(value * 10)
      if (at < 0) at = 0
      if (at > 9) at = 9
      return at
    }
    for (const i of prange(x.length)) {
      ;(counts[bin(x[i] as number)] as number) += 2
      ;(ups[bin(x[i] as number)] as number)++
    }
  }
  expectSame(count, () => [doubles((i) => Math.sin(i) * 1.5), new Int32Array(10), new Int32Array(10)])
})

describe('extremes in the lanes of an inner loop', () => {
  const extremes = (x: Float64Array, n: number, most: number, least: number) => {
    for (const i of prange(n)) {
      for (let j = 0; j < n; j++) {
        most = Math.max(most, x[i * n + j] as number)
        least = Math.min(least, x[i * n + j] as number)
      }
    }
    return [most, least]
  }
  /** No prange: the order makes no difference to it. */
  const inOrder = (x: Float64Array, n: number, most: number, least: number) => {
    for (let i = 0; i < n * n; i++) {
      most = Math.max(x[i] as number, most, -6)
      if (n > 3) least = Math.min(least, x[i] as number)
    }
    return [most, least]
  }
  const nan = Number.NaN
  const values = [[0, -0], [-0], [nan, 1, 2], [-0, 0, 1, nan], [1, 2, 3, -7, 1 / 0, -1 / 0], [-1, -0], [1, 0, -0], [9]]
  const starts = [-5, 5, 0, -0, 1 / 0, nan, -1 / 0]
  test.each(TARGETS)('on %s', (target) => {
    const random = new Random('extremes')
    const both = [extremes, inOrder].map((source) => ({ source, compiled: njit({ parallel: true, target }, source) }))
    for (const some of values) {
      for (let n = 1; n < 24; n++) {
        const x = Float64Array.from({ length: n * n }, () => some[Math.floor(random.uniform(0, some.length))] as number)
        const [most, least] = [starts[n % starts.length] as number, starts[(n + 2) % starts.length] as number]
        for (const { source, compiled } of both) {
          const [found, wanted] = [compiled(x, n, most, least), source(x, n, most, least)]
          for (const k of [0, 1])
            expect(Object.is(found[k], wanted[k]), `${n} of ${some}: ${found}, ${wanted}`).toBe(true)
        }
      }
    }
  })
  test('are SIMD', () => {
    const most = njit((x: Float64Array) => {
      let most = -1
      for (let i = 0; i < x.length; i++) most = Math.max(most, x[i] as number)
      return most
    })
    most(new Float64Array(3))
    expect(String(most.vectorizationReport())).toContain('SIMD, ')
  })
})

describe('extremes of int32, which blocks begin without', () => {
  const least = (x: Int32Array) => {
    let w = 50
    for (const i of prange(x.length)) w = Math.min(w, x[i] as number)
    return w
  }
  const most = (x: Int32Array) => {
    let w = -50
    for (const i of prange(x.length)) w = Math.max(w, x[i] as number, -40)
    return w
  }
  const both = (x: Int32Array) => {
    let [low, high] = [1000, -1000]
    const n = Math.floor(Math.sqrt(x.length))
    for (const i of prange(n)) {
      for (let j = 0; j < n; j++) {
        low = Math.min(low, x[i * n + j] as number)
        high = Math.max(x[i * n + j] as number, high)
      }
    }
    return low * 10_000 + high
  }
  const compared = (x: Int32Array) => {
    let [low, high] = [1000, -1000]
    for (const i of prange(x.length)) {
      if ((x[i] as number) < low) low = x[i] as number
      if ((x[i] as number) >= high) high = x[i] as number
    }
    return low * 10_000 + high
  }
  test.each(TARGETS)('on %s', (target) => {
    for (const source of [least, most, both, compared]) {
      const compiled = njit({ parallel: true, target }, source)
      for (const from of [-90, -20, 7, 60]) {
        const x = Int32Array.from({ length: 3000 }, (_, i) => from + (i % 9))
        expect(compiled(x), `${source} from ${from}`).toBe(source(x))
      }
    }
  })
})

describe('scalars', () => {
  test('the least, past NaN, of 0 and -0 the one that came last', () => {
    const least = (x: Float64Array) => {
      let m = x[0] as number
      for (const i of prange(x.length)) {
        if ((x[i] as number) <= m) m = x[i] as number
      }
      return m
    }
    expectSame(least, () => [doubles((i) => (i % 7 || i === 0 ? Math.sin(i) : Number.NaN))])
    expectSame(least, () => [doubles((i) => (i & 1 ? 0 : -0))])
    expectSame(least, () => [doubles((i) => (i === 0 ? Number.NaN : i))])
  })

  describe('the place of the least', () => {
    const first = (x: Float64Array, best: number) => {
      let at = -1
      for (const i of prange(x.length)) {
        if ((x[i] as number) < best) {
          best = x[i] as number
          at = i
        }
      }
      return at
    }
    const last = (x: Float64Array, best: number) => {
      let at = -1
      for (const i of prange(x.length)) {
        if ((x[i] as number) <= best) {
          best = x[i] as number
          at = i
        }
      }
      return at
    }
    const most = (x: Float64Array, best: number) => {
      let [at, value] = [-1, 0.5]
      for (const i of prange(x.length)) {
        if ((x[i] as number) > best) {
          at = i
          value = (x[i] as number) / 2
          best = x[i] as number
        }
      }
      return at * 1000 + value + best
    }

    test.each([
      ['among equals', (i: number) => i % 7],
      ['past NaN', (i: number) => (i % 3 ? Math.sin(i) : Number.NaN)],
      ['where none is less', () => Number.POSITIVE_INFINITY],
      [
        'where a few are equal to what it begins with',
        (i: number) => (i === 3000 ? Number.POSITIVE_INFINITY : Number.NaN),
      ],
      ['of 0 and -0', (i: number) => (i & 1 ? 0 : -0)],
    ])('%s', (_, value) => {
      for (const best of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0, 2.5]) {
        for (const source of [first, last, most]) expectSame(source, () => [doubles(value), best])
      }
    })
  })

  test('sums that are cut to 32 bits, and bits', () => {
    const source = (x: Int32Array) => {
      let sum = 3
      let bits = 5
      for (const i of prange(x.length)) {
        sum = (sum + (x[i] as number)) | 0
        bits ^= x[i] as number
      }
      return sum * 2 ** 20 + (bits >>> 12)
    }
    expectSame(source, () => [make(Int32Array).of(COUNT, (i) => Math.imul(i, 2_654_435_761))])
  })

  test('the least and the greatest BigInt', () => {
    const least = (x: BigInt64Array, value: bigint) => {
      for (const i of prange(x.length)) if ((x[i] as bigint) < value) value = x[i] as bigint
      return value
    }
    const most = (x: BigInt64Array, value: bigint) => {
      for (const i of prange(x.length)) if ((x[i] as bigint) > value) value = x[i] as bigint
      return value
    }
    for (const all of [3n, 7n, -(2n ** 63n)]) {
      for (const from of [5n, -(2n ** 63n), 2n ** 63n - 1n]) {
        for (const source of [least, most]) expectSame(source, () => [new BigInt64Array(3000).fill(all), from])
      }
    }
  })

  test('a flag', () => {
    const source = (x: Float64Array) => {
      let any = false
      for (const i of prange(x.length)) {
        if ((x[i] as number) > 19_998) any = true
      }
      return any
    }
    expectSame(source, () => [doubles((i) => i)])
    expectSame(source, () => [doubles(() => 0)])
  })
})

describe.each([Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array])(
  'elements of %o',
  (kind) => {
    const numbers = make<Float64Array>(kind as Float64ArrayConstructor)

    test.each([50, 0, -90])('the least and the greatest from %d on', (from) => {
      const source = (x: Float64Array, at: Int32Array, least: Float64Array, most: Float64Array) => {
        for (const i of prange(x.length)) {
          least[at[i] as number] = Math.min(least[at[i] as number] as number, x[i] as number)
          if ((x[i] as number) > (most[at[i] as number] as number)) most[at[i] as number] = x[i] as number
        }
        return 0
      }
      const args = () => [
        numbers.of(COUNT, (i) => from + (i % 40)),
        bins(),
        numbers.of(4, () => 100),
        numbers.of(4, () => from),
      ]
      expectSame(source, args)
    })

    test('sums', () => {
      const source = (x: Float64Array, at: Int32Array, sums: Float64Array) => {
        for (const i of prange(x.length)) sums[at[i] as number] = (sums[at[i] as number] as number) + (x[i] as number)
        return 0
      }
      expectSame(source, () => [numbers.of(COUNT, (i) => i % 40), bins(), numbers.of(4, () => 100)])
    })
  },
)

describe.each(TARGETS)('elements of NDArrays that do not lie one behind the other, on %s', (target) => {
  const grid = (a: NDArray, n: number) => {
    for (const i of prange(n)) a.set(i % 3, i % 2, a.get(i % 3, i % 2) + i)
  }
  const rows = (a: NDArray, n: number) => {
    for (const i of prange(n)) {
      const row = a.row(i % 3)
      row.set(-1, Math.max(row.get(-1), i))
    }
  }
  const start = () => arange(24).reshape([6, 4])
  const views: Record<string, () => NDArray> = {
    'every other row': () => start().slice('::2'),
    backwards: () => start().slice('::-2', '::-1'),
    'a transpose': () => start().T,
    'a column of blocks': () => start().reshape([2, 3, 4]).slice(':', ':', '1:3').row(1),
  }
  test.each(Object.entries(views))('%s', (_, view) => {
    for (const source of [grid, rows]) {
      const [ours, theirs] = [view(), view()]
      njit({ parallel: true, target }, source)(ours, COUNT)
      source(theirs, COUNT)
      expect(ours.toArray()).toEqual(theirs.toArray())
    }
  })

  test('of no dimensions', () => {
    const source = (a: NDArray, n: number) => {
      for (const i of prange(n)) a.set(a.get() + i)
    }
    const a = array(5)
    njit({ parallel: true, target }, source)(a, COUNT)
    expect(a.toArray()).toBe(5 + (COUNT * (COUNT - 1)) / 2)
  })
})

describe.each(TARGETS)('parts that do not fit where the sum in order does, on %s', (target) => {
  const big = 2n ** 62n
  const least = -2n * big
  const int32 = (values: number[]) => array(values, { dtype: 'int32' })
  const sum = (x: BigInt64Array, s: bigint) => {
    for (const i of prange(x.length)) s += x[i] as bigint
    return s
  }
  const difference = (x: BigInt64Array, s: bigint) => {
    for (const i of prange(x.length)) s -= x[i] as bigint
    return s
  }
  const product = (x: BigInt64Array, s: bigint) => {
    for (const i of prange(x.length)) s *= x[i] as bigint
    return s
  }
  const found = (x: BigInt64Array, s: bigint) => {
    const search = (from: number) => {
      while (from > 0 && (x[from] as bigint) > 0n) from--
      return from
    }
    for (const i of prange(x.length)) s += BigInt(search(i)) + (x[i] as bigint)
    return s
  }
  const elements = (x: BigInt64Array, sums: BigInt64Array, out: BigInt64Array) => {
    for (const i of prange(x.length)) {
      ;(sums[i & 1] as bigint) += x[i] as bigint
      out[i] = (x[i] as bigint) / 2n
    }
  }
  const ofNDArrays = (x: NDArray, sums: NDArray) => {
    for (const i of prange(x.size)) sums.set(i & 1, sums.get(i & 1) + x.get(i))
  }
  // biome-ignore lint/suspicious/noExplicitAny: functions of all kinds of arguments
  const cases: Record<string, [source: (...args: any[]) => unknown, args: () => unknown[]]> = {
    'a sum': [sum, () => [BigInt64Array.of(big, big, big), least]],
    'a difference': [difference, () => [BigInt64Array.of(least, 0n), -1n]],
    'a product': [product, () => [new BigInt64Array(70).fill(4n), 0n]],
    'a sum of what a function with a loop finds': [found, () => [BigInt64Array.of(big, 1n, big, 0n, big), least]],
    'many parts': [sum, () => [new BigInt64Array(30_000).fill(2n ** 49n - 1n), least]],
    elements: [
      elements,
      () => [BigInt64Array.of(big, 1n, big, 2n, big), BigInt64Array.of(least, 5n), new BigInt64Array(5)],
    ],
    'beside an array that overlaps': [
      elements,
      () => {
        const all = new BigInt64Array(9).fill(big / 2n)
        return [all.subarray(0, 8), BigInt64Array.of(least, -5n), all.subarray(1)]
      },
    ],
    'of int32': [ofNDArrays, () => [int32([2147483647, 1, 2147483647]), int32([-2147483648, 5])]],
    'of int32, with steps': [
      ofNDArrays,
      () => [
        int32([2147483647, 1, 2147483647]),
        array(
          [
            [-9, 3],
            [-7, 3],
          ],
          { dtype: 'int32' },
        ).T.row(0),
      ],
    ],
  }
  test.each(Object.entries(cases))('%s', (_, [source, args]) => {
    const compiled = njit({ parallel: true, target, threads: 2 }, source)
    const [ours, theirs] = [args(), args()]
    const outcome = (work: () => unknown) => {
      try {
        return work()
      } catch (error) {
        return (error as Error).message
      }
    }
    expect(outcome(() => compiled(...ours))).toEqual(outcome(() => source(...theirs)))
    expect(ours.map(String)).toEqual(theirs.map(String))
  })

  test('the error is that of the order', () => {
    const compiled = njit({ parallel: true, target, threads: 2 }, ofNDArrays)
    // A thousand in each step: the last of a part would be another sum.
    const x = int32(Array.from({ length: COUNT }, () => 1000))
    expect(() => compiled(x, int32([2147483000, -2147483648]))).toThrow('2147484000 is not an int32')
    const sums = njit({ parallel: true, target, threads: 2 }, sum)
    expect(() => sums(new BigInt64Array(COUNT).fill(big), 0n)).toThrow(RangeError)
  })
})

test('of an array that overlaps what is read', () => {
  const source = (x: Float64Array, sums: Float64Array) => {
    for (const i of prange(x.length)) sums[(i + 1) % 4] = (sums[(i + 1) % 4] as number) + (x[i] as number)
    return 0
  }
  expectSame(source, () => {
    const x = doubles(() => 1)
    return [x, x.subarray(0, 4)]
  })
})

test.each([true, false])('loops whose arrays overlap run in order, checked or not: %s', (boundsCheck) => {
  const source = (x: Float64Array, out: Float64Array) => {
    for (const i of prange(out.length)) out[i] = (x[i] as number) + 1
  }
  const compiled = njit({ parallel: true, threads: 4, boundsCheck }, source)
  const all = new Float64Array(400_001)
  for (let turn = 0; turn < 5; turn++) compiled(all.fill(0), all.subarray(1))
  expect(all.findIndex((value, i) => value !== i)).toBe(-1)
})

test('the error of the lowest iteration, whichever thread comes first', () => {
  const source = (x: Float64Array, out: Float64Array) => {
    let sum = 0
    for (const i of prange(x.length, { schedule: 'static' })) {
      out[i] = 2 * (x[i] as number)
      sum += x[i] as number
      if (x[i] === 1) throw new RangeError('the first')
      if (x[i] === 2) throw new Error('a later one')
    }
    return sum
  }
  const compiled = njit({ parallel: true, threads: 4 }, source)
  const x = new Float64Array(200_000).fill(2, 110_000)
  x[90_000] = 1
  for (let turn = 0; turn < 50; turn++) expect(() => compiled(x, new Float64Array(x.length))).toThrow('the first')
})

test.each(TARGETS)('an error stops what other threads have before them on %s', (target) => {
  const source = (done: Int32Array, x: Float64Array, length: number, bad: number) => {
    for (const i of prange(x.length, { schedule: 'static' })) {
      if (i === bad) throw new Error('bad')
      let sum = 0
      for (let j = 0; j < length; j++) sum += Math.sin(i + j)
      x[i] = sum
      atomicAdd(done, 0, 1)
    }
  }
  const compiled = njit({ parallel: true, threads: 4, target }, source)
  const x = new Float64Array(20_000)
  compiled(Int32Array.of(0), x, 1, -1)
  const done = Int32Array.of(0)
  expect(() => compiled(done, x, 20_000, 0)).toThrow('bad')
  // Each of the other three has 5000.
  expect(done[0]).toBeLessThan(15_000)
  // Those before an iteration that fails are all done, since one of them might fail too.
  done[0] = 0
  expect(() => compiled(done, x, 1, 19_999)).toThrow('bad')
  expect(done[0]).toBe(19_999)
})
