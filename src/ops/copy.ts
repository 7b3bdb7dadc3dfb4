// Copies between arrays of one shape, with conversion.
// SPDX-License-Identifier: MIT

import type { NDArray } from '../core/array.js'
import type { Code } from '../core/dtype.js'
import { DTypeError } from '../core/errors.js'
import type { Kernel } from '../kernel/define.js'
import { copy, to_f32, to_f64 } from '../kernels/elementwise.js'
import { run } from '../runtime.js'
import { forEachGrid, toGrids } from './layout.js'

function kernelFor(from: Code, to: Code): Kernel | undefined {
  if (from === to && from !== 'i64') return copy
  const conversion: Kernel | undefined = to === 'f64' ? to_f64 : to === 'f32' ? to_f32 : undefined
  return conversion?.dtypes.includes(from) ? conversion : undefined
}

/** target <- source. Throws DTypeError where the conversion could lose more than precision. */
export function copyElements(source: NDArray, target: NDArray): void {
  const kernel = kernelFor(source.info.code, target.info.code)
  if (kernel === undefined) {
    if (source.dtype === target.dtype) copyPlainly(source, target)
    else {
      throw new DTypeError(`cannot convert ${source.dtype} to ${target.dtype}`, {
        dtypes: [source.dtype, target.dtype],
      })
    }
    return
  }
  const grids = toGrids(target.shape, [source.strides, target.strides])
  const { m, n, rows, columns, outer } = grids
  const whole = outer.length === 0 ? target.shape : undefined
  forEachGrid(grids, ([from, to]) => {
    const input = [source.pointer(from), rows[0] as number, columns[0] as number]
    const output = [target.pointer(to), rows[1] as number, columns[1] as number]
    run(kernel, source.info.code, m * n, [m, n, ...input, ...output], whole)
  })
}

/** For int64, which has no kernels: element by element. */
function copyPlainly(source: NDArray, target: NDArray): void {
  const grids = toGrids(target.shape, [source.strides, target.strides])
  const { data: from, at: fromAt } = source.elements()
  const { data: to, at: toAt } = target.elements()
  const [fromRow, toRow] = grids.rows as [number, number]
  const [fromColumn, toColumn] = grids.columns as [number, number]
  forEachGrid(grids, ([fromSkip, toSkip]) => {
    for (let i = 0; i < grids.m; i++) {
      for (let j = 0; j < grids.n; j++) {
        to[toAt + (toSkip as number) + i * toRow + j * toColumn] = from[
          fromAt + (fromSkip as number) + i * fromRow + j * fromColumn
        ] as never
      }
    }
  })
}
