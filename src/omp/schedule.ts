// How the work of kernels is dealt out to threads: omp.setSchedule(), else OMP_SCHEDULE.
// SPDX-License-Identifier: MIT

import { SCHEDULE_KINDS, type Schedule } from './parse.js'
import { variables } from './variables.js'

let chosen: Schedule | undefined

/** The schedule in force; the same object until it changes. */
export function currentSchedule(): Schedule {
  return chosen ?? variables().schedule
}

export function chooseSchedule(schedule: Schedule): void {
  chosen = schedule
}

/** The kind as core/schedule.h numbers it. */
export function kindNumber({ kind }: Schedule): number {
  return SCHEDULE_KINDS.indexOf(kind)
}
