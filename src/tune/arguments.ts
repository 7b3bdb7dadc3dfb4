// Arguments for a kernel from its definition alone: contiguous arrays in the heap, filled with harmless numbers.
// Nothing here knows a kernel by name: what is benchmarked and tuned is whatever is defined.
// SPDX-License-Identifier: MIT

import type { KernelArgument } from '../backends/backend.js'
import { type Code, codeInfo } from '../core/dtype.js'
import { heap } from '../core/heap.js'
import type { Kernel, Pointer, Sizes } from '../kernel/define.js'
import { families } from '../kernel/registry.js'

/** The families whose kernels map or reduce rows: one row is measured, as operations on whole arrays run. */
const ROW_FAMILIES = ['elementwise', 'math', 'reduce']

const isRowKernel = (kernel: Kernel) =>
  ROW_FAMILIES.some((name) => Object.values(families[name] ?? {}).includes(kernel))

/** The sizes that a kernel takes, without the lengths of workspaces. */
function sizeNames(kernel: Kernel): string[] {
  const lengths = kernel.args.flatMap((arg) => (arg.kind === 'scratch' ? [`${arg.name}_length`] : []))
  return kernel.args.flatMap((arg) => (arg.kind === 'size' && !lengths.includes(arg.name) ? [arg.name] : []))
}

/** All sizes of a call of "size n": one row of n elements for kernels over rows, else every size is n. */
export function sizesFor(kernel: Kernel, n: number): Sizes {
  const names = sizeNames(kernel)
  const isRow = isRowKernel(kernel)
  const entries = names.map((name, i) => [name, isRow && i < names.length - 1 ? 1 : n] as const)
  return Object.fromEntries(entries.map(([name, value]) => [name, Math.max(value, kernel.minimum?.[name] ?? 0)]))
}

/** The n for which a call takes about so many operations. */
export function sizeForWork(kernel: Kernel, work: number): number {
  let n = 1
  while (kernel.flops(sizesFor(kernel, n * 2)) <= work) n *= 2
  for (let step = n / 2; step >= 1; step /= 2) if (kernel.flops(sizesFor(kernel, n + step)) <= work) n += step
  return n
}

const extentsOf = (arg: Pointer, sizes: Sizes) =>
  arg.extents.map((extent) => (typeof extent === 'number' ? extent : (sizes[extent] as number)))

const product = (factors: readonly number[]) => factors.reduce((a, b) => a * b, 1)

/** From 0.5 to 1.5, and integers from 1 to 7. */
function fill(code: Code, address: number, length: number): void {
  const { itemsize } = codeInfo(code)
  const data = heap()
    .view(code)
    .subarray(address / itemsize, address / itemsize + length)
  if (data instanceof BigInt64Array) data.fill(3n)
  else if (data instanceof Int32Array) for (let i = 0; i < length; i++) data[i] = 1 + (i % 7)
  else for (let i = 0; i < length; i++) data[i] = 0.5 + ((i * 0.6180339887498949) % 1)
}

export interface BorrowedArguments {
  readonly args: KernelArgument[]
  /** Gives their memory back. */
  release(): void
}

/** The arguments of a call. */
export function argumentsFor(kernel: Kernel, dtype: Code, sizes: Sizes, threads: number): BorrowedArguments {
  const releases: (() => void)[] = []
  const args: number[] = []
  let strides: number[] = []
  let scratchLength = 0
  const borrow = (code: Code, length: number) => {
    const { address, release } = heap().borrow(Math.max(1, length) * codeInfo(code).itemsize)
    releases.push(release)
    return address
  }
  for (const arg of kernel.args) {
    if (arg.kind === 'size') args.push(sizes[arg.name] ?? scratchLength)
    else if (arg.kind === 'scalar') args.push(arg.sample)
    else if (arg.kind === 'stride') args.push(strides.shift() ?? 1)
    else if (arg.kind === 'scratch') {
      scratchLength = arg.length(sizes, threads)
      args.push(borrow(dtype, scratchLength))
    } else {
      const extents = extentsOf(arg, sizes)
      const code = arg.dtype ?? dtype
      const address = borrow(code, product(extents))
      fill(code, address, product(extents))
      args.push(address)
      strides = extents.map((_, axis) => product(extents.slice(axis + 1)))
    }
  }
  const release = () => {
    for (const free of releases) free()
  }
  return { args, release }
}
