// LLVM from npm: running its commands in a worker of this thread, with waiting or without.
// SPDX-License-Identifier: MIT

import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { mayStartThreads } from '../backends/wasm.js'
import { NjitError } from '../core/errors.js'
import type { Job, Reply, Request } from './compile-worker.js'
import { findPackage, type Package } from './packages.js'

/** The first job loads 100 MB and may have a slow disk; a worker that died never answers. */
const LIMIT_MS = 120_000

/** The package. Throws NjitError where it is not installed, or may not run. */
export function clang(): Package {
  if (mayStartThreads()) return findPackage('@yowasp/clang', 'compile to WebAssembly')
  const why = 'the permissions of this process forbid it threads. Start node with --allow-worker.'
  throw new NjitError(`njit cannot compile to WebAssembly: ${why}`)
}

let running: Worker | undefined

function worker(): Worker {
  if (running !== undefined) return running
  const url = new URL('./compile-worker.js', import.meta.url)
  const started = new Worker(url, { workerData: clang().url, execArgv: [], env: {} })
  const forget = () => {
    if (running === started) running = undefined
  }
  // Whoever waits for it is told by the time limit, or by `exit`.
  started.on('error', forget).on('exit', forget).unref()
  running = started
  return started
}

/** Ends the worker. The next job starts another one. */
export async function endCompiler(): Promise<void> {
  const ended = running
  running = undefined
  await ended?.terminate()
}

function send(job: Job): { port: MessagePort; bell: Int32Array; to: Worker } {
  const { port1, port2 } = new MessageChannel()
  const bell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const to = worker()
  to.postMessage({ job, port: port2, bell } satisfies Request, [port2])
  return { port: port1, bell, to }
}

/** Gives up a worker that may have died. */
function unanswered(by: Worker): NjitError {
  if (running === by) running = undefined
  void by.terminate()
  const seconds = LIMIT_MS / 1000
  return new NjitError(`njit could not compile to WebAssembly: the compiler ended, or did not answer for ${seconds} s`)
}

/** The output and what was said. Throws NjitError where a command fails. */
function checked({ output, log }: Reply): { output: Uint8Array<ArrayBuffer>; log: string } {
  if (output !== undefined) return { output, log }
  const message = "njit could not compile to WebAssembly: the compiler failed. Its words are in the error's details."
  throw new NjitError(message, { details: log })
}

/** Runs a job and waits for it without leaving the caller's job. */
export function runClang(job: Job): { output: Uint8Array<ArrayBuffer>; log: string } {
  const { port, bell, to } = send(job)
  Atomics.wait(bell, 0, 0, LIMIT_MS)
  const reply = receiveMessageOnPort(port)
  port.close()
  if (reply === undefined) throw unanswered(to)
  return checked(reply.message)
}

/** The same without blocking. */
export async function runClangAsync(job: Job): Promise<{ output: Uint8Array<ArrayBuffer>; log: string }> {
  const { port, to } = send(job)
  let giveUp = () => {}
  let timer: NodeJS.Timeout | undefined
  try {
    const reply = new Promise<Reply>((resolve, reject) => {
      giveUp = () => reject(unanswered(to))
      port.once('message', resolve)
      to.once('exit', giveUp)
      timer = setTimeout(giveUp, LIMIT_MS)
    })
    return checked(await reply)
  } finally {
    to.off('exit', giveUp)
    clearTimeout(timer)
    port.close()
  }
}
