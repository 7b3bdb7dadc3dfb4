// Target `native`: C by the machine's compiler to a shared library, which the addon loads and calls.
// SPDX-License-Identifier: MIT

import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from '../backends/load.js'
import { type CompiledFunction, type FunctionLoader, nativeFunctions, truncation } from '../backends/native.js'
import { NjitError } from '../core/errors.js'
import { threadCount } from '../core/threads.js'
import { compiler, runCompiler, runCompilerAsync } from './cc.js'
import { commonFlags, fastmathFlags } from './flags.js'
import { CLANG_REMARKS, GCC_REMARKS, parseRemarks } from './remarks.js'
import type { ArrayArgument, CompileOptions, NumericArray, Program, Target } from './target.js'
import { temporaryFolder } from './temporary.js'

/** For this very CPU; both compilers by default use half of what AVX-512 has. */
const MACHINE_FLAGS = process.arch === 'x64' ? ['-march=native', '-mprefer-vector-width=512'] : ['-mcpu=native']
const LINK_FLAGS = ['-shared', '-Wl,--no-undefined', '-lm']
const CPUINFO_BYTES = 8192

function flags({ fastmath }: CompileOptions): string[] {
  return [...commonFlags(), ...MACHINE_FLAGS, ...fastmathFlags(fastmath, compiler().clang)]
}

/** The kind of CPU: code for one may be illegal on another. The file tells of each core; the first is enough. */
function cpu(): string {
  const bytes = Buffer.alloc(CPUINFO_BYTES)
  const file = openSync('/proc/cpuinfo', 'r')
  try {
    readSync(file, bytes, 0, CPUINFO_BYTES, 0)
  } finally {
    closeSync(file)
  }
  const first = bytes.toString('latin1').split('\n\n')[0] as string
  const lines = first.split('\n').filter((line) => /^(model|cpu family|stepping|flags|Features|CPU )/i.test(line))
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16)
}

let cpuName: string | undefined

function identity(): string {
  cpuName ??= cpu()
  return ['native', compiler().identity, ...commonFlags(), ...MACHINE_FLAGS, ...LINK_FLAGS, cpuName].join(' ')
}

function compile(source: string, options: CompileOptions): Uint8Array {
  const folder = temporaryFolder()
  try {
    const output = join(folder.path, 'function.so')
    runCompiler(source, [...flags(options), ...LINK_FLAGS], output)
    return readFileSync(output)
  } finally {
    folder.remove()
  }
}

async function compileAsync(source: string, options: CompileOptions): Promise<Uint8Array> {
  const folder = temporaryFolder()
  try {
    const output = join(folder.path, 'function.so')
    await runCompilerAsync(source, [...flags(options), ...LINK_FLAGS], output)
    return readFileSync(output)
  } finally {
    folder.remove()
  }
}

function disassemble(source: string, options: CompileOptions): string {
  const folder = temporaryFolder()
  try {
    const output = join(folder.path, 'function.s')
    runCompiler(source, [...flags(options), '-S'], output)
    return readFileSync(output, 'utf8')
  } finally {
    folder.remove()
  }
}

/** The addon's part. Throws BackendError where there is no addon. */
function loader(): FunctionLoader {
  load('native')
  return nativeFunctions() as FunctionLoader
}

function open(binary: Uint8Array): CompiledFunction {
  const problem = truncation(Buffer.from(binary.buffer, binary.byteOffset, binary.byteLength))
  if (problem !== undefined) throw new NjitError(`a compiled function cannot be loaded: ${problem}`)
  const folder = temporaryFolder()
  try {
    const file = join(folder.path, 'function.so')
    writeFileSync(file, binary, { mode: 0o700 })
    return loader().open(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'NUMLOOM_NATIVE' && !/^E[A-Z]+$/.test(code ?? '')) throw error
    const advice = 'Where the folder for temporary files is full or forbids running code, set TMPDIR to another one.'
    throw new NjitError(`a compiled function cannot be loaded from ${folder.path}. ${advice}`, { details: message })
  } finally {
    folder.remove()
  }
}

const opened = new Map<string, CompiledFunction>()

function openOnce(binary: Uint8Array): CompiledFunction {
  const key = createHash('sha256').update(binary).digest('hex')
  let code = opened.get(key)
  if (code === undefined) {
    code = open(binary)
    opened.set(key, code)
  }
  return code
}

const firstElement = (data: NumericArray, at: number): NumericArray => (at === 0 ? data : data.subarray(at))

class NativeProgram implements Program {
  readonly #code: CompiledFunction
  readonly #slots: Float64Array
  #threads = 1

  constructor(binary: Uint8Array, slotCount: number) {
    this.#code = openOnce(binary)
    this.#slots = new Float64Array(slotCount)
  }

  slots(): Float64Array {
    return this.#slots
  }

  call(arrays: readonly ArrayArgument[], threads = threadCount().count): number {
    const backend = load('native')
    backend.setThreads(Math.min(threads, backend.maxThreads))
    const result = this.#code.call(this.#slots, ...this.#fill(arrays))
    this.#threads = result >> 1
    return result & 1
  }

  /** Fills in the addresses of arrays in the heap, and returns the others with their slots. */
  #fill(arrays: readonly ArrayArgument[]): (number | NumericArray)[] {
    const outside: (number | NumericArray)[] = []
    for (const { slot, memory } of arrays) {
      if (typeof memory === 'number') this.#slots[slot] = loader().heapBase() + memory
      else outside.push(slot, firstElement(memory.data, memory.at))
    }
    return outside
  }

  read(address: number, bytes: number): ArrayBuffer {
    const copy = new Uint8Array(bytes)
    this.#code.read(address, copy)
    return copy.buffer
  }

  free(): void {
    this.#code.free(this.#slots)
  }

  lastThreads(): number {
    return this.#threads
  }

  lastCopied(): number {
    return 0
  }
}

export const nativeTarget: Target = {
  name: 'native',
  isa: (MACHINE_FLAGS[0] as string).slice(1),
  identity,
  compile,
  compileAsync,
  load: (binary, slotCount) => new NativeProgram(binary, slotCount),
  disassemble,
  remarks(source, options) {
    const words = compiler().clang ? CLANG_REMARKS : GCC_REMARKS
    return parseRemarks(runCompiler(source, [...flags(options), ...words, '-c'], '/dev/null'), source)
  },
}
