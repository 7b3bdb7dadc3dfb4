// showConfig(): how this numloom was built, as numpy.show_config() tells it of NumPy. What is found at run time is
// showRuntime()'s.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { BACKEND_NAMES, type BackendName } from './backends/backend.js'
import { ValueError } from './core/errors.js'
import { families } from './kernel/registry.js'
import { readable } from './report/text.js'
import { VERSION } from './version.js'

type Counts = Readonly<Record<BackendName, number>>

/** What `make` writes into dist/build-info.json. */
export interface BuildInfo {
  /** The platform of the addon that was built beside it. */
  readonly platform: string
  readonly compilers: Readonly<Record<string, string>>
  readonly flags: Readonly<Record<string, unknown>>
  readonly isas: Readonly<Record<BackendName, readonly string[]>>
}

export interface Config {
  readonly numloom: string
  /** Kernels, counted once for each dtype: by family, and by the backends that must have them. */
  readonly kernels: Readonly<Record<string, Counts>>
  /** Undefined where it is not there, as after building the TypeScript alone. */
  readonly build: BuildInfo | undefined
}

export interface ShowOptions {
  /** 'stdout' prints the text as well; 'dicts', which holds unless told, only returns the facts. */
  mode?: 'stdout' | 'dicts'
}

/** Version, kernels, compilers, flags and instruction sets of this build. As a string it reads well. Throws ValueError. */
export function showConfig(options: ShowOptions = {}): Config {
  if (typeof options !== 'object' || options === null) {
    throw new ValueError(`showConfig: expected options, not ${String(options)}`)
  }
  const { mode = 'dicts' } = options
  if (mode !== 'stdout' && mode !== 'dicts') {
    throw new ValueError(`showConfig: unknown mode '${String(mode)}'; valid are stdout, dicts`)
  }
  const config = readable({ numloom: VERSION, kernels: countKernels(), build: readBuildInfo() }, describe)
  if (mode === 'stdout') process.stdout.write(`${config}\n`)
  return config
}

function countKernels(): Record<string, Counts> {
  const counts = Object.entries(families).map(([family, kernels]) => {
    const onBackend = (name: BackendName) =>
      Object.values(kernels)
        .filter((kernel) => name === 'js' || kernel.on.includes(name))
        .reduce((sum, kernel) => sum + kernel.dtypes.length, 0)
    return [family, Object.fromEntries(BACKEND_NAMES.map((name) => [name, onBackend(name)])) as Counts]
  })
  return Object.fromEntries(counts)
}

function readBuildInfo(): BuildInfo | undefined {
  try {
    return JSON.parse(readFileSync(new URL('./build-info.json', import.meta.url), 'utf8')) as BuildInfo
  } catch {
    return undefined
  }
}

function describe({ numloom, kernels, build }: Config): string {
  const lines = [`build      ${numloom}`]
  for (const [family, counts] of Object.entries(kernels)) {
    const text = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
    lines.push(`kernels    ${family.padEnd(12)} ${text.join(', ')}`)
  }
  if (build === undefined) return [...lines, 'compilers  unknown: dist/build-info.json is not there'].join('\n')
  for (const [what, compiler] of Object.entries(build.compilers)) {
    lines.push(`compiler   ${what.padEnd(12)} ${compiler}`)
  }
  for (const [what, isas] of Object.entries(build.isas)) {
    if (isas.length > 0) lines.push(`built for  ${what.padEnd(12)} ${isas.join(', ')}`)
  }
  for (const [what, flags] of Object.entries(build.flags))
    lines.push(`flags      ${what.padEnd(12)} ${flagsText(flags)}`)
  return lines.join('\n')
}

const flagsText = (flags: unknown) => (Array.isArray(flags) ? flags.join(' ') : JSON.stringify(flags))
