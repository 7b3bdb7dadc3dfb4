// Products of vectors and matrices.
// SPDX-License-Identifier: MIT

import type { KernelArgument } from '../backends/backend.js'
import { allocate, finished, type NDArray } from '../core/array.js'
import type { DTypeInfo } from '../core/dtype.js'
import { ShapeError } from '../core/errors.js'
import { threadCount } from '../core/threads.js'
import type { Scratch } from '../kernel/define.js'
import * as kernels from '../kernels/blas.js'
import { run } from '../runtime.js'
import type { ArrayLike } from './create.js'
import { type OutOption, operands, release, result, withCallThreads } from './operand.js'
import { innerProduct } from './reduce.js'

const workspace = kernels.gemm.args.find((arg): arg is Scratch => arg.kind === 'scratch') as Scratch

/** c <- alpha * a b + beta * c, all checked. */
export function runGemm(alpha: number, a: NDArray, b: NDArray, beta: number, c: NDArray): void {
  const [m, k] = a.shape as [number, number]
  const n = b.shape[1] as number
  const length = workspace.length({ m, n, k }, threadCount('blas').count)
  const scratch = allocate([length], c.info)
  const grid = (x: NDArray): KernelArgument[] => [x.pointer(), x.strides[0] as number, x.strides[1] as number]
  try {
    const args = [m, n, k, alpha, ...grid(a), ...grid(b), beta, ...grid(c), scratch.pointer(), length]
    run(kernels.gemm, c.info.code, 2 * m * n * k, args)
  } finally {
    scratch.dispose()
  }
}

/** y <- alpha * a x + beta * y, all checked. */
export function runGemv(alpha: number, a: NDArray, x: NDArray, beta: number, y: NDArray): void {
  const [m, n] = a.shape as [number, number]
  const matrix = [a.pointer(), a.strides[0] as number, a.strides[1] as number]
  const args = [m, n, alpha, ...matrix, x.pointer(), x.strides[0] as number, beta, y.pointer(), y.strides[0] as number]
  run(kernels.gemv, y.info.code, 2 * m * n, args)
}

/**
 * The product of two matrices, a matrix and a vector, or two vectors. Throws ShapeError where the inner extents differ
 * or an array has not one or two dimensions; DTypeError, ValueError.
 */
export function matmul(x: ArrayLike, y: ArrayLike, options: OutOption = {}): NDArray {
  if (options.threads !== undefined) return withCallThreads('matmul', options, (rest) => matmul(x, y, rest))
  const { info, arrays } = operands(kernels.gemm, [x, y])
  try {
    return product(arrays[0] as NDArray, arrays[1] as NDArray, info, options)
  } finally {
    release(arrays, [x, y])
  }
}

function product(a: NDArray, b: NDArray, info: DTypeInfo, options: OutOption): NDArray {
  checkProduct('matmul', a, b)
  if (a.ndim === 1 && b.ndim === 1) return innerProduct(a, b, options)
  if (a.ndim === 2 && b.ndim === 2) return matrixProduct(a, b, info, options)
  if (a.ndim === 2) return matrixVector(a, b, info, options)
  const transposed = b.T
  try {
    return matrixVector(transposed, a, info, options)
  } finally {
    transposed.dispose()
  }
}

/** The product of two vectors, or as matmul. Throws ShapeError, DTypeError, ValueError. */
export function dot(x: ArrayLike, y: ArrayLike, options: OutOption = {}): NDArray {
  if (options.threads !== undefined) return withCallThreads('dot', options, (rest) => dot(x, y, rest))
  return matmul(x, y, options)
}

function matrixVector(a: NDArray, x: NDArray, info: DTypeInfo, options: OutOption): NDArray {
  const out = result('matmul', [a.shape[0] as number], info, options.out, [a, x])
  return finished(out, options.out, () => runGemv(1, a, x, 0, out))
}

function matrixProduct(a: NDArray, b: NDArray, info: DTypeInfo, options: OutOption): NDArray {
  const out = result('matmul', [a.shape[0] as number, b.shape[1] as number], info, options.out, [a, b])
  return finished(out, options.out, () => runGemm(1, a, b, 0, out))
}

function checkProduct(operation: string, a: NDArray, b: NDArray): void {
  const fits = [a, b].every(({ ndim }) => ndim === 1 || ndim === 2) && a.shape[a.ndim - 1] === b.shape[0]
  if (fits) return
  const [left, right] = [a, b].map((array) => `(${array.shape.join(', ')})`)
  throw new ShapeError(`${operation}: shapes ${left} and ${right} cannot be multiplied`, {
    shapes: [a.shape, b.shape],
  })
}
