// What libgomp reads once, as it is loaded: no later reading of the environment changes it for its threads.
// SPDX-License-Identifier: MIT

import { type Variables, variables } from './variables.js'

export type TeamSettings = Pick<Variables, 'procBind' | 'places' | 'stackBytes' | 'waitPolicy'>

let started: TeamSettings | undefined

/** Notes that libgomp was loaded with the settings in force. */
export function noteStart(): void {
  const { procBind, places, stackBytes, waitPolicy } = variables()
  started ??= { procBind, places, stackBytes, waitPolicy }
}

/** With what this thread loaded it; undefined where it has not. */
export const settingsAtStart = (): TeamSettings | undefined => started
