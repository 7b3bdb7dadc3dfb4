// Scripts in Node processes of their own: for what is read once at start, and for how a process ends.
// SPDX-License-Identifier: MIT

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The flag for Node's permission model, which older versions call otherwise. */
export const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

export interface ChildOptions {
  /** Added to an environment without settings of numloom and OpenMP, and with the built-in plan. */
  readonly env?: Readonly<Record<string, string>>
  /** Flags of node. */
  readonly flags?: readonly string[]
  readonly cwd?: string
  /** CommonJS instead of a module. */
  readonly commonjs?: boolean
}

export interface ChildResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** From the arrival of the last output to the end of the process. */
  readonly secondsToEnd: number
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(NUMLOOM_(?!CACHE)|OMP_|OPENBLAS_|MKL_|VITEST|NODE_)/.test(name),
  )
  return { ...Object.fromEntries(entries), NUMLOOM_PLAN: 'default' }
}

/** Runs a script that is killed, with a code of null, after a minute. */
export function runScript(script: string, options: ChildOptions = {}): Promise<ChildResult> {
  const type = options.commonjs ? 'commonjs' : 'module'
  const args = [...(options.flags ?? []), `--input-type=${type}`, '-e', script]
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...cleanEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  let last = performance.now()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    last = performance.now()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    last = performance.now()
  })
  return new Promise((resolve, reject) => {
    let end = 0
    child.on('error', reject)
    child.on('exit', () => {
      end = performance.now()
    })
    child.on('close', (code) => resolve({ code, stdout, stderr, secondsToEnd: Math.max(0, end - last) / 1000 }))
  })
}

/** What a script that prints one line of JSON printed; throws with its output where it failed. */
export async function jsonOf<T>(script: string, options: ChildOptions = {}): Promise<T> {
  const { code, stdout, stderr } = await runScript(script, options)
  if (code !== 0) throw new Error(`the script ended with code ${code}: ${stderr}${stdout}`)
  return JSON.parse(stdout) as T
}
