// Tests of the environment's settings: what is set is taken back, and warnings are kept. SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { afterEach, beforeEach } from 'vitest'
import { runScript } from './child.ts'

const warnings: string[] = []
const onWarning = (warning: Error) => warnings.push(warning.message)
let before: NodeJS.ProcessEnv

/** To be called at the head of a test file. */
export function keepEnvironment(): void {
  beforeEach(() => {
    before = { ...process.env }
    process.on('warning', onWarning)
  })
  afterEach(() => {
    process.off('warning', onWarning)
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
    nl.reloadEnv()
  })
}

/** Reads the environment with variables set, and gives the warnings that came. */
export async function reload(env: Record<string, string>): Promise<string[]> {
  Object.assign(process.env, env)
  warnings.length = 0
  nl.reloadEnv()
  nl.getNumThreads()
  await new Promise((resolve) => setImmediate(resolve))
  // Whether an earlier test loaded native is not the matter here.
  return warnings.filter((text) => !text.includes('native was loaded with'))
}

/** What a process of its own says, with a line for each warning. */
export async function told(script: string, env: Record<string, string>): Promise<{ lines: string[]; said: string }> {
  const { stdout, stderr } = await runScript(`import * as nl from 'numloom'\n${script}`, { env })
  return { said: stdout.trim(), lines: stderr.split('\n').filter((line) => line.includes('NUMLOOM_ENV')) }
}
