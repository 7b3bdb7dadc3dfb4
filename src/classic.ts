// numloom/classic: the loops by which languages, compilers and thread counts are classically compared, as functions.
// They obey withBackend and withThreads like everything else.
// SPDX-License-Identifier: MIT

import { allocate, NDArray } from './core/array.js'
import { dtypeInfo } from './core/dtype.js'
import { DTypeError, ShapeError, ValueError } from './core/errors.js'
import { scope } from './core/scope.js'
import * as kernels from './kernels/classic.js'
import { full, zeros } from './ops/create.js'
import { run } from './runtime.js'

const scalarOf = (array: NDArray) => array.item() as number

function checkCount(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= 2 ** 31 - 1) return
  throw new ValueError(`${name} must be an integer from ${least} on, not ${String(value)}`)
}

/**
 * The integral of sin(x + y) over [0, pi] x [0, pi], whose true value is 0, by the midpoint rule on n x n cells.
 * Throws ValueError unless n is a positive integer.
 */
export function integral2d(n: number): number {
  checkCount('integral2d: n', n, 1)
  const out = allocate([1], dtypeInfo('float64'))
  try {
    run(kernels.integral2d, 'f64', kernels.integral2d.flops({ n }), [n, out.pointer()])
    return scalarOf(out)
  } finally {
    out.dispose()
  }
}

export interface HeatedPlateOptions {
  /** Rows and columns of the grid, border included. */
  rows?: number
  columns?: number
  /** Stops when no cell changes by more than this in a sweep. */
  tolerance?: number
  /** Stops after so many sweeps at the latest. */
  maxSweeps?: number
}

export interface HeatedPlateResult {
  /** Temperatures, rows x columns. */
  plate: NDArray
  sweeps: number
  /** The largest change in the last sweep. */
  change: number
}

/**
 * The steady temperatures of a plate whose left, right and lower edges are held at 100 and whose upper edge at 0, by
 * Jacobi sweeps that start from the mean of the border (the problem of Quinn's "Parallel Programming in C with MPI and
 * OpenMP", 2004). Throws ValueError.
 */
export function heatedPlate(options: HeatedPlateOptions = {}): HeatedPlateResult {
  const { rows = 500, columns = rows, tolerance = 1e-3, maxSweeps = 100_000 } = options
  checkCount('heatedPlate: rows', rows, 3)
  checkCount('heatedPlate: columns', columns, 3)
  checkCount('heatedPlate: maxSweeps', maxSweeps, 1)
  return scope(() => sweepPlate(rows, columns, tolerance, maxSweeps))
}

function sweepPlate(rows: number, columns: number, tolerance: number, maxSweeps: number): HeatedPlateResult {
  let plate = heatedBorder(rows, columns)
  let next = zeros([rows, columns])
  const change = zeros(1)
  const work = kernels.plate_sweep.flops({ m: rows, n: columns })
  let sweeps = 0
  do {
    run(kernels.plate_sweep, 'f64', work, [rows, columns, plate.pointer(), next.pointer(), change.pointer()])
    ;[plate, next] = [next, plate]
    sweeps++
  } while (scalarOf(change) > tolerance && sweeps < maxSweeps)
  return { plate, sweeps, change: scalarOf(change) }
}

function heatedBorder(rows: number, columns: number): NDArray {
  const hot = 100
  const borderSum = hot * (2 * (rows - 2) + columns)
  const plate = full([rows, columns], borderSum / (2 * rows + 2 * columns - 4))
  const { data, at } = plate.elements()
  const cells = (data as Float64Array).subarray(at, at + plate.size)
  for (let i = 1; i < rows; i++) {
    cells[i * columns] = hot
    cells[i * columns + columns - 1] = hot
  }
  cells.fill(hot, (rows - 1) * columns)
  cells.fill(0, 0, columns)
  return plate
}

export interface NBodyOptions {
  /** Masses, n of them. */
  mass: NDArray
  /** 3 x n: rows x, y, z. Changed in place. */
  position: NDArray
  /** 3 x n: rows x, y, z. Changed in place. */
  velocity: NDArray
  /** The length of a step. */
  dt?: number
  steps?: number
  /** A length that keeps close encounters finite. */
  softening?: number
}

/**
 * Moves n bodies under their mutual gravity (G = 1) by `steps` steps of the symplectic Euler method, all pairs, in
 * place. The arrays are contiguous and all float64 or all float32. Throws DTypeError, ShapeError, ValueError.
 */
export function nbody(options: NBodyOptions): void {
  const { mass, position, velocity, dt = 1e-3, steps = 1, softening = 1e-3 } = options
  checkCount('nbody: steps', steps, 0)
  const arrays = [mass, position, velocity]
  if (!arrays.every((array) => array instanceof NDArray)) {
    const dtypes = arrays.map((array) => typeof array)
    throw new DTypeError('nbody: mass, position and velocity must be NDArrays', { dtypes })
  }
  const n = mass.size
  const shapes = [mass.shape, position.shape, velocity.shape]
  if (String(shapes) !== String([[n], [3, n], [3, n]])) {
    const list = shapes.map((shape) => `(${shape.join(', ')})`).join(', ')
    throw new ShapeError(`nbody: mass, position, velocity must be (n), (3, n), (3, n), not ${list}`, { shapes })
  }
  const { dtype } = mass
  const valid = arrays.every((array) => array.isContiguous && array.dtype === dtype) && dtype.startsWith('float')
  if (!valid) throw new ValueError('nbody: the arrays must be contiguous, and all float64 or all float32')
  const work = kernels.nbody_step.flops({ n })
  for (let step = 0; step < steps; step++) {
    const args = [n, dt, softening, mass.pointer(), position.pointer(), velocity.pointer()]
    run(kernels.nbody_step, mass.info.code, work, args)
  }
}
