// Environment variables and one-time warnings, where there is a process to have them.
// SPDX-License-Identifier: MIT

/** The value of an environment variable, undefined where unset, empty or not in Node. */
export function environment(name: string): string | undefined {
  const value = globalThis.process?.env?.[name]
  return value === undefined || value.trim() === '' ? undefined : value.trim()
}

const given = new Set<string>()

/** Emits a process warning, once for each text. `code` is NUMLOOM_... */
export function warnOnce(code: string, message: string): void {
  if (given.has(message)) return
  given.add(message)
  if ('process' in globalThis) process.emitWarning(message, { type: 'NumloomWarning', code })
  else console.warn(`${code}: ${message}`)
}
