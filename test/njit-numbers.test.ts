// Numbers in compiled functions: operators, conversions and Math give what they give in plain JavaScript.
// SPDX-License-Identifier: MIT

// biome-ignore-all lint: functions are written in every way that the language has, also those that have better ones

import { describe, expect, test } from 'vitest'
import { njit } from '../dist/njit.js'
import { type Any, distance, pairs, same, TARGETS, TRAPS } from './support/njit.ts'

const INTEGERS = [0, 1, -1, 2, -2, 3, -7, 31, 32, 33, 64, 65535, 2 ** 30, -(2 ** 30), 2 ** 31 - 1, -(2 ** 31)]

test('counters that begin, and numbers that are compared, near 2^51', () => {
  const near = (x: Any, n: Any) => {
    let up = 2251799813685240
    let down = -up
    for (let k = 0; k < n; k++) {
      up++
      down -= 16
    }
    const y = Math.floor(x)
    const z = y >= 0 && y <= 2251799813685248 ? y + 16 : 0
    return [up > 2251799813685248, down < -2251799813685248, z > 2251799813685248, up, down, z]
  }
  same(near, [
    [2 ** 51, 20],
    [5, 3],
  ])
})

describe('operators', () => {
  test('of doubles', () => {
    const operators = (x: Any, y: Any, out: Any) => {
      let k = 0
      for (let i = 0; i < x.length; i++) {
        const a = x[i]
        const b = y[i]
        out[k++] = a + b
        out[k++] = a - b
        out[k++] = a * b
        out[k++] = a / b
        out[k++] = a % b
        out[k++] = a & b
        out[k++] = a | b
        out[k++] = a ^ b
        out[k++] = a << b
        out[k++] = a >> b
        out[k++] = a >>> b
        out[k++] = ~a
        out[k++] = -a
        out[k++] = +a
        out[k++] = Number(a < b) + 2 * Number(a <= b) + 4 * Number(a > b) + 8 * Number(a >= b)
        out[k++] = Number(a === b) + 2 * Number(a !== b) + 4 * Number(!a) + 8 * Number(Boolean(b))
        out[k++] = a && b
        out[k++] = a || b
        out[k++] = a < b ? a : b
        out[k++] = (a | 0) % (b | 0)
        out[k++] = -(a | 0)
        out[k++] = (a | 0) * (b | 0)
        out[k++] = (a >>> 0) + (b | 0)
        out[k++] = (a >>> 0) % 7
        out[k++] = (a & 255) * -1
        out[k++] = 0 * (b | 0)
        out[k++] = (a | 0) / (b | 0)
        out[k++] = a === 0 && b === 0 ? 1 / a : 1
      }
      return k
    }
    const [x, y] = pairs(TRAPS)
    same(operators, [[x, y, new Float64Array(x.length * 28)]])
  })

  test('of integers', () => {
    const operators = (x: Any, y: Any, out: Any) => {
      let k = 0
      for (let i = 0; i < x.length; i++) {
        const a = x[i]
        const b = y[i]
        out[k++] = a + b
        out[k++] = a - b
        out[k++] = a * b
        out[k++] = a / b
        out[k++] = a % b
        out[k++] = a << b
        out[k++] = a >> b
        out[k++] = a >>> b
        out[k++] = (a + b) | 0
        out[k++] = (a * b) | 0
        out[k++] = Math.imul(a, b)
        out[k++] = (a + b) >>> 0
        out[k++] = (a - b) % 10
        out[k++] = -a
        out[k++] = ~(a - b)
        out[k++] = Math.abs(a)
        out[k++] = Math.min(a, b, 5) + Math.max(a, -b)
        out[k++] = Math.floor(a / 2) + Math.trunc(b / 3) + Math.round(a / 4) + Math.ceil(b / 5)
        out[k++] = Math.sign(a) * 3
        out[k++] = Math.clz32(a) + Math.clz32(a * b)
        out[k++] = (a & 7) - (b | 1)
        out[k++] = a >= 0 ? a % 8 : a
        out[k++] = (a ^ b) >>> 31
        out[k++] = ((a + b) / 2) | 0
        out[k++] = a ** 2
        out[k++] = (a & 3) ** (b & 3)
        let s = a
        s += b
        s -= 1
        s *= 2
        out[k++] = s
        s <<= 3
        s |= 1
        s ^= b
        s &= 0xffff
        s >>= 1
        s >>>= 1
        s %= 100
        out[k++] = s
        s /= 3
        s **= 2
        out[k++] = s
      }
      return k
    }
    const [x, y] = pairs(INTEGERS)
    same(operators, [[Int32Array.from(x), Int32Array.from(y), new Float64Array(x.length * 29)]])
  })

  test('of arguments: the type of a number changes nothing', () => {
    const numbers = (a: Any, b: Any) => [a + b, a * b, a - b, a % b, a / b, -a, a | 0, a >>> b, a << 1, a * 0, a === b]
    same(numbers, [
      [3, 5],
      [-3, 3],
      [0, -7],
      [2 ** 30, 2 ** 30],
      [-(2 ** 30), 7],
      [1.5, 2],
    ])
    same(numbers, [
      [-0, 5],
      [5, -0],
      [Number.NaN, 1],
      [2 ** 40, 3],
      [-1, 2 ** 53],
    ])
  })

  test('of booleans', () => {
    const booleans = (a: Any, b: Any) => {
      const both = a && b
      return [both, a || b, !a, a === b, a !== b, a + b, a * 3, -a, a < b, a ? 1 : 2, a & b, a ^ b, ~a, Number(b), +a]
    }
    same(booleans, [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ])
  })

  test('conditions of mixed kinds', () => {
    const conditions = (n: Any, flag: Any) => {
      let count = 0
      if (n && flag) count += 1
      if (n || flag) count += 2
      if (!(n && n > 2)) count += 4
      while (n && flag && count < 20) count += 8
      return n && flag ? count : -count
    }
    same(conditions, [
      [0, true],
      [3, true],
      [1, false],
      [0, false],
    ])
  })
})

describe('Math', () => {
  test('exact functions', () => {
    const exact = (x: Any, y: Any, out: Any) => {
      let k = 0
      for (let i = 0; i < x.length; i++) {
        const a = x[i]
        const b = y[i]
        out[k++] = Math.abs(a)
        out[k++] = Math.ceil(a)
        out[k++] = Math.floor(a)
        out[k++] = Math.round(a)
        out[k++] = Math.trunc(a)
        out[k++] = Math.sign(a)
        out[k++] = Math.sqrt(a)
        out[k++] = Math.fround(a)
        out[k++] = Math.clz32(a)
        out[k++] = Math.imul(a, b)
        out[k++] = Math.min(a, b)
        out[k++] = Math.max(a, b)
        out[k++] = Math.min(a, b, 1)
        out[k++] = Math.max(a, 0, b)
        out[k++] = Math.max(a | 0, b)
        out[k++] = Math.min(a)
        out[k++] = a ** 2
        out[k++] = Number.isNaN(a) ? 1 : 0
        out[k++] = Number.isFinite(a) ? 1 : 0
        out[k++] = Number.isInteger(a) ? 1 : 0
        out[k++] = Number.isSafeInteger(a) ? 1 : 0
        out[k++] = Math.round(a * 10) / 10
        out[k++] = Math.floor(a) | 0
        out[k++] = Math.abs(Math.trunc(a) % 5)
      }
      return k
    }
    const [x, y] = pairs(TRAPS)
    same(exact, [[x, y, new Float64Array(x.length * 24)]])
  })

  test('constants, and lists without a number', () => {
    const { MAX_VALUE } = Number
    const constants = (huge: Any) => {
      const maths = [Math.PI, Math.E, Math.LN2, Math.LN10, Math.LOG2E, Math.LOG10E, Math.SQRT2, Math.SQRT1_2]
      const numbers = [Number.EPSILON, Number.MAX_VALUE, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER, Number.NaN]
      const limits = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -Number.MIN_SAFE_INTEGER, Infinity, -NaN]
      const empty = [Math.max(), Math.min(), Math.hypot(), Math.hypot(-3), Math.round(-0.5), Math.round(2.5)]
      return {
        maths,
        numbers,
        limits,
        empty,
        zero: -0,
        far: huge * 2,
        one: 1 / -Math.abs(-0),
        literals: [0x7fffffff, 1e21],
      }
    }
    same(constants, [[MAX_VALUE]])
  })

  test('functions that may differ in the last bit', () => {
    const near = (x: Any, y: Any, out: Any) => {
      let k = 0
      for (let i = 0; i < x.length; i++) {
        const a = x[i]
        const b = y[i]
        out[k++] = Math.sin(a)
        out[k++] = Math.cos(a)
        out[k++] = Math.tan(a)
        out[k++] = Math.asin(a)
        out[k++] = Math.acos(a)
        out[k++] = Math.atan(a)
        out[k++] = Math.atan2(a, b)
        out[k++] = Math.sinh(a)
        out[k++] = Math.cosh(a)
        out[k++] = Math.tanh(a)
        out[k++] = Math.asinh(a)
        out[k++] = Math.acosh(a)
        out[k++] = Math.atanh(a)
        out[k++] = Math.exp(a)
        out[k++] = Math.expm1(a)
        out[k++] = Math.log(a)
        out[k++] = Math.log1p(a)
        out[k++] = Math.log2(a)
        out[k++] = Math.log10(a)
        out[k++] = Math.cbrt(a)
        out[k++] = a ** b
        out[k++] = a ** b
        out[k++] = Math.hypot(a, b)
        out[k++] = Math.hypot(a, b, 1)
      }
      return k
    }
    const [x, y] = pairs(TRAPS)
    const wanted = new Float64Array(x.length * 24)
    near(x, y, wanted)
    for (const target of TARGETS) {
      const found = new Float64Array(wanted.length)
      njit({ target, cache: false }, near)(x, y, found)
      const far = Array.from(found, (value, i) => ({ value, wanted: wanted[i] as number, i }))
        .filter((pair) => distance(pair.value, pair.wanted) > 1)
        .map((pair) => ({ ...pair, of: [pair.i % 24, x[Math.floor(pair.i / 24)], y[Math.floor(pair.i / 24)]] }))
      expect(far).toEqual([])
    }
  })

  test('random numbers', () => {
    const sample = (n: Any) => {
      let least = 1
      let most = 0
      let squares = 0
      for (let i = 0; i < n; i++) {
        const x = Math.random()
        least = Math.min(least, x)
        most = Math.max(most, x)
        const square = (x - 0.5) ** 2
        squares += square + (Math.random() ** 2 >= 0 ? 0 : 1)
      }
      return [least, most, squares / n]
    }
    for (const target of TARGETS) {
      const [least, most, variance] = njit({ target, cache: false }, sample)(10_000) as [number, number, number]
      expect(least).toBeGreaterThanOrEqual(0)
      expect(most).toBeLessThan(1)
      expect(least).toBeLessThan(0.01)
      expect(most).toBeGreaterThan(0.99)
      expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.01)
    }
  })
})

describe('bigints', () => {
  test('have no -0', () => {
    const reciprocal = (x: Any) => 1 / Number(BigInt(x))
    same(reciprocal, [[-0], [0], [4], [-2]])
    const rounded = (x: Any) => [1 / Number(BigInt(Math.round(x))), 1 / Number(BigInt(Math.trunc(x)))]
    same(rounded, [[-0.2], [0.3], [-1.7], [2.5]])
  })

  test('literals beyond 64 bits in what is cut, and other widths', () => {
    const cuts = (x: bigint, y: bigint) => [
      BigInt.asIntN(64, 0xcbf29ce484222325n),
      BigInt.asIntN(64, (x ^ 0xcbf29ce484222325n) * 0xffff_ffff_ffff_ffff_ffffn + y),
      BigInt.asIntN(64, -0x1_0000_0000_0000_0003n - (x & 0xffff_0000_ffff_0000n)),
      BigInt.asIntN(32, x * y + 0xcbf29ce484222325n),
      BigInt.asUintN(32, x - y),
      BigInt.asUintN(63, x * 0xcbf29ce484222325n),
      BigInt.asIntN(1, x),
      BigInt.asUintN(1, y),
      BigInt.asIntN(8, x << 3n),
      BigInt.asUintN(64, x & 0xffffn),
      (x < 0n ? -x : x) & 0xffff_ffff_ffff_ffffn,
      0x8000_0000_0000_00ffn & (y * y),
      BigInt.asIntN(64, x & 0xffff_ffff_ffff_ffffn),
    ]
    const numbers = [0n, 1n, -1n, 255n, -77n, 2n ** 40n + 5n, -(2n ** 58n)]
    same(
      cuts,
      numbers.flatMap((x) => [3n, -9n, 2n ** 33n].map((y) => [x, y])),
    )
    for (const target of TARGETS) {
      const unsigned: Any = njit({ target, cache: false }, (x: bigint) => BigInt.asUintN(64, x))
      expect(unsigned(5n)).toBe(5n)
      expect(() => unsigned(-1n)).toThrow(/does not fit in 64 bits/)
      const masked: Any = njit({ target, cache: false }, (x: bigint) => x & 0xffff_ffff_ffff_ffffn)
      expect(() => masked(-1n)).toThrow(/does not fit in 64 bits/)
    }
  })

  test('sums over a bigint counter', () => {
    const sums = (n: Any) => {
      let squares = 0n
      for (let i = 0n; i < n; i++) squares += i * i
      let cut = 1n
      for (let i = 0n; i < n; i++) cut = BigInt.asIntN(64, cut * 3n + i * i * i + 0x7000_0000_0000_0001n * i)
      let powers = 0n
      for (let i = 0n; i < n; i++) powers = BigInt.asIntN(64, powers + i * i * i * i * i - 0x7fff_ffff_ffffn * i * i)
      return [squares, cut, powers]
    }
    same(sums, [[0n], [1n], [10n], [1000n], [300_001n]])
  })

  test('arithmetic, comparison, conversion', () => {
    const arithmetic = (a: Any, b: Any, n: Any) => {
      const sums = [a + b, a - b, -a, ~a]
      const parts = [a / b, a % b, a & b, a | b, a ^ b, a << 3n, a >> 1n, a >> 70n, b << -1n]
      const tests = [a < b, a <= b, a === b, a !== b, a > 0n, !a, a ? 1 : 2]
      const cut = BigInt.asIntN(64, a * 6364136223846793005n + b)
      let count = a
      count++
      count += 2n
      const old = count--
      return [sums, parts, tests, cut, old, count, Number(a), Number(cut), BigInt(n), BigInt(n) + a, BigInt(true)]
    }
    const lists = [5n, -7n, 0n, 2n ** 53n + 1n, -(2n ** 40n)].flatMap((a) => [3n, -2n, 1n].map((b) => [a, b, 12]))
    same(arithmetic, [...lists, [1n, 1n, -(2 ** 40)]])
  })

  const products = (target: (typeof TARGETS)[number]) => {
    const compiled = njit({ target, cache: false }, (a: bigint, b: bigint) => a * b)
    expect(compiled(-(2n ** 31n), 2n ** 31n)).toBe(-(2n ** 62n))
    for (const [a, b] of [[2n ** 40n, 2n ** 40n] as const, [-(2n ** 63n), -1n] as const]) {
      expect(() => compiled(a, b)).toThrow(/does not fit in 64 bits/)
    }
  }
  test('products', () => products('native'))
  test('products in wasm', () => products('wasm'))

  test('errors: what does not fit, division by 0n, fractions', () => {
    const add = (a: Any, b: Any) => a + b
    const operations = (a: Any, b: Any, which: Any) => {
      switch (which) {
        case 0:
          return a + b
        case 1:
          return a - b
        case 3:
          return a / b
        case 4:
          return a << b
        case 5:
          return -a
        case 6:
          return a >> b
        default:
          return a % b
      }
    }
    const most = 2n ** 63n - 1n
    const least = -(2n ** 63n)
    for (const target of TARGETS) {
      const compiled = njit({ target, cache: false }, operations)
      for (const [a, b, which] of [
        ...[[most, 1n, 0] as const, [least, 1n, 1] as const, [most, most, 0] as const],
        ...[[least, -1n, 3] as const, [1n, 63n, 4] as const, [least, 0n, 5] as const, [1n, -64n, 6] as const],
      ]) {
        expect(() => compiled(a, b, which), `${which}`).toThrow(RangeError)
        expect(() => compiled(a, b, which)).toThrow(/does not fit in 64 bits/)
      }
      expect(compiled(least, 1n, 0)).toBe(least + 1n)
      expect(() => njit({ target, cache: false }, add)(2n ** 63n, 0n)).toThrow(/64 bits/)
      const whole = njit({ target, cache: false }, (x: number) => BigInt(x))
      for (const x of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 63]) expect(() => whole(x)).toThrow(RangeError)
      expect(whole(-(2 ** 63))).toBe(least)
    }
    same(operations, [
      [5n, 0n, 3],
      [5n, 0n, 7],
      [least, -1n, 7],
      [5n, 2n, 3],
    ])
  })
})
