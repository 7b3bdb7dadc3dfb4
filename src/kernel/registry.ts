// All kernel definitions: whatever the family files under src/kernels export.
// SPDX-License-Identifier: MIT

import type { Code } from '../core/dtype.js'
import * as blas from '../kernels/blas.js'
import * as classic from '../kernels/classic.js'
import * as elementwise from '../kernels/elementwise.js'
import * as math from '../kernels/math.js'
import * as reduce from '../kernels/reduce.js'
import type { Kernel } from './define.js'

export const families = { elementwise, math, reduce, blas, classic } as unknown as Readonly<
  Record<string, Readonly<Record<string, Kernel>>>
>

/** Whether it is one of those that NumPy leaves to a BLAS library. */
export function isLinearAlgebra(kernel: Kernel): boolean {
  return kernel === (reduce.dot as unknown) || Object.values(families.blas ?? {}).includes(kernel)
}

/** One build of a kernel. */
export interface Registered {
  readonly kernel: Kernel
  readonly dtype: Code
  readonly symbol: string
}

let list: readonly Registered[] | undefined

/** Every kernel for each of its dtypes. Throws where two definitions give one symbol. */
export function kernelList(): readonly Registered[] {
  list ??= makeList()
  return list
}

function makeList(): readonly Registered[] {
  const made: Registered[] = []
  const symbols = new Set<string>()
  for (const kernel of Object.values(families).flatMap((family) => Object.values(family))) {
    for (const dtype of kernel.dtypes) {
      const symbol = `${kernel.name}_${dtype}`
      if (symbols.has(symbol)) throw new Error(`kernel ${symbol} is defined twice`)
      symbols.add(symbol)
      made.push({ kernel, dtype, symbol })
    }
  }
  return made
}
