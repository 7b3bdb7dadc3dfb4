// From measured times to a choice: levels of work with backends in the order of their speed, and the least work for
// which threads pay. It measures nothing.
// SPDX-License-Identifier: MIT

import type { BackendName } from '../backends/backend.js'
import type { Choice } from '../kernel/plan.js'

/** Seconds of one call by backend. */
export type Times = Partial<Record<BackendName, number>>

/** Times of one kernel build for an amount of work, with one thread and with the team. */
export interface Point {
  readonly work: number
  readonly single: Times
  readonly team: Times
}

type Threads = Choice['threads']

/** A change has to gain more than this: what is less is noise, and a plan that changes with it says nothing. */
const GAIN = 0.9
/** On threads, a call may be this much slower for more work than they pay for: where memory is the limit, they gain nothing. */
const NO_LOSS = 1.05
/** The last point has no second one to confirm it, so it has to gain more. */
const GAIN_AT_THE_END = 0.75
/** Where a backend was not measured, it comes after those that were, in this order. */
const DEFAULT_ORDER: readonly BackendName[] = ['native', 'wasm-threads', 'wasm', 'as', 'js']

/** The upper one of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

/** Each ratio as the median of itself and its neighbours, so that one accident neither makes nor breaks a run. */
function smoothed(ratios: readonly number[]): number[] {
  return ratios.map((own, i) => median([ratios[i - 1] ?? own, own, ratios[i + 1] ?? own]))
}

/** The first index that gains and from which on none loses; the length where none is. */
function firstPaying(ratios: readonly number[]): number {
  let first = ratios.length
  while (first > 0 && (ratios[first - 1] as number) < NO_LOSS) first--
  while (first < ratios.length && (ratios[first] as number) >= GAIN) first++
  return first
}

/** The least work from which on the team beats one thread, by backend. `wasm` is what `wasm-threads` does alone. */
function threadThresholds(points: readonly Point[]): Threads {
  const thresholds: Threads = {}
  for (const name of ['native', 'wasm-threads'] as const) {
    const alone = name === 'native' ? 'native' : 'wasm'
    const measured = points.flatMap(({ work, team, single }) => {
      const [ours, theirs] = [team[name], single[alone]]
      return ours === undefined || theirs === undefined ? [] : [{ work, ratio: ours / theirs }]
    })
    const ratios = smoothed(measured.map(({ ratio }) => ratio))
    const first = measured[firstPaying(ratios)]
    if (first !== undefined) thresholds[name] = first.work
  }
  return thresholds
}

/** Seconds of each backend as it would run: with the team from its threshold on. */
function timesAsRun({ work, single, team }: Point, thresholds: Threads): Times {
  const times = { ...single }
  for (const [name, least] of Object.entries(thresholds) as [BackendName, number][]) {
    const time = team[name]
    if (work >= least && time !== undefined) times[name] = time
  }
  // With one thread it is wasm; that one comes first, so that nothing is started for it.
  if (single.wasm !== undefined && team['wasm-threads'] !== undefined) times['wasm-threads'] ??= single.wasm * 1.0001
  return times
}

const timeOf = (times: Times, name: BackendName) => times[name] ?? Number.POSITIVE_INFINITY

/**
 * js never is, where anything else was measured: its loops are fast while only one of them is called, as here, and several
 * times slower in a program.
 */
const fastest = (times: Times) => compiled(times).reduce((a, b) => (timeOf(times, b) < timeOf(times, a) ? b : a))

function compiled(times: Times): BackendName[] {
  const names = Object.keys(times) as BackendName[]
  return names.length > 1 ? names.filter((name) => name !== 'js') : names
}

/** Where the winner changes: indices of points, each with who wins from there on. */
function changes(times: readonly Times[]): { from: number; winner: BackendName }[] {
  let winner = fastest(times[0] ?? {})
  const found = [{ from: 0, winner }]
  for (const [i, here] of times.entries()) {
    const best = fastest(here)
    const next = times[i + 1]
    const ratio = (at: Times) => timeOf(at, best) / timeOf(at, winner)
    const beats = next === undefined ? ratio(here) < GAIN_AT_THE_END : ratio(here) < GAIN && ratio(next) < GAIN
    if (i === 0 || best === winner || !beats) continue
    winner = best
    found.push({ from: i, winner })
  }
  return found
}

/** Backends by the geometric mean of their distance from the best one, the winner first, js last. */
function orderOf(times: readonly Times[], winner: BackendName, candidates: readonly BackendName[]): BackendName[] {
  const distance = (name: BackendName) => {
    if (name === 'js') return Number.POSITIVE_INFINITY
    const known = times.filter((at) => at[name] !== undefined)
    if (known.length < times.length / 2 || known.length === 0) return Number.POSITIVE_INFINITY
    return known.reduce((sum, at) => sum + Math.log(timeOf(at, name) / timeOf(at, fastest(at))), 0) / known.length
  }
  const names = DEFAULT_ORDER.filter((name) => candidates.includes(name))
  const ranked = names.map((name) => ({ name, rank: name === winner ? -1 : distance(name) }))
  return ranked.sort((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank)).map(({ name }) => name)
}

/** Two significant digits, downwards: more would claim a precision that is not there. */
export function coarse(work: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(work)) - 1)
  return Math.floor(work / unit) * unit
}

/** The choice by points of rising work, for the backends that have the kernel. */
export function choiceFrom(points: readonly Point[], candidates: readonly BackendName[]): Choice {
  const exact = threadThresholds(points)
  const times = points.map((point) => timesAsRun(point, exact))
  const found = changes(times)
  const levels = found.map(({ from, winner }, i) => {
    const share = times.slice(from, found[i + 1]?.from)
    return { work: i === 0 ? 0 : coarse((points[from] as Point).work), order: orderOf(share, winner, candidates) }
  })
  const threads = Object.fromEntries(Object.entries(exact).map(([name, work]) => [name, coarse(work)]))
  return { levels, threads }
}
