// The machine's C compiler: finding it, and running it on one source. SPDX-License-Identifier: MIT

import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { complain, environment } from '../core/env.js'
import { NjitError } from '../core/errors.js'
import { temporaryRoot } from './temporary.js'

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

/** What is wrong with compilers that are there, by their identity: found out where one first refuses a source. */
const broken = new Map<string, { readonly message: string; readonly details: string }>()

function working(compiler: Compiler): Compiler {
  const problem = broken.get(compiler.identity)
  if (problem) throw new NjitError(problem.message, { details: problem.details })
  return compiler
}

let found: { readonly forced: string | undefined; readonly compiler: Compiler } | undefined

/**
 * Throws NjitError where there is none, one that was seen not to work or may not be started; EnvironmentError where
 * NUMLOOM_STRICT_ENV=1 and NUMLOOM_CC is not valid.
 */
export function compiler(): Compiler {
  if (process.permission?.has('child') === false) {
    const why = 'the permissions of this process forbid it to start programs. Start node with --allow-child-process.'
    throw new NjitError(`njit cannot compile to native code: ${why}`)
  }
  const forced = environment('NUMLOOM_CC')
  if (found !== undefined && found.forced === forced) return working(found.compiler)
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
  return working(found.compiler)
}

/** What a run of the compiler needs: the source goes to its standard input. */
function commandLine(flags: readonly string[], output: string): string[] {
  return ['-x', 'c', '-', '-o', output, ...flags]
}

/** Compilers write files of their own beside the output. */
const environmentOf = (): NodeJS.ProcessEnv => ({ ...process.env, TMPDIR: temporaryRoot() })

type Ended = Pick<SpawnSyncReturns<string>, 'status' | 'signal'> & { readonly error?: Error | undefined }

/** How a run failed; undefined where it did not. A compiler that ends early closes its input, which says nothing. */
function failure({ status, signal, error }: Ended, output: string): string | undefined {
  if (signal !== null) return `was ended by ${signal}`
  if (status === null) return `failed (${error?.message})`
  if (status !== 0) return `ended with status ${status}`
  return existsSync(output) ? undefined : 'wrote nothing'
}

function run(path: string, source: string, flags: readonly string[], output: string): SpawnSyncReturns<string> {
  const options = {
    input: source,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    maxBuffer: 2 ** 28,
    env: environmentOf(),
  } as const
  return spawnSync(path, commandLine(flags, output), options)
}

/** A source that no compiler refuses that works with our flags. */
const PROBE = 'int nl_probe(void);\nint nl_probe(void) { return 0; }\n'

/** Finds out whether the source or the compiler is at fault; one that does not work is remembered. */
function refusal({ path, identity }: Compiler, flags: readonly string[], output: string, log: string, reason: string) {
  const probe = run(path, PROBE, flags, output)
  const problem = failure(probe, output)
  if (problem === undefined) {
    const message = `njit could not compile to native code: ${path} ${reason}. Its words are in the error's details.`
    return new NjitError(message, { details: log })
  }
  const [words] = (probe.stderr ?? '').trim().split('\n')
  const said = words ? `: ${words.slice(0, 200)}` : ''
  const message = `njit cannot compile to native code: ${path} does not work, it ${problem}${said}. Mend it, or set NUMLOOM_CC to another one.`
  broken.set(identity, { message, details: probe.stderr ?? '' })
  return new NjitError(message, { details: probe.stderr ?? '' })
}

/** Compiles to a file, and returns what the compiler said. Throws NjitError where it fails. */
export function runCompiler(source: string, flags: readonly string[], output: string): string {
  const used = compiler()
  const result = run(used.path, source, flags, output)
  const reason = failure(result, output)
  if (reason !== undefined) throw refusal(used, flags, output, result.stderr ?? '', reason)
  return result.stderr
}

/** The same without blocking, but where it fails. */
export function runCompilerAsync(source: string, flags: readonly string[], output: string): Promise<string> {
  const used = compiler()
  return new Promise((resolve, reject) => {
    const child = spawn(used.path, commandLine(flags, output), {
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: LIMIT_MS,
      env: environmentOf(),
    })
    let log = ''
    let ends = 0
    const settle = (ended: Ended) => {
      if (ends++ > 0) return
      const reason = failure(ended, output)
      if (reason === undefined) resolve(log)
      else reject(refusal(used, flags, output, log, reason))
    }
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    child.on('error', (error) => settle({ status: null, signal: null, error }))
    child.on('close', (status, signal) => settle({ status, signal }))
    child.stdin.on('error', () => {})
    child.stdin.end(source)
  })
}
