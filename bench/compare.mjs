// Runs one work on every backend and thread count: checks that the results agree, then times them in turns.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { deviation } from './agreement.mjs'
import { summary } from './stats.mjs'
import { once, takeTurns } from './timing.mjs'

/**
 * @typedef {{ backend: string, threads: number }} Contender
 *
 * @typedef {object} Row
 * @property {string} backend
 * @property {number} threads those asked for
 * @property {string} [reason] why it has no time
 * @property {number} [ranThreads] those that ran
 * @property {string} [file]
 * @property {string} [isa]
 * @property {number} [checksum]
 * @property {number} [deviation] from the first row's result, as a part of what is allowed
 * @property {number[]} [samples] seconds
 * @property {ReturnType<typeof summary>} [time]
 * @property {number} [speedup] over `js`
 */

const THREADED = ['wasm-threads', 'native']

/**
 * Every backend, the threaded ones with each thread count.
 * @param {readonly number[]} threadCounts
 * @returns {Contender[]}
 */
export const contenders = (threadCounts) =>
  nl.backends().flatMap(({ name }) => {
    const counts = THREADED.includes(name) ? threadCounts : [1]
    return counts.map((threads) => ({ backend: name, threads }))
  })

/** Runs `fn` on a contender's backend with its threads. @param {Contender} contender @param {() => void} fn */
export const on = ({ backend, threads }, fn) => nl.withBackend(backend, () => nl.withThreads(threads, fn))

/** The sum of a result's elements by the `js` backend: the same code for every backend. @param {Float64Array} result */
const checksumOf = (result) => (result.length === 1 ? result[0] : nl.withBackend('js', () => nl.sum(result).item()))

/** The first call: what ran, and its result. */
function firstCall(work, prepared, contender, reference) {
  const { backend, threads } = contender
  prepared.reset?.()
  try {
    let explanation
    const seconds = once(() => on(contender, () => (explanation = nl.explain(prepared.run))))
    const { file, isa, threads: ranThreads } = explanation.calls.at(-1)
    const result = prepared.result()
    reference.elements ??= result.slice()
    const off = deviation(work, result, reference.elements)
    return { backend, threads, ranThreads, file, isa, checksum: checksumOf(result), deviation: off, seconds }
  } catch (error) {
    if (error instanceof nl.BackendError) return { backend, threads, reason: error.message }
    throw error
  }
}

/**
 * @param {import('./works.mjs').Work} work
 * @param {readonly Contender[]} list
 * @param {{ budget: number, most: number, deadline: number }} limits as of takeTurns
 * @returns {{ rows: Row[], auto: string }} `auto`: what explain() says of a call without a forced backend
 */
export function compare(work, list, limits) {
  const prepared = work.prepare()
  const reference = {}
  const rows = list.map((contender) => firstCall(work, prepared, contender, reference))
  const timed = rows.flatMap((row) => {
    if (row.reason !== undefined) return []
    const slow = row.seconds > limits.budget
    // The first call warms up. Where one call is long, warming up is a small part of it, and it counts.
    row.samples = slow ? [row.seconds] : []
    return [{ run: () => on(row, prepared.run), samples: row.samples, spent: slow ? row.seconds : 0 }]
  })
  takeTurns(
    timed.filter(({ spent }) => spent < limits.budget * 3),
    limits,
  )
  const auto = nl.withBackend('auto', () => String(nl.explain(prepared.run)))
  prepared.dispose()
  return { rows: withSummaries(rows), auto }
}

function withSummaries(rows) {
  for (const row of rows) if (row.samples) row.time = summary(row.samples)
  const js = rows.find(({ backend }) => backend === 'js')?.time
  for (const row of rows) if (row.time && js) row.speedup = js.median / row.time.median
  return rows
}
