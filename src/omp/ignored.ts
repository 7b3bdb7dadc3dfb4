// Variables of teams that have no effect: those that libgomp alone obeys, where it does not run, and those that it read before.
// SPDX-License-Identifier: MIT

import { complain, environment } from '../core/env.js'
import { forcedBackend } from '../runtime.js'
import { settingsAtStart, type TeamSettings, whenStarted } from './started.js'
import { variables, whenRead } from './variables.js'

/** Of what is read into these fields, what the wasm team does not do; it waits as it is told. */
const FIELDS: Readonly<Record<string, { field: keyof TeamSettings; native?: string }>> = {
  OMP_PROC_BIND: { field: 'procBind', native: 'binds threads' },
  OMP_PLACES: { field: 'places', native: 'binds threads' },
  OMP_STACKSIZE: { field: 'stackBytes', native: 'has stacks of a size that can be set' },
  OMP_WAIT_POLICY: { field: 'waitPolicy' },
}

/** Why native runs nothing; undefined where it may. */
function withoutNative(): string | undefined {
  const backend = forcedBackend()
  return backend === undefined || backend === 'native' ? undefined : `${backend} is forced`
}

/** The settings that teams obey: those of native, where it is not ruled out. */
export function teamSettings(): TeamSettings {
  if (withoutNative() === undefined) return settingsAtStart() ?? variables()
  return { procBind: undefined, places: undefined, stackBytes: undefined, waitPolicy: variables().waitPolicy }
}

/** Variables that libgomp was loaded without, by what it was loaded with. */
function readTooLate(): [name: string, problem: string][] {
  const [read, started] = [variables(), settingsAtStart()]
  if (started === undefined) return []
  const changed = Object.entries(FIELDS).filter(([, { field }]) => read[field] !== started[field])
  return changed.map(([name, { field }]) => [name, `native was loaded with ${started[field] ?? 'none'}`])
}

const REMEDY = 'a new process reads it anew'

/** The variables that have no effect, with the reason. */
export function ignoredVariables(nativeAvailable: boolean): Record<string, string> {
  const why = nativeAvailable ? withoutNative() : 'native is not available'
  if (why === undefined) {
    return Object.fromEntries(readTooLate().map(([name, problem]) => [name, `${problem}; ${REMEDY}`]))
  }
  const read = variables()
  const asked = Object.entries(FIELDS).flatMap(([name, { field, native }]) => {
    const value = read[field]
    const vain = native !== undefined && value !== undefined && value !== 'false'
    return vain ? [[name, `${why}, and only native ${native}`]] : []
  })
  return Object.fromEntries(asked)
}

function tellTooLate(): void {
  if (withoutNative() !== undefined) return
  for (const [name, problem] of readTooLate()) complain(name, environment(name) ?? '', problem, REMEDY, false)
}
whenRead(tellTooLate)
whenStarted(tellTooLate)
