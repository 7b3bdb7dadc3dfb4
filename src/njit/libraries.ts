// The targets, and what they need. SPDX-License-Identifier: MIT

import { tryLoad } from '../backends/load.js'
import { EnvironmentError, NumloomError } from '../core/errors.js'
import { variables } from '../omp/variables.js'
import { compiler } from './cc.js'
import { clang } from './clang.js'
import { nativeTarget } from './native.js'
import type { Target } from './target.js'
import { temporaryRoot } from './temporary.js'
import { wasmTarget } from './wasm.js'

export type TargetName = Target['name']

export const TARGET_NAMES: readonly TargetName[] = ['native', 'wasm']

export const targetFor = (name: TargetName): Target => (name === 'native' ? nativeTarget : wasmTarget)

/** Whether a target can load compiled functions, and whether it can compile: undefined, or the reason why it cannot. */
export interface Availability {
  readonly runs: string | undefined
  readonly compiles: string | undefined
}

/** Throws EnvironmentError where NUMLOOM_STRICT_ENV=1. */
function reason(need: () => unknown): string | undefined {
  try {
    need()
    return undefined
  } catch (error) {
    if (error instanceof NumloomError && !(error instanceof EnvironmentError)) return error.message
    throw error
  }
}

function runs(name: TargetName): string | undefined {
  // As at every first use: the backend may not read what is wrong.
  variables()
  const backend = tryLoad(name)
  return backend instanceof NumloomError ? backend.message : undefined
}

/** What each target lacks. Compiled functions that were kept run without a compiler. */
export function available(): Readonly<Record<TargetName, Availability>> {
  return {
    native: { runs: runs('native'), compiles: reason(compiler) ?? reason(temporaryRoot) },
    wasm: { runs: runs('wasm'), compiles: reason(clang) },
  }
}
