// Arguments for a kernel from its definition alone: arrays that lie in one way, filled with harmless numbers.
// Nothing here knows a kernel by name: what is benchmarked and tuned is whatever is defined.
// SPDX-License-Identifier: MIT

import type { KernelArgument } from '../backends/backend.js'
import { type Code, codeInfo, type TypedArray } from '../core/dtype.js'
import { heap } from '../core/heap.js'
import { asRef, type Kernel, type Pointer, type Sizes } from '../kernel/define.js'
import type { Placement } from '../kernel/plan.js'
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
function fill(data: TypedArray): void {
  if (data instanceof BigInt64Array) data.fill(3n)
  else if (data instanceof Int32Array) for (let i = 0; i < data.length; i++) data[i] = 1 + (i % 7)
  else for (let i = 0; i < data.length; i++) data[i] = 0.5 + ((i * 0.6180339887498949) % 1)
}

export interface BorrowedArguments {
  readonly args: KernelArgument[]
  /** Gives their memory back. */
  release(): void
}

type Borrow = (code: Code, length: number) => number

/** A filled operand of the heap. */
function inside(borrow: Borrow, code: Code, length: number): KernelArgument {
  const address = borrow(code, length)
  const begin = address / codeInfo(code).itemsize
  const view = heap().view(code)
  fill(view.subarray(begin, begin + length))
  return address
}

function outside(code: Code, length: number): KernelArgument {
  const data = heap().outsideArray(code, length)
  fill(data)
  return asRef(data, 0)
}

/** What a call only writes is a new array of the heap, as in most calls. */
const placementOf = (arg: Pointer, placement: Placement) => (arg.access === 'out' ? 'contiguous' : placement)

/** How many elements apart: every other one where operands are strided, a[::2]. */
const stepOf = (arg: Pointer, placement: Placement) => (arg.strided && placement === 'strided' ? 2 : 1)

/** The arguments of a call whose operands lie in one way. Throws OutOfMemoryError where they do not fit. */
export function argumentsFor(
  kernel: Kernel,
  dtype: Code,
  sizes: Sizes,
  threads: number,
  placement: Placement = 'contiguous',
): BorrowedArguments {
  const releases: (() => void)[] = []
  const release = () => {
    for (const free of releases.splice(0)) free()
  }
  const borrow: Borrow = (code, length) => {
    const block = heap().borrow(Math.max(1, length) * codeInfo(code).itemsize)
    releases.push(block.release)
    return block.address
  }
  try {
    return { args: listArguments(borrow, kernel, dtype, sizes, threads, placement), release }
  } catch (error) {
    release()
    throw error
  }
}

function listArguments(
  borrow: Borrow,
  kernel: Kernel,
  dtype: Code,
  sizes: Sizes,
  threads: number,
  placement: Placement,
): KernelArgument[] {
  const args: KernelArgument[] = []
  let strides: number[] = []
  let scratchLength = 0
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
      const here = placementOf(arg, placement)
      const step = stepOf(arg, here)
      const length = product(extents) * step
      args.push(here === 'outside' ? outside(code, length) : inside(borrow, code, length))
      strides = extents.map((_, axis) => product(extents.slice(axis + 1)) * step)
    }
  }
  return args
}

/** The ways in which a kernel's operands may lie. */
export function placementsOf(kernel: Kernel): Placement[] {
  const read = kernel.args.filter((arg) => arg.kind === 'pointer' && arg.access !== 'out') as Pointer[]
  const placements: Placement[] = ['contiguous']
  if (read.some(({ strided }) => strided)) placements.push('strided')
  if (read.length > 0) placements.push('outside')
  return placements
}
