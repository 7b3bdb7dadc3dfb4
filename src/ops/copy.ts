// Copies between arrays of one shape, with conversion.
// SPDX-License-Identifier: MIT

import type { KernelArgument } from '../backends/backend.js'
import type { NDArray } from '../core/array.js'
import type { Code } from '../core/dtype.js'
import { DTypeError } from '../core/errors.js'
import { asRef, type Kernel } from '../kernel/define.js'
import { copy, to_f32, to_f64 } from '../kernels/elementwise.js'
import { run } from '../runtime.js'
import { forEachGrid, type Grids, toGrids } from './layout.js'

function kernelFor(from: Code, to: Code): Kernel | undefined {
  if (from === to) return copy
  const conversion: Kernel | undefined = to === 'f64' ? to_f64 : to === 'f32' ? to_f32 : undefined
  return conversion?.dtypes.includes(from) ? conversion : undefined
}

/** target <- source. Throws DTypeError where the conversion could lose more than precision. */
export function copyElements(source: NDArray, target: NDArray): void {
  const kernel = kernelFor(source.info.code, target.info.code)
  if (kernel === undefined) {
    throw new DTypeError(`cannot convert ${source.dtype} to ${target.dtype}`, { dtypes: [source.dtype, target.dtype] })
  }
  const grids = toGrids(target.shape, [source.strides, target.strides])
  if (source.info.code === 'i64') {
    copyHalves(source, target, grids)
    return
  }
  const { m, n, rows, columns, outer } = grids
  const whole = outer.length === 0 ? target.shape : undefined
  forEachGrid(grids, ([from, to]) => {
    const input = [source.pointer(from), rows[0] as number, columns[0] as number]
    const output = [target.pointer(to), rows[1] as number, columns[1] as number]
    run(kernel, source.info.code, m * n, [m, n, ...input, ...output], whole)
  })
}

/** int64 has no kernels, but copies as int32 keep its bits: both halves of an element at once where elements adjoin. */
function copyHalves(source: NDArray, target: NDArray, grids: Grids): void {
  const { m, n, rows, columns } = grids
  if (n === 0) return
  const adjoin = columns.every((stride) => stride === 1)
  const [width, passes, step] = adjoin ? [2 * n, 1, 1] : [n, 2, 2]
  for (let half = 0; half < passes; half++) {
    forEachGrid(grids, ([from, to]) => {
      const input = [halfOf(source, from, half), 2 * (rows[0] as number), step * (columns[0] as number)]
      const output = [halfOf(target, to, half), 2 * (rows[1] as number), step * (columns[1] as number)]
      run(copy, 'i32', m * width, [m, width, ...input, ...output])
    })
  }
}

/** The first or second half of the element that is `skip` elements behind the first. */
function halfOf(array: NDArray, skip: number | undefined, half: number): KernelArgument {
  const element = array.pointer(skip)
  if (typeof element === 'number') return element + half * Int32Array.BYTES_PER_ELEMENT
  const { buffer, byteOffset, byteLength } = element.data
  const data = new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT)
  return asRef(data, 2 * element.at + half)
}
