// What the vitest project (vitest.config.ts) that runs a test asks for, and whether this machine can give it.
// SPDX-License-Identifier: MIT

import { backends } from 'numloom'
import type { TestContext } from 'vitest'
import { BACKEND_NAMES, type BackendName } from '../../dist/backends/backend.js'

export interface Environment {
  /** The backends to test. */
  readonly backends: readonly BackendName[]
  /** The instruction set that each of these backends must have chosen. */
  readonly isas: Partial<Record<BackendName, string>>
  /** Backends that must say why they are not there: a part of the reason. */
  readonly unavailable: Partial<Record<BackendName, string>>
}

const given = JSON.parse(process.env.NUMLOOM_TEST ?? '{}') as Partial<Environment>

export const environment: Environment = { backends: BACKEND_NAMES, isas: {}, unavailable: {}, ...given }

/** Skips a test where this CPU or engine lacks the project's instruction set, and returns the reason. */
export function skipReason(context: TestContext): string | undefined {
  const reason = missingIsa()
  if (reason === undefined)
    return undefined
    // The note is printed by vitest, the metadata by tools/test.mjs.
  ;(context.task.meta as { skipped?: string }).skipped = reason
  context.skip(reason)
}

let missing: { reason: string | undefined } | undefined

function missingIsa(): string | undefined {
  missing ??= { reason: findMissing() }
  return missing.reason
}

function findMissing(): string | undefined {
  const { NUMLOOM_ISA } = process.env
  const reasons = backends().map(({ reason }) => reason ?? '')
  if (NUMLOOM_ISA) {
    const reason = reasons.find((text) => text.includes(`NUMLOOM_ISA='${NUMLOOM_ISA}'`))
    if (reason) return reason
  }
  if (environment.isas.wasm === 'relaxed-simd' && !supportsRelaxedSimd()) {
    return `Node ${process.version} refuses relaxed SIMD`
  }
  return undefined
}

/** A module of one function that uses i8x16.relaxed_swizzle. */
function supportsRelaxedSimd(): boolean {
  const code = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2,
  ]
  return WebAssembly.validate(new Uint8Array([...code, 253, 15, 253, 128, 2, 11]))
}
