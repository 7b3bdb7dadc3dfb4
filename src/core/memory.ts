// The one WebAssembly.Memory under all arrays: how large and of which kind this platform lets it be.
//
// It does not allocate (heap.ts does) and knows no backend. Where none can be had, arrays lie in ordinary buffers.
// SPDX-License-Identifier: MIT

import { type Parsed, parseBoolean } from '../omp/parse.js'
import { parseBytes, readVariable } from './env.js'
import { OutOfMemoryError } from './errors.js'

export const PAGE_BYTES = 65536

/**
 * The first bytes belong to the modules: AssemblyScript's static data, then Emscripten's data, stacks and malloc arena
 * (`make` passes the same numbers to the compilers). Arrays begin here. Untouched pages cost no real memory.
 */
export const ARENA_BYTES = 32 * 1024 * 1024

/** The largest memory that 32-bit wasm can address: 4 GiB. */
const WASM_MAX_PAGES = 65536

export interface MemoryChoice {
  /** Throws OutOfMemoryError where there is none. */
  readonly memory: WebAssembly.Memory
  readonly shared: boolean
  /** 0 where there is none. */
  readonly maximumBytes: number
  /** Why it is not the shared 4 GiB that was wanted; empty where it is. */
  readonly reasons: readonly string[]
}

/** A size in pages. */
function parsePages(text: string): Parsed<number> {
  const bytes = parseBytes(text)
  if (bytes === 0) return { value: 0 }
  if (bytes === undefined || bytes < 2 * ARENA_BYTES) {
    const least = `${(2 * ARENA_BYTES) >> 20}MB`
    return { problem: `expected a size of at least ${least}, such as 512MB, or 0 for no WebAssembly memory` }
  }
  const pages = Math.floor(bytes / PAGE_BYTES)
  if (pages <= WASM_MAX_PAGES) return { value: pages }
  return { value: WASM_MAX_PAGES, problem: 'more than WebAssembly can address' }
}

const sizeText = (pages: number) => `${(pages * PAGE_BYTES) / 2 ** 20}MB`

function wantedPages(): number {
  const otherwise = `${sizeText(WASM_MAX_PAGES)} is used`
  return readVariable('NUMLOOM_MAX_MEMORY', parsePages, otherwise, sizeText) ?? WASM_MAX_PAGES
}

/** Address space may be limited (ulimit -v, small devices): the largest maximum that is granted, shared if possible. */
export function createMemory(): MemoryChoice {
  const reasons: string[] = []
  const initial = ARENA_BYTES / PAGE_BYTES
  const wanted = wantedPages()
  if (wanted === 0) return noMemory(['NUMLOOM_MAX_MEMORY=0 forbids it'])
  if (wanted < WASM_MAX_PAGES) reasons.push(`NUMLOOM_MAX_MEMORY limits it to ${(wanted * PAGE_BYTES) >> 20} MiB`)
  const mayShare = readVariable('NUMLOOM_SHARED_MEMORY', parseBoolean, 'true is used') ?? true
  const kinds = mayShare ? [true, false] : [false]
  if (!mayShare) reasons.push('NUMLOOM_SHARED_MEMORY=0 forbids shared memory')
  for (const shared of kinds) {
    for (let maximum = wanted; maximum >= initial * 2; maximum = Math.floor(maximum / 2)) {
      try {
        const memory = new WebAssembly.Memory({ initial, maximum, shared })
        return { memory, shared, maximumBytes: maximum * PAGE_BYTES, reasons }
      } catch (error) {
        const size = `${shared ? 'shared' : 'unshared'} memory of ${(maximum * PAGE_BYTES) / 2 ** 20} MiB`
        reasons.push(`${size}: ${(error as Error).message}`)
      }
    }
  }
  return noMemory(reasons)
}

/** All arrays lie outside the heap then, and the backends that need the memory cannot be used for the reason thrown. */
function noMemory(because: readonly string[]): MemoryChoice {
  const problem = `there is no WebAssembly memory: ${because.join('; ')}`
  return {
    get memory(): WebAssembly.Memory {
      throw new OutOfMemoryError(problem, { wanted: ARENA_BYTES, available: 0 })
    },
    shared: false,
    maximumBytes: 0,
    reasons: [problem, 'arrays lie in ordinary buffers'],
  }
}
