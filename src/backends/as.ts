// Backend `as`: the AssemblyScript kernels. Glue-free: one wasm file with nothing but the memory to import.
// SPDX-License-Identifier: MIT

import { fileURLToPath } from 'node:url'
import type { Code } from '../core/dtype.js'
import { heap } from '../core/heap.js'
import type { Kernel } from '../kernel/define.js'
import { type Backend, checkTable } from './backend.js'
import { compileBinary, fileName, readBinary } from './files.js'
import { callWithCopies } from './outside.js'
import { exportedSignatures, loweredSignature } from './wasm-types.js'

/** Loads the build for the heap's kind of memory. Throws BackendError. */
export function loadAs(): Backend {
  const url = heap().choice.shared
    ? new URL('../wasm/numloom.as.shared.wasm', import.meta.url)
    : new URL('../wasm/numloom.as.wasm', import.meta.url)
  const bytes = readBinary('as', url)
  const module = compileBinary('as', url, bytes)
  checkTable('as', fileURLToPath(url), exportedSignatures(bytes), loweredSignature)
  const { exports } = new WebAssembly.Instance(module, { env: { memory: heap().choice.memory } })
  return {
    name: 'as',
    file: fileName(url),
    path: fileURLToPath(url),
    isa: 'simd128',
    maxThreads: 1,
    bind(kernel: Kernel, dtype: Code) {
      const raw = exports[`${kernel.name}_${dtype}`] as ((...args: number[]) => void) | undefined
      return raw && callWithCopies(kernel, dtype, raw)
    },
    setThreads() {},
  }
}
