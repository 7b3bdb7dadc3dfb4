// How errors show a wrong argument.
// SPDX-License-Identifier: MIT

/** As a program writes it, as far as it can be written. */
export function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' && typeof value !== 'string') return String(value)
  try {
    return JSON.stringify(value)
  } catch {
    return 'an object'
  }
}
