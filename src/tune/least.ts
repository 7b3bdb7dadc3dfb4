// Short calls timed against each other, for decisions between them.
// SPDX-License-Identifier: MIT

/**
 * A sample lasts at least so many seconds, and there are many short ones: all threads have to be on a core at once for
 * one of them to tell what a team can do. Those whose samples are long get the fewest rounds.
 */
export const SAMPLE = 3e-4
const ROUNDS = { least: 5, most: 30 }
const BUDGET = 0.01

function seconds(call: () => void, calls: number): number {
  const begin = performance.now()
  for (let i = 0; i < calls; i++) call()
  return (performance.now() - begin) / 1000 / calls
}

/** Calls that make a sample, after enough of them to warm up. */
function calibrate(call: () => void): number {
  let calls = 1
  for (let spent = seconds(call, 1); spent < SAMPLE; calls *= 2) spent = seconds(call, calls) * calls
  return Math.max(1, calls / 2)
}

/** Adds its `least` seconds to each contender; they take turns, for what disturbs the machine only ever adds. */
export function leastTimes<T extends { readonly call: () => void }>(
  contenders: readonly T[],
): (T & { least: number })[] {
  const timed = contenders.map((contender) =>
    Object.assign(contender, { calls: calibrate(contender.call), least: Number.POSITIVE_INFINITY, spent: 0 }),
  )
  for (let round = 0; round < ROUNDS.most; round++) {
    for (const contender of timed) {
      if (round >= ROUNDS.least && contender.spent > BUDGET) continue
      const { call, calls } = contender
      const time = seconds(call, calls)
      contender.spent += time * calls
      contender.least = Math.min(contender.least, time)
    }
  }
  return timed
}
