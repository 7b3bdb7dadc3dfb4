// The machine's C compiler: finding it, and running it on one source. SPDX-License-Identifier: MIT

import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { complain, environment } from '../core/env.js'
import { NjitError } from '../core/errors.js'

/** A compiler that takes longer has met a source that it cannot cope with. */
const LIMIT_MS = 120_000

export interface Compiler {
  readonly path: string
  /** Changes whenever the compiler does, without asking it: starting it would take longer than most compilations. */
  readonly identity: string
  readonly clang: boolean
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function inPath(name: string): string | undefined {
  if (name.includes('/')) return executable(name) ? name : undefined
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(executable)
}

function describe(path: string): Compiler {
  const real = realpathSync(path)
  const { size, mtimeMs } = statSync(real)
  return { path, identity: `${real} ${size} ${mtimeMs}`, clang: /clang/.test(real) }
}

let found: { readonly forced: string | undefined; readonly compiler: Compiler } | undefined

/** Throws NjitError where there is none; EnvironmentError where NUMLOOM_STRICT_ENV=1 and NUMLOOM_CC is not valid. */
export function compiler(): Compiler {
  const forced = environment('NUMLOOM_CC')
  if (found !== undefined && found.forced === forced) return found.compiler
  const path =
    forced === undefined ? ['cc', 'gcc', 'clang'].map(inPath).find((file) => file !== undefined) : inPath(forced)
  if (path === undefined) {
    if (forced !== undefined) complain('NUMLOOM_CC', forced, 'there is no such program', 'njit compiles no native code')
    const advice =
      'Install one (Debian and Ubuntu: apt install gcc libc6-dev; Fedora: dnf install gcc), or use the target wasm'
    const what = forced === undefined ? 'no C compiler (cc, gcc, clang) in PATH' : `NUMLOOM_CC='${forced}' is not there`
    throw new NjitError(`njit cannot compile to native code: ${what}. ${advice}.`)
  }
  found = { forced, compiler: describe(path) }
  return found.compiler
}

/** What a run of the compiler needs: the source goes to its standard input. */
function commandLine(flags: readonly string[], output: string): string[] {
  return ['-x', 'c', '-', '-o', output, ...flags]
}

function refusal(path: string, log: string, reason: string): NjitError {
  return new NjitError(
    `njit could not compile to native code: ${path} ${reason}. Its words are in the error's details.`,
    {
      details: log,
    },
  )
}

function outcome({ status, signal, error }: Pick<SpawnSyncReturns<string>, 'status' | 'signal' | 'error'>): string {
  if (error !== undefined) return `failed (${error.message})`
  return signal === null ? `ended with status ${status}` : `was ended by ${signal}`
}

/** A folder for the length of one compilation or load. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'numloom-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Compiles to a file, and returns what the compiler said. Throws NjitError where it fails. */
export function runCompiler(source: string, flags: readonly string[], output: string): string {
  const { path } = compiler()
  const options = { input: source, encoding: 'utf8', timeout: LIMIT_MS, maxBuffer: 2 ** 28 } as const
  const result = spawnSync(path, commandLine(flags, output), options)
  if (result.status !== 0) throw refusal(path, result.stderr ?? '', outcome(result))
  return result.stderr
}

/** The same without blocking. */
export function runCompilerAsync(source: string, flags: readonly string[], output: string): Promise<string> {
  const { path } = compiler()
  return new Promise((resolve, reject) => {
    const child = spawn(path, commandLine(flags, output), { stdio: ['pipe', 'ignore', 'pipe'], timeout: LIMIT_MS })
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    child.on('error', (error) => reject(refusal(path, log, `failed (${error.message})`)))
    child.on('close', (status, signal) => {
      if (status === 0) resolve(log)
      else reject(refusal(path, log, outcome({ status, signal })))
    })
    // A compiler that ends early closes its input, which is no error of its own.
    child.stdin.on('error', () => {})
    child.stdin.end(source)
  })
}
