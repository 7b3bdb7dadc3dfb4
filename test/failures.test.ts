// Every public function when an array was disposed of, when any one of its allocations fails, and when the memory grows in
// the middle of it.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { failAllocation, growAtAllocations } from '../dist/core/failing.js'
import { errorOf } from './support/errors.ts'
import { publicNames, SAMPLES, type Sample } from './support/samples.ts'

/** A value without arrays, to compare. */
function plain(value: unknown): unknown {
  if (value instanceof nl.NDArray) return { dtype: value.dtype, shape: value.shape, values: value.toArray() }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}

/** What a call returns, and its inputs afterwards; all arrays of the call are freed. */
function outcome(sample: Sample, inputs: nl.NDArray[]): unknown {
  return nl.scope(() => plain([sample.call(...inputs), inputs]))
}

/** What takes memory now, in arrays and in bytes. */
function inUse() {
  const { liveArrays, bytesInUse } = nl.memory()
  return { liveArrays, bytesInUse }
}

const named = SAMPLES.map((sample) => [`${sample.of}, ${sample.how}`, sample] as const)

test('every public function has a sample', () => {
  expect([...new Set(SAMPLES.map(({ of }) => of))].sort()).toEqual(publicNames())
})

describe('a disposed array throws DisposedError', () => {
  test.each(named.filter(([, { inputs }]) => inputs().length > 0))('%s', (_, sample) => {
    for (const at of sample.inputs().keys()) {
      nl.scope(() => {
        const inputs = sample.inputs()
        inputs[at]?.dispose()
        inputs[at]?.dispose()
        expect(errorOf(() => sample.call(...inputs))).toBeInstanceOf(nl.DisposedError)
      })
    }
    nl.scope(() => expect(() => sample.call(...sample.inputs())).not.toThrow())
  })
})

test('a disposed array throws DisposedError also where something else is wrong with it', () => {
  const grid = nl.ones([4, 4])
  const dead = { grid: nl.ones([4, 4]), strided: nl.ones([4, 4]).T.slice('::2'), empty: nl.zeros(0) }
  for (const array of Object.values(dead)) array.dispose()
  const uses: (() => unknown)[] = [
    () => dead.grid.item(),
    () => dead.strided.data,
    () => dead.empty.get(0),
    () => dead.grid.get(9, 9),
    () => dead.grid.set(9, 9, 1),
    () => dead.grid.slice(9),
    () => dead.grid.row(9),
    () => dead.grid.reshape(3),
    () => nl.sum(grid, { out: dead.grid }),
    () => nl.add(grid, 1, { out: dead.strided }),
    () => nl.matmul(grid, grid, { out: dead.empty }),
    () => nl.blas.axpy(1, dead.grid, nl.ones(3)),
  ]
  for (const use of uses) expect(errorOf(use)).toBeInstanceOf(nl.DisposedError)
})

describe('an allocation that fails', () => {
  /** What had an allocation to fail. */
  const reached = new Set<string>()

  /** Runs a call whose kth allocation fails; undefined where it has fewer. */
  function failing(sample: Sample, inputs: nl.NDArray[], k: number): { error: unknown } | undefined {
    const { stop } = failAllocation(k)
    let result: unknown
    let error: unknown
    try {
      result = sample.call(...inputs)
    } catch (caught) {
      error = caught
    }
    const reached = stop()
    free(result, inputs)
    return reached ? { error } : undefined
  }

  function free(result: unknown, inputs: readonly nl.NDArray[]): void {
    if (result instanceof nl.NDArray && !inputs.includes(result)) result.dispose()
    else if (Array.isArray(result)) for (const part of result) free(part, inputs)
    else if (typeof result === 'object' && result !== null) for (const part of Object.values(result)) free(part, inputs)
  }

  test.each(named)('%s', (_, sample) => {
    const expected = nl.scope(() => outcome(sample, sample.inputs()))
    const inputs = sample.inputs()
    const changes = plain(inputs)
    const before = inUse()
    let points = 0
    for (let k = 1; ; k++) {
      expect(k).toBeLessThan(100)
      const failed = failing(sample, inputs, k)
      if (failed === undefined) break
      points++
      expect(failed.error).toBeInstanceOf(nl.OutOfMemoryError)
      const { wanted, available } = failed.error as nl.OutOfMemoryError
      expect(wanted).toBeGreaterThan(0)
      expect(available).toBeGreaterThan(0)
      expect(inUse()).toEqual(before)
      expect(plain(inputs)).toEqual(changes)
      nl.scope(() => expect(outcome(sample, sample.inputs())).toEqual(expected))
      expect(inUse()).toEqual(before)
    }
    // The call that did not fail freed what it made in between, too.
    expect(inUse()).toEqual(before)
    if (points > 0) reached.add(sample.of)
    for (const input of inputs) input.dispose()
  })
  test('was tried in all that allocate', () => {
    const never = publicNames().filter((name) => !reached.has(name))
    const views = [
      'NDArray.T',
      'NDArray.data',
      'NDArray.get',
      'NDArray.item',
      'NDArray.row',
      'NDArray.set',
      'NDArray.slice',
    ]
    expect(never).toEqual([...views, 'NDArray.toString', 'blas.gemv', 'classic.nbody'])
  })
})

describe('memory that grows at every allocation', () => {
  let growths = 0
  test.each(named)('%s', (_, sample) => {
    const expected = outcome(sample, sample.inputs())
    const { stop } = growAtAllocations()
    try {
      expect(outcome(sample, sample.inputs())).toEqual(expected)
    } finally {
      growths += stop()
    }
  })
  test('did grow', () => expect(growths).toBeGreaterThan(SAMPLES.length))
})
