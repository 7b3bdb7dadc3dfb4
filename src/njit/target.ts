// What njit asks of a target: to compile C, and to run what came of it.
// SPDX-License-Identifier: MIT

import type { TypedArray } from '../core/dtype.js'

/** Flags of `fastmath`: LLVM's names, as in Numba. */
export type FastmathFlag = 'nnan' | 'ninf' | 'nsz' | 'arcp' | 'contract' | 'afn' | 'reassoc'

export interface CompileOptions {
  readonly fastmath: readonly FastmathFlag[]
}

/** Memory of an argument: an address in the heap, or any typed array with the index of the first element. */
export type ArrayMemory = number | { readonly data: TypedArray | NumericArray; readonly at: number }

/** Every kind of typed array that a compiled function takes. */
export type NumericArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray

export interface ArrayArgument {
  /** Which slot takes the address of the first element. */
  readonly slot: number
  readonly memory: ArrayMemory
  /** Bytes from the lowest to the highest element, and how many of them lie before the first (negative strides). */
  readonly bytes: number
  readonly before: number
  /** Whether the function stores into it: what was copied is copied back. */
  readonly written: boolean
}

/** What a call returns where the engine's own stack ended. */
export const STACK_ENDED = 2

/** A compiled function that is ready to be called from this thread. */
export interface Program {
  /** Where arguments, results and the record of an error lie; see slots in emit. Fetch it for every call. */
  slots(): Float64Array
  /**
   * Runs it; 0, or 1 where the record of an error is filled. Returns with the slots filled. Its parallel loops have at most
   * so many threads: without a number, what a kernel would have now.
   */
  call(arrays: readonly ArrayArgument[], threads?: number): number
  /** A copy of memory that the function allocated. */
  read(address: number, bytes: number): ArrayBuffer
  /** Frees what the last call allocated. */
  free(): void
  /** How many threads the largest parallel loop of the last call had; 1 where there was none. */
  lastThreads(): number
  /** Bytes that the last call copied, because the target cannot reach them in place. */
  lastCopied(): number
}

export interface Target {
  readonly name: 'native' | 'wasm'
  /** The instruction set that it compiles for, in words for reports. */
  readonly isa: string
  /** Part of the key under which binaries are kept: the compiler with its version, its flags, and for native the CPU. */
  identity(): string
  /** Throws NjitError where there is no compiler, or it refuses the source. */
  compile(source: string, options: CompileOptions): Uint8Array
  /** The same without blocking; rejects with NjitError. */
  compileAsync(source: string, options: CompileOptions): Promise<Uint8Array>
  /** Makes a compiled function callable from this thread. Throws NjitError where the binary is damaged. */
  load(binary: Uint8Array, slotCount: number): Program
  /** What the compiler made of it, as assembler. */
  disassemble(source: string, options: CompileOptions): string
  /** How the loops that comments in the source number became SIMD; undefined for those that did not (remarks.ts). */
  remarks(source: string, options: CompileOptions): ReadonlyMap<number, string | undefined>
}
