// Loading the backends: each at most once, at its first use; a failure is remembered with its reason.
// SPDX-License-Identifier: MIT

import { BackendError, EnvironmentError } from '../core/errors.js'
import { loadAs } from './as.js'
import { BACKEND_NAMES, type Backend, type BackendName } from './backend.js'
import { jsBackend } from './js.js'
import { loadNative } from './native.js'
import { loadWasm, loadWasmThreads } from './wasm.js'

const LOADERS: Record<BackendName, () => Backend> = {
  js: () => jsBackend,
  as: loadAs,
  wasm: loadWasm,
  'wasm-threads': loadWasmThreads,
  native: loadNative,
}

const loaded = new Map<BackendName, Backend | BackendError>()

/** Has every backend loaded anew at its next use. */
export function forgetBackends(): void {
  loaded.clear()
}

/** The loaded backend, or why it cannot be had. Throws EnvironmentError where NUMLOOM_STRICT_ENV=1. */
export function tryLoad(name: BackendName): Backend | BackendError {
  let result = loaded.get(name)
  if (result === undefined) {
    try {
      result = LOADERS[name]()
    } catch (error) {
      // Once the variable is mended the backend can be had.
      if (error instanceof EnvironmentError) throw error
      if (error instanceof BackendError) result = error
      else {
        const message = `backend '${name}' cannot be used: ${(error as Error).message}`
        result = new BackendError(message, { backend: name })
      }
    }
    loaded.set(name, result)
  }
  return result
}

/** The loaded backend. Throws the BackendError that says why it cannot be had. */
export function load(name: BackendName): Backend {
  const result = tryLoad(name)
  if (result instanceof BackendError) throw result
  return result
}

export interface BackendStatus {
  readonly name: BackendName
  readonly available: boolean
  /** Why it is not available. */
  readonly reason?: string
  /** The file that runs, its instruction set, and the most threads it can use. */
  readonly file?: string
  readonly isa?: string
  readonly maxThreads?: number
  /** Where the file is, and all instruction sets that it has for this CPU. */
  readonly path?: string
  readonly isas?: readonly string[]
}

/** The loaded backend, or why it cannot be had, whatever the reason. */
export function statusOf(name: BackendName): Backend | Error {
  try {
    return tryLoad(name)
  } catch (error) {
    return error as EnvironmentError
  }
}

/** All five backends: what runs them, or why they cannot run. Loads those that were not used yet. */
export function backends(): BackendStatus[] {
  return BACKEND_NAMES.map((name) => {
    const result = statusOf(name)
    if (result instanceof Error) return { name, available: false, reason: result.message }
    const { file, isa, maxThreads, path, isas } = result
    return { name, available: true, file, isa, maxThreads, ...(path && { path }), ...(isas && { isas }) }
  })
}
