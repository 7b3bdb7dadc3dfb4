// The classic loops against plain ones, on every backend.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { heatedPlate, integral2d, nbody } from 'numloom/classic'
import { describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'
import { Random } from './support/random.ts'

describe.each(BACKEND_NAMES)('on %s', (backend) => {
  const here = <T>(fn: () => T): T => nl.withBackend(backend, () => nl.withThreads(2, fn))

  test('integral2d', () => {
    // By the addition theorem the sum over all midpoints is 2 (sum of sines) (sum of cosines), and the latter is 0.
    for (const n of [1, 2, 3, 10, 257, 1000]) expect(Math.abs(here(() => integral2d(n)))).toBeLessThan(1e-13)
    const explained = nl.explain(() => here(() => integral2d(100)))
    expect(explained.calls.map((call) => call.backend)).toEqual([backend])
  })

  test('heatedPlate', () => {
    const expected = plainPlate(40, 33, 0.01)
    const { plate, sweeps, change } = here(() => heatedPlate({ rows: 40, columns: 33, tolerance: 0.01 }))
    expect(sweeps).toBe(expected.sweeps)
    expect(change).toBeCloseTo(expected.change, 12)
    expect(change).toBeLessThanOrEqual(0.01)
    const cells = plate.toTypedArray() as Float64Array
    const worst = expected.cells.reduce((most, cell, i) => Math.max(most, Math.abs(cell - (cells[i] as number))), 0)
    expect(worst).toBeLessThan(1e-11)
  })

  test('heatedPlate stops after maxSweeps', () => {
    const { sweeps, change } = here(() => heatedPlate({ rows: 30, maxSweeps: 7 }))
    expect(sweeps).toBe(7)
    expect(change).toBeGreaterThan(1e-3)
  })

  test.each(['float64', 'float32'] as const)('nbody %s', (dtype) => {
    const bodies = randomBodies(37, dtype)
    const expected = plainBodies(bodies, 0.01, 5, 0.1)
    here(() => nbody({ ...bodies, dt: 0.01, steps: 5, softening: 0.1 }))
    const tolerance = dtype === 'float64' ? 1e-11 : 1e-3
    for (const name of ['position', 'velocity'] as const) {
      const got = bodies[name].toTypedArray() as Float64Array
      const worst = expected[name].reduce((most, value, i) => Math.max(most, Math.abs(value - (got[i] as number))), 0)
      expect(worst, name).toBeLessThan(tolerance)
    }
  })

  test('nbody keeps the momentum', () => {
    const bodies = randomBodies(100, 'float64')
    const momentum = () => nl.matmul(bodies.velocity, bodies.mass).toTypedArray() as Float64Array
    const before = momentum()
    here(() => nbody({ ...bodies, dt: 1e-3, steps: 10, softening: 0.1 }))
    for (const [axis, value] of momentum().entries()) expect(value).toBeCloseTo(before[axis] as number, 10)
  })
})

describe('every backend takes the same number of sweeps', () => {
  // The published count of this problem (500 x 500, 0.001) is 16955 sweeps; 100 x 100 stays within the tests' time.
  // One thread: thousands of short regions are slow where the cores are busy with other tests.
  const sweepsOf = (backend: nl.BackendName, n: number) =>
    nl.withThreads(1, () => nl.withBackend(backend, () => heatedPlate({ rows: n }))).sweeps
  test('100 x 100', () => {
    const { sweeps } = plainPlate(100, 100, 1e-3)
    expect(BACKEND_NAMES.map((name) => sweepsOf(name, 100))).toEqual(BACKEND_NAMES.map(() => sweeps))
  })
  test('500 x 500, as published', () => {
    expect(sweepsOf('native', 500)).toBe(16955)
  })
})

describe('bad input', () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', 2 ** 31])('integral2d(%s)', (n) => {
    expect(() => integral2d(n as number)).toThrow(nl.ValueError)
  })
  test.each([{ rows: 2 }, { rows: 3.5 }, { columns: -1 }, { maxSweeps: 0 }])('heatedPlate(%o)', (options) => {
    expect(() => heatedPlate(options)).toThrow(nl.ValueError)
  })
  test('nbody', () => {
    const { mass, position, velocity } = randomBodies(4, 'float64')
    expect(() => nbody({ mass, position: position.T, velocity })).toThrow(nl.ShapeError)
    expect(() => nbody({ mass: nl.ones(5), position, velocity })).toThrow(nl.ShapeError)
    expect(() => nbody({ mass, position, velocity, steps: -1 })).toThrow(nl.ValueError)
    expect(() => nbody({ mass, position } as Parameters<typeof nbody>[0])).toThrow(nl.DTypeError)
    expect(() => nbody({ mass, position, velocity: nl.zeros([3, 4], { dtype: 'float32' }) })).toThrow(nl.ValueError)
    expect(() => nbody({ mass, position: nl.zeros([3, 8]).slice(':', '::2'), velocity })).toThrow(nl.ValueError)
    expect(() => nbody({ mass, position, velocity })).not.toThrow()
  })
})

/** The heated plate with plain loops. */
function plainPlate(rows: number, columns: number, tolerance: number) {
  const hot = 100
  const isBorder = (i: number, j: number) => i === 0 || i === rows - 1 || j === 0 || j === columns - 1
  let border = 0
  let count = 0
  let cells = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (!isBorder(i, j)) continue
      cells[i * columns + j] = i === 0 ? 0 : hot
      border += cells[i * columns + j] as number
      count++
    }
  }
  for (let i = 1; i < rows - 1; i++) for (let j = 1; j < columns - 1; j++) cells[i * columns + j] = border / count
  let sweeps = 0
  let change = Number.POSITIVE_INFINITY
  for (; change > tolerance; sweeps++) {
    const next = cells.slice()
    const at = (i: number, j: number) => cells[i * columns + j] as number
    change = 0
    for (let i = 1; i < rows - 1; i++) {
      for (let j = 1; j < columns - 1; j++) {
        const mean = (at(i - 1, j) + at(i + 1, j) + at(i, j - 1) + at(i, j + 1)) / 4
        next[i * columns + j] = mean
        change = Math.max(change, Math.abs(mean - at(i, j)))
      }
    }
    cells = next
  }
  return { cells, sweeps, change }
}

interface Bodies {
  readonly mass: nl.NDArray
  readonly position: nl.NDArray
  readonly velocity: nl.NDArray
}

function randomBodies(n: number, dtype: nl.DType): Bodies {
  const random = new Random(n)
  const made = (shape: number[], low: number) => {
    const values = Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform(low, 1))
    return nl.array(values, { dtype }).reshape(shape)
  }
  return { mass: made([n], 0.1), position: made([3, n], -1), velocity: made([3, n], -1) }
}

/** Symplectic Euler steps with plain loops over pairs. */
function plainBodies({ mass, position, velocity }: Bodies, dt: number, steps: number, softening: number) {
  const [m, p, v] = [mass, position, velocity].map((array) => Array.from(array.toTypedArray() as Float64Array))
  const [masses, at, speed] = [m, p, v] as [number[], number[], number[]]
  const n = masses.length
  const distance = (i: number, j: number, axis: number) => (at[axis * n + j] as number) - (at[axis * n + i] as number)
  const pull = (i: number, j: number) => {
    const squares = [0, 1, 2].reduce((sum, axis) => sum + distance(i, j, axis) ** 2, softening ** 2)
    return (masses[j] as number) / squares ** 1.5
  }
  for (let step = 0; step < steps; step++) {
    const acceleration = at.map((_, k) => {
      const [axis, i] = [Math.floor(k / n), k % n]
      return masses.reduce((sum, _mass, j) => sum + pull(i, j) * distance(i, j, axis), 0)
    })
    acceleration.forEach((value, k) => {
      speed[k] = (speed[k] as number) + dt * value
    })
    speed.forEach((value, k) => {
      at[k] = (at[k] as number) + dt * value
    })
  }
  return { position: at, velocity: speed }
}
