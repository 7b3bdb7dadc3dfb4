// Timing of contenders in turns: what disturbs the machine for a while disturbs all of them.
// SPDX-License-Identifier: MIT

/** @typedef {{ run: () => void, samples: number[], spent: number }} Timed */

const now = () => performance.now() / 1000

/** Seconds that one call takes. @param {() => void} run */
export function once(run) {
  const begin = now()
  run()
  return now() - begin
}

/**
 * Adds samples to each contender in turn until each has spent its budget. One call is enough for those that are slow.
 * @param {Timed[]} contenders
 * @param {{ budget: number, most: number, deadline?: number }} limits seconds each, samples each, and when to stop
 */
export function takeTurns(contenders, { budget, most, deadline = Number.POSITIVE_INFINITY }) {
  const wants = (timed) => timed.samples.length < most && timed.spent < budget
  for (let waiting = contenders; waiting.length > 0; waiting = waiting.filter(wants)) {
    for (const timed of waiting) {
      if (now() > deadline && timed.samples.length > 0) return
      const seconds = once(timed.run)
      timed.samples.push(seconds)
      timed.spent += seconds
    }
  }
}

/** Seconds since the process began. */
export const elapsed = now
