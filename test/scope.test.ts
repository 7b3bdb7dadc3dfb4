// scope(): what is freed, what escapes, and which flow of control an array belongs to.
// SPDX-License-Identifier: MIT

import { setTimeout as sleep } from 'node:timers/promises'
import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { heap } from '../dist/core/heap.js'
import { errorOf } from './support/errors.ts'

/** Large enough for a block of its own, so that the heap's bytes tell whether it is freed. */
const N = 10_000

// The page that small arrays share is taken once.
nl.ones(1)

/** The bytes of the heap that `fn` leaves in use. */
function bytesLeft(fn: () => unknown): number {
  const before = heap().bytesInUse
  fn()
  return heap().bytesInUse - before
}

describe('scope', () => {
  test('frees what is made inside and returns what the function returns', () => {
    const inside: nl.NDArray[] = []
    const left = bytesLeft(() => {
      const result = nl.scope(() => {
        inside.push(nl.ones(N), nl.add(inside[0] ?? nl.ones(N), 1))
        inside.push((inside[1] as nl.NDArray).slice('5:'), nl.asarray(new Float64Array(3)))
        return nl.sum(inside[1] as nl.NDArray).item()
      })
      expect(result).toBe(2 * N)
    })
    expect(left).toBe(0)
    expect(inside.map((array) => array.disposed)).toEqual([true, true, true, true])
    expect(errorOf(() => inside[0]?.get(0))).toBeInstanceOf(nl.DisposedError)
  })

  test('leaves arrays alone that were there before', () => {
    const x = nl.ones(N)
    nl.scope(() => nl.add(x, 1, { out: x }))
    expect(x.get(N - 1)).toBe(2)
    x.dispose()
  })

  test('an array that is returned lives on, the others are freed', () => {
    const one = bytesLeft(() => nl.ones(N))
    let kept: nl.NDArray | undefined
    const left = bytesLeft(() => {
      kept = nl.scope(() => nl.add(nl.multiply(nl.ones(N), 3), nl.ones(N)))
    })
    expect(left).toBe(one)
    expect(nl.sum(kept as nl.NDArray).item()).toBe(4 * N)
    kept?.dispose()
  })

  test('arrays within arrays, objects, Maps and Sets escape, also in circles', () => {
    const key = nl.ones(1)
    const circle: { self?: unknown; array: nl.NDArray | undefined } = { array: undefined }
    circle.self = circle
    const symbol = Symbol('key')
    const lost: nl.NDArray[] = []
    const result = nl.scope(() => {
      circle.array = nl.full(2, 7)
      lost.push(nl.ones(2))
      return {
        list: [nl.full(2, 1), [nl.full(2, 2)]],
        map: new Map<unknown, unknown>([
          [key, { deep: nl.full(2, 3) }],
          [nl.full(2, 4), 1],
        ]),
        set: new Set([nl.full(2, 5)]),
        bare: Object.assign(Object.create(null), { array: nl.full(2, 6) }) as { array: nl.NDArray },
        [symbol]: [nl.full(2, 8)],
        circle,
        none: [null, undefined, 1, 'text', () => 1],
      }
    })
    const [first, [second]] = result.list as [nl.NDArray, [nl.NDArray]]
    const [[, third], [fourth]] = [...result.map] as [[unknown, { deep: nl.NDArray }], [nl.NDArray]]
    const found = [first, second, third.deep, fourth, ...result.set, result.bare.array, circle.array as nl.NDArray]
    expect([...found, ...result[symbol]].map((array) => array.get(1))).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(lost[0]?.disposed).toBe(true)
  })

  test('a view that is returned keeps its memory', () => {
    const view = nl.scope(() => nl.full([100, 100], 3).slice(50).slice('::2'))
    const others = Array.from({ length: 20 }, () => nl.zeros([100, 100]))
    expect(view.toArray()).toEqual(new Array(50).fill(3))
    expect(others).toHaveLength(20)
    view.dispose()
  })

  test('what an inner scope returns belongs to the outer one', () => {
    const seen: nl.NDArray[] = []
    const left = bytesLeft(() => {
      nl.scope(() => {
        const inner = nl.scope(() => {
          const innermost = nl.scope(() => nl.ones(N))
          seen.push(innermost)
          return nl.add(innermost, 1)
        })
        seen.push(inner)
        expect(seen.map((array) => array.disposed)).toEqual([true, false])
        expect(inner.get(0)).toBe(2)
      })
    })
    expect(seen.map((array) => array.disposed)).toEqual([true, true])
    expect(left).toBe(0)
  })

  test('frees everything where the function throws, and scopes work afterwards', () => {
    let made: nl.NDArray | undefined
    const left = bytesLeft(() => {
      const fail = () =>
        nl.scope(() => {
          made = nl.ones(N)
          throw new Error('inside')
        })
      expect(fail).toThrow('inside')
    })
    expect([left, made?.disposed]).toEqual([0, true])
    expect(nl.scope(() => nl.ones(2)).toArray()).toEqual([1, 1])
    const after = nl.ones(2)
    expect(after.disposed).toBe(false)
  })

  test('a getter that throws in the result frees everything too', () => {
    let made: nl.NDArray | undefined
    const fail = () =>
      nl.scope(() => {
        made = nl.ones(2)
        return {
          get broken(): number {
            throw new Error('getter')
          },
        }
      })
    expect(fail).toThrow('getter')
    expect(made?.disposed).toBe(true)
  })
})

describe('scope around a promise', () => {
  test('lasts until it is settled, and arrays of other flows are not caught', async () => {
    const inside: nl.NDArray[] = []
    const elsewhere: nl.NDArray[] = []
    const work = nl.scope(async () => {
      inside.push(nl.ones(N))
      await sleep(5)
      inside.push(nl.add(inside[0] as nl.NDArray, 1))
      await sleep(5)
      return { result: nl.sum(inside[1] as nl.NDArray) }
    })
    for (let i = 0; i < 5; i++) {
      elsewhere.push(nl.full(2, i))
      await sleep(2)
    }
    const { result } = await work
    expect(result.item()).toBe(2 * N)
    expect(inside.map((array) => array.disposed)).toEqual([true, true])
    expect(elsewhere.map((array) => array.get(1))).toEqual([0, 1, 2, 3, 4])
  })

  test('is open before it is settled', async () => {
    let made: nl.NDArray | undefined
    let settle = () => {}
    const work = nl.scope(() => {
      made = nl.ones(2)
      return new Promise<void>((resolve) => {
        settle = resolve
      })
    })
    await sleep(1)
    expect(made?.disposed).toBe(false)
    settle()
    await work
    expect(made?.disposed).toBe(true)
  })

  test('frees everything where it is rejected', async () => {
    let made: nl.NDArray | undefined
    const work = nl.scope(async () => {
      await sleep(1)
      made = nl.ones(2)
      throw new Error('later')
    })
    await expect(work).rejects.toThrow('later')
    expect(made?.disposed).toBe(true)
  })

  test('two at the same time keep apart, and inner ones hand over to their own', async () => {
    const one = async (value: number) => {
      const kept = await nl.scope(async () => {
        const mine = nl.full(2, value)
        await sleep(value)
        const inner = await nl.scope(async () => {
          const x = nl.add(mine, 1)
          await sleep(1)
          return x
        })
        expect(mine.disposed).toBe(false)
        return [inner, nl.multiply(inner, 2)] as const
      })
      return kept.map((array) => array.get(0))
    }
    expect(await Promise.all([one(3), one(1), one(2)])).toEqual([
      [4, 8],
      [2, 4],
      [3, 6],
    ])
  })

  test('what is made in its flow after its end belongs to nobody', async () => {
    let later: Promise<nl.NDArray> | undefined
    nl.scope(() => {
      later = sleep(2).then(() => nl.ones(2))
    })
    expect((await (later as Promise<nl.NDArray>)).toArray()).toEqual([1, 1])
  })
})
