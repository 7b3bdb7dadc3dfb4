// The thread in which LLVM runs: it is one large WebAssembly module, loaded at the first job and kept.
// SPDX-License-Identifier: MIT

import { setFlagsFromString } from 'node:v8'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'

export interface Job {
  readonly source: string
  /** Commands of the package with their arguments; each finds what those before it wrote. */
  readonly steps: readonly (readonly [command: string, ...args: string[]])[]
  readonly output: string
  /** The URL of the package wabt, where WebAssembly's text is wanted instead of the binary. */
  readonly wabt?: string
}

export interface Reply {
  /** Undefined where a command failed. */
  readonly output: Uint8Array<ArrayBuffer> | undefined
  /** What the commands said. */
  readonly log: string
}

export interface Request {
  readonly job: Job
  readonly port: MessagePort
  /** Rung after the reply was posted. */
  readonly bell: Int32Array
}

type Files = Record<string, string | Uint8Array>
type RunLlvm = (args: readonly string[] | null, files?: Files, options?: object) => Promise<Files | undefined>

/**
 * V8 14 ends the process when it optimises LLVM's module (seen in Node 26.10: "Check failed: function_feedback != ..."), unless
 * it is told not to speculate on what can be taken back. The flag is the whole process's, and costs other modules a few calls
 * that are not inlined.
 */
function avoidCrash(): void {
  if (Number.parseInt(process.versions.v8, 10) >= 14) setFlagsFromString('--no-wasm-deopt')
}

async function load(): Promise<RunLlvm> {
  avoidCrash()
  const { runLLVM } = (await import(workerData as string)) as { runLLVM: RunLlvm }
  // Without a listener the package prints how far it has loaded itself.
  await runLLVM(null, {}, { fetchProgress: () => {} })
  return runLLVM
}

let llvm: Promise<RunLlvm> | undefined

/** What the driver `clang` would run, by its arguments: asking takes as long as half a compilation. */
const expanded = new Map<string, string[]>()

/** The driver prints commands as lines of quoted words; a backslash protects a quote, a dollar or itself. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => (word as string).replace(/\\(.)/g, '$1'))
  return words.filter((word) => word !== '')
}

/** Clang cannot start another process here, so its driver only tells which command it would run. */
async function expand(run: RunLlvm, step: readonly string[], files: Files): Promise<readonly string[]> {
  if (step[0] !== 'clang') return step
  const key = step.join(' ')
  const known = expanded.get(key)
  if (known !== undefined) return known
  const said = new Said()
  await run(['clang', '-###', ...step.slice(1)], files, said.options)
  const line = said.text.split('\n').find((line) => line.startsWith(' "'))
  if (line === undefined) throw new Error(said.text)
  const words = wordsOf(line)
  expanded.set(key, words)
  return words
}

/** Collects what a command says. */
class Said {
  readonly #decoder = new TextDecoder()
  text = ''
  readonly #write = (bytes: Uint8Array | null) => {
    if (bytes !== null) this.text += this.#decoder.decode(bytes, { stream: true })
  }
  readonly options = { stdout: this.#write, stderr: this.#write, decodeASCII: false }
}

/** The only feature of our modules that the package knows but leaves off. */
const FEATURES = { threads: true }

async function textOf(binary: Uint8Array, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const { default: open } = (await import(url)) as { default: typeof import('wabt') }
  const module = (await open()).readWasm(binary, { readDebugNames: true, ...FEATURES })
  try {
    module.generateNames()
    module.applyNames()
    return new TextEncoder().encode(module.toText({ foldExprs: false, inlineExport: false }))
  } finally {
    module.destroy()
  }
}

async function run({ source, steps, output, wabt }: Job): Promise<Reply> {
  const said = new Said()
  let files: Files = { 'function.c': source }
  try {
    llvm ??= load()
    const runLlvm = await llvm
    for (const step of steps) files = (await runLlvm(await expand(runLlvm, step, files), files, said.options)) ?? {}
    const binary = new Uint8Array(files[output] as Uint8Array)
    return { output: wabt === undefined ? binary : await textOf(binary, wabt), log: said.text }
  } catch (error) {
    return { output: undefined, log: `${said.text}${(error as Error).message}` }
  }
}

parentPort?.on('message', async ({ job, port, bell }: Request) => {
  port.postMessage(await run(job))
  Atomics.store(bell, 0, 1)
  Atomics.notify(bell, 0)
})
