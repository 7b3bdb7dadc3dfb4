// The plan: which backend a kernel runs on, and from where on with threads. It is data: the built-in one was measured by
// `make tune`, the user's own by `numloom tune`.
//
// Which of them holds is found once, at the first dispatch; NUMLOOM_PLAN says otherwise.
// SPDX-License-Identifier: MIT

import type { BackendName } from '../backends/backend.js'
import type { Code } from '../core/dtype.js'
import { environment, warnOnce } from '../core/env.js'
import { EnvironmentError } from '../core/errors.js'
import type { Kernel } from './define.js'
import { planPath, readPlanFile } from './plan-file.js'
import { MEASURED } from './thresholds.js'

/** From `work` operations on, backends in the order of their speed. */
export interface Level {
  readonly work: number
  readonly order: readonly BackendName[]
}

export interface Choice {
  /** By rising work; the first begins at 0. */
  readonly levels: readonly Level[]
  /** The least work for which more than one thread pays; where it never did, BEYOND_MEASURED holds. */
  readonly threads: Partial<Record<BackendName, number>>
}

/** How the arrays of a call lie: strided where one is along its last axis, outside where one is not in the heap. */
export type Placement = 'contiguous' | 'strided' | 'outside'

/** The choice for contiguous arrays of the heap, and others where `choiceFor` without them was measured to lose much. */
export interface KernelPlan extends Choice {
  readonly strided?: Choice
  readonly outside?: Choice
}

/** Plans by kernel and dtype. */
export type Plans = Readonly<Record<string, Partial<Record<Code, KernelPlan>>>>

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

/** The addon reaches everything in place; all others of these copy, and differ by what they do with the copies. */
const OUTSIDE: Choice['levels'] = [{ work: 0, order: BY_SPEED }]

/** What a plan says for arrays that lie so. */
export function choiceFor(plan: KernelPlan, placement: Placement): Choice {
  if (placement === 'contiguous') return plan
  return plan[placement] ?? (placement === 'strided' ? plan : { levels: OUTSIDE, threads: plan.threads })
}

/** The plan of a kernel for a dtype that comes with numloom. */
export function builtInPlanOf(kernel: Kernel, dtype: Code): KernelPlan {
  return MEASURED[kernel.name]?.[dtype] ?? UNMEASURED
}

/** The plan of a kernel for a dtype. Throws EnvironmentError as planInForce does. */
export function planOf(kernel: Kernel, dtype: Code): KernelPlan {
  inForce ??= findPlan()
  return inForce.plans[kernel.name]?.[dtype] ?? builtInPlanOf(kernel, dtype)
}

/** Which plan holds. */
export interface PlanInForce {
  /** 'built in', or the file. */
  readonly source: string
  /** When a file was measured, and with how many threads. */
  readonly measured?: string
  readonly threads?: number
  /** Why the file in the cache folder is ignored. */
  readonly ignored?: string
}

let inForce: { readonly about: PlanInForce; readonly plans: Plans } | undefined

/** Throws EnvironmentError where NUMLOOM_PLAN names a file that cannot be used, or a number of threads is wrong. */
export function planInForce(): PlanInForce {
  inForce ??= findPlan()
  return inForce.about
}

const BUILT_IN = { about: { source: 'built in' }, plans: {} }

function findPlan(): NonNullable<typeof inForce> {
  const wanted = environment('NUMLOOM_PLAN')
  if (wanted?.toLowerCase() === 'default') return BUILT_IN
  const path = wanted ?? planPath()
  try {
    const { date, threads, plans } = readPlanFile(path)
    return { about: { source: path, measured: date, threads }, plans }
  } catch (error) {
    if (error instanceof EnvironmentError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (wanted !== undefined) {
      const problem = `NUMLOOM_PLAN='${wanted}': the plan cannot be used: ${message}. \`npx numloom tune\` measures one.`
      throw new EnvironmentError(problem, { variable: 'NUMLOOM_PLAN', value: wanted })
    }
    if (code === 'ENOENT') return BUILT_IN
    const ignored = `${path} is ignored: ${message}`
    warnOnce('NUMLOOM_PLAN', `The plan ${ignored}. Measure anew by \`npx numloom tune\`, or remove the file.`)
    return { about: { source: 'built in', ignored }, plans: {} }
  }
}
