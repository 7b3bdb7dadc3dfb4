#!/usr/bin/env node
// The command `numloom`.
// SPDX-License-Identifier: MIT

import { showConfig } from './config.js'
import { showRuntime } from './system.js'

const USAGE = `usage: numloom info [--json]

  info    showRuntime and showConfig in one: versions, CPU, memory, threads, every backend with the reason where one is
          missing, what runs where and why, and how all of it was built
`

function info(json: boolean): string {
  const [runtime, config] = [showRuntime(), showConfig()]
  return json ? JSON.stringify({ ...runtime, config }, null, 2) : `${runtime}\n${config}`
}

function main(args: readonly string[]): number {
  const [command, ...options] = args
  const json = options.includes('--json')
  if (command !== 'info' || options.length > (json ? 1 : 0)) {
    process.stderr.write(USAGE)
    return command === '--help' || command === undefined ? 0 : 2
  }
  process.stdout.write(`${info(json)}\n`)
  return 0
}

process.exitCode = main(process.argv.slice(2))
