// Arguments for a kernel from its definition alone: contiguous arrays in the heap, filled with harmless numbers.
// Nothing here knows a kernel by name: what is benchmarked and tuned is whatever is defined.
// SPDX-License-Identifier: MIT

import { codeInfo } from '../dist/core/dtype.js'
import { heap } from '../dist/core/heap.js'
import { families } from '../dist/kernel/registry.js'

/** The families whose kernels map or reduce rows: one row is measured, as operations on whole arrays run. */
const ROW_FAMILIES = ['elementwise', 'math', 'reduce']

const isRowKernel = (kernel) => ROW_FAMILIES.some((name) => Object.values(families[name]).includes(kernel))

/** The sizes that a kernel takes, without the lengths of workspaces. */
function sizeNames(kernel) {
  const lengths = kernel.args.flatMap((arg) => (arg.kind === 'scratch' ? [`${arg.name}_length`] : []))
  return kernel.args.flatMap((arg) => (arg.kind === 'size' && !lengths.includes(arg.name) ? [arg.name] : []))
}

/**
 * All sizes of a call of "size n": one row of n elements for kernels over rows, else every size is n.
 * @param {import('../dist/kernel/define.js').Kernel} kernel @param {number} n
 */
export function sizesFor(kernel, n) {
  const names = sizeNames(kernel)
  const isRow = isRowKernel(kernel)
  const entries = names.map((name, i) => [name, isRow && i < names.length - 1 ? 1 : n])
  return Object.fromEntries(entries.map(([name, value]) => [name, Math.max(value, kernel.minimum?.[name] ?? 0)]))
}

/** The n for which a call takes about so many operations. */
export function sizeForWork(kernel, work) {
  let n = 1
  while (kernel.flops(sizesFor(kernel, n * 2)) <= work) n *= 2
  for (let step = n / 2; step >= 1; step /= 2) if (kernel.flops(sizesFor(kernel, n + step)) <= work) n += step
  return n
}

const extentsOf = (arg, sizes) => arg.extents.map((extent) => (typeof extent === 'number' ? extent : sizes[extent]))

/** From 0.5 to 1.5, and integers from 1 to 7. */
function fill(code, address, length) {
  const { itemsize } = codeInfo(code)
  const data = heap()
    .view(code)
    .subarray(address / itemsize, address / itemsize + length)
  if (code === 'i64') data.fill(3n)
  else if (code === 'i32') for (let i = 0; i < length; i++) data[i] = 1 + (i % 7)
  else for (let i = 0; i < length; i++) data[i] = 0.5 + ((i * 0.6180339887498949) % 1)
}

function borrow(code, length, releases) {
  const { address, release } = heap().borrow(Math.max(1, length) * codeInfo(code).itemsize)
  releases.push(release)
  return address
}

/**
 * The arguments of a call, and `release`, which gives their memory back.
 * @param {import('../dist/kernel/define.js').Kernel} kernel
 * @param {import('../dist/core/dtype.js').Code} dtype
 * @param {Record<string, number>} sizes
 * @param {number} threads
 */
export function argumentsFor(kernel, dtype, sizes, threads) {
  const releases = []
  const args = []
  let strides = []
  let scratchLength
  for (const arg of kernel.args) {
    if (arg.kind === 'size') args.push(sizes[arg.name] ?? scratchLength)
    else if (arg.kind === 'scalar') args.push(arg.sample)
    else if (arg.kind === 'stride') args.push(strides.shift())
    else if (arg.kind === 'scratch') {
      scratchLength = arg.length(sizes, threads)
      args.push(borrow(dtype, scratchLength, releases))
    } else {
      const extents = extentsOf(arg, sizes)
      const code = arg.dtype ?? dtype
      const length = extents.reduce((a, b) => a * b, 1)
      const address = borrow(code, length, releases)
      fill(code, address, length)
      args.push(address)
      strides = extents.map((_, axis) => extents.slice(axis + 1).reduce((a, b) => a * b, 1))
    }
  }
  const release = () => {
    for (const free of releases) free()
  }
  return { args, release }
}
