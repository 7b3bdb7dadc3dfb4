// Compiled functions evaluate in JavaScript's order: what was evaluated stays what it was when variables change after it.
// SPDX-License-Identifier: MIT

// biome-ignore-all lint: functions are written in every way that the language has, also those that have better ones
// @ts-nocheck: as above

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { atomicAdd, njit, prange, range } from '../dist/njit.js'
import { type Any, same, TARGETS } from './support/njit.ts'

const long = () => Float64Array.from({ length: 60 }, (_, i) => i + 1)
const short = () => Float64Array.of(100, 200)

describe('array variables that come to stand for another array', () => {
  test('between the check of an element and the access', () => {
    const byClosure = (x: Any, y: Any, i: Any) => {
      const swap = () => {
        ;[x, y] = [y, x]
        return 5
      }
      x[i] = swap()
      y[i] += swap()
      x[i] -= x[i] + swap() + x[0]
      return [x[0], y[0], y[i]++]
    }
    same(byClosure, [
      [long(), short(), 50],
      [long(), short(), 1],
    ])
    const inPlace = (x: Any, y: Any, i: Any) => {
      const first = x
      x[i] = ((x = y), 5)
      x = first
      x[i] += (x = y)[0]
      x = first
      const old = x[i] * (x = y)[1] + x[1]
      x = first
      x[i + ((x = y), 1)] = i
      x = first
      x[((x = y), i)] -= 3
      x = first
      const next = x[((x = y), i)]++
      return [old, next, first[i], first[i + 1]]
    }
    same(inPlace, [
      [long(), short(), 50],
      [long(), short(), 0],
    ])
    const outOfBounds = (x: Any, y: Any, i: Any) => {
      x[0] = ((x = y), 1)
      return x[i]
    }
    for (const target of TARGETS)
      expect(() => njit({ target }, outOfBounds)(long(), short(), 50)).toThrow(/index 50 .* size 2/)
  })

  test('between the check of an element of an NDArray and the access', () => {
    const methods = (x: Any, y: Any, i: Any) => {
      const [first, second] = [x, y]
      x.set(i, 0, (x = y).get(0, 0))
      x = first
      const got = x.get(i, ((x = y), 1)) * 10 + x.get(0, 1)
      x = first
      const negative = x.get(((x = y), -1), -1)
      x = first
      const row = x.row(((x = y), i))
      x = first
      let r = x.row(i)
      r.set(1, ((r = x.row(0)), 7))
      const last = r.get(((r = x.row(i)), 0))
      x.set(((x = y), i), 1, ((y = first), 8))
      return [got, negative, row.get(0), last, x.shape[0], first.get(i, 1), second.get(0, 0)]
    }
    const filled = (rows: number, columns: number, from: number) =>
      nl.arange(from, from + rows * columns).reshape(rows, columns)
    same(methods, [[filled(9, 3, 0), filled(2, 2, 50), 8]])
  })

  test('between one operand, argument or part and the next', () => {
    const values = (x: Any, y: Any) => {
      const [first, second] = [x, y]
      const step = () => {
        ;[x, y] = [y, x]
        return x[0]
      }
      const both = (a: Any, b: Any) => a[0] * 10 + b[0]
      const three = (a: Any, by: Any, b: Any) => a[0] * 10 + b[0] + by
      const again = (a: Any, count: Any): Any => (count <= 0 ? a[0] : again(a, count - 1))
      const given = [both(x, (x = y)), both((x = first), (x = y)), three((x = first), step(), x)]
      x = first
      y = second
      const recursive = again(x, step() * 0 + 2)
      x = first
      const [a, b] = [x, (x = y)]
      x = first
      const { p, q } = { p: x, q: [(x = y), x] }
      x = first
      const lengths = x.length * 100 + (x = y).length * 10 + x.length
      x = first
      const sum = x[0] + (x = y)[0] + x[0]
      let pair = [first, second]
      const swapped = both(pair[0], ((pair = [second, first]), pair[0]))
      pair[0][1] = ((pair = [first, second]), 9)
      const chosen = (x[0] > 1 ? x : y)[((x = y), 0)]
      return [given, recursive, both(a, b), both(p, q[0]), q[1][0], lengths, sum, swapped, chosen]
    }
    same(values, [[Float64Array.of(1, 2, 3), Float64Array.of(4, 5)]])
  })

  test('where defaults are computed', () => {
    const defaults = (x: Any, y: Any) => {
      const first = x
      const [p, q = ((x = y), 1), r] = [x, undefined, x]
      x = first
      const made = (a: Any, b = ((x = y), 2), c: Any) => a[0] * 100 + b * 10 + c[0]
      const called = made(x, undefined, x)
      x = first
      let i = 0
      ;[x[i++] = i * 10 + ((x = y), 5)] = [undefined]
      return [p[0], q, r[0], called, first[0], i]
    }
    same(defaults, [[Float64Array.of(1), Float64Array.of(2)]])
  })

  test('buffers that grow, and ones that change places', () => {
    const grow = (n: Any) => {
      let buffer = new Float64Array(2)
      let length = 0
      const push = (value: Any) => {
        if (length === buffer.length) {
          const wider = new Float64Array(2 * length)
          for (let i = 0; i < length; i++) wider[i] = buffer[i]
          buffer = wider
        }
        buffer[length++] = value
        return length
      }
      for (let i = 0; i < n; i++) buffer[0] = push(i * 1.5)
      let sum = 0
      for (let i = 0; i < length; i++) sum += buffer[i] * (i + 1)
      return [sum, length, buffer.length]
    }
    same(grow, [[1], [2], [3], [9], [100]])
    const alternate = (x: Any, y: Any, n: Any) => {
      const step = (i: Any) => {
        ;[x, y] = [y, x]
        return i
      }
      let sum = 0
      for (let i = 0; i < n; i++) {
        x[i] = step(i) + 1
        x[step(i)] += 2 * step(i)
        sum = sum * 2 + x[step(i)]
        atomicAdd(x, i, step(i))
      }
      for (const i of range(n)) x[i] -= y[i] * x[step(n - 1 - i)]
      return sum
    }
    same(alternate, [[Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8), 4]])
  })
})

describe('other values', () => {
  test('tuples and indices of them', () => {
    const tuples = (k: Any) => {
      let t = [k, 2]
      const both = (a: Any, b: Any) => a[0] * 10 + b[0]
      const given = both(t, (t = [3, 4]))
      const [p, q = (k = 9), r] = [k, undefined, k]
      const made = (a: Any, b = (k = 8), c: Any) => a * 100 + b * 10 + c
      const chosen = t[((t = [5, 6]), k & 1)]
      return [given, p, q, r, made(k, undefined, k), chosen]
    }
    same(tuples, [[1], [2]])
  })

  test('the place of an element is evaluated once, and before the value', () => {
    const places = (x: Any, n: Any) => {
      let i = 0
      x[i++] += 1
      const once = i < 2 ? 7 : 9
      x[i--]++
      const back = i < 0 ? 1 : 2
      x[((i = n), 1)] = i + 1
      return [once, back, i]
    }
    same(places, [[Float64Array.of(1, 2, 3), 2 ** 31 - 1]])
  })

  test('what is computed before a function is called is not left out', () => {
    const root = (k: Any) => (0, Math.sqrt)(k)
    same(root, [[4]])
    expect(() => njit((k: Any) => (k++, Math.sqrt)(k))(4)).toThrow(/NL2016/)
  })

  test('extents of new arrays, and bigints that wrap around', () => {
    const extents = (n: Any) => [nl.zeros([n, (n = 3)]), nl.full([n, (n = 2), n], (n = 5)), nl.full([n], n++), n]
    same(extents, [[1], [2]])
    for (const target of TARGETS)
      expect(() => njit({ target }, (n: Any, x: Any) => nl.full([n], x[9]))(-1, short())).toThrow(/index 9/)
    const wrapping = (n: Any) => [BigInt.asIntN(64, n + (n = 3n)), BigInt.asUintN(8, n * (n = 300n) - n)]
    same(wrapping, [[7n], [-1n]])
  })
})

describe('bounds of ranges', () => {
  test('are those from before the loop', () => {
    const bounds = (k: Any) => {
      const n = k
      let sum = 0
      for (const i of range(k)) {
        sum += 10 + i
        k = 1
      }
      k = n
      for (const i of range(-1, k, 2)) {
        if (i === 1) k = 2
        sum = sum * 3 + k
      }
      k = n
      for (const i of prange(k)) {
        if (i === 1) k = 2
        sum = sum * 3 + k + i
      }
      k = n
      const less = () => {
        k--
      }
      for (const i of range(k)) {
        less()
        sum += i
      }
      for (let i of range(k, n)) {
        k = i + 5
        i += 1
        sum += i * k
      }
      let step = 1
      for (const i of range(0, n, step)) {
        step = 3
        sum += i + step
      }
      for (let i = k; i < n; i++) k = i - 1
      return [sum, k, step]
    }
    same(bounds, [[2], [7], [0], [-3]])
    const array = (x: Any) => {
      let y = x
      let sum = 0
      for (const i of range(y.length)) {
        y = new Float64Array(2)
        sum += 10 + i
      }
      return sum
    }
    same(array, [[new Float64Array(5)]])
  })

  test('of a parallel loop too', () => {
    const parallel = (k: Any, out: Any) => {
      for (const i of prange(k)) {
        k = i
        out[i] = k + 1
      }
      return k
    }
    same(parallel, [[5, new Float64Array(7)]], { parallel: true })
  })

  test('are evaluated in order', () => {
    const order = (k: Any) => {
      const n = k
      let sum = 0
      const nine = () => {
        k = 9
        return 5
      }
      for (const i of range(k, (k = 5))) sum += i
      k = n
      for (const i of range(k, (k = 5), (k = 2))) sum = sum * 3 + i
      k = n
      for (const i of range(k, nine(), k - 8)) sum = sum * 3 + i
      return [sum, k]
    }
    same(order, [[1], [3]])
  })

  test('say nothing of their variable once it has changed', () => {
    const narrowed = (k: Any) => {
      const n = k
      let sum = 0
      for (const i of range(k)) {
        sum += k > 0 ? 1 : 100
        k = -5 + i
      }
      k = n
      for (const i of range(0, k, ((k = -5), 1))) sum += k > 0 ? 1000 : 10000
      return sum
    }
    same(narrowed, [[3], [0], [8]])
  })
})
