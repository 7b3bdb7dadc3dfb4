// Reading the binaries that lie beside the code.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BackendName, binaryError } from './backend.js'

/** A file's bytes. Throws BackendError, with the file and the reason, where it cannot be read. */
export function readBinary(backend: BackendName, url: URL): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(url))
  } catch (error) {
    binaryError(backend, fileURLToPath(url), (error as Error).message)
  }
}

/** The last part of a file's URL. */
export const fileName = (url: URL): string => basename(fileURLToPath(url))

/** Compiles a wasm binary. Throws BackendError where the engine refuses it: truncated, or no wasm at all. */
export function compileBinary(backend: BackendName, url: URL, bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    binaryError(backend, fileURLToPath(url), (error as Error).message)
  }
}
