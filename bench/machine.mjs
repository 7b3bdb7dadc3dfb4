// What a result was measured on: without it a number says little.
// SPDX-License-Identifier: MIT

import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { showRuntime } from 'numloom'

/** Machine, versions and settings of this process. */
export function machine() {
  const config = showRuntime()
  return {
    date: new Date().toISOString(),
    cpu: config.cpu,
    cores: cpus().length,
    usableCores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${process.arch}`,
    load: loadavg()[0],
    versions: { numloom: config.numloom, node: process.versions.node, v8: process.versions.v8 },
    threads: config.threads,
    backends: config.backends,
  }
}

/** One line for a subtitle. @param {ReturnType<typeof machine>} m */
export function machineLine(m) {
  const native = m.backends.find(({ name }) => name === 'native')
  const isa = native?.available ? `, ${native.isa}` : ''
  const day = m.date.slice(0, 10)
  return `${m.cpu}, ${m.usableCores} cores${isa} · numloom ${m.versions.numloom} · Node ${m.versions.node} · ${day}`
}
