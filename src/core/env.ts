// Environment variables and one-time warnings, where there is a process to have them.
// SPDX-License-Identifier: MIT

import { type Parsed, parseBoolean } from '../omp/parse.js'
import { EnvironmentError } from './errors.js'
import { environmentCopy } from './loading.js'

let copy: NodeJS.ProcessEnv | undefined

/** Runs what reads variables on one copy of the environment. */
export function onCopy<T>(read: () => T): T {
  copy = environmentCopy()
  try {
    return read()
  } finally {
    copy = undefined
  }
}

/** The value of an environment variable as it is. */
export function rawEnvironment(name: string): string | undefined {
  return (copy ?? globalThis.process?.env)?.[name]
}

/** The value of an environment variable, undefined where unset, empty or not in Node. */
export function environment(name: string): string | undefined {
  const value = rawEnvironment(name)?.trim()
  return value === '' ? undefined : value
}

const SIZE = /^(\d+)\s*(KB|MB|GB|KiB|MiB|GiB|)$/i

/** The bytes of a size such as `512MB`; units are powers of 1024. */
export function parseBytes(text: string): number | undefined {
  const match = SIZE.exec(text)
  if (!match) return undefined
  const exponent = { k: 1, m: 2, g: 3 }[(match[2] as string).charAt(0).toLowerCase()] ?? 0
  return Number(match[1]) * 1024 ** exponent
}

const given = new Set<string>()

/** Emits a process warning, once for each text. `code` is NUMLOOM_... */
export function warnOnce(code: string, message: string): void {
  if (given.has(message)) return
  given.add(message)
  if ('process' in globalThis) process.emitWarning(message, { type: 'NumloomWarning', code })
  else console.warn(`${code}: ${message}`)
}

let complaints: string[] = []
/** What is wrong with a variable that was read at the import. */
let held: EnvironmentError | undefined

/** Whether NUMLOOM_STRICT_ENV makes invalid values errors. Being wrong itself, it makes none. */
function isStrict(): boolean {
  const name = 'NUMLOOM_STRICT_ENV'
  const text = environment(name)
  if (text === undefined) return false
  const { value, problem } = parseBoolean(text)
  if (problem !== undefined) warnAbout(`${name}='${text}': ${problem}; false is used`)
  return value ?? false
}

function warnAbout(message: string): void {
  complaints.push(message)
  warnOnce('NUMLOOM_ENV', message)
}

/**
 * Says once that an environment variable is not valid, and what is used instead. Throws EnvironmentError where
 * NUMLOOM_STRICT_ENV is true (unless the value is only out of fashion: `strict` false).
 */
export function complain(variable: string, value: string, problem: string, instead: string, strict = true): void {
  const message = `${variable}='${value}': ${problem}`
  if (strict && isStrict()) throw new EnvironmentError(message, { variable, value })
  warnAbout(`${message}; ${instead}`)
}

/**
 * The value of a variable by its parser; undefined where it is unset or not valid, which is told with what is used then.
 * Throws EnvironmentError as complain() does.
 */
export function readVariable<T>(
  name: string,
  parse: (text: string) => Parsed<T>,
  otherwise: string | (() => string),
  show: (value: T) => string = String,
): T | undefined {
  const text = environment(name)
  if (text === undefined) return undefined
  const { value, problem } = parse(text)
  if (problem === undefined) return value
  if (value !== undefined) complain(name, text, problem, `${show(value)} is used`)
  else complain(name, text, problem, typeof otherwise === 'string' ? otherwise : otherwise())
  return value
}

/** Runs what reads variables while numloom is imported: its EnvironmentError comes at the first use. */
export function atImport(fn: () => void): void {
  try {
    fn()
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error
    held ??= error
  }
}

/** Before variables are read at the first use. Throws EnvironmentError for those that were wrong at the import. */
export function checkEarlierVariables(): void {
  if (held !== undefined) throw held
  isStrict()
}

/** Lets complaints be made again, for an environment that is read again. */
export function forgetComplaints(): void {
  for (const message of complaints) given.delete(message)
  complaints = []
  held = undefined
}
