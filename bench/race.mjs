// Times contenders of several processes in turns: one sample each, round after round, so that what disturbs the machine
// for a while disturbs all of them. Only one of them works at a time.
// SPDX-License-Identifier: MIT

import { summary } from './stats.mjs'

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {string} process which process runs it
 * @property {string} how
 * @property {number} threads
 *
 * @typedef {object} Result
 * @property {string} name
 * @property {number} threads
 * @property {string} [error]
 * @property {number} [checksum]
 * @property {number} [first] seconds of the first call, where the contender says so
 * @property {number[]} [samples] seconds
 * @property {ReturnType<typeof summary>} [time]
 */

/** A sample lasts at least so many seconds: shorter calls are repeated within it. */
const SAMPLE = 0.02

async function prepare(process, entry, id, { work, n, wrong }) {
  const { name, how, threads } = entry
  const reply = await process.ask({ op: 'prepare', id, work, n, how, threads })
  const error = reply.error ?? wrong?.(id)
  if (error) return { name, threads, error }
  const { checksum, first, seconds } = reply
  const calls = Math.max(1, Math.round(SAMPLE / seconds))
  return { name, threads, checksum, first, calls, samples: [] }
}

/**
 * @param {Map<string, import('./contender.mjs').ContenderProcess>} processes
 * @param {{ work: string, n: unknown, rounds: number, entries: Entry[], wrong?: (id: number) => string | undefined }} race
 *   `wrong` says what is wrong with a contender's result, after its first call
 * @returns {Promise<Result[]>}
 */
export async function run(processes, race) {
  const { entries, rounds } = race
  const results = []
  for (const [id, entry] of entries.entries()) {
    results.push(await prepare(processes.get(entry.process), entry, id, race))
  }
  for (let round = 0; round < rounds; round++) {
    for (const [id, result] of results.entries()) {
      if (result.error) continue
      const process = processes.get(entries[id].process)
      const reply = await process.ask({ op: 'time', id, samples: 1, calls: result.calls })
      if (reply.error) result.error = reply.error
      else result.samples.push(...reply.seconds)
    }
  }
  for (const process of processes.values()) await process.ask({ op: 'release' })
  for (const result of results) if (!result.error) result.time = summary(result.samples)
  return results
}
