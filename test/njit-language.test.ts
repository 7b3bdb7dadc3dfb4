// Statements and operators in compiled functions do what they do in plain JavaScript.
// SPDX-License-Identifier: MIT

// biome-ignore-all lint: functions are written in every way that the language has, also those that have better ones
// @ts-nocheck: as above

import { describe, test } from 'vitest'
import { prange, range } from '../dist/njit.js'
import { type Any, same } from './support/njit.ts'

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
