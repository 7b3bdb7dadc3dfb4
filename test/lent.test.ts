// Typed arrays from `data`, passed back whole or in part: they are the same memory, which lives as long as what uses it.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { Lent } from '../dist/core/lent.js'
import { type Block, newBlock } from '../dist/core/region.js'
import { njit } from '../dist/njit.js'
import { jsonOf } from './support/child.ts'
import { errorOf } from './support/errors.ts'
import { Random } from './support/random.ts'

const part = (array: nl.NDArray, from: number, to?: number) => (array.data as Float64Array).subarray(from, to)
const inside = (array: nl.NDArray) => !nl.explain(() => nl.add(array, 1)).calls[0]?.arrays[0]?.outside

describe('a typed array from data', () => {
  test.each([100, 100_000])('is an array of the heap again, of %i elements', (size) => {
    const x = nl.arange(size)
    const parts = [x.data, part(x, 7), new Float64Array(x.data.buffer, x.data.byteOffset + 56, size - 7)]
    for (const typed of parts) {
      const y = nl.asarray(typed)
      expect(inside(y)).toBe(true)
      expect(y.toTypedArray()).toEqual(Float64Array.from({ length: typed.length }, (_, i) => i + size - typed.length))
      y.set(0, -1)
      expect(typed[0]).toBe(-1)
      y.set(0, size - typed.length)
    }
    x.dispose()
  })
  test('keeps the memory, and gives it back with the last one', () => {
    const before = nl.memory()
    const x = nl.full(100_000, 5)
    const y = nl.asarray(part(x, 100))
    const z = nl.asarray(part(y, 100))
    x.dispose()
    const taken = nl.memory().bytesInUse
    expect(taken).toBeGreaterThanOrEqual(before.bytesInUse + 800_000)
    expect(nl.memory().liveArrays).toBe(before.liveArrays + 2)
    const others = [nl.zeros(100_000), nl.zeros(100_000)]
    y.dispose()
    expect([...z.toTypedArray()].every((value) => value === 5)).toBe(true)
    for (const other of others) other.dispose()
    expect(nl.memory().bytesInUse).toBe(taken)
    z.dispose()
    z.dispose()
    const { bytesInUse, liveArrays } = nl.memory()
    expect({ bytesInUse, liveArrays }).toEqual({ bytesInUse: before.bytesInUse, liveArrays: before.liveArrays })
  })
  test('keeps the page of a small array', () => {
    const arrays = Array.from({ length: 2000 }, (_, i) => nl.full(100, i))
    const views = arrays.map((array) => nl.asarray(part(array, 10)))
    for (const array of arrays) array.dispose()
    const others = Array.from({ length: 2000 }, () => nl.zeros(100))
    expect(views.every((view, i) => nl.min(view).item() === i && nl.max(view).item() === i)).toBe(true)
    for (const array of [...views, ...others]) array.dispose()
  })
  test('of a small array that was freed is not that of the next ones', () => {
    const x = nl.ones(10)
    const data = x.data
    x.dispose()
    const others = Array.from({ length: 20 }, () => nl.full(10, 7))
    nl.multiply(data, 0, { out: nl.asarray(data) })
    expect(others.map((other) => nl.sum(other).item())).toEqual(others.map(() => 70))
  })
  test('of memory that was freed throws DisposedError', () => {
    const x = nl.ones(100_000)
    const [whole, some] = [x.data, part(x, 10)]
    x.dispose()
    for (const typed of [whole, some]) {
      for (const use of [() => nl.asarray(typed), () => nl.add(typed, 1)]) {
        expect(errorOf(use)).toBeInstanceOf(nl.DisposedError)
      }
    }
  })
  test.each([1000, 100_000])('is not that of the next array of %i elements, which lends it too', (size) => {
    const x = nl.ones(size)
    const { data } = x
    x.dispose()
    const next = nl.full(size, 7)
    expect(next.data.byteOffset).toBe(data.byteOffset)
    for (const use of [() => nl.asarray(data), () => nl.multiply(data, 0, { out: next })]) {
      expect(errorOf(use)).toBeInstanceOf(nl.DisposedError)
    }
    expect(nl.sum(next).item()).toBe(7 * size)
  })
  test('after shutdown() is an array over what is left', async () => {
    const script = `
      import * as nl from 'numloom'
      const { data } = nl.arange(1000)
      await nl.shutdown()
      console.log(JSON.stringify([nl.sum(nl.asarray(data)).item(), nl.sum(data.subarray(990)).item()]))
    `
    expect(await jsonOf(script)).toEqual([499_500, 9945])
  })
  test('is seen to overlap', () => {
    const x = nl.ones(100_000)
    const y = nl.asarray(part(x, 1))
    expect(errorOf(() => nl.multiply(x.slice('0:99999'), 2, { out: y }))).toBeInstanceOf(nl.ValueError)
    nl.multiply(x, 2, { out: nl.asarray(x.data) })
    expect([x.get(0), y.get(99_998)]).toEqual([2, 2])
    const m = nl.ones([40, 40])
    const again = nl.asarray(part(m, 0)).reshape(40, 40)
    expect(errorOf(() => nl.matmul(m, m, { out: again }))).toBeInstanceOf(nl.ValueError)
    expect(nl.min(nl.multiply(m, 3, { out: again })).item()).toBe(3)
    expect(m.get(39, 39)).toBe(3)
  })
  test('is the same memory for compiled functions, also after the heap grew', () => {
    const x = nl.zeros(2000)
    const { data } = x
    const large = nl.empty((nl.memory().reservedBytes + 2 ** 25) / 8)
    for (const target of ['native', 'wasm'] as const) {
      const both = njit({ target }, (a: nl.NDArray, b: Float64Array) => {
        for (let i = 0; i < b.length; i++) {
          a.set(i, i)
          b[i] = (b[i] as number) + 1
        }
      })
      both(x, data as Float64Array)
      expect(x.toTypedArray()).toEqual(Float64Array.from({ length: 2000 }, (_, i) => i + 1))
      expect(both.stats.lastCopied).toBe(0)
    }
    large.dispose()
    expect(inside(nl.asarray(data))).toBe(true)
  })
})

test('blocks that were lent are found by any part of them, and no others', () => {
  const random = new Random('lent')
  const lent = new Lent()
  const blocks = Array.from({ length: 300 }, (_, i) => newBlock(1000 * i, 100 + random.below(900), { arrays: 0 }))
  const held = new Set<Block>()
  for (let turn = 0; turn < 5000; turn++) {
    const block = blocks[random.below(blocks.length)] as Block
    if (random.below(3) === 0) {
      lent.delete(block)
      held.delete(block)
    } else {
      lent.add(block)
      held.add(block)
    }
    const [address, bytes] = [random.below(301_000), random.below(300)]
    const fits = (one: Block) => address >= one.address && address + bytes <= one.address + one.size
    expect(lent.find(address, bytes)).toBe([...held].find(fits))
    expect(lent.has(block)).toBe(held.has(block))
  }
})

test.each<[string, (data: nl.TypedArray) => unknown]>([
  ['array(data)', (data) => nl.array(data).dispose()],
  ['asarray(data) in another dtype', (data) => nl.asarray(data, { dtype: 'float32' }).dispose()],
  ['array(data) in a dtype that is none', (data) => errorOf(() => nl.array(data, { dtype: 'f8' as never }))],
  ['asarray(data) in a dtype that is none', (data) => errorOf(() => nl.asarray(data, { dtype: 'f8' as never }))],
  ['array() of a part', (data) => nl.array(data.subarray(5)).dispose()],
  ['asarray() of a part in another dtype', (data) => nl.asarray(data.subarray(5), { dtype: 'float32' }).dispose()],
])('%s leaves nothing that keeps the memory', (_, use) => {
  const before = nl.memory()
  const x = nl.ones(100_000)
  const { data } = x
  use(data)
  x.dispose()
  const after = nl.memory()
  // Fewer where dead arrays of other tests were found meanwhile.
  expect(after.liveArrays).toBeLessThanOrEqual(before.liveArrays)
  expect(after.bytesInUse).toBeLessThanOrEqual(before.bytesInUse)
  expect(errorOf(() => nl.asarray(data))).toBeInstanceOf(nl.DisposedError)
})

describe('arrays over parts of data', () => {
  test('are not collected from under their memory', async () => {
    const script = `
      import * as nl from 'numloom'
      const held = Array.from({ length: 50 }, (_, i) => nl.asarray(nl.full(10_000, i).data.subarray(5)))
      for (let i = 0; i < 5; i++) {
        globalThis.gc()
        await new Promise((resolve) => setTimeout(resolve, 5))
        for (let k = 0; k < 100; k++) nl.full(10_000, -1)
      }
      const right = held.every((array, i) => array.data.every((value) => value === i))
      held.length = 0
      for (let i = 0; i < 10; i++) {
        globalThis.gc()
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      console.log(JSON.stringify([right, nl.memory().liveArrays, nl.memory().bytesInUse <= 2 ** 17]))
    `
    expect(await jsonOf(script, { flags: ['--expose-gc'] })).toEqual([true, 0, true])
  })
  test('stay right where the memory is not shared, and grows', async () => {
    const script = `
      import * as nl from 'numloom'
      const results = []
      for (const { name, available } of nl.backends()) {
        if (!available) continue
        nl.withBackend(name, () => {
          const a = nl.arange(10), { data } = a, w = nl.asarray(data)
          const { buffer } = data
          const keep = []
          while (buffer.byteLength > 0) keep.push(nl.ones(8e6))
          let error
          try { nl.asarray(data) } catch ({ name }) { error = name }
          results.push([nl.sum(nl.add(w, 1)).item(), data.length, error, a.data[9]])
          for (const array of keep) array.dispose()
        })
      }
      console.log(JSON.stringify(results))
    `
    const result = await jsonOf<unknown[]>(script, { env: { NUMLOOM_SHARED_MEMORY: '0' } })
    expect(result).toEqual(Array.from({ length: 4 }, () => [55, 0, 'DisposedError', 9]))
  })
})
