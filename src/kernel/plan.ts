// The plan: which backend a kernel runs on, and from where on with threads. It is data, measured by `make tune`.
// SPDX-License-Identifier: MIT

import type { BackendName } from '../backends/backend.js'
import type { Code } from '../core/dtype.js'
import type { Kernel } from './define.js'
import { MEASURED } from './thresholds.js'

/** From `work` operations on, backends in the order of their speed. */
export interface Level {
  readonly work: number
  readonly order: readonly BackendName[]
}

export interface KernelPlan {
  /** By rising work; the first begins at 0. */
  readonly levels: readonly Level[]
  /** The least work for which more than one thread pays; where it never did, BEYOND_MEASURED holds. */
  readonly threads: Partial<Record<BackendName, number>>
}

const WITHOUT_CALL_COST: readonly BackendName[] = ['as', 'wasm', 'wasm-threads', 'native', 'js']
const BY_SPEED: readonly BackendName[] = ['native', 'wasm-threads', 'wasm', 'as', 'js']

/** Beyond the sizes that `make tune` measures, threads are used also where they did not pay on its machine. */
export const BEYOND_MEASURED = 100_000_000

/**
 * For kernels that were not measured yet: a call of the addon costs about 0.3 us, one of a wasm function 0.03 us; a
 * fork-join a few us.
 */
const UNMEASURED: KernelPlan = {
  levels: [
    { work: 0, order: WITHOUT_CALL_COST },
    { work: 2000, order: BY_SPEED },
  ],
  threads: { native: 100_000, 'wasm-threads': 200_000 },
}

/** The plan of a kernel for a dtype. */
export function planOf(kernel: Kernel, dtype: Code): KernelPlan {
  return MEASURED[kernel.name]?.[dtype] ?? UNMEASURED
}
