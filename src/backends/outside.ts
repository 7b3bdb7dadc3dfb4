// Calls of wasm kernels on memory from outside the heap: copied in before, and what was written copied out after.
// SPDX-License-Identifier: MIT

import type { Code, TypedArray } from '../core/dtype.js'
import { codeInfo } from '../core/dtype.js'
import { heap } from '../core/heap.js'
import type { Kernel, Ref } from '../kernel/define.js'
import { copied } from '../report/dispatch.js'
import { reporting } from '../report/events.js'
import type { Call, KernelArgument } from './backend.js'

interface Copy {
  readonly data: TypedArray
  readonly address: number
  readonly code: Code
  written: boolean
  readonly release: () => void
}

/** A call that takes outside memory as well, from a raw function that takes numbers alone. */
export function callWithCopies(kernel: Kernel, dtype: Code, raw: (...args: number[]) => void): Call {
  return (args: KernelArgument[]) => {
    if (args.every((value) => typeof value === 'number')) raw(...(args as number[]))
    else callCopied(kernel, dtype, raw, args)
  }
}

function callCopied(kernel: Kernel, dtype: Code, raw: (...args: number[]) => void, args: KernelArgument[]): void {
  // Arguments that share memory must share its copy.
  const copies = new Map<TypedArray, Copy>()
  try {
    const numbers = args.map((value, i) => {
      if (typeof value === 'number') return value
      const arg = kernel.args[i]
      const code = (arg?.kind === 'pointer' && arg.dtype) || dtype
      const copy = copies.get(value.data) ?? copyIn(value, code)
      copies.set(value.data, copy)
      if (arg?.kind === 'pointer' && arg.access !== 'in') copy.written = true
      return copy.address + value.at * codeInfo(code).itemsize
    })
    raw(...numbers)
    for (const copy of copies.values()) if (copy.written) copyOut(copy)
  } finally {
    for (const copy of copies.values()) copy.release()
  }
}

function copyIn(ref: Ref, code: Code): Copy {
  const data: TypedArray = ref.data
  const { address, release } = heap().borrow(data.byteLength)
  transfer('in', bytesOf(data), heapBytes(address, data.byteLength))
  return { data, address, code, written: false, release }
}

function copyOut(copy: Copy): void {
  transfer('out', heapBytes(copy.address, copy.data.byteLength), bytesOf(copy.data))
}

/** A copy over the border of the heap, told to whoever listens. */
export function transfer(direction: 'in' | 'out', from: Uint8Array, to: Uint8Array): void {
  const start = reporting ? performance.now() : 0
  to.set(from)
  if (reporting) copied(direction, from.byteLength, start)
}

const bytesOf = (data: TypedArray) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
const heapBytes = (address: number, length: number) => new Uint8Array(heap().buffer, address, length)
