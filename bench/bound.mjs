// Backends without the plan in between: what a kernel costs where it is made to run, threads included.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { loadAs } from '../dist/backends/as.js'
import { jsBackend } from '../dist/backends/js.js'
import { loadNative } from '../dist/backends/native.js'
import { loadWasm, loadWasmThreads } from '../dist/backends/wasm.js'

const LOADERS = { js: () => jsBackend, as: loadAs, wasm: loadWasm, 'wasm-threads': loadWasmThreads, native: loadNative }

/** The backends that work here, loaded, by name. @returns {Map<string, import('../dist/backends/backend.js').Backend>} */
export function loadedBackends() {
  const available = nl.backends().filter((status) => status.available)
  return new Map(available.map(({ name }) => [name, LOADERS[name]()]))
}

/**
 * A function that runs a kernel on a backend with a thread count, undefined where the backend has none.
 * @param {import('../dist/backends/backend.js').Backend} backend
 */
export function boundCall(backend, kernel, dtype, args, threads) {
  const call = backend.bind(kernel, dtype)
  if (call === undefined) return undefined
  return () => {
    backend.setThreads(threads)
    call(args)
  }
}
