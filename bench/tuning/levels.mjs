// From measured times to a plan: levels of work with backends in the order of their speed, and the least work for
// which threads pay. It measures nothing.
// SPDX-License-Identifier: MIT

/**
 * Times of one kernel build: for each work, by rising work, seconds by backend for one thread and for the team.
 * @typedef {{ work: number, single: Record<string, number>, team: Record<string, number> }} Point
 */

/** A change has to gain more than this: what is less is noise, and a plan that changes with it says nothing. */
const GAIN = 0.9
/** The last point has no second one to confirm it, so it has to gain more. */
const GAIN_AT_THE_END = 0.75
/** Where a backend was not measured, it comes after those that were, in this order. */
const DEFAULT_ORDER = ['native', 'wasm-threads', 'wasm', 'as', 'js']

/** Each ratio as the median of itself and its neighbours, so that one accident neither makes nor breaks a run. */
function smoothed(ratios) {
  return ratios.map((own, i) => {
    const three = [ratios[i - 1] ?? own, own, ratios[i + 1] ?? own].sort((a, b) => a - b)
    return three[1]
  })
}

/** The first index from which on all are below a limit; the length where none is. */
function firstStaying(ratios, limit) {
  let first = ratios.length
  while (first > 0 && ratios[first - 1] < limit) first--
  return first
}

/** The least work from which on the team beats one thread, by backend. `wasm` is what `wasm-threads` does alone. */
function threadThresholds(points) {
  const thresholds = {}
  for (const name of ['native', 'wasm-threads']) {
    const alone = name === 'native' ? 'native' : 'wasm'
    const measured = points.filter(({ team, single }) => team[name] !== undefined && single[alone] !== undefined)
    const ratios = smoothed(measured.map(({ team, single }) => team[name] / single[alone]))
    const first = firstStaying(ratios, GAIN)
    if (first < measured.length) thresholds[name] = measured[first].work
  }
  return thresholds
}

/** Seconds of each backend as it would run: with the team from its threshold on. */
function timesAsRun({ work, single, team }, thresholds) {
  const times = { ...single }
  for (const [name, least] of Object.entries(thresholds)) if (work >= least) times[name] = team[name]
  // With one thread it is wasm; that one comes first, so that nothing is started for it.
  if (single.wasm !== undefined && team['wasm-threads'] !== undefined) times['wasm-threads'] ??= single.wasm * 1.0001
  return times
}

const fastest = (times) => Object.keys(times).reduce((a, b) => (times[b] < times[a] ? b : a))

/** Where the winner changes: indices of points, each with who wins from there on. */
function changes(times) {
  const found = [{ from: 0, winner: fastest(times[0]) }]
  for (let i = 1; i < times.length; i++) {
    const { winner } = found.at(-1)
    const best = fastest(times[i])
    const ratio = (at) => times[at][best] / (times[at][winner] ?? Number.POSITIVE_INFINITY)
    const isLast = i + 1 === times.length
    const beats = isLast ? ratio(i) < GAIN_AT_THE_END : ratio(i) < GAIN && ratio(i + 1) < GAIN
    if (best !== winner && beats) found.push({ from: i, winner: best })
  }
  return found
}

/** Backends by the geometric mean of their distance from the best one, the winner first. */
function orderOf(times, winner, candidates) {
  const distance = (name) => {
    const known = times.filter((at) => at[name] !== undefined)
    if (known.length < times.length / 2 || known.length === 0) return Number.POSITIVE_INFINITY
    return known.reduce((sum, at) => sum + Math.log(at[name] / at[fastest(at)]), 0) / known.length
  }
  const names = DEFAULT_ORDER.filter((name) => candidates.includes(name))
  const rank = new Map(names.map((name) => [name, name === winner ? -1 : distance(name)]))
  return names.sort((a, b) => (rank.get(a) === rank.get(b) ? 0 : rank.get(a) - rank.get(b)))
}

/** Two significant digits, downwards: more would claim a precision that is not there. @param {number} work */
export function coarse(work) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(work)) - 1)
  return Math.floor(work / unit) * unit
}

/**
 * @param {Point[]} points
 * @param {readonly string[]} candidates the backends that have the kernel
 * @returns {import('../../dist/kernel/plan.js').KernelPlan}
 */
export function planFrom(points, candidates) {
  const exact = threadThresholds(points)
  const times = points.map((point) => timesAsRun(point, exact))
  const found = changes(times)
  const levels = found.map(({ from, winner }, i) => {
    const share = times.slice(from, found[i + 1]?.from)
    return { work: i === 0 ? 0 : coarse(points[from].work), order: orderOf(share, winner, candidates) }
  })
  const threads = Object.fromEntries(Object.entries(exact).map(([name, work]) => [name, coarse(work)]))
  return { levels, threads }
}
