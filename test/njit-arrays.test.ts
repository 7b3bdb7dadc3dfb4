// Arrays in compiled functions: every kind of element, views, local arrays, results.
// SPDX-License-Identifier: MIT

// biome-ignore-all lint: functions are written in every way that the language has, also those that have better ones

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { atomicAdd, njit } from '../dist/njit.js'
import { jsonOf } from './support/child.ts'
import { errorOf } from './support/errors.ts'
import { type Any, same, TARGETS, TRAPS } from './support/njit.ts'

const KINDS = [
  ...[Float64Array, Float32Array, Int32Array, Uint32Array, Int16Array, Uint16Array, Int8Array, Uint8Array],
  Uint8ClampedArray,
]

describe('values that arrays do not take', () => {
  test('shapes', () => {
    same((n: Any) => nl.zeros([n]), [[2], [-1], [1.5], [Number.NaN], [-2147483649]])
    same((n: Any) => new Float64Array(n), [[2], [-1], [1.5], [Number.NaN]])
    for (const target of TARGETS) {
      const wide: Any = njit({ target, cache: false }, (m: Any, n: Any) => nl.ones([m, n]))
      const error = errorOf(() => wide(3, -4))
      expect(error).toBeInstanceOf(nl.ShapeError)
      expect(error).toMatchObject({ code: 'NUMLOOM_SHAPE', shapes: [[-4]] })
      expect((error as Error).message).toMatch(/^invalid shape \(\.\.\., -4\)/)
    }
  })

  test('elements of int32', () => {
    const store = (a: Any, x: Any) => {
      a.set(0, x)
      return a
    }
    const numbers = [3, -0, 2.5, Number.NaN, 2 ** 31, -(2 ** 31), Number.POSITIVE_INFINITY]
    same(
      store,
      numbers.map((x) => [nl.zeros([2], { dtype: 'int32' }), x]),
    )
    same(
      (n: Any, x: Any) => nl.full([n], x, { dtype: 'int32' }),
      numbers.map((x) => [2, x]),
    )
  })
})

test('arrays whose memory was given away are empty', () => {
  const detached = () => {
    const x = new Float64Array(3)
    structuredClone(x, { transfer: [x.buffer] })
    return x
  }
  for (const target of TARGETS) {
    const sum: Any = njit({ target, cache: false }, (x: Any, y: Any) => {
      for (let i = 0; i < x.length; i++) x[i] = 1
      for (const v of y) x[0] += v
      return x
    })
    expect(sum(detached(), detached()).length).toBe(0)
    const y = Float64Array.of(1, 2)
    expect(sum(y, detached())).toEqual(Float64Array.of(1, 1))
  }
})

test('bytes of elements', () => {
  const bytes = () => [
    [Float64Array.BYTES_PER_ELEMENT, Float32Array.BYTES_PER_ELEMENT, BigInt64Array.BYTES_PER_ELEMENT],
    [Int16Array.BYTES_PER_ELEMENT, Uint8ClampedArray.BYTES_PER_ELEMENT],
  ]
  same(bytes, [[]])
})

test('typed arrays of classes that extend theirs', () => {
  class Mine extends Float64Array {}
  const first = (x: Any, i: Any) => {
    x[i] += 1
    return x
  }
  for (const target of TARGETS) {
    const f: Any = njit({ target, cache: false }, first)
    const mine = Mine.of(1, 2)
    expect(f(mine, 1)).toBe(mine)
    expect(mine[1]).toBe(3)
    const bytes = Buffer.from([255, 7])
    expect(f(bytes, 0)).toBe(bytes)
    expect([...bytes]).toEqual([0, 7])
    expect(() => f(new DataView(new ArrayBuffer(8)), 0)).toThrow(/NL5005.*DataView/)
  }
})

test('shapes that are tuples', () => {
  const all = (a: Any, n: Any) => {
    const size: Any = [n, n + 1]
    const b = nl.zeros(a.shape)
    b.set(0, 1, 5)
    return [b, nl.full(size, n), nl.ones(n, { dtype: 'int32' }), nl.zeros(a.row(0).shape, { dtype: 'int64' })]
  }
  same(all, [
    [nl.ones([2, 3]), 2],
    [nl.ones([1, 4]), 3],
  ])
})

describe('typed arrays', () => {
  test('of every kind of number: stores, loads, updates', () => {
    const all = (f8: Any, f4: Any, i4: Any, u4: Any, i2: Any, u2: Any, i1: Any, u1: Any, c1: Any, x: Any, out: Any) => {
      let k = 0
      const stores = (a: Any) => {
        let sum = 0
        for (let i = 0; i < x.length; i++) {
          a[i] = x[i]
          out[k++] = a[i]
          a[i] += x[i]
          a[i]++
          out[k++] = a[i] * 3 - (a[i] >> 1)
          a[i] = i * 1000003
          out[k++] = a[i]
          a[i] = -i
          out[k++] = a[i]
          a[i] = x[i] > 1
          sum += a[i]
          a[i] = x[i]
        }
        for (const value of a) sum += value
        return sum + a[a.length - 1] + a.length
      }
      const doubles = [stores(f8), stores(f4)]
      return [doubles, stores(i4), stores(u4), stores(i2), stores(u2), stores(i1), stores(u1), stores(c1)]
    }
    const out = new Float64Array(KINDS.length * TRAPS.length * 4)
    same(all, [[...KINDS.map((Kind) => new Kind(TRAPS.length)), Float64Array.from(TRAPS), out]])
  })

  test('of bigints', () => {
    const stores = (a: Any, b: Any, x: Any) => {
      let sum = 0n
      for (let i = 0; i < a.length; i++) {
        a[i] = x + BigInt(i)
        a[i] += 3n
        b[i] = a[i]
        sum += a[i] - 1n
        b[i] = BigInt.asIntN(64, b[i] * 77777777777n)
        b[i] = x
      }
      for (const value of a) sum += value
      return [sum, a[0], Number(a[1])]
    }
    const arrays = () => [new BigInt64Array(3), new BigInt64Array(3)]
    same(stores, [
      [...arrays(), 5n],
      [...arrays(), -(2n ** 40n)],
    ])
    same(
      (a: Any, x: Any) => {
        a[0] = x
        return a[1] + 1n
      },
      [
        [new BigUint64Array(2), -1n],
        [new BigUint64Array(2), 7n],
      ],
    )
  })

  test('what 64 bits with a sign do not hold is an error', () => {
    for (const target of TARGETS) {
      const read = njit({ target, cache: false }, (a: BigUint64Array) => a[0] as bigint)
      expect(read(BigUint64Array.of(2n ** 63n - 1n))).toBe(2n ** 63n - 1n)
      expect(() => read(BigUint64Array.of(2n ** 63n))).toThrow(RangeError)
      expect(() => read(BigUint64Array.of(2n ** 63n))).toThrow(/64 bits/)
      const sum = njit({ target, cache: false }, (a: BigUint64Array) => {
        let total = 0n
        for (const x of a) total += x
        return total
      })
      expect(() => sum(BigUint64Array.of(1n, 2n ** 64n - 1n))).toThrow(RangeError)
    }
  })

  test('empty ones, and a view into a buffer', () => {
    const total = (a: Any) => {
      let sum = 0
      for (let i = a.length - 1; i >= 0; i--) sum += a[i]
      return [sum, a]
    }
    same(total, [[new Float64Array(0)], [new Float64Array(8).fill(2).subarray(3, 6)]])
  })
})

describe('NDArrays', () => {
  test.each(['float64', 'int32'] as const)('%s: views, negative indices, rows', (dtype) => {
    const views = (a: Any, b: Any, i: Any) => {
      const [m, n] = a.shape
      let sum = 0
      for (let r = 0; r < m; r++) {
        const row = a.row(r)
        for (let c = 0; c < n; c++) {
          sum += row.get(c) * a.get(r, c) + a.get(-1, -c - 1)
          b.set(r, c, a.get(m - 1 - r, c) + r * c)
        }
        row.set(0, r)
        row.set(-1, row.get(-2) + 1)
      }
      a.set(i, -1, 77)
      const last = a.row(-1)
      for (let c = 0; c < n; c++) sum += last.get(c)
      return [sum, a.size, a.ndim, a.shape, b.shape[1], a.get(i, 0), a.shape.length]
    }
    const whole = nl.arange(0, 12).reshape(3, 4)
    const a = nl.array(whole.toArray() as number[][], { dtype })
    const b = nl.zeros([3, 4], { dtype })
    same(views, [
      [a, b, -2],
      [a.slice('::-1'), b, 1],
      [a.slice(':', '::-1'), b.slice('::-1'), 2],
    ])
    same(views, [[nl.array([[1, 2]], { dtype }), nl.zeros([1, 2], { dtype }), 0]])
  })

  test('of int64', () => {
    same(
      (a: Any, x: Any) => {
        for (let i = 0; i < a.shape[0]; i++) a.set(i, a.get(-1 - i) + x - BigInt(i))
        return a.get(-1)
      },
      [[nl.array([1n, 2n, 3n]), 5n]],
    )
  })

  test('of no dimensions', () => {
    same(
      (a: Any) => {
        a.set(a.get() + 1)
        return a.get() + a.size
      },
      [[nl.array(0.5)]],
    )
  })

  test('of three dimensions and of four', () => {
    const planes = (b: Any, c: Any) => {
      let sum = 1
      for (let i = 0; i < b.shape[0]; i++) {
        const plane = b.row(i)
        for (let j = 0; j < plane.shape[0]; j++)
          for (let k = 0; k < plane.shape[1]; k++) sum = sum * 1.5 + plane.get(j, k)
        plane.row(0).set(0, i)
      }
      for (let i = 0; i < c.shape[3]; i++) sum += c.get(0, -1, 0, i) + c.row(0).row(1).row(0).get(i)
      return [sum, c.size, c.ndim]
    }
    const cube = nl.arange(0, 24).reshape(2, 3, 4)
    const four = nl.arange(0, 24).reshape(1, 2, 3, 4)
    same(planes, [
      [cube, four],
      [cube.slice('::-1'), four],
      [nl.zeros([0, 3, 4]), four],
    ])
  })

  test('elements that int32 does not hold', () => {
    for (const target of TARGETS) {
      const set = njit({ target, cache: false }, (a: nl.NDArray, x: number) => a.set(0, x))
      const a = nl.zeros([1], { dtype: 'int32' })
      for (const x of [0.5, 2 ** 31, Number.NaN]) expect(() => set(a, x)).toThrow(/int32/)
      set(a, -7)
      expect(a.get(0)).toBe(-7)
    }
  })
})

describe('arrays made in compiled functions', () => {
  test('of every kind, with lists, in loops', () => {
    const makes = (n: Any) => {
      const a = new Float64Array(n)
      const b = new Uint8ClampedArray([300, -1, 1.5, 2.5, n])
      const c = new BigInt64Array(2)
      const d = new Int16Array(2.7)
      let sum = 0
      for (let i = 0; i < 2000; i++) {
        const scratch = new Float64Array(100)
        scratch[i % 100] = i
        sum += (scratch[i % 100] as number) + (scratch[(i + 1) % 100] as number)
      }
      c[1] = 5n
      a[0] = b[0] as number
      d[1] = 40_000
      let grown = new Float32Array(1)
      for (let i = 0; i < 5; i++) {
        const next = new Float32Array(grown.length * 2)
        for (let k = 0; k < grown.length; k++) next[k] = (grown[k] as number) + 0.1
        grown = next
      }
      return { a, b, c, d, sum, grown, none: new Int32Array(0), pair: [a, a.length] }
    }
    same(makes, [[3], [1]])
  })

  test('NDArrays', () => {
    const makes = (m: Any, n: Any) => {
      const a = nl.zeros([m, n])
      const b = nl.ones(m)
      const c = nl.full([n, 2], 2.5, { dtype: 'float32' })
      const d = nl.zeros([2], { dtype: 'int32' })
      const e = nl.full([2], 7n, { dtype: 'int64' })
      for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) a.set(i, j, i * 10 + j + (b.get(i) as number))
      d.set(-1, 3)
      return [a, b, c, d, e, a.row(1)]
    }
    same(makes, [[2, 3]])
  })

  test('one array twice is one array', () => {
    for (const target of TARGETS) {
      const made = njit({ target, cache: false }, (n: number) => {
        const a = new Float64Array(n)
        return { a, again: a }
      })(2)
      expect(made.again).toBe(made.a)
    }
  })

  test('lengths that are none are errors, and memory is given back', () => {
    for (const target of TARGETS) {
      const make = njit({ target, cache: false }, (n: number) => {
        const first = new Float64Array(1000)
        const a = new Float64Array(n)
        return first.length + a.length
      })
      for (const n of [-1, Number.POSITIVE_INFINITY, 1e300]) expect(() => make(n)).toThrow(RangeError)
      const error = errorOf<nl.OutOfMemoryError>(() => make(2 ** 50))
      expect(error.message).toMatch(/no memory/)
      expect(error).toMatchObject({ name: 'OutOfMemoryError', wanted: 2 ** 53 })
      expect(error.available).toBeGreaterThan(0)
      expect(make(3)).toBe(1003)
      expect(make(2.9)).toBe(1002)
      expect(make(Number.NaN)).toBe(1000)
    }
  })
})

describe('chosen arrays', () => {
  test('variables stand for several', () => {
    const chosen = (a: Any, b: Any, n: Any) => {
      let current = a
      for (let i = 0; i < n; i++) {
        const other = i % 2 === 0 ? b : a
        current[i] = other[i] + 1
        current = current[0] > 3 ? a : other
      }
      return [current, n > 2 ? a : b]
    }
    same(chosen, [
      [Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6), 3],
      [Float64Array.of(1), Float64Array.of(2), 1],
    ])
    const mixed = (a: Any, b: Any, flag: Any) => {
      const row = flag ? a : b
      let sum = 0
      for (let i = 0; i < row.shape[0]; i++) sum = sum * 2 + row.get(i)
      return sum
    }
    const line = nl.arange(0, 6)
    for (const target of TARGETS) {
      const compiled = njit({ target, cache: false }, mixed)
      for (const flag of [true, false])
        expect(compiled(line, line.slice('::-2'), flag)).toBe(mixed(line, line.slice('::-2'), flag))
    }
  })
})

describe('indices out of bounds', () => {
  test('are RangeErrors that say where', () => {
    for (const target of TARGETS) {
      const read = njit({ target, cache: false }, function reader(a: Float64Array, i: number) {
        const inner = (k: number) => a[k] as number
        return inner(i)
      })
      const a = Float64Array.of(1, 2, 3)
      for (const i of [3, -1, 1.5, Number.NaN, 2 ** 40, Number.NEGATIVE_INFINITY]) {
        const error = errorOf<RangeError & { index: number; axis: number; size: number }>(() => read(a, i))
        expect(error).toBeInstanceOf(RangeError)
        expect(error).toMatchObject({ index: i, axis: 0, size: 3, code: 'NUMLOOM_INDEX', function: 'reader' })
        expect(error.message).toMatch(/^index .* is out of bounds for axis 0 with size 3, in 'reader' \(/)
        expect(error.message).toContain('a[k]')
        expect(error.message.split('\n').length).toBeLessThan(12)
        expect(read(a, 1)).toBe(2)
      }
      const set = njit({ target, cache: false }, (m: nl.NDArray, i: number, j: number) => m.set(i, j, 1))
      const m = nl.zeros([2, 3])
      expect(errorOf(() => set(m, 0, 3))).toMatchObject({ index: 3, axis: 1, size: 3 })
      expect(errorOf(() => set(m, -3, 0))).toMatchObject({ axis: 0, size: 2 })
      set(m, -2, -3)
      expect(m.get(0, 0)).toBe(1)
    }
  })
})

describe('arguments that are returned', () => {
  const [a, b] = [
    nl.array([
      [1, 2],
      [3, 4],
    ]),
    nl.array([[5]]),
  ]
  const buffer = new ArrayBuffer(16)
  const cases: [string, Any, Any][] = [
    ['a view with other strides', a, a.T],
    ['backwards', b.slice('::-1'), b],
    ['other elements of the same bytes', new Float32Array(buffer), new Int32Array(buffer)],
    ['two views of the same elements', new Float32Array(buffer), new Float32Array(buffer)],
    ['empty ones', new Float64Array(0), new Float64Array(0)],
    ['empty ones of two kinds', new Float64Array(0), new Int8Array(0)],
    ['empty NDArrays', nl.zeros([0, 2]), nl.zeros([0, 2])],
  ]
  test.each(cases)('%s', (_, x, y) => {
    for (const target of TARGETS) {
      const second: Any = njit({ target, cache: false }, (_x: Any, y: Any) => y)
      expect(second(x, y)).toBe(y)
      expect(second(y, x)).toBe(x)
      const all: Any = njit({ target, cache: false }, (x: Any, y: Any) => [y, { x }, y])
      expect(all(x, y)[0]).toBe(y)
      expect(all(x, y)[1].x).toBe(x)
      expect(all(x, y)[2]).toBe(y)
    }
  })

  test('one of two, or a new one', () => {
    for (const target of TARGETS) {
      const either: Any = njit({ target, cache: false }, (x: Any, y: Any, first: Any) => (first ? x : y))
      expect(either(a, a.T, false).toArray()).toEqual([
        [1, 3],
        [2, 4],
      ])
      const square = a.T
      expect(either(a, square, false)).toBe(square)
      expect(either(a, square, true)).toBe(a)
      const none = new Float64Array(0)
      const made: Any = njit({ target, cache: false }, (x: Any, n: Any) => {
        let y = new Float64Array(n)
        if (n === 2) y = x
        return y
      })
      expect(made(none, 2)).toBe(none)
      expect(made(none, 0)).not.toBe(none)
      expect(made(none, 0)).toEqual(none)
      expect(made(none, 3)).toEqual(new Float64Array(3))
    }
  })
})

test.each(TARGETS)(
  '%s: elements of shared memory that a call does not store into keep what others stored',
  async (target) => {
    const script = `
    import * as nl from 'numloom'
    import { njit } from 'numloom/njit'
    import { Worker } from 'node:worker_threads'
    const x = new Float64Array(new SharedArrayBuffer(2000 * 8))
    const go = new Int32Array(new SharedArrayBuffer(8))
    const fill = njit({ target: '${target}' }, (x, rounds) => {
      for (let r = 0; r < rounds; r++) for (let i = 0; i < x.size; i++) x.set(i, x.get(i) * 0.5 + 3)
    })
    const even = nl.asarray(x).slice('::2')
    fill(even, 1)
    const worker = new Worker(
      'const { workerData: { x, go } } = require("node:worker_threads");' +
        'Atomics.wait(go, 0, 0); for (let i = 1; i < x.length; i += 2) x[i] = 7; Atomics.store(go, 1, 1)',
      { eval: true, execArgv: [], workerData: { x, go } },
    )
    await new Promise((resolve) => worker.once('online', resolve))
    Atomics.store(go, 0, 1)
    Atomics.notify(go, 0)
    for (let i = 0; i < 1000 && Atomics.load(go, 1) === 0; i++) fill(even, 2000)
    console.log(JSON.stringify([x.every((v, i) => v === (i % 2 ? 7 : even.get(0)))]))`
    expect(await jsonOf(script)).toEqual([true])
  },
)

describe.each(TARGETS)('atomicAdd on %s', (target) => {
  const add = (a: Any, value: Any) => {
    for (let i = 0; i < 5; i++) atomicAdd(a, i & 1, value)
  }
  const numbers = [0.5, -0.5, 0.9, 7, 1e10, -1e300, 2 ** 31, 2 ** 53 - 1, Number.NaN, 1 / 0, true]
  const compiled: Any = njit({ target }, add)

  test.each([...KINDS.slice(0, -1)])('adds numbers to %o as JavaScript does', (kind) => {
    for (const value of numbers) {
      const [ours, theirs] = [kind.of(5, -10), kind.of(5, -10)]
      compiled(ours, value)
      add(theirs, value)
      expect(ours, String(value)).toEqual(theirs)
    }
  })

  test('adds no sums to an int32 NDArray that are none', () => {
    const make = () => nl.array([5, -2147483648], { dtype: 'int32' })
    for (const value of [1, -0, 429496729]) {
      const [ours, theirs] = [make(), make()]
      compiled(ours, value)
      add(theirs, value)
      expect(ours.toArray()).toEqual(theirs.toArray())
    }
    for (const value of [-7, 2147483642, 0.5, 2 ** 30, 4294967295, Number.NaN]) {
      const [ours, theirs] = [make(), make()]
      const [found, wanted] = [errorOf(() => compiled(ours, value)), errorOf(() => add(theirs, value))]
      expect(found).toBeInstanceOf(nl.ValueError)
      expect(found.message.split(',')[0]).toBe(wanted.message)
      expect(ours.toArray()).toEqual(theirs.toArray())
    }
  })
})
