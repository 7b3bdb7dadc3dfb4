// The thread in which LLVM runs: it is one large WebAssembly module, loaded at the first job and kept.
// SPDX-License-Identifier: MIT

import { type MessagePort, parentPort, workerData } from 'node:worker_threads'

export interface Job {
  readonly source: string
  /** Commands of the package with their arguments; each finds what those before it wrote. */
  readonly steps: readonly (readonly [command: string, ...args: string[]])[]
  readonly output: string
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
type Command = (args: readonly string[], files: Files, options: object) => Promise<Files | undefined>

async function run({ source, steps, output }: Job): Promise<Reply> {
  const { commands } = (await import(workerData as string)) as { commands: Record<string, Command> }
  const decoder = new TextDecoder()
  let log = ''
  const write = (bytes: Uint8Array | null) => {
    if (bytes !== null) log += decoder.decode(bytes, { stream: true })
  }
  // Without a listener of ours the package prints how far it has loaded itself.
  const options = { stdout: write, stderr: write, fetchProgress: () => {} }
  let files: Files = { 'function.c': source }
  try {
    for (const [command, ...args] of steps) files = (await commands[command]?.(args, files, options)) ?? {}
    return { output: new Uint8Array(files[output] as Uint8Array), log }
  } catch (error) {
    return { output: undefined, log: `${log}${(error as Error).message}` }
  }
}

parentPort?.on('message', async ({ job, port, bell }: Request) => {
  const reply = await run(job).catch((error: Error): Reply => ({ output: undefined, log: error.message }))
  port.postMessage(reply)
  Atomics.store(bell, 0, 1)
  Atomics.notify(bell, 0)
})
