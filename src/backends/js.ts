// Backend `js`: the kernel definitions' references, on views of the heap. Needs nothing and is always there.
// SPDX-License-Identifier: MIT

import { type Code, codeInfo } from '../core/dtype.js'
import { heap } from '../core/heap.js'
import { asRef, type Kernel, type Ref } from '../kernel/define.js'
import type { Backend, Call, KernelArgument } from './backend.js'

/** Turns addresses into Refs; `codes` has the element type of each pointer argument, undefined for numbers. */
function bind(kernel: Kernel, dtype: Code): Call {
  const codes = kernel.args.map((arg) => {
    if (arg.kind === 'pointer') return arg.dtype ?? dtype
    return arg.kind === 'scratch' ? dtype : undefined
  })
  const reference = kernel.reference as (...args: (number | Ref)[]) => void
  return (args: KernelArgument[]) => {
    const values = args.map((value, i) => {
      const code = codes[i]
      if (code === undefined || typeof value !== 'number') return value
      return asRef(heap().view(code), value / codeInfo(code).itemsize)
    })
    reference(...values)
  }
}

export const jsBackend: Backend = {
  name: 'js',
  file: 'kernel references',
  isa: 'JavaScript',
  maxThreads: 1,
  bind,
  setThreads() {},
}
