// Where the calls of a function run: by its options, the environment, and what is there.
// SPDX-License-Identifier: MIT

import { environment, readVariable, warnOnce } from '../core/env.js'
import { NjitError } from '../core/errors.js'
import { parseBoolean } from '../omp/parse.js'
import type { Definition } from './frontend.js'
import { available, type TargetName } from './libraries.js'

/** Where calls run, and why. */
export interface Placement {
  readonly runs: TargetName | 'js'
  readonly reason: string
}

const DISABLE = 'NUMLOOM_DISABLE_JIT'

/** Throws NjitError NL5004 where compiled code is required, or a target was asked for, that cannot be had. */
export function placementOf({ source, settings }: Definition): Placement {
  const { target, required } = settings
  if (target === 'js') {
    const reason = "{ target: 'js' }"
    return required ? plain(source.name, reason, required) : { runs: 'js', reason }
  }
  if (readVariable(DISABLE, parseBoolean, 'false is used'))
    return plain(source.name, `${DISABLE}=${environment(DISABLE)}`, required)
  const usable = available()
  const lacks = (name: TargetName) => usable[name].runs ?? usable[name].compiles
  if (target !== 'auto') {
    const problem = lacks(target)
    if (problem === undefined) return { runs: target, reason: `{ target: '${target}' }` }
    throw new NjitError(`NL5004: njit cannot compile '${source.name}' for ${target}: ${problem}`, { code: 'NL5004' })
  }
  const native = lacks('native')
  if (native === undefined) return { runs: 'native', reason: 'there is a C compiler' }
  const wasm = lacks('wasm')
  if (wasm === undefined) return { runs: 'wasm', reason: native }
  return plain(source.name, `${native} ${wasm}`, required)
}

function plain(name: string, reason: string, required: boolean): Placement {
  if (required) {
    const text = `NL5004: '${name}' would run as plain JavaScript, and is given { require: 'compiled' }: ${reason}`
    throw new NjitError(text, { code: 'NL5004' })
  }
  // Without its name: the reason is the same for all functions, and is told once.
  warnOnce('NUMLOOM_NJIT', `njit: functions run as plain JavaScript: ${reason}`)
  return { runs: 'js', reason }
}
