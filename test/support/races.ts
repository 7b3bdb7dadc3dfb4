// Loops that Numba ran in parallel with wrong results, from its issues. Each is refused here, or has the right result.
// SPDX-License-Identifier: MIT

import { prange } from '../../dist/njit.js'

export interface Race {
  /** The number at github.com/numba/numba/issues. */
  readonly issue: number
  readonly what: string
  // biome-ignore lint/suspicious/noExplicitAny: functions of all kinds of arguments
  readonly source: (...args: any[]) => unknown
  readonly expect: 'refused' | 'right'
  readonly args: () => unknown[]
}

const ramp = (count: number, of: (i: number) => number = (i) => i) =>
  Float64Array.from({ length: count }, (_, i) => of(i))

export const RACES: readonly Race[] = [
  {
    issue: 3522,
    what: 'scratch space that all iterations share',
    source: (x: Float64Array, scratch: Float64Array, out: Float64Array) => {
      for (const i of prange(out.length)) {
        for (let j = 0; j < scratch.length; j++) scratch[j] = (x[i] as number) * j
        let sum = 0
        for (let j = 0; j < scratch.length; j++) sum += scratch[j] as number
        out[i] = sum
      }
      return 0
    },
    expect: 'refused',
    args: () => [ramp(1000), new Float64Array(64), new Float64Array(1000)],
  },
  {
    issue: 3522,
    what: 'scratch space of each iteration',
    source: (x: Float64Array, out: Float64Array) => {
      for (const i of prange(out.length)) {
        const scratch = new Float64Array(64)
        for (let j = 0; j < scratch.length; j++) scratch[j] = (x[i] as number) * j
        let sum = 0
        for (let j = 0; j < scratch.length; j++) sum += scratch[j] as number
        out[i] = sum
      }
      return out[999] as number
    },
    expect: 'right',
    args: () => [ramp(1000), new Float64Array(1000)],
  },
  {
    issue: 3681,
    what: 'sums in one element, a reduction of the array',
    source: (x: Float64Array, n: number, y: Float64Array) => {
      for (const i of prange(n)) {
        for (let j = 0; j < n; j++) {
          if (i === j) continue
          y[1] = (y[1] as number) + (x[i * n + j] as number)
        }
      }
      return y[1] as number
    },
    expect: 'right',
    args: () => [ramp(400), 20, new Float64Array(4)],
  },
  {
    issue: 3681,
    what: 'sums in elements that the same iteration also reads (from #7133)',
    source: (n: number, y: Float64Array) => {
      for (const i of prange(n)) {
        for (let j = 0; j < n; j++) {
          y[j] = (y[j] as number) + 1
          y[i] = (y[j] as number) + 1
        }
      }
      return 0
    },
    expect: 'refused',
    args: () => [100, new Float64Array(100)],
  },
  {
    issue: 4922,
    what: 'a second sum under a condition',
    source: (n: number) => {
      let c = 0
      for (const i of prange(n)) {
        c += 1
        if (i > 10) c += 1
      }
      return c
    },
    expect: 'right',
    args: () => [100_000],
  },
  {
    issue: 4922,
    what: 'another operation under a condition',
    source: (n: number) => {
      let c = 1
      for (const i of prange(n)) {
        c += 1
        if (i > 10) c *= 2
      }
      return c
    },
    expect: 'refused',
    args: () => [20],
  },
  {
    issue: 7344,
    what: 'a sum under a condition that does not begin at 0',
    source: (condition: Uint8Array) => {
      let s = 2
      for (const i of prange(condition.length)) {
        if (condition[i]) s += 1
      }
      return s
    },
    expect: 'right',
    args: () => [Uint8Array.from({ length: 10_000 }, (_, i) => (i * i) & 1)],
  },
  {
    issue: 7630,
    what: 'two loops, one for each way, that change one sum',
    source: (flag: boolean) => {
      let result = 0
      if (flag) {
        for (const _ of prange(100_000)) result += 1
      } else {
        for (const _ of prange(100_000)) result -= 3
      }
      return result
    },
    expect: 'right',
    args: () => [false],
  },
  {
    issue: 8184,
    what: 'an array of each iteration of the outer loop, used by loops within',
    source: (size: number, out: Float64Array) => {
      const n = Math.floor(size)
      for (const a of prange(n)) {
        const v = new Float64Array(3)
        for (let b = 0; b < n; b++) {
          for (let c = 0; c < n; c++) {
            v[0] = a
            v[1] = b
            v[2] = c
            let norm = 0
            for (let k = 0; k < 3; k++) norm += (v[k] as number) * (v[k] as number)
            out[a * 64 + b * 8 + c] = norm
          }
        }
      }
      let sum = 0
      for (let i = 0; i < out.length; i++) sum += (out[i] as number) * i
      return sum
    },
    // Nothing says that the size is at most 8.
    expect: 'refused',
    args: () => [8, new Float64Array(512)],
  },
  {
    issue: 8184,
    what: 'the same with the extents as constants',
    source: (out: Float64Array) => {
      for (const a of prange(8)) {
        const v = new Float64Array(3)
        for (let b = 0; b < 8; b++) {
          for (let c = 0; c < 8; c++) {
            v[0] = a
            v[1] = b
            v[2] = c
            let norm = 0
            for (let k = 0; k < 3; k++) norm += (v[k] as number) * (v[k] as number)
            out[a * 64 + b * 8 + c] = norm
          }
        }
      }
      let sum = 0
      for (let i = 0; i < out.length; i++) sum += (out[i] as number) * i
      return sum
    },
    expect: 'right',
    args: () => [new Float64Array(512)],
  },
  {
    issue: 8515,
    what: 'two loops that must not become one',
    source: (counters: Float64Array, results: Float64Array) => {
      for (const i of prange(counters.length)) {
        for (let j = 0; j < i; j++) counters[i] = (counters[i] as number) + 1
      }
      for (const i of prange(counters.length)) {
        if (i === 0) continue
        results[i] = (counters[i] as number) - (counters[i - 1] as number)
      }
      let sum = 0
      for (let i = 0; i < results.length; i++) sum += (results[i] as number) * i
      return sum
    },
    expect: 'right',
    args: () => [new Float64Array(3000), new Float64Array(3000)],
  },
  {
    issue: 9829,
    what: 'elements by an index that is an element',
    source: (index: Int32Array, values: Float64Array, out: Float64Array) => {
      for (const i of prange(index.length)) out[index[i] as number] = values[i] as number
      return 0
    },
    expect: 'refused',
    args: () => [Int32Array.of(9, 11, 12, 15, 19), ramp(5), new Float64Array(21)],
  },
  {
    issue: 9829,
    what: 'a counter that numbers what was found',
    source: (out: Float64Array) => {
      let next = 4
      for (const i of prange(out.length)) {
        if (out[i] === -1) {
          out[i] = next + 1
          next += 1
        }
      }
      return next
    },
    expect: 'refused',
    args: () => [ramp(21, (i) => (i % 3 ? -1 : i))],
  },
  {
    issue: 3681,
    what: 'an index that wraps around at 32 bits',
    source: (out: Float64Array) => {
      for (const i of prange(65_537)) out[Math.imul(i, 65_536)] = i
      return 0
    },
    expect: 'refused',
    args: () => [new Float64Array(1)],
  },
]
