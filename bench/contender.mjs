// Drives a contender's process by the protocol of serve.mjs: one request, one reply.
// SPDX-License-Identifier: MIT

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A contender that does not answer in this time has failed. */
const PATIENCE_MS = 120_000

export class ContenderProcess {
  #child
  #lines
  #pending
  #ended

  /** @param {string} command @param {readonly string[]} args @param {Record<string, string>} environment added to ours */
  constructor(command, args, environment = {}) {
    this.#child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.complaints = ''
    this.#child.stderr.on('data', (data) => {
      this.complaints = (this.complaints + data).slice(-2000)
    })
    this.#lines = createInterface({ input: this.#child.stdout })
    this.#lines.on('line', (line) => this.#pending?.(JSON.parse(line)))
    const end = (reason) => {
      this.#ended = reason
      this.#pending?.({ error: reason })
    }
    this.#child.on('error', (error) => end(error.message))
    // What it wrote to stderr arrives until the streams are closed.
    this.#child.on('close', (code, signal) =>
      end(`it ended (${signal ?? code}): ${this.complaints.trim().slice(-200)}`),
    )
    this.#child.stdin.on('error', () => {})
  }

  /** The reply; one with `error` where the contender failed. @param {object} request */
  ask(request) {
    if (this.#ended !== undefined) return Promise.resolve({ error: this.#ended })
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#child.kill('SIGKILL')
        this.#pending?.({ error: `no answer within ${PATIENCE_MS / 1000} s` })
      }, PATIENCE_MS)
      this.#pending = (reply) => {
        clearTimeout(timer)
        this.#pending = undefined
        resolve(reply)
      }
      this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    })
  }

  end() {
    this.#child.stdin.end()
  }
}
