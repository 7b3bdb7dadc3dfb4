// showConfig(): what numloom found on this machine, as `numpy.show_config` and `numloom info` tell it.
// SPDX-License-Identifier: MIT

import { arch, cpus, platform } from 'node:os'
import { type BackendStatus, backends } from './backends/load.js'
import { heap } from './core/heap.js'
import { type ThreadCount, threadCount } from './core/threads.js'
import { getBackend } from './runtime.js'
import { VERSION } from './version.js'

export interface Config {
  readonly numloom: string
  readonly node: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  readonly backend: string
  readonly threads: ThreadCount
  readonly memory: { readonly shared: boolean; readonly maximumMiB: number; readonly reasons: readonly string[] }
  readonly backends: readonly BackendStatus[]
}

/** Versions, CPU, memory, threads and every backend, with the reason where one is missing. Print it, or read it. */
export function showConfig(): Config {
  const { shared, maximumBytes, reasons } = heap().choice
  const config = {
    numloom: VERSION,
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    backend: getBackend(),
    threads: threadCount(),
    memory: { shared, maximumMiB: maximumBytes / 2 ** 20, reasons },
    backends: backends(),
  }
  return Object.defineProperty(config, 'toString', { value: () => describe(config), enumerable: false })
}

function describe(config: Config): string {
  const { memory, threads } = config
  const kind = memory.shared ? 'shared' : 'unshared'
  const lines = [
    `numloom    ${config.numloom}`,
    `node       ${config.node} on ${config.platform}`,
    `cpu        ${config.cpu}, ${config.cores} cores`,
    `threads    ${threads.count} (${threads.source})`,
    `memory     ${kind}, at most ${memory.maximumMiB} MiB`,
    ...memory.reasons.map((reason) => `           ${reason}`),
    `backend    ${config.backend}`,
  ]
  for (const status of config.backends) {
    const what = status.available
      ? `${status.file} (${status.isa}), up to ${status.maxThreads} thread${status.maxThreads === 1 ? '' : 's'}`
      : `not available: ${status.reason}`
    lines.push(`  ${status.name.padEnd(13)} ${what}`)
  }
  return lines.join('\n')
}
