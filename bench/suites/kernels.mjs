// Suite `kernels`: every kernel x dtype x backend x thread count at a small and a large size, bound without the plan.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { bytesOf } from '../../dist/kernel/define.js'
import { kernelList } from '../../dist/kernel/registry.js'
import { argumentsFor, sizeForWork, sizesFor } from '../../dist/tune/arguments.js'
import { boundCall, loadedBackends } from '../../dist/tune/bound.js'
import { COLOURS } from '../chart.mjs'
import { measure } from '../harness.mjs'
import { geometricMean } from '../stats.mjs'
import { counted, digits, duration, percent, ratio } from '../units.mjs'

export const title = 'Kernels by backend'

const WORKS = [1e4, 1e7]
const SECONDS = 0.06

/** One kernel build at one size on all backends. */
function measureBuild({ kernel, dtype, symbol }, work, backends) {
  const sizes = sizesFor(kernel, sizeForWork(kernel, work))
  const { args, release } = argumentsFor(kernel, dtype, sizes, nl.getNumThreads())
  const rows = []
  for (const backend of backends.values()) {
    const most = Math.min(backend.maxThreads, nl.getNumThreads())
    for (const threads of new Set([1, most])) {
      if (backend.name === 'wasm-threads' && threads === 1) continue
      const call = boundCall(backend, kernel, dtype, args, threads)
      if (call === undefined) continue
      const time = measure(`${symbol} ${backend.name}`, call, { seconds: SECONDS, least: 3 })
      rows.push({ symbol, work, sizes, backend: backend.name, threads, time, ...rates(kernel, dtype, sizes, time) })
    }
  }
  release()
  const js = rows.find((row) => row.backend === 'js').time.median
  for (const row of rows) row.speedup = js / row.time.median
  return rows
}

const rates = (kernel, dtype, sizes, { median }) => ({
  gflops: kernel.flops(sizes) / median / 1e9,
  gbytes: bytesOf(kernel, dtype, sizes) / median / 1e9,
})

const sizesInWords = (sizes) =>
  Object.entries(sizes).flatMap(([name, value]) => (value === 1 ? [] : [`${name}=${value}`]))

function section(work, rows) {
  return {
    title: `About ${work.toExponential(0).replace('e+', ' x 10^')} operations a call`,
    head: ['kernel', 'sizes', 'backend', 'threads', 'time', 'spread', 'GFLOP/s', 'GB/s', 'to js'],
    align: 'lllrrrrrr',
    rows: rows.map((row) => [
      row.symbol,
      sizesInWords(row.sizes).join(' ') || '1',
      row.backend,
      String(row.threads),
      duration(row.time.median),
      `±${percent(row.time.spread / 2)}`,
      digits(row.gflops),
      digits(row.gbytes),
      ratio(row.speedup),
    ]),
  }
}

/** One bar a backend and thread count: the geometric mean over all kernels that it has. */
function panel(work, rows) {
  const groups = grouped(rows, ({ backend, threads }) => labelOf(backend, threads))
  const bars = [...groups].map(([label, group]) => {
    const value = geometricMean(group.map(({ speedup }) => speedup))
    const fill = COLOURS[group[0].backend][group[0].threads > 1 ? 0 : 1]
    const worst = Math.min(...group.map(({ speedup }) => speedup))
    return {
      label,
      value,
      fill,
      strong: `${digits(value)}×`,
      note: `${counted(group.length, 'build')}, worst ${digits(worst)}×`,
    }
  })
  return {
    title: `${work.toLocaleString('en')} operations a call`,
    subtitle: 'geometric mean of the speed relative to js',
    bars,
    mark: 1,
  }
}

const labelOf = (backend, threads) =>
  COLOURS[backend][0] === COLOURS[backend][1] ? backend : `${backend}, ${counted(threads, 'thread')}`

function grouped(rows, key) {
  const groups = new Map()
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row])
  return groups
}

export async function run() {
  const backends = loadedBackends()
  const byWork = WORKS.map((work) => ({
    work,
    rows: kernelList().flatMap((build) => {
      process.stderr.write('.')
      return measureBuild(build, work, backends)
    }),
  }))
  process.stderr.write('\n')
  return {
    data: byWork.flatMap(({ rows }) => rows),
    sections: byWork.map(({ work, rows }) => section(work, rows)),
    panels: byWork.map(({ work, rows }) => panel(work, rows)),
    entries: Object.entries(COLOURS).map(([name, [fill]]) => ({ name, fill })),
  }
}
