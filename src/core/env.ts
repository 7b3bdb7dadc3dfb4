// Environment variables and one-time warnings, where there is a process to have them.
// SPDX-License-Identifier: MIT

import { EnvironmentError } from './errors.js'

/** The value of an environment variable as it is. */
export function rawEnvironment(name: string): string | undefined {
  return globalThis.process?.env?.[name]
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

/**
 * Says once that an environment variable is not valid, and what is done instead. Throws EnvironmentError where
 * NUMLOOM_STRICT_ENV=1 (unless the value is only out of fashion: `strict` false).
 */
export function complain(variable: string, value: string, problem: string, instead: string, strict = true): void {
  const message = `${variable}='${value}': ${problem}; ${instead}`
  if (strict && environment('NUMLOOM_STRICT_ENV') === '1') throw new EnvironmentError(message, { variable, value })
  complaints.push(message)
  warnOnce('NUMLOOM_ENV', message)
}

/** Lets complaints be made again, for an environment that is read again. */
export function forgetComplaints(): void {
  for (const message of complaints) given.delete(message)
  complaints = []
}
