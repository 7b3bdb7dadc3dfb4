// What a backend is. Backends share no semantics beyond the kernel definitions; each file here loads one of them.
//
// A backend does not choose, convert or check: it binds symbols to callables over the heap.
// SPDX-License-Identifier: MIT

import type { Code } from '../core/dtype.js'
import { BackendError } from '../core/errors.js'
import type { Kernel, Ref } from '../kernel/define.js'
import { kernelList } from '../kernel/registry.js'
import { signatureInWords, signatureOf } from '../kernel/signature.js'

export const BACKEND_NAMES = ['js', 'as', 'wasm', 'wasm-threads', 'native'] as const
export type BackendName = (typeof BACKEND_NAMES)[number]

/** An argument of a kernel call: a number, the address of a pointer in the heap, or memory outside the heap. */
export type KernelArgument = number | Ref

/** Runs a kernel. */
export type Call = (args: KernelArgument[]) => void

export interface Backend {
  readonly name: BackendName
  /** What runs: the name of the file, or of the code. */
  readonly file: string
  /** Where it is, for a file. */
  readonly path?: string
  /** The instruction set in use. */
  readonly isa: string
  /** All instruction sets that it has builds for and this CPU can run, the best first, where there is a choice. */
  readonly isas?: readonly string[]
  /** The largest thread count that it can use. */
  readonly maxThreads: number
  /** The callable of a kernel for a dtype, undefined where the backend has none. */
  bind(kernel: Kernel, dtype: Code): Call | undefined
  /** How many threads the following calls may use. Throws BackendError where they cannot be had. */
  setThreads(count: number): void
  /** How many threads the last call with more than one really had: others may have been using the budget. */
  lastTeam?(): number
}

/** Throws the error for a binary that is not what the definitions say. */
export function binaryError(backend: BackendName, file: string, problem: string, kernel?: string): never {
  throw new BackendError(
    `backend '${backend}' cannot be used: ${file}: ${problem}. Reinstall numloom, or rebuild it by \`make build\`.`,
    kernel === undefined ? { backend, file } : { backend, file, kernel },
  )
}

/** How signatures are compared: as they are, or by what a binary can still say of them. */
type Lower = (signature: string) => string

/**
 * Holds a binary's own table against the definitions: every kernel that names the backend must be there for each of
 * its dtypes, with the same signature; a symbol without a definition means another version.
 */
export function checkTable(
  backend: BackendName,
  file: string,
  table: ReadonlyMap<string, string>,
  lower: Lower = (signature) => signature,
): void {
  for (const { kernel, dtype, symbol } of kernelList()) {
    const found = table.get(symbol)
    if (found === undefined) {
      if (kernel.on.includes(backend)) binaryError(backend, file, `kernel ${symbol} is missing`, symbol)
      continue
    }
    const wanted = lower(signatureOf(kernel, dtype))
    if (found === wanted) continue
    const problem = `is ${signatureInWords(found)} there, but ${signatureInWords(wanted)} by its definition`
    binaryError(backend, file, `kernel ${symbol} ${problem}`, symbol)
  }
  const known = new Set(kernelList().map(({ symbol }) => symbol))
  for (const symbol of table.keys()) {
    if (!known.has(symbol)) binaryError(backend, file, `kernel ${symbol} has no definition`, symbol)
  }
}
