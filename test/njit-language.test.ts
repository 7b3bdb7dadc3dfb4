// Statements, variables and functions in compiled functions do what they do in plain JavaScript.
// SPDX-License-Identifier: MIT

// biome-ignore-all lint: functions are written in every way that the language has, also those that have better ones
// @ts-nocheck: as above

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { njit, prange, range } from '../dist/njit.js'
import { type Any, same, TARGETS } from './support/njit.ts'

describe('order of evaluation', () => {
  test('assignments within expressions', () => {
    const orders = (a: Any, n: Any, out: Any) => {
      let x = n
      let i = 0
      let k = 0
      out[k++] = x + (x = 5)
      out[k++] = (x = 7) + x
      out[k++] = x++ + x
      out[k++] = x + x++
      out[k++] = ++x * 2
      out[k++] = x-- - --x
      const y = ++x
      out[k++] = y
      const z = (x += 3)
      out[k++] = z + x
      a[i++] = i
      a[i] = i++
      out[k++] = i
      a[i] = a[i++] + a[i]
      out[k++] = a[i] += 10
      out[k++] = a[i]
      out[k++] = ++a[i]
      out[k++] = a[i]++
      out[k++] = a[i]--
      out[k++] = --a[i] + a[i]
      const stored = (a[0] = a[0] + 1)
      out[k++] = stored
      let b = 1
      let c = 2
      b = c = x
      out[k++] = b + c
      out[k++] = ((b = 3), (c = b + 1), b * c)
      const f = (p: Any, q: Any) => p * 100 + q
      i = 1
      out[k++] = f(i++, i++)
      out[k++] = f(i, (i = 9))
      out[k++] = x < (x = 100) ? 1 : 2
      out[k++] = x
      out[k++] = a[(i = 2)] + a[i]
      let m = 2
      m += m++ * m
      out[k++] = m
      m -= (m = 3) + m
      out[k++] = m
      a[1] += a[1] = 4
      out[k++] = a[1]
      return k
    }
    const args = [Float64Array.of(1, 2, 3, 4, 5, 6), 4, new Float64Array(40)]
    same(orders, [args, [Int32Array.of(9, 8, 7, 6, 5, 4), -1, new Float64Array(40)]])
  })

  test('||= and &&=', () => {
    const assigns = (x: Any, n: Any) => {
      let count = 0
      const touch = (value: Any) => {
        count++
        return value
      }
      let any = false
      let all = true
      for (let i = 0; i < x.length; i++) {
        any ||= touch(x[i] > 1)
        all &&= touch(x[i] > -1)
      }
      let a = n
      a &&= 7
      x[0] ||= touch(5)
      x[n] &&= touch(9)
      const b = (a ||= touch(3))
      return [any, all, a, b, count, x]
    }
    same(assigns, [
      [Float64Array.of(0, 2, 3), 1],
      [Float64Array.of(-4, 0, 0), 2],
      [Int32Array.of(1, 0), 0],
    ])
  })

  test('short circuits and ternaries', () => {
    const circuits = (n: Any, flag: Any) => {
      let count = 0
      const touch = (value: Any) => {
        count++
        return value
      }
      let x = 0
      flag && (x = 5)
      const first = x === 0 ? 1 : 2
      flag || (x = 6)
      const both = touch(n > 1) && touch(n > 2)
      const either = touch(n > 1) || touch(n > 2)
      const chosen = n > 2 ? touch(10) : n > 1 ? touch(20) + touch(1) : 30
      let y = 0
      if (flag) y = 5
      if (y === 0) count += 100
      while (flag && y < 8) y++
      return [first, x, both, either, chosen, count, y, (n && 3) || 4]
    }
    same(circuits, [
      [0, true],
      [1, false],
      [2, true],
      [3, false],
    ])
  })
})

describe('loops', () => {
  test('of every kind', () => {
    const loops = (a: Any, n: Any) => {
      let total = 0
      for (let i = 0; i < n; i++) total += i
      for (let i = n; i >= 0; i -= 2) total = total * 3 + i
      for (let i = 0, j = n; i < j; i++, j--) total += i * j
      for (let i = 0; i < n; i++) {
        if (i === 3) i += 2
        total += i * 7
      }
      let bound = n
      for (let i = 0; i < bound; i++) {
        if (i % 2 === 0) bound--
        total += bound
      }
      let k = 0
      while (true) {
        if (++k > n) break
        if (k % 3 === 0) continue
        total += k
      }
      do {
        k--
        if (k % 2 === 0) continue
        total -= k
      } while (k > 0)
      for (const x of a) total += x
      for (let x of a) {
        x *= 2
        total -= x
      }
      for (const i of range(n)) total += i
      for (const i of range(2, n, 3)) total += i * 5
      for (const i of range(Math.floor(n) | 0, -2, -2)) total += i * 11
      for (let i of prange(1, n)) {
        i += 1
        total += i
      }
      for (;;) {
        total++
        if (Math.floor(total) % 7 === 0) break
      }
      let last
      for (last = 0; last < n; last++) if (last * last > n) break
      for (let x = 0.5; x < n; x += 0.75) total += x
      for (let i = 0; i <= 3.5; i++) total += i
      for (let i = n - 1; i >= 0.5; i--) total += i
      return [total, k, last]
    }
    same(loops, [
      [Float64Array.of(1.5, 2, -3), 10],
      [new Float64Array(0), 0],
      [Float64Array.of(7), 1],
      [new Float64Array(2), 2.5],
    ])
  })

  test('with bounds that are no numbers, or far', () => {
    const bounds = (x: Any) => {
      let turns = 0
      for (let i = 0; i < x && turns < 10; i++) turns++
      for (let i = 5; i > x; i--) if (++turns > 20) break
      for (let i = 5; i >= x; i--) if (++turns > 30) break
      for (let i = 0; i < x; i++) if (++turns > 40) break
      for (let i = 0; i <= x; i++) if (++turns > 50) break
      for (const _ of range(0, x, 2)) if (++turns > 60) break
      for (const _ of range(3, x, -2)) if (++turns > 70) break
      return turns
    }
    const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 31, -(2 ** 40), 2.5, -0, 3]
    same(
      bounds,
      numbers.map((x) => [x]),
    )
  })

  test('steps that vary', () => {
    const steps = (from: Any, to: Any, by: Any) => {
      let sum = 0
      for (const i of range(from, to, by)) sum = sum * 2 + i
      for (let i = from; by > 0 ? i < to : i > to; i += by) sum += i
      return sum
    }
    same(steps, [
      [0, 10, 3],
      [10, 0, -3],
      [0, 10, -1],
      [5, 5, 1],
    ])
  })

  test('that seldom do something, of every length around that of a chunk', () => {
    const seldom = (x: Any, y: Any, from: Any, out: Any) => {
      let [first, best, at, sum, last] = [-1, -Infinity, -1, 0.1, NaN]
      for (let i = from; i < x.length; i++) {
        if (x[i] > best) {
          best = x[i]
          at = i
        }
      }
      for (let i = x.length - 1; i >= 0; i -= 3) {
        const distance = Math.abs(x[i] - y[i])
        if (distance < 0.25 && !(y[i] < 0)) {
          sum += x[i] / 3
          last = i
        }
      }
      let found = 0
      for (let i = 0; i < y.length; i++) {
        if (y[i] >= 0.75) {
          out[found++] = i
          y[i] = -y[i]
        }
      }
      for (let i = 0; i < x.length; i++) if (x[i] !== x[i]) first = i
      return [first, best, at, sum, last, found]
    }
    const lists = [0, 1, 31, 32, 33, 63, 64, 65, 200].flatMap((n) =>
      [0, 5].map((from) => {
        const [x, y] = [11, 17].map((factor) =>
          Float64Array.from({ length: n }, (_, i) => (((i + 1) * factor) % 101) / 101),
        )
        if (n > 40) x[35] = Number.NaN
        return [x, y, from, new Int32Array(n + 1)]
      }),
    )
    same(seldom, lists)
  })
  test('labels', () => {
    const labels = (n: Any) => {
      let count = 0
      outer: for (let i = 0; i < n; i++) {
        inner: for (let j = 0; j < n; j++) {
          if (j === 2) continue outer
          if (i === 3) break outer
          let k = 0
          while (true) {
            k++
            if (k > 3) continue inner
            if (k * i > 5) break inner
            count += k
          }
        }
        count += 1000
      }
      block: {
        count++
        if (n > 3) break block
        count += 5000
      }
      test: if (n > 2) {
        if (n > 4) break test
        count += 20_000
      }
      again: do {
        count++
        for (const i of range(n)) {
          if (i === 1) continue again
          count++
        }
        count += 7
      } while (count % 5 !== 0)
      return count
    }
    same(labels, [[0], [1], [2], [3], [4], [6]])
  })

  test('switch', () => {
    const switches = (n: Any, flag: Any) => {
      let out = 0
      for (let i = 0; i < n; i++) {
        switch (i) {
          case 0:
            out += 1
          case 1:
            out += 10
            break
          default:
            out += 100
          case 2: {
            out += 1000
            break
          }
          case 3:
            continue
          case 7:
            return out
        }
        out *= 2
      }
      switch (true) {
        case n > 2 && flag:
          out += 3
          break
        case n > 1:
          out += 4
      }
      switch (n) {
        case 1: {
          const shared = 5
          out += shared
        }
        case 2:
          out += 2
      }
      let calls = 0
      const next = () => ++calls
      switch (2) {
        case next():
          out += 0.5
          break
        case next():
          out += 0.25
          break
        case next():
          out += 0.125
      }
      switch (n % 2 === 0) {
        case true:
          return out + calls
        case false:
          return -out
      }
      return 0
    }
    same(switches, [
      [0, true],
      [1, false],
      [2, true],
      [3, true],
      [5, true],
      [9, false],
    ])
  })
})

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
  const at = (i: Any) => [4, 5, 6][i]
  for (const target of TARGETS) {
    const compiled: Any = njit({ target, cache: false }, at)
    expect([0, 2].map((i) => compiled(i))).toEqual([4, 6])
    for (const i of [-1, 3, 0.5, Number.NaN, 1e300])
      expect(() => compiled(i)).toThrow(`index ${i} is out of bounds for a tuple of 3`)
  }
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

describe('functions', () => {
  test('local, arrow, default arguments, closures', () => {
    const functions = (a: Any, n: Any, scale = 3) => {
      let calls = 0
      function add(x: Any, y = x * 2, z = calls) {
        calls += 1
        return x + y + z
      }
      const twice = (f: Any, x: Any) => f(f(x))
      const bump = (x: Any) => {
        calls += 10
        if (x > 100) return x
        for (let i = 0; i < 3; i++) if (x + i > 5) return x * 2
        return x + 1
      }
      const both = (x: Any) => ({ low: x - 1, high: x + 1, pair: [x, -x] })
      const store = (array: Any, i: Any) => {
        array[i] = calls
      }
      store(a, 1)
      const {
        low,
        high,
        pair: [p, q],
      } = both(n)
      const made = ((x: Any) => x + 0.5)(n)
      return [
        add(1),
        add(1, 2),
        add(1, 2, 3),
        twice(bump, n),
        twice((x: Any) => x * x, 3),
        calls,
        low,
        high,
        p,
        q,
        made,
        scale,
        later(2),
      ]
      function later(x: Any) {
        return x + calls
      }
    }
    same(functions, [
      [Float64Array.of(1, 2), 4],
      [Float64Array.of(1, 2), 200, 1.5],
    ])
  })

  test('recursion', () => {
    const recursions = (n: Any) => {
      function fib(k: Any): Any {
        return k < 2 ? k : fib(k - 1) + fib(k - 2)
      }
      const ackermann = (m: Any, k: Any): Any => {
        if (m === 0) return k + 1
        if (k === 0) return ackermann(m - 1, 1)
        return ackermann(m - 1, ackermann(m, k - 1))
      }
      const even = (k: Any): Any => (k === 0 ? true : odd(k - 1))
      const odd = (k: Any): Any => (k === 0 ? false : even(k - 1))
      function halves(x: Any, depth: Any): Any {
        if (depth === 0) return { sum: x, count: 1 }
        const left = halves(x / 2, depth - 1)
        const right = halves(x / 4, depth - 1)
        return { sum: left.sum + right.sum, count: left.count + right.count }
      }
      const gcd = (a: Any, b: Any): Any => (b === 0 ? a : gcd(b, a % b))
      const { sum, count } = halves(n, 4)
      return [fib(n), ackermann(2, 3), even(n), odd(n), sum, count, gcd(n * 12, 18)]
    }
    same(recursions, [[10], [7]])
  })

  test('default arguments of recursive functions', () => {
    const defaults = (n: Any, x: Any) => {
      let base = 2
      const sum = (k: Any, all: Any = 0, step: Any = 1): Any => (k < 1 ? all : sum(k - step, all + k))
      function power(k: Any, of = base + 1, [from, to] = [1, Math.PI]): Any {
        if (k === 0) return from + to
        return k & 1 ? of * power(k - 1) : power(k - 1, undefined, [of, x[0]])
      }
      const first = power(n)
      base = 3
      return [sum(n), sum(n, 100), sum(n, undefined, 2), first, power(n), power(n, 5), power(n, x[1], [x[0], 0])]
    }
    same(defaults, [
      [10, Float64Array.of(1.5, 2.5)],
      [7, Float64Array.of(1.5, 2.5)],
    ])
  })

  test('quicksort: a recursive function that uses variables around it', () => {
    const sort = (a: Any, offset: Any) => {
      let swaps = 0
      function quick(low: Any, high: Any) {
        if (low >= high) return
        const pivot = a[(low + high) >> 1]
        let i = low
        let j = high
        while (i <= j) {
          while (a[i] < pivot) i++
          while (a[j] > pivot) j--
          if (i <= j) {
            ;[a[i], a[j]] = [a[j], a[i]]
            i++
            j--
          }
        }
        quick(low, j)
        quick(i, high)
      }
      quick(offset, a.length - 1)
      swaps++
      return swaps
    }
    const numbers = Float64Array.from({ length: 50 }, (_, i) => (i * 7919) % 101)
    same(sort, [
      [numbers, 0],
      [Float64Array.of(3), 0],
    ])
  })

  test('a function expression that calls itself', () => {
    same(
      function factorial(n: Any): Any {
        return n <= 1 ? 1 : n * factorial(n - 1)
      },
      [[0], [5], [25]],
    )
  })

  test('results of every kind', () => {
    same((n: Any) => ({ n, nested: { pair: [n, n > 1] }, none: [] }), [[1], [2.5]])
    same((a: Any, b: Any) => [b, a, a[0]], [[Float64Array.of(1), Int32Array.of(2)]])
    same((a: Any) => a, [[Float64Array.of(1)], [3], [true], [5n]])
    same(
      (a: Any) => {
        a[0] = 3
      },
      [[Float64Array.of(1)]],
    )
    same(
      (n: Any) => {
        if (n > 1) return
        if (n < 0) return undefined
      },
      [[1], [2]],
    )
  })

  test.each(TARGETS)('recursion as deep as the stack goes, on %s', (target) => {
    const depth: Any = njit(
      { target, cache: false, parallel: true, name: 'depth' },
      (left: Any, right: Any, i: Any) => {
        const depth = (i: Any): Any => (i < 0 ? 0 : 1 + Math.max(depth(left[i]), depth(right[i])))
        return depth(i)
      },
    )
    const chain = (n: number) => [Int32Array.from({ length: n }, (_, i) => i - 1), new Int32Array(n).fill(-1), n - 1]
    const deepest = target === 'native' ? 20_000 : 5000
    expect(depth(...chain(deepest))).toBe(deepest)
    const endless = [Int32Array.of(0), Int32Array.of(-1), 0]
    expect(() => depth(...endless)).toThrow(/^Maximum call stack size exceeded in 'depth'/)
    expect(depth(...chain(1000))).toBe(1000)

    // Large frames, and memory that every call holds.
    const wide: Any = njit({ target, cache: false }, (n: Any, x: Any) => {
      const f = (k: Any, a: Any): Any => {
        const own = new Float64Array(64)
        for (let i = 0; i < 64; i++) own[i] = a + i / 64
        for (let i = 0; i < 64; i++) own[i] = Math.sin(own[i]) * Math.exp(own[i])
        return k === 0 ? own[0] : f(k - 1, own[k % 64]) + own[(k + 1) % 64]
      }
      return f(n, x)
    })
    const narrow: Any = njit({ target, cache: false }, (n: Any) => {
      const f = (k: Any): Any => {
        const own = new Float64Array(64)
        own[0] = k
        return k === 0 ? 0 : f(k - 1) + own[0]
      }
      return f(n)
    })
    expect([Number.isFinite(wide(10, 0.5)), narrow(10)]).toEqual([true, 55])
    const before = nl.memory().bytesInUse
    for (let turn = 0; turn < 3; turn++) {
      expect(() => wide(1e9, 0.5)).toThrow(RangeError)
      expect(() => narrow(1e9)).toThrow(RangeError)
    }
    expect([Number.isFinite(wide(10, 0.5)), narrow(10)]).toEqual([true, 55])
    expect(nl.memory().bytesInUse).toBe(before)

    const inTeam: Any = njit({ target, cache: false, parallel: true, threads: 2 }, (out: Any, least: Any) => {
      for (const i of prange(out.length)) {
        const f = (k: Any): Any => (k === least ? 0 : 1 + f(k - 1))
        out[i] = f(i)
      }
    })
    const out = new Float64Array(1000)
    inTeam(out, 0)
    expect(out).toEqual(Float64Array.from({ length: 1000 }, (_, i) => i))
    expect(() => inTeam(out, -1e9)).toThrow(/^Maximum call stack size exceeded/)
    inTeam(out, 0)
  })

  test('that call each other, of which only one ends', () => {
    const mutual = (n: Any) => {
      const first = (k: Any) => (k < 1 ? 0 : second(k - 1))
      const second = (k: Any) => first(k)
      const grow = (k: Any) => (k < 1 ? 0 : passOn(k - 1) + 0.5)
      const passOn = (k: Any) => grow(k) + 1
      const even = (k: Any) => k === 0 || odd(k - 1)
      const odd = (k: Any) => k !== 0 && even(k - 1)
      const count = (k: Any) => (k < 1 ? 0 : add(k - 1, 70_000))
      const add = (k: Any, by: Any) => count(k) + by * by
      return [first(n), grow(n), even(n), odd(n), count(n)]
    }
    same(mutual, [[0], [1], [7], [30]])
  })

  test('errors of one side of && and ||', () => {
    const sides = (n: Any) => {
      const fail = () => {
        throw new Error('always')
      }
      const positive = n > 0 || fail()
      const small = n > 5 && fail()
      return positive && !small ? n : -1
    }
    same(sides, [[0], [3], [6]])
  })

  test('errors', () => {
    const throws = (n: Any) => {
      const check = (x: Any) => {
        if (x > 3) throw new RangeError('too large: %s "quoted" \\ \n ö')
        if (x > 2) throw TypeError(`template`)
        return x
      }
      const fail = () => {
        throw new Error('always')
      }
      const y = n === 0 ? fail() : check(n)
      if (n < 0) throw new Error()
      return check(y) + 1
    }
    same(throws, [[0], [1], [3], [4], [-1], [2]])
  })
})
