// Suite `regret`: what the choice of `auto` costs. Each kernel build at sizes from 10^0 to 10^7 operations, with 1 and 2
// threads, and the first dtype of each kernel at some sizes on strided arrays and on arrays outside the heap: the time of
// `auto` over that of the best forced backend, all dispatched alike, least times in turns; what is above the bar is measured
// again.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { kernelList } from '../../dist/kernel/registry.js'
import { run as dispatch } from '../../dist/runtime.js'
import { argumentsFor, placementsOf, sizeForWork, sizesFor } from '../../dist/tune/arguments.js'
import { loadedBackends } from '../../dist/tune/bound.js'
import { leastTimes } from '../../dist/tune/least.js'
import { geometricMean } from '../stats.mjs'
import { digits, duration } from '../units.mjs'

export const title = 'The choice of auto'

const WORKS = Array.from({ length: 8 }, (_, i) => 10 ** i)
/** For arrays that lie otherwise. */
const OTHER_WORKS = [1e2, 1e4, 1e6]
const THREADS = [1, 2]
const BARS = { mean: 1.05, worst: 1.25 }
/** A forced backend that takes longer for one call than this is not the best one. */
const LONGEST = 0.2
/** So often a point above the bar is measured before it is believed: V8 may just have thrown code away. */
const MEASUREMENTS = 3

function contendersFor({ kernel, dtype }, work, args, backends) {
  const forced = [...backends.keys()].filter((name) => backends.get(name).bind(kernel, dtype) !== undefined)
  return ['auto', ...forced].map((name) => ({
    name,
    call() {
      nl.setBackend(name)
      dispatch(kernel, dtype, work, args)
    },
  }))
}

function tooSlow({ call }) {
  const begin = performance.now()
  call()
  return (performance.now() - begin) / 1000 > LONGEST
}

/** `auto` and the best forced backend, each with the least time of all measurements. */
function compare(contenders) {
  const least = new Map()
  for (let i = 1; ; i++) {
    for (const one of leastTimes(contenders)) least.set(one.name, Math.min(one.least, least.get(one.name) ?? Infinity))
    const [auto, ...forced] = [...least].map(([name, seconds]) => ({ name, least: seconds }))
    const best = forced.reduce((a, b) => (b.least < a.least ? b : a))
    if (i === MEASUREMENTS || auto.least <= BARS.worst * best.least) return { auto, best }
  }
}

function measurePoint(build, placement, wanted, threads, backends) {
  const { kernel, dtype, symbol } = build
  const sizes = sizesFor(kernel, sizeForWork(kernel, wanted))
  const work = kernel.flops(sizes)
  const { args, release } = argumentsFor(kernel, dtype, sizes, threads, placement)
  nl.setNumThreads(threads)
  const contenders = contendersFor(build, work, args, backends).filter((one) => one.name === 'auto' || !tooSlow(one))
  const { auto, best } = compare(contenders)
  release()
  nl.setBackend('auto')
  return {
    symbol,
    placement,
    work,
    threads,
    auto: auto.least,
    best: best.name,
    least: best.least,
    regret: auto.least / best.least,
  }
}

const summaryOf = (points) => {
  const worst = points.reduce((a, b) => (b.regret > a.regret ? b : a))
  return { mean: geometricMean(points.map(({ regret }) => regret)), worst }
}

const PLACEMENTS = ['contiguous', 'strided', 'outside']

/** The points of one build and placement. */
function pointsOf(build, placement, backends) {
  const { kernel, dtype } = build
  const isOther = placement !== 'contiguous'
  if (!placementsOf(kernel).includes(placement) || (isOther && dtype !== kernel.dtypes[0])) return []
  process.stderr.write('.')
  return (isOther ? OTHER_WORKS : WORKS).flatMap((work) =>
    THREADS.map((threads) => measurePoint(build, placement, work, threads, backends)),
  )
}

const inWords = ({ symbol, work, threads, best, regret }) =>
  `${digits(regret)} (${symbol}, ${work} operations, ${threads} threads, best ${best})`

function aboutOf(placement, all) {
  const points = all.filter((point) => point.placement === placement)
  const { mean, worst } = summaryOf(points)
  const above = points.filter(({ regret }) => regret > BARS.worst).length
  return (
    `${placement}: geometric mean ${digits(mean)} (bar ${BARS.mean}), worst ${inWords(worst)} (bar ${BARS.worst}), ` +
    `${above} of ${points.length} points above the bar`
  )
}

function sectionOf(label, points) {
  const rows = points
    .toSorted((a, b) => b.regret - a.regret)
    .slice(0, 20)
    .map(({ symbol, placement, work, threads, auto, best, least, regret }) => [
      symbol,
      placement,
      String(work),
      String(threads),
      duration(auto),
      best,
      duration(least),
      digits(regret),
    ])
  const head = ['kernel', 'arrays', 'operations', 'threads', 'auto', 'best', 'its time', 'regret']
  return { title: label, head, align: 'llrrrlrr', rows }
}

export async function run() {
  const backends = loadedBackends()
  const count = nl.getNumThreads()
  // The first point of all would pay for what is compiled on the way.
  measurePoint(kernelList()[0], 'contiguous', 1, 1, backends)
  const points = PLACEMENTS.flatMap((placement) =>
    kernelList().flatMap((build) => pointsOf(build, placement, backends)),
  )
  nl.setNumThreads(count)
  process.stderr.write('\n')
  const about = PLACEMENTS.map((placement) => aboutOf(placement, points))
  return { data: points, about, sections: [sectionOf('The 20 worst points', points)], panels: [], entries: [] }
}
