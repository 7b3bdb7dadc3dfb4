// showRuntime() in words: a line a fact, reasons below what they explain.
// SPDX-License-Identifier: MIT

import type { BackendStatus } from './backends/load.js'
import { threadsText } from './report/text.js'
import type { Choice, Memory, Runtime, Simd } from './system.js'

export function describe(runtime: Runtime): string {
  const { threads, memory, simd } = runtime
  return [
    `numloom    ${runtime.numloom}`,
    `node       ${runtime.node} (V8 ${runtime.v8}) on ${runtime.platform}`,
    `cpu        ${runtime.cpu}, ${runtime.cores} cores`,
    `simd       native ${nativeText(simd)}`,
    `           wasm ${simd.wasm.chosen ?? 'none'}: ${simd.wasm.reason}`,
    `threads    ${threads.count} (${threads.source})`,
    ...memoryText(memory),
    `backend    ${runtime.backend}`,
    `plan       ${planText(runtime.plan)}`,
    ...runtime.backends.map(statusText),
    ...choicesText(runtime.choices),
    ...Object.entries(runtime.environment).map(([name, value]) => `variable   ${name}=${value}`),
    ...Object.entries(runtime.ignored).map(([name, reason]) => `           ${name} is ignored: ${reason}`),
    ...Object.entries(runtime.paths).map(([name, path]) => `path       ${name.padEnd(13)} ${path}`),
  ].join('\n')
}

function nativeText({ native }: Simd): string {
  if (native.chosen === undefined) return `none: ${native.reason}`
  return `${native.chosen}; this CPU can run ${native.found.join(', ')}`
}

function planText(plan: Runtime['plan']): string {
  if (typeof plan === 'string') return plan
  const { source, measured, threads, ignored } = plan
  if (measured !== undefined) return `${source}, measured ${measured.slice(0, 10)} with ${threadsText(threads ?? 1)}`
  return ignored === undefined ? source : `${source}; ${ignored}`
}

function memoryText(memory: Memory): string[] {
  const kind = memory.shared ? 'shared' : 'unshared'
  const limit = memory.constrainedMiB === undefined ? '' : `, ${memory.constrainedMiB} MiB allowed to this process`
  return [
    `memory     ${kind}, at most ${memory.maximumMiB} MiB; ${memory.inUse} of ${memory.total} bytes in use`,
    ...memory.reasons.map((reason) => `           ${reason}`),
    `           the machine has ${memory.systemMiB} MiB${limit}; V8's own heap at most ${memory.v8HeapMiB} MiB`,
  ]
}

function statusText(status: BackendStatus): string {
  const what = status.available
    ? `${status.file} (${status.isa}), up to ${threadsText(status.maxThreads ?? 1)}`
    : `not available: ${status.reason}`
  return `  ${status.name.padEnd(13)} ${what}`
}

/** A line for all kernels of a family that run alike. That the others are slower goes without saying, all else not. */
function choicesText(choices: readonly Choice[]): string[] {
  const lines = new Map<string, { kernels: string[]; reasons: Set<string> }>()
  for (const { family, size, backend, threads, kernels, others } of choices) {
    const what = backend === 'none' ? 'nothing' : `${backend}, ${threadsText(threads)}`
    const head = `runs       ${family.padEnd(12)} ${size.padEnd(7)} ${what}: `
    const line = lines.get(head) ?? { kernels: [], reasons: new Set() }
    lines.set(head, line)
    line.kernels.push(...kernels)
    for (const [name, reason] of Object.entries(others)) {
      if (!reason.startsWith('slower ')) line.reasons.add(`           not ${name}: ${reason}`)
    }
  }
  const text = [...lines].flatMap(([head, { kernels, reasons }]) => [head + kernels.join(', '), ...reasons])
  return text.length === 0
    ? []
    : [...text, `           for ${workText(choices)} operations; backends without a reason are slower there`]
}

function workText(choices: readonly Choice[]): string {
  const work = new Map(choices.map((choice) => [choice.size, choice.work]))
  return [...work].map(([size, operations]) => `${size}: ${operations}`).join(', ')
}
