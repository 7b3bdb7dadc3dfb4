// Variables, destructuring and tuples in compiled functions do what they do in plain JavaScript.
// SPDX-License-Identifier: MIT

// biome-ignore-all lint: functions are written in every way that the language has, also those that have better ones
// @ts-nocheck: as above

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { njit } from '../dist/njit.js'
import { errorOf } from './support/errors.ts'
import { type Any, same, TARGETS } from './support/njit.ts'

describe('variables', () => {
  test('destructuring', () => {
    const takes = (a: Any, b: Any, n: Any) => {
      let [x, y] = [n, n + 1]
      ;[x, y] = [y, x]
      const [p, [q, r]] = [1, [x, y]]
      const {
        s,
        t: [u, { v }],
      } = { s: n * 2, t: [n * 3, { v: n * 4 }] }
      let first = a
      let second = b
      for (let i = 0; i < n; i++) {
        ;[first, second] = [second, first]
        first[i] += 1
      }
      ;[a[0], a[1]] = [a[1], a[0]]
      ;[x, a[2]] = [a[2], x]
      let pair = [x, y]
      pair = [pair[1], pair[0]]
      pair = [pair[0] + 1, pair[1] - 1]
      const [, skipped] = pair
      let point = { x: 1, y: 2 }
      for (let i = 0; i < n; i++) point = { x: point.y, y: point.x + point.y }
      const swap = ([l, m]: Any, { o }: Any) => [m, l, o]
      const swapped = swap([n, 2], { o: 3 })
      return [x, y, p, q, r, s, u, v, pair, skipped, point.x, point.y, swapped, first[0], second[0], pair.length]
    }
    same(takes, [[Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8), 3]])
  })

  test('scopes', () => {
    const scopes = (n: Any) => {
      const x = n
      let sum = 0
      {
        const x = n + 1
        sum += x
        {
          const x = n + 2
          sum += x * 10
        }
        sum += x * 100
      }
      for (let x = 0; x < 2; x++) sum += x
      const inner = (x: Any) => x * 1000
      let late
      if (n > 2) late = 1
      else late = 2.5
      let max = -1
      for (let i = 0; i < 3; i++) {
        let local = i
        local += n
        max = local
      }
      const int = 1
      const double = 2
      const nl_main = 3
      const E = 4
      const π = 5
      const $ = 6
      return [sum + x + inner(2), late, max, int + double + nl_main + E + π + $]
    }
    same(scopes, [[1], [3]])
  })
})

test('tuples at an index that varies, and loops over them', () => {
  const tuples = (n: Any, x: Any) => {
    const dx = [1, 0, -1, 0]
    let s = 0
    for (let k = 0; k < 4; k++) s = s * 3 + dx[k] * n
    for (const d of [-1, 0.5, 1]) s += d * n
    for (const [a, b] of [
      [0, 1],
      [n, 2],
      [x, -0],
    ])
      s = s * 2 + a * b
    let moving = 1
    for (const d of [moving, moving + 1, n]) {
      if (d > 10) continue
      moving += d
      s += d * moving
      if (moving > 100) break
    }
    const flags = [n > 1, n > 2]
    const bigs = [
      [1n, 2n],
      [3n, BigInt(n)],
    ]
    const k = n > 2 ? 1 : 0
    return [s, flags[k], bigs[k][1 - k], [x, 1, 2][n % 3], [-0, 5][k]]
  }
  same(tuples, [
    [1, 0.25],
    [2, -3],
    [3, 7],
    [20, 0],
  ])
})

test('indices of tuples out of bounds are the errors that those of arrays are', () => {
  const at = (i: Any) => {
    const element = (k: Any) => [4, 5, 6][k]
    return element(i)
  }
  const m = nl.zeros([2, 3])
  for (const target of TARGETS) {
    const compiled: Any = njit({ target, cache: false, name: 'reader' }, at)
    expect([0, 2].map((i) => compiled(i))).toEqual([4, 6])
    for (const i of [-1, 3, 0.5, Number.NaN, 1e300]) {
      const error = errorOf<RangeError>(() => compiled(i))
      expect(error).toBeInstanceOf(RangeError)
      const fields = { code: 'NUMLOOM_INDEX', index: i, axis: 0, size: 3, function: 'reader', line: expect.any(Number) }
      expect(error).toMatchObject(fields)
      const [message, ...frame] = error.message.split('\n')
      expect(message).toMatch(/^index \S+ is out of bounds for axis 0 with size 3, in 'reader' \(.+\)$/)
      expect(message?.split(' ')[1]).toBe(String(i))
      expect(frame.join()).toContain('][k]')
    }
    const extent: Any = njit({ target, cache: false }, (a: Any, k: Any) => {
      let s = 0
      for (let i = 0; i <= k; i++) s += a.shape[i]
      return s
    })
    expect(extent(m, 1)).toBe(5)
    expect(errorOf(() => extent(m, 2))).toMatchObject({ code: 'NUMLOOM_INDEX', index: 2, axis: 0, size: 2 })
  }
})

test('a variable that was an index, and is changed by an argument behind it', () => {
  const rows = (a: Any, k: Any) => {
    let j = 1
    const read = a.get(j, (j = Math.floor(k)) * 0)
    return [read, j + 1, j > 1e15]
  }
  const set = (a: Any, k: Any) => {
    let i = 0
    const next = () => {
      i = Math.floor(k)
      return 5
    }
    a.set(i, next())
    return [i + 1, i === i, i > 1e15]
  }
  same(rows, [[nl.ones([2, 2]), 1e16]])
  same(
    set,
    [1e16, Number.NaN, -3].map((k) => [nl.zeros([3]), k]),
  )
})

test.each<[string, (x: Any) => unknown, string]>([
  [
    'a name in quotes',
    (x) => {
      const { 'a-b': v = 7 } = { a: x } as Any
      return v
    },
    'NL1007',
  ],
  [
    'a number',
    (x) => {
      const { 0: v = 7 } = [x, 2]
      return v
    },
    'NL1007',
  ],
  [
    'what all tuples have',
    (x) => {
      const { length = 5 } = [x, 2]
      return length
    },
    'NL2004',
  ],
  [
    'what all objects have',
    (x) => {
      const { toString = 5 } = { a: x } as Any
      return toString
    },
    'NL2004',
  ],
  [
    'a name twice',
    (x) => {
      const o = { a: x, b: 2, a: 5 } as Any
      return o.a
    },
    'NL1011',
  ],
])('patterns and objects with %s are refused, not misread', (_, fn, code) => {
  expect(errorOf(() => njit({ require: 'compiled' }, fn)(1))).toMatchObject({ code })
})

test('destructuring: properties of arrays, defaults', () => {
  const patterns = (x: Any, m: Any) => {
    const { length } = x
    const {
      shape: [rows, columns = 7],
      size,
      ndim,
    } = m
    const [a = 5, b = a + 1, c = length] = [undefined, 9]
    const point = ({ px, py = px * 2 }: Any) => px + py
    const pair = ([p, q = 2.5]: Any, { length: n }: Any) => p * q + n
    let [u, v = 3] = [length]
    ;[u, v = u + 0.5] = [v]
    ;[x[0], x[1] = u] = [columns]
    let late
    ;({ length: late } = x)
    return [
      length,
      rows,
      columns,
      size,
      ndim,
      a,
      b,
      c,
      point({ px: 3 }),
      point({ px: 3, py: 1 }),
      pair([4], x),
      u,
      v,
      late,
    ]
  }
  same(patterns, [
    [Float64Array.of(1, 2, 3), nl.zeros([4, 5])],
    [new Int32Array(2), nl.zeros([1, 3])],
  ])
})

describe('names before their declaration', () => {
  const z = 5
  const early: ((x: Any) => unknown)[] = [
    (x) => {
      const y = z + x
      const z = 1
      return y + z
    },
    (x) => {
      let s = 0
      for (let i = 0; i < x; i++) {
        s += z
        const [z] = [1]
      }
      return s
    },
    (x) => {
      z = x
      let z = 1
      return z
    },
    (x, y = z, z = 3) => x + y + z,
    (x) => {
      for (let z = z; z < 3; z++) x += z
      return x
    },
    (x) => {
      const f = () => z
      const y = f() + x
      const z = 1
      return y + z
    },
  ]
  test.each(early)('%s', (fn) => {
    expect(() => fn(1)).toThrow(ReferenceError)
    for (const target of TARGETS) {
      expect(() => njit({ target, cache: false, globals: { z } }, fn)(1)).toThrow(/^NL2002.*'z' is used before/)
    }
  })

  test('functions may name what is declared below them', () => {
    const below = (x: Any) => {
      const f = () => later + x
      function g() {
        return f() + last
      }
      const later = 3
      const last = 4
      {
        const x = g()
        const later = x + 1
        return later
      }
    }
    same(below, [[1], [2.5]])
  })
})

describe('functions that use a variable of the head of a for', () => {
  test('in the turn that they were made in, or where it stays as it is', () => {
    const turns = (n: Any) => {
      let s = 0
      let e
      let f
      let g
      for (let i = 0; i < n; i++) {
        const bump = () => ++i
        s = s * 10 + bump() + i
      }
      for (let i = 0; (f = () => i * 2), i < n; i++) s = s * 10 + f()
      for (let i = 0; i < n; e = () => i, i++, s += e()) s *= 3
      for (let i = 0, k = 7, h = (v: Any) => v * k, up = (v: Any): Any => (v < 1 ? k : up(v - 1)); i < n; i++)
        s += h(i) + up(3)
      for (let i = 0, h = () => i + 1, k = h(); i < n; i++) s += k
      for (let i = 0; ; i++) {
        g = () => i
        if (i > n) break
      }
      return [s, g()]
    }
    same(turns, [[4], [0], [2.5]])
  })

  const late: ((n: Any) => unknown)[] = [
    (n) => {
      let s = 0
      for (let i = 0, f = () => i; i < n; i++) s += f()
      return s
    },
    (n) => {
      let s = 0
      for (let i = 0, up = () => ++i, k = 0; k < n; k++) s += up() + i
      return s
    },
    (n) => {
      let s = 0
      for (let [i, f] = [0, () => i]; i < n; i++) s += f()
      return s
    },
    (n) => {
      let s = 0
      for (let k = 5, f = (v: Any): Any => (v < 1 ? k : f(v - 1)), i = 0; i < n; i++, k--) s += f(i)
      return s
    },
    (n) => {
      let s = 0
      let f
      for (let i = 0; i < n; i++, s += f()) {
        const inner = () => i
        f = () => inner() + 1
      }
      return s
    },
    (n) => {
      let f
      let s = 0
      for (let i = 0; i < n; i++, f()) {
        f = () => {
          i = n
        }
        s += 1
      }
      return s
    },
    (n) => {
      let f
      for (let i = ((f = () => i), 0); i < n; i++) n -= 1
      return f() + n
    },
  ]
  test.each(late)('refuses %s', (fn) => {
    for (const target of TARGETS) expect(() => njit({ target, cache: false }, fn)(3)).toThrow(/^NL2042.*'[ik]'/)
  })
})
