// The speeds that numloom is to reach beside its peers, as measured in one run: each a value, a bar, met or not.
// SPDX-License-Identifier: MIT

import { duration, ratio } from '../units.mjs'

/** Finds results: times of entries by their race, family and further properties. */
export class Results {
  /** @param {{ name: string, entries: import('./races.mjs').Entry[], results: import('../race.mjs').Result[] }[]} races @param {'median' | 'least'} statistic */
  constructor(races, statistic = 'median') {
    this.races = races
    this.statistic = statistic
  }

  /** The seconds, undefined where it did not run. */
  time(race, family, { threads = 1, into, isa } = {}) {
    const { entries = [], results = [] } = this.races.find(({ name }) => name === race) ?? {}
    const at = entries.findIndex(
      (entry) =>
        entry.family === family &&
        entry.threads === threads &&
        entry.isa === isa &&
        (into === undefined || entry.into === into),
    )
    return results[at]?.time?.[this.statistic]
  }

  /** How many times as fast as `b` is `a`. Each is [family, properties]. */
  faster(race, a, b) {
    return this.time(race, ...b) / this.time(race, ...a)
  }
}

const least = (text, value, bar) => ({ text, value: ratio(value), bar: `>= ${bar}x`, met: value >= bar })
const most = (text, value, bar) => ({ text, value: ratio(value), bar: `<= ${bar}x`, met: value <= bar })
const within = (text, seconds, bar) => ({
  text,
  value: duration(seconds),
  bar: `<= ${duration(bar)}`,
  met: seconds <= bar,
})

function integralBars(results, isas, threads) {
  const faster = (a, b) => results.faster('integral2d 10000', a, b)
  const [best] = isas
  const byHand = isas.map((isa) => {
    const own = ['numloom native', isa === best ? {} : { isa }]
    const text = `integral2d, 1 thread, ${isa}: native's time to that of C++ by hand`
    return most(text, faster(['C++ by hand', { isa }], own), 1.15)
  })
  return [
    least('integral2d, 1 thread: native to Numba fastmath', faster(['numloom native'], ['Numba fastmath']), 8),
    ...byHand,
    least('integral2d, 1 thread: wasm to Numba', faster(['numloom wasm'], ['Numba']), 2),
    least('integral2d, 1 thread: as to wasm', faster(['numloom as'], ['numloom wasm']), 0.6),
    least(
      `integral2d: native, ${threads} threads to 1`,
      faster(['numloom native', { threads }], ['numloom native']),
      1.8,
    ),
    least(
      `integral2d: wasm-threads, ${threads} threads to wasm`,
      faster(['numloom wasm-threads', { threads }], ['numloom wasm']),
      1.8,
    ),
  ]
}

function sinBars(results, isas) {
  return ['sin 100000', 'sin 10000000'].flatMap((race) => {
    const byIsa = isas.map((isa, i) => {
      const own = ['numloom native', i === 0 ? { into: 'out' } : { into: 'out', isa }]
      return least(
        `${race}, ${isa}: native to NumPy (out=)`,
        results.faster(race, own, ['NumPy', { into: 'out' }]),
        i === 0 ? 8 : 1,
      )
    })
    const wasm = results.faster(race, ['numloom wasm', { into: 'new' }], ['numpy-ts', { into: 'new' }])
    return [...byIsa, least(`${race}: wasm to numpy-ts (new result)`, wasm, 2)]
  })
}

function bandwidthBars(results, threads) {
  return ['add 10000000', 'axpy 10000000', 'sum 10000000'].flatMap((race) => {
    const into = race.startsWith('add') ? 'out' : ''
    const own = ['numloom native', { into }]
    return [
      least(`${race}, 1 thread: native to NumPy`, results.faster(race, own, ['NumPy', { into }]), 0.9),
      least(
        `${race}: native, ${threads} threads to 1`,
        results.faster(race, ['numloom native', { into, threads }], own),
        1,
      ),
    ]
  })
}

function productBars(results, counts) {
  const race = 'matmul 1000'
  const native = counts.map((threads) => {
    const value = results.faster(
      race,
      ['numloom native', { threads, into: 'out' }],
      ['NumPy', { threads, into: 'out' }],
    )
    return least(`${race}, ${threads} thread${threads > 1 ? 's' : ''}: native to NumPy's OpenBLAS`, value, 0.7)
  })
  const wasm = results.faster(race, ['numloom wasm', { into: 'new' }], ['numpy-ts', { into: 'new' }])
  return [...native, least(`${race}: wasm to numpy-ts`, wasm, 1.5)]
}

/**
 * @param {Results} results
 * @param {{ counts: number[], isas: string[], first: { time: { median: number }, threadsStarted: number } }} circumstances
 */
export function bars(results, { counts, isas, first }) {
  const more = counts.at(-1)
  const started = { text: 'threads started before the first large call', value: String(first.threadsStarted), bar: '0' }
  return [
    ...integralBars(results, isas, more),
    ...sinBars(results, isas),
    ...bandwidthBars(results, more),
    ...productBars(results, counts),
    within('nl.add of two 1-element arrays, new result', results.time('add 1', 'numloom auto'), 1e-6),
    within('nl.sum of 1 element, new result', results.time('sum 1', 'numloom auto'), 1e-6),
    within('import to first result', first.time[results.statistic], 0.06),
    { ...started, met: first.threadsStarted === 0 },
  ]
}
