// The forms in which JavaScript writes a reduction, those of several statements included: each has plain JavaScript's result,
// for every number of threads.
// SPDX-License-Identifier: MIT
// biome-ignore-all lint/complexity/useMathMinMax: the forms are what is tested

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { njit, prange } from '../dist/njit.js'
import { type Any, TARGETS } from './support/njit.ts'

interface Data {
  readonly x: Float64Array
  readonly m: Int32Array
  readonly b: BigInt64Array
}

const data = (n: number): Data => ({
  x: Float64Array.from({ length: n }, (_, i) => Math.sin(i * i)),
  m: Int32Array.from({ length: n }, (_, i) => ((i * 7919) % 11) - 3),
  b: BigInt64Array.from({ length: n }, (_, i) => BigInt((i * i) % 1000)),
})

const scalars: Record<string, (x: Any, m: Any, b: Any) => unknown> = {
  'v = v && e': (x) => {
    let all = true
    for (const i of prange(x.length)) all = all && x[i] > -0.99
    return all
  },
  'v = v || e': (x) => {
    let any = false
    for (const i of prange(x.length)) any = any || x[i] > 0.999
    return any
  },
  'v = v && e && f': (x, m) => {
    let all = true
    for (const i of prange(x.length)) all = all && x[i] > -2 && m[i] < 7
    return all
  },
  'v = v || (e && f)': (x, m) => {
    let any = false
    for (const i of prange(x.length)) any = any || (x[i] > 0.9 && m[i] === 3)
    return any
  },
  'v = e > v ? e : v': (x) => {
    let most = -5
    for (const i of prange(x.length)) most = x[i] > most ? x[i] : most
    return most
  },
  'v = v > e ? v : e of integers': (_, m) => {
    let most = -50
    for (const i of prange(m.length)) most = most > m[i] ? most : m[i]
    return most
  },
  'if (a && e < v) { v = e; at = i }': (x, m) => {
    let least = 9
    let at = -1
    for (const i of prange(m.length)) {
      if (m[i] > 0 && m[i] < 5 && x[i] < least) {
        least = x[i]
        at = i
      }
    }
    return [least, at]
  },
  'sums of bigints': (_x, _m, b) => {
    let sum = 5n
    let less = 5n
    for (const i of prange(b.length)) {
      sum += (b[i] as bigint) * (b[i] as bigint)
      less -= b[i] as bigint
    }
    return [sum, less]
  },
  'bits that nobody sets leave a double as it is': (x, m) => {
    let none = 3.7
    let mask = 0xffffffff
    let some = 0xffffffff
    for (const i of prange(m.length)) {
      if (m[i] > 99) none |= m[i]
      if (m[i] > 99) mask &= ~m[i]
      if (m[i] === 5) some ^= m[i]
    }
    return [none, mask, some, x.length]
  },
  'a sum of -0': (x) => {
    let sum = -0
    for (const i of prange(x.length)) sum += x[i] * 0 > 0 ? 1 : -0
    return sum
  },
  'what is looked up for the least': (x, m) => {
    let least = 0.5
    let label = -1
    for (const i of prange(x.length)) {
      if (x[i] < least) {
        least = x[i]
        label = m[i]
      }
    }
    return [least, label]
  },
}

const arrays: Record<string, [(x: Any, m: Any, h: Any) => unknown, () => unknown]> = {
  'bins of a BigInt64Array': [
    (_, m, h) => {
      for (const i of prange(m.length)) h[m[i] + 3] += 1n
    },
    () => new BigInt64Array(12).fill(7n),
  ],
  'bins of an array, counted from its end where they are negative': [
    (_, m, h) => {
      for (const i of prange(m.length)) h.set(m[i], h.get(m[i]) + 1)
    },
    () => nl.ones([11]),
  ],
  'bins of an int32 array': [
    (_, m, h) => {
      for (const i of prange(m.length)) h.set(m[i], h.get(m[i]) + 1)
    },
    () => nl.ones([11], { dtype: 'int32' }),
  ],
  'bins by Math.floor': [
    (x, _, h) => {
      for (const i of prange(x.length)) {
        const k = Math.floor(x[i] * 5 + 5.5)
        h.set(k, h.get(k) + 1)
      }
    },
    () => nl.zeros([11]),
  ],
  'bins of two dimensions, and of a row': [
    (_, m, h) => {
      for (const i of prange(m.length)) h.set(m[i], m[i], h.get(m[i], m[i]) + 1)
      for (const i of prange(m.length)) {
        const row = h.row(m[i])
        row.set(2, row.get(2) + 1)
      }
    },
    () => nl.zeros([11, 11]),
  ],
  'the greatest of each bin': [
    (x, m, h) => {
      for (const i of prange(m.length)) {
        const k = m[i] + 3
        h[k] = x[i] > h[k] ? x[i] : h[k]
      }
    },
    () => new Float64Array(12),
  ],
  'bits of doubles that no bin sets': [
    (_, m, h) => {
      for (const i of prange(m.length)) if (m[i] > 0) h[m[i]] |= 1
      for (const i of prange(m.length)) if (m[i] > 0) h[m[i]] &= 5
    },
    () => Float64Array.of(0.5, 3, 2 ** 40, 1, 1, 1, 1, 1.5, 2 ** 33, -0.25),
  ],
}

const plain = (h: unknown) => (h instanceof nl.NDArray ? h.toTypedArray() : h)

describe.each(TARGETS)('on %s', (target) => {
  const options = { parallel: true, target, require: 'compiled' } as const

  test.each(Object.entries(scalars))('%s', (_, source) => {
    const compiled = njit(options, source)
    for (const n of [0, 1, 5, 5000]) {
      const { x, m, b } = data(n)
      const wanted = source(x, m, b)
      for (const threads of [1, 2, 4]) expect(nl.withThreads(threads, () => compiled(x, m, b))).toEqual(wanted)
    }
    expect(compiled.parallelDiagnostics().loops.every(({ parallel }) => parallel)).toBe(true)
  })

  test.each(Object.entries(arrays))('%s', (_, [source, make]) => {
    const compiled = njit(options, source)
    for (const n of [0, 1, 5, 5000]) {
      const { x, m } = data(n)
      const wanted = make()
      source(x, m, wanted)
      for (const threads of [1, 2, 4]) {
        const h = make()
        nl.withThreads(threads, () => compiled(x, m, h))
        expect(plain(h)).toEqual(plain(wanted))
      }
    }
    expect(compiled.parallelDiagnostics().loops.every(({ parallel }) => parallel)).toBe(true)
  })

  test('errors that only blocks of iterations would have are none', () => {
    const branch = (x: Float64Array) => {
      let any = false
      for (const i of prange(x.length)) any = any || (x[i] as number) > 0 || x[i - 1000] === 7
      return any
    }
    const compiled = njit(options, branch)
    expect(compiled(new Float64Array(3000).fill(1))).toBe(true)
    expect(() => compiled(new Float64Array(3000))).toThrow(/index -1000/)
    const x = new Float64Array(5000).fill(1)
    x[3] = 0
    const labelled = njit(options, (x: Float64Array, labels: Int32Array) => {
      let least = 0.5
      let label = -1
      for (const i of prange(x.length)) {
        if ((x[i] as number) < least) {
          least = x[i] as number
          label = labels[i] as number
        }
      }
      return [least, label]
    })
    for (const threads of [1, 4]) {
      expect(nl.withThreads(threads, () => labelled(x, Int32Array.of(10, 11, 12, 13)))).toEqual([0, 13])
    }
  })

  test('sums that do not fit', () => {
    const sum = njit(options, (b: BigInt64Array) => {
      let all = 0n
      for (const i of prange(b.length)) all += b[i] as bigint
      return all
    })
    expect(() => sum(new BigInt64Array(3000).fill(2n ** 60n))).toThrow(/does not fit in 64 bits/)
    expect(sum(new BigInt64Array(3000).fill(2n ** 50n))).toBe(3000n * 2n ** 50n)
    const bins = njit(options, (m: Int32Array, h: Any) => {
      for (const i of prange(m.length)) h.set(0, h.get(0) + (m[i] as number))
    })
    const h = nl.zeros([2], { dtype: 'int32' })
    expect(() => bins(new Int32Array(3000).fill(2 ** 20), h)).toThrow(/int32/)
    const right = nl.zeros([2], { dtype: 'int32' })
    bins(new Int32Array(3000).fill(2 ** 19), right)
    expect(right.get(0)).toBe(3000 * 2 ** 19)
  })
})

test('not doubles that replace where they are not less: NaN would last until the next one', () => {
  const source = (x: Float64Array) => {
    let most = 0
    for (const i of prange(x.length)) {
      const v = x[i] as number
      most = most > v ? most : v
    }
    return most
  }
  expect(() => njit({ parallel: true }, source)(new Float64Array(3))).toThrow(/NL4002/)
})
