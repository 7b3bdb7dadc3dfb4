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

/** A function that brings the schedule in force to a team, by `apply`, whenever it is another than at the last call. */
export function scheduleFollower(apply: (kind: number, chunk: number) => void): () => void {
  let applied: Schedule | undefined
  return () => {
    const schedule = currentSchedule()
    if (schedule === applied) return
    // As core/schedule.h numbers the kinds.
    apply(SCHEDULE_KINDS.indexOf(schedule.kind), schedule.chunk)
    applied = schedule
  }
}
