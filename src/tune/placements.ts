// The plan of a kernel from its points by placement: a choice of its own only for arrays that the usual one serves badly.
// SPDX-License-Identifier: MIT

import type { BackendName } from '../backends/backend.js'
import { type Choice, choiceFor, type KernelPlan, type Placement } from '../kernel/plan.js'
import { choiceFrom, type Point } from './levels.js'

/** What the usual choice may lose before the plan gets another, as a ratio at two points running. */
const LOSS = 1.25
/** A choice has to serve also where there is no addon. */
const ABSENT: readonly (BackendName | undefined)[] = [undefined, 'native']

/** Seconds of a call as a choice has it run, where one backend is absent. */
function timeUnder({ levels, threads }: Choice, point: Point, absent: BackendName | undefined): number {
  const { work, single, team } = point
  const level = levels.filter((one) => one.work <= work).at(-1)
  for (const name of level?.order ?? []) {
    if (name === absent) continue
    const alone = single[name === 'wasm-threads' ? 'wasm' : name]
    const time = work >= (threads[name] ?? Number.POSITIVE_INFINITY) ? (team[name] ?? alone) : alone
    if (time !== undefined) return time
  }
  return Number.NaN
}

/** Whether arrays that were measured at these points are served much worse by the usual choice than by their own. */
function losesMuch(usual: Choice, own: Choice, points: readonly Point[]): boolean {
  return ABSENT.some((absent) => {
    const ratios = points.map((point) => timeUnder(usual, point, absent) / timeUnder(own, point, absent))
    return ratios.some((ratio, i) => ratio > LOSS && (ratios[i + 1] as number) > LOSS)
  })
}

/** The plan by the points of each placement, for the backends that have the kernel. */
export function planFrom(
  points: ReadonlyMap<Placement, readonly Point[]>,
  candidates: readonly BackendName[],
): KernelPlan {
  const plan: KernelPlan = choiceFrom(points.get('contiguous') ?? [], candidates)
  const others = (['strided', 'outside'] as const).flatMap((placement) => {
    const measured = points.get(placement)
    if (measured === undefined) return []
    const own = choiceFrom(measured, candidates)
    return losesMuch(choiceFor(plan, placement), own, measured) ? [[placement, own] as const] : []
  })
  return { ...plan, ...Object.fromEntries(others) }
}
