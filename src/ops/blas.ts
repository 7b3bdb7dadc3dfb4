// BLAS by its own names and argument order, in place: numloom.blas.
// SPDX-License-Identifier: MIT

import { NDArray } from '../core/array.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { type Shape, sameShape } from '../core/shape.js'
import { axpy as axpyKernel } from '../kernels/blas.js'
import { run } from '../runtime.js'
import { runGemm, runGemv } from './linalg.js'
import { type OutOption, result, withCallThreads } from './operand.js'

type CallOptions = Pick<OutOption, 'threads'>

function checkArrays(operation: string, ...arrays: readonly unknown[]): void {
  for (const array of arrays) {
    if (array instanceof NDArray) continue
    throw new DTypeError(`${operation}: every vector and matrix must be an NDArray`, { dtypes: [typeof array] })
  }
}

function check(operation: string, arrays: readonly NDArray[], shapes: readonly Shape[]): void {
  const first = arrays[0]
  for (const [i, array] of arrays.entries()) {
    array.checkAlive()
    if (array.dtype !== first?.dtype || array.dtype === 'int64') {
      const dtypes = arrays.map(({ dtype }) => dtype)
      throw new DTypeError(`${operation}: dtypes ${dtypes.join(', ')}; all must be one of float64, float32, int32`, {
        dtypes,
      })
    }
    if (!sameShape(array.shape, shapes[i] as Shape)) {
      const all = arrays.map(({ shape }) => `(${shape.join(', ')})`)
      throw new ShapeError(`${operation}: shapes ${all.join(', ')} do not fit`, {
        shapes: arrays.map(({ shape }) => shape),
      })
    }
  }
}

function checkScalar(operation: string, name: string, value: number, array: NDArray): void {
  const valid = typeof value === 'number' && (array.dtype !== 'int32' || value === (value | 0))
  if (!valid) throw new ValueError(`${operation}: ${name} = ${String(value)} is no ${array.dtype}`)
}

/** y <- alpha * x + y, for vectors of one length. Returns y. Throws ShapeError, DTypeError, ValueError. */
export function axpy(alpha: number, x: NDArray, y: NDArray, options: CallOptions = {}): NDArray {
  if (options.threads !== undefined) return withCallThreads('axpy', options, () => axpy(alpha, x, y))
  checkArrays('axpy', x, y)
  check('axpy', [x, y], [[x.size], [x.size]])
  checkScalar('axpy', 'alpha', alpha, y)
  result('axpy', y.shape, y.info, y, [x], true)
  const args = [x.size, alpha, x.pointer(), x.strides[0] as number, y.pointer(), y.strides[0] as number]
  run(axpyKernel, y.info.code, 2 * x.size, args)
  return y
}

/** y <- alpha * a x + beta * y; a is m x n. Returns y. Throws ShapeError, DTypeError, ValueError. */
export function gemv(
  alpha: number,
  a: NDArray,
  x: NDArray,
  beta: number,
  y: NDArray,
  options: CallOptions = {},
): NDArray {
  if (options.threads !== undefined) return withCallThreads('gemv', options, () => gemv(alpha, a, x, beta, y))
  checkArrays('gemv', a, x, y)
  const [m = -1, n = -1] = a.shape
  check('gemv', [a, x, y], [[m, n], [n], [m]])
  checkScalar('gemv', 'alpha', alpha, y)
  checkScalar('gemv', 'beta', beta, y)
  result('gemv', y.shape, y.info, y, [a, x])
  runGemv(alpha, a, x, beta, y)
  return y
}

/** c <- alpha * a b + beta * c; a is m x k, b is k x n. Returns c. Throws ShapeError, DTypeError, ValueError. */
export function gemm(
  alpha: number,
  a: NDArray,
  b: NDArray,
  beta: number,
  c: NDArray,
  options: CallOptions = {},
): NDArray {
  if (options.threads !== undefined) return withCallThreads('gemm', options, () => gemm(alpha, a, b, beta, c))
  checkArrays('gemm', a, b, c)
  const [m = -1, k = -1] = a.shape
  const n = b.shape[1] ?? -1
  check(
    'gemm',
    [a, b, c],
    [
      [m, k],
      [k, n],
      [m, n],
    ],
  )
  checkScalar('gemm', 'alpha', alpha, c)
  checkScalar('gemm', 'beta', beta, c)
  result('gemm', c.shape, c.info, c, [a, b])
  runGemm(alpha, a, b, beta, c)
  return c
}
