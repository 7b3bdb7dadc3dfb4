// The usual elementwise call without detours: arrays of one dtype and shape in C order. Small ones cost what is done
// here, so nothing is made that a kernel does not need. All else, and all errors, are elementwise.ts's.
// SPDX-License-Identifier: MIT

import type { KernelArgument } from '../backends/backend.js'
import { allocate, NDArray } from '../core/array.js'
import { sameShape } from '../core/shape.js'
import type { Kernel } from '../kernel/define.js'
import { run } from '../runtime.js'
import type { ArrayLike } from './create.js'

/** The result, or undefined where the call is not of that kind. `cost` is the kernel's operations an element. */
export function mapPlain(
  kernel: Kernel,
  cost: number,
  inputs: readonly ArrayLike[],
  out: NDArray | undefined,
): NDArray | undefined {
  const first = inputs[0]
  if (!(first instanceof NDArray) || !kernel.dtypes.includes(first.info.code)) return undefined
  const { info, shape, size } = first
  const args: KernelArgument[] = [1, size]
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]
    if (!(x instanceof NDArray) || x.info !== info || !x.isContiguous || !sameShape(x.shape, shape)) return undefined
    args.push(x.pointer(), 0, 1)
  }
  if (out !== undefined && !fits(out, first, args)) return undefined
  const to = out ?? allocate(shape, info)
  try {
    args.push(to.pointer(), 0, 1)
    run(kernel, info.code, size * cost, args, shape)
  } catch (error) {
    if (out === undefined) to.dispose()
    throw error
  }
  return to
}

/** Whether `out` is like the inputs, in the heap as they are, and each of them is either the same elements or apart. */
function fits(out: NDArray, first: NDArray, args: readonly KernelArgument[]): boolean {
  if (!(out instanceof NDArray) || out.info !== first.info || !out.isContiguous) return false
  if (!sameShape(out.shape, first.shape)) return false
  const to = out.pointer()
  if (typeof to !== 'number') return false
  const bytes = out.nbytes
  for (let i = 2; i < args.length; i += 3) {
    const from = args[i]
    if (typeof from !== 'number') return false
    if (from !== to && from < to + bytes && to < from + bytes) return false
  }
  return true
}
