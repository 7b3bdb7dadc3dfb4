#!/usr/bin/env node
// The command `numloom`.
// SPDX-License-Identifier: MIT

import { showConfig } from './config.js'
import { NumloomError } from './core/errors.js'
import { countInForce } from './omp/count.js'
import { showRuntime } from './system.js'
import { threadpoolInfo } from './threadpool.js'

const USAGE = `usage: numloom info [--json]
       numloom threads [--json]
       numloom tune [--dry-run] [--only=KERNEL,...]
       numloom cache ls [--json]
       numloom cache clear

  info     showRuntime and showConfig in one: versions, CPU, memory, threads, every backend with the reason where one is
           missing, what runs where and why, and how all of it was built
  threads  every pool of threads with its count, by threadpoolctl's keys
  tune     measures in some minutes which backend and how many threads are the fastest here, and writes it to the cache
           folder, where numloom finds it from then on; --dry-run only tells; --only: these kernels, such as add_f64,
           beside the plans that the file has already
  cache    the compiled functions that njit keeps in the cache folder: lists them, the last used first, or removes them
`

function info(): { toString(): string } {
  const [runtime, config] = [showRuntime(), showConfig()]
  return Object.defineProperty({ ...runtime, config }, 'toString', { value: () => `${runtime}\n${config}` })
}

function threads(): { toString(): string } {
  const pools = threadpoolInfo()
  const { count, source } = countInForce()
  const lines = pools.map(
    (pool) =>
      `${pool.user_api.padEnd(7)} ${String(pool.num_threads).padStart(3)}  ${pool.filepath} (${pool.architecture})`,
  )
  const describe = () => [`threads     ${count} (${source})`, ...lines].join('\n')
  return Object.defineProperty(pools, 'toString', { value: describe })
}

/** The answer of a command, or the exit code of what is told on stderr because the user can mend it. */
function answer(command: () => { toString(): string }, json: boolean): number {
  try {
    const report = command()
    return print(json ? JSON.stringify(report, null, 2) : report.toString())
  } catch (error) {
    if (!(error instanceof NumloomError)) throw error
    process.stderr.write(`numloom: ${error.message}\n`)
    return 1
  }
}

const COMMANDS: ReadonlyMap<string, () => { toString(): string }> = new Map([
  ['info', info],
  ['threads', threads],
])

async function main(args: readonly string[]): Promise<number> {
  const [name = '--help', ...options] = args
  if (name === 'tune') {
    const { tune, tuneOptions } = await import('./tune/command.js')
    const asked = tuneOptions(options)
    return asked === undefined ? misused() : tune(asked)
  }
  if (name === 'cache') {
    const { cacheCommand } = await import('./njit/cache-command.js')
    const report = cacheCommand(options)
    if (report === undefined) return misused()
    for (const problem of report.problems) process.stderr.write(`numloom: ${problem}\n`)
    print(report.text)
    return report.problems.length > 0 ? 1 : 0
  }
  const command = COMMANDS.get(name)
  const json = options.includes('--json')
  if (name === '--help') {
    process.stderr.write(USAGE)
    return 0
  }
  if (command === undefined || options.length > (json ? 1 : 0)) return misused()
  return answer(command, json)
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

function misused(): number {
  process.stderr.write(USAGE)
  return 2
}

process.exitCode = await main(process.argv.slice(2))
