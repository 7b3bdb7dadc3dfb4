#!/usr/bin/env node
// The command `numloom`.
// SPDX-License-Identifier: MIT

import { showConfig } from './config.js'

const USAGE = `usage: numloom info [--json]

  info    versions, CPU, memory, threads, and every backend with the reason where one is missing
`

function main(args: readonly string[]): number {
  const [command, ...options] = args
  const json = options.includes('--json')
  if (command !== 'info' || options.length > (json ? 1 : 0)) {
    process.stderr.write(USAGE)
    return command === '--help' || command === undefined ? 0 : 2
  }
  const config = showConfig()
  process.stdout.write(`${json ? JSON.stringify(config, null, 2) : config.toString()}\n`)
  return 0
}

process.exitCode = main(process.argv.slice(2))
