// Functions within compiled functions do what they do in plain JavaScript.
// SPDX-License-Identifier: MIT

// biome-ignore-all lint: functions are written in every way that the language has, also those that have better ones
// @ts-nocheck: as above

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { njit, prange, range } from '../dist/njit.js'
import { type Any, same, TARGETS } from './support/njit.ts'

const twice = (v: Any) => 2 * v

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

  test('functions in defaults see the parameters and what is around, not the variables of the body', () => {
    const h = 1
    same(
      (x: Any, f = () => h, { g = (v: Any) => v + h + x } = {}) => {
        const h = 50
        const local = (a: Any, k = () => h + a, { m = (b: Any) => k() + b + h } = {}) => {
          const h = 500
          {
            const k = 3
            return m(k) + h
          }
        }
        const hidden = (a: Any, b = () => a + x) => {
          const x = 100
          return a + b() + x
        }
        const plain = (a: Any, b = h, c = twice(a)) => {
          const h = 7
          function twice(v: Any) {
            return v * 10
          }
          return a + b + c + twice(h)
        }
        return [f() + x + h, g(2), local(x), hidden(x), plain(x)]
      },
      [[3], [0.5]],
      { globals: { h, twice } },
    )
    const out = (x: Any, f = () => later) => {
      const later = 4
      return f() + later + x
    }
    for (const target of TARGETS) expect(() => njit({ target, cache: false }, out)(1)).toThrow(/^NL3001.*'later'/)
  })

  test('recursive functions with variables of the same names as those around them that they use', () => {
    const names = (x: Any) => {
      const h = 1
      const k = 2
      let other = 3
      const inDefault = (n: Any, a = h): Any => {
        const h = 50
        return n <= 0 ? a : inDefault(n - 1) + a + h
      }
      const inBlocks = (n: Any): Any => {
        if (n <= 0) return h * 10 + k + other
        let sum = 0
        for (let h = 0; h < 2; h++) sum += h
        {
          let k = n
          k += 5
          let other = k
          ;[other] = [other + k]
          sum += other
        }
        const inner = (h: Any, pair = { k: h }) => {
          h += pair.k
          return h
        }
        return inBlocks(n - 1) + sum + inner(n) + k
      }
      other = 4
      return [inDefault(x), inBlocks(x)]
    }
    same(names, [[3], [0], [6]])
  })

  test('functions that leave the block whose variables they use', () => {
    same(
      (x: Any, m: Any, n: Any) => {
        const over = (least: Any) => {
          for (let i = 0; i < x.length; i++) if (x[i] > least) return () => i
          throw new Error('none')
        }
        const scaled = (least: Any) => {
          for (const v of x) {
            if (v > least) {
              let w = v * 2
              return () => w++
            }
          }
          throw new Error('none')
        }
        const row = (least: Any) => {
          for (const i of range(m.shape[0])) {
            const of = m.row(i)
            const own = new Float64Array(i + 2)
            if (of.get(0) > least) return () => of.get(1) + i + ++own[1]
          }
          throw new Error('none')
        }
        const first = over(n)
        const second = scaled(n)
        const third = row(n)
        let last
        let k = n
        do {
          const j = k
          const array = new Float64Array(3)
          array[0] = k
          k++
          last = () => j + array[0]
        } while (k < 7)
        const other = new Float64Array(3)
        other[0] = 100
        return [first(), second(), second(), third(), third(), last(), other[0]]
      },
      [
        [
          Float64Array.of(1, 2, 5, 9),
          nl.array([
            [1, 2],
            [3, 4],
            [8, 6],
          ]),
          2,
        ],
        [
          Float64Array.of(1, 2, 5, 9),
          nl.array([
            [1, 2],
            [3, 4],
            [8, 6],
          ]),
          4.5,
        ],
        [
          Float64Array.of(1, 2, 5, 9),
          nl.array([
            [1, 2],
            [3, 4],
            [8, 6],
          ]),
          10,
        ],
      ],
    )
    const each = (x: Any, y: Any) => {
      let sum = 0
      for (const i of prange(x.length)) {
        const f = (a: Any) => {
          if (a > 1) {
            let k = a * 2
            const own = new Float64Array(2)
            return () => {
              own[0] += k++
              return own[0]
            }
          }
          throw new Error('small')
        }
        const g = f(x[i])
        sum += g() + g()
        y[i] = g()
      }
      return [sum, y]
    }
    const x = Float64Array.from({ length: 500 }, (_, i) => 2 + (i % 7))
    same(each, [[x, new Float64Array(500)]], { parallel: true })
    same(each, [[Float64Array.of(2, 1, 3), new Float64Array(3)]], { parallel: true, threads: 1 })
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
    const endless = [Int32Array.of(0), Int32Array.of(-1), 0]
    // The first call of all, where memory of the heap was used and freed before.
    const used = nl.full([100_000], 70_000)
    used.dispose()
    expect(() => depth(...endless)).toThrow(/^Maximum call stack size exceeded in 'depth'/)
    expect(depth(...chain(deepest))).toBe(deepest)
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

  test('a recursive function may be given one that uses variables around it', () => {
    const integral = (a: Any, b: Any, k: Any, x: Any) => {
      const quad = (f: Any, a: Any, b: Any, depth: Any): Any => {
        const m = (a + b) / 2
        const whole = ((b - a) / 6) * (f(a) + 4 * f(m) + f(b))
        return depth === 0 ? whole : quad(f, a, m, depth - 1) + quad(f, m, b, depth - 1)
      }
      const f = (v: Any) => Math.sqrt(v * k + 1) + x[0]
      return quad(f, a, b, 4)
    }
    same(integral, [[0, 1, 3, Float64Array.of(0.5)]])
  })

  test('a recursive function with many parameters that depend on each other', () => {
    const names = Array.from({ length: 70 }, (_, i) => `p${i}`)
    const line = `(n) => {
      const shift = (k, ${names}) => (k <= 0 ? p69 : shift(k - 1, p0 * 3.5 + 0.25, ${names.slice(0, -1)}))
      return shift(n, ${names.map((_, i) => i)})
    }`
    same((0, eval)(line), [[3], [75]])
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
