// Suite `classic`: the loops by which languages and compilers are classically compared, as users call them.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { heatedPlate, integral2d, nbody } from 'numloom/classic'
import { COLOURS } from '../chart.mjs'
import { contenders, on } from '../compare.mjs'
import { measure } from '../harness.mjs'
import { counted, digits, duration, percent, ratio } from '../units.mjs'
import { spread } from '../works.mjs'

export const title = 'Classic loops'

function bodies(n) {
  const [mass, position, velocity] = [spread([n], 1, 0), spread([3, n], 10, 1), nl.zeros([3, n])]
  return { mass, position, velocity, dt: 1e-6 }
}

/** Every work ends after a fixed number of steps, so that all backends do the same. */
function works() {
  const options = bodies(1000)
  return [
    { name: 'integral2d(2000)', run: () => integral2d(2000) },
    {
      name: 'heatedPlate 500 x 500, 20 sweeps',
      run: () => heatedPlate({ rows: 500, maxSweeps: 20, tolerance: 0 }).plate.dispose(),
    },
    { name: 'nbody, 1000 bodies, 2 steps', run: () => nbody({ ...options, steps: 2 }) },
  ]
}

function measureWork({ name, run }) {
  const list = contenders([...new Set([1, nl.getNumThreads()])])
  const rows = list.flatMap((contender) => {
    const { backend, threads } = contender
    if ((backend === 'wasm-threads' && threads === 1) || !isAvailable(backend)) return []
    const time = on(contender, () => measure(name, run, { seconds: 0.5 }))
    return [{ name, backend, threads, time }]
  })
  const js = rows.find(({ backend }) => backend === 'js').time.median
  return rows.map((row) => ({ ...row, speedup: js / row.time.median }))
}

const isAvailable = (name) => nl.backends().some((status) => status.name === name && status.available)

const labelOf = ({ backend, threads }) => (threads > 1 ? `${backend}, ${counted(threads, 'thread')}` : backend)

const panel = (name, rows) => ({
  title: name,
  subtitle: 'speed relative to js',
  mark: 1,
  bars: rows.map((row) => ({
    label: labelOf(row),
    value: row.speedup,
    fill: COLOURS[row.backend][row.backend === 'native' && row.threads === 1 ? 1 : 0],
    strong: `${digits(row.speedup)}×`,
    note: duration(row.time.median),
  })),
})

const section = (name, rows) => ({
  title: name,
  head: ['backend', 'threads', 'time', 'spread', 'to js'],
  align: 'lrrrr',
  rows: rows.map(({ backend, threads, time, speedup }) => [
    backend,
    String(threads),
    duration(time.median),
    `±${percent(time.spread / 2)}`,
    ratio(speedup),
  ]),
})

export async function run() {
  const results = works().map((work) => ({ name: work.name, rows: measureWork(work) }))
  return {
    data: results.flatMap(({ rows }) => rows),
    sections: results.map(({ name, rows }) => section(name, rows)),
    panels: results.map(({ name, rows }) => panel(name, rows)),
    entries: Object.entries(COLOURS).map(([name, [fill]]) => ({ name, fill })),
  }
}
