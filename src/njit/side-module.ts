// A compiled function as a WebAssembly module that shares numloom's memory and each thread's stack.
// SPDX-License-Identifier: MIT

import { setFlagsFromString } from 'node:v8'
import type { FunctionHost, LoopBody } from '../backends/wasm.js'
import { joinTeam } from '../backends/wasm-team.js'
import { NjitError } from '../core/errors.js'
import { heap } from '../core/heap.js'

export interface SideExports {
  nl_main(slots: number): number
  nl_free(slots: number): void
  nl_body?: LoopBody
  __wasm_apply_data_relocs?(): void
}

/** What a module needs before it can be instantiated; `dylink.0` is the section of the tools' convention for libraries. */
interface Needs {
  readonly dataBytes: number
  readonly dataAlignment: number
  readonly functions: number
}

const MEMORY_INFO = 1

function readNeeds(module: WebAssembly.Module): Needs {
  const [section] = WebAssembly.Module.customSections(module, 'dylink.0')
  if (section === undefined) throw new NjitError('a compiled function cannot be loaded: it is no library')
  const bytes = new Uint8Array(section)
  let at = 0
  const next = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const kind = next()
    const end = next() + at
    if (kind === MEMORY_INFO) return { dataBytes: next(), dataAlignment: 2 ** next(), functions: next() }
    at = end
  }
  return { dataBytes: 0, dataAlignment: 1, functions: 0 }
}

/**
 * V8 compiles a function in a hurry first and well only when it is called again, which a function that loops for a second
 * may never be. So while this module is compiled, it is told to do it well at once; other threads find what it made.
 */
function compileWell(binary: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  setFlagsFromString('--no-liftoff')
  setFlagsFromString('--no-wasm-lazy-compilation')
  try {
    return new WebAssembly.Module(binary)
  } catch (error) {
    throw new NjitError('a compiled function cannot be loaded: the engine refuses it', {
      details: (error as Error).message,
    })
  } finally {
    setFlagsFromString('--wasm-lazy-compilation')
    // Node 20 takes the second one away together with the first.
    setFlagsFromString('--liftoff')
    setFlagsFromString('--wasm-tier-up')
  }
}

/** A compiled function's place in the heap, where all threads find it: a descriptor, its data, its binary. */
interface Placement {
  readonly program: number
  readonly data: number
}

const DESCRIPTOR_BYTES = 16

/** For good: threads of the team may use it at any time. */
function placeInHeap(binary: Uint8Array, { dataBytes, dataAlignment, functions }: Needs): Placement {
  const size = DESCRIPTOR_BYTES + dataAlignment + dataBytes + binary.byteLength
  const program = heap().borrow(size).address
  const data = Math.ceil((program + DESCRIPTOR_BYTES) / dataAlignment) * dataAlignment
  const at = data + dataBytes
  new Uint8Array(heap().buffer, program, size).fill(0)
  new Uint8Array(heap().buffer, at, binary.byteLength).set(binary)
  new Uint32Array(heap().buffer, program, 4).set([at, binary.byteLength, data, functions])
  return { program, data }
}

export interface SideModule {
  readonly exports: SideExports
  /** Whether it has parallel loops. */
  readonly parallel: boolean
}

/** What the functions of this thread call for memory. */
export interface Allocation {
  allocate(bytes: number): number
  release(address: number): void
}

/** Compiles and instantiates it for this thread. Throws NjitError where the binary is not what njit makes. */
export function loadSideModule(binary: Uint8Array, host: FunctionHost, memory: Allocation): SideModule {
  const module = compileWell(new Uint8Array(binary))
  const needs = readNeeds(module)
  const { program, data } = placeInHeap(binary, needs)
  let exports: SideExports | undefined
  const { nl_random, nl_block_sin, nl_block_cos, nl_block_exp, nl_block_log, nl_njit_region } = host.exports
  const onTeam = (which: number, context: number, items: number, kind: number, chunk: number) => {
    joinTeam()
    nl_njit_region?.(program, which, context, items, kind, chunk)
  }
  const alone = (which: number, context: number, items: number) => exports?.nl_body?.(which, context, 0, items)
  const env: Record<string, WebAssembly.ImportValue> = {
    ...{ nl_random, nl_block_sin, nl_block_cos, nl_block_exp, nl_block_log },
    memory: heap().choice.memory,
    __indirect_function_table: new WebAssembly.Table({ initial: needs.functions, element: 'anyfunc' }),
    __memory_base: new WebAssembly.Global({ value: 'i32' }, data),
    __table_base: new WebAssembly.Global({ value: 'i32' }, 0),
    __stack_pointer: host.stackPointer,
    nl_region: nl_njit_region === undefined ? alone : onTeam,
    nl_allocate: memory.allocate,
    nl_release: memory.release,
    fmod: (x: number, y: number) => x % y,
    // LLVM's own choice for two floats whose remainder is stored as one: it is exact in either.
    fmodf: (x: number, y: number) => x % y,
  }
  const imports = WebAssembly.Module.imports(module)
  const missing = imports.filter(({ module, name }) => !(name in (module === 'Math' ? Math : env)))
  if (missing.length > 0) {
    throw new NjitError(`a compiled function cannot be loaded: it needs ${missing.map(({ name }) => name).join(', ')}`)
  }
  const math = Math as unknown as WebAssembly.ModuleImports
  exports = new WebAssembly.Instance(module, { env, Math: math }).exports as unknown as SideExports
  exports.__wasm_apply_data_relocs?.()
  if (exports.nl_body !== undefined) host.bodies.set(program, exports.nl_body)
  return { exports, parallel: imports.some(({ name }) => name === 'nl_region') }
}
