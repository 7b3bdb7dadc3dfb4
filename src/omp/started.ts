// What libgomp reads once, as it is loaded: for the whole process, whichever thread comes first, and whatever the
// environment is later or in a worker.
// SPDX-License-Identifier: MIT

import { allowedCpus } from './detect.js'
import { type Parsed, parseProcBind, parseStackSize, parseWaitPolicy } from './parse.js'
import { parsePlaces } from './places.js'
import { type Variables, variables } from './variables.js'

export type TeamSettings = Pick<Variables, 'procBind' | 'places' | 'stackBytes' | 'waitPolicy'>

/** Values of environment variables by name. */
export type Values = Readonly<Record<string, string | undefined>>

let started: TeamSettings | undefined
let listener: () => void = () => {}

/**
 * Notes what libgomp found as it was loaded, by this thread or before by another one. `wanted` is what it was to find by
 * this thread's settings.
 */
export function noteStart(found: Values, wanted: Values): TeamSettings {
  if (started !== undefined) return started
  const setting = <T>(name: string, own: T, parse: (text: string) => Parsed<T>): T | undefined => {
    const text = found[name]?.trim() || undefined
    if (text === wanted[name]) return own
    return text === undefined ? undefined : parse(text).value
  }
  const { procBind, places, stackBytes, waitPolicy } = variables()
  started = {
    procBind: setting('OMP_PROC_BIND', procBind, parseProcBind),
    places: setting('OMP_PLACES', places, (text) => parsePlaces(text, allowedCpus())),
    stackBytes: setting('OMP_STACKSIZE', stackBytes, parseStackSize),
    waitPolicy: setting('OMP_WAIT_POLICY', waitPolicy, parseWaitPolicy),
  }
  listener()
  return started
}

/** What libgomp has; undefined where this thread has not loaded it. */
export const settingsAtStart = (): TeamSettings | undefined => started

/** Calls `fn` after noteStart(). */
export function whenStarted(fn: () => void): void {
  listener = fn
}
