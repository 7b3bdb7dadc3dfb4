// Suite `overhead`: what a call costs that has nothing to do, and how long a fresh process takes to its first result.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as nl from 'numloom'
import { njit, prange } from 'numloom/njit'
import { measure } from '../harness.mjs'
import { summary } from '../stats.mjs'
import { duration, percent } from '../units.mjs'

export const title = 'Overheads'

const FRESH_PROCESSES = 11

/** Threads are counted by the system, after Node has started those that it reads files with. */
const FIRST_RESULT = `
  const { readdirSync, promises } = await import('node:fs')
  await Promise.all(Array.from({ length: 8 }, () => promises.readFile('/proc/self/stat')))
  const threads = () => readdirSync('/proc/self/task').length
  const before = threads()
  const begin = performance.now()
  const nl = await import('numloom')
  const value = nl.sum(nl.array([1, 2])).item()
  const milliseconds = performance.now() - begin
  const started = threads() - before
  nl.sin(nl.linspace(0, 1, 4_000_000)).dispose()
  console.log(JSON.stringify({ value, milliseconds, started, startedLarge: threads() - before }))`

function freshProcess(file, code) {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd, encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`${file}: a fresh process failed: ${child.stderr}`)
  return JSON.parse(child.stdout)
}

/** Seconds from the import to the first result, and the threads that had started by then. */
export function measureImport() {
  const runs = Array.from({ length: FRESH_PROCESSES }, () => freshProcess('import', FIRST_RESULT))
  const time = summary(runs.map(({ milliseconds }) => milliseconds / 1000))
  const most = (name) => Math.max(...runs.map((run) => run[name]))
  return { time, threadsStarted: most('started'), threadsAfterLargeCall: most('startedLarge') }
}

/** Calls on one element: nothing but the way to the kernel. */
export function measureCalls() {
  const [a, b] = [nl.array([1]), nl.array([2])]
  const out = nl.empty(1)
  const calls = {
    'nl.add of two 1-element arrays, new result': () => nl.add(a, b),
    'nl.add of two 1-element arrays, out': () => nl.add(a, b, { out }),
    'nl.sum of 1 element, new result': () => nl.sum(a),
    'nl.sum of 1 element, .item()': () => nl.sum(a).item(),
    'nl.zeros(1)': () => nl.zeros(1),
  }
  return Object.entries(calls).map(([name, fn]) => ({ name, time: measure(name, fn, { seconds: 1, least: 20 }) }))
}

function fill(x) {
  for (const i of prange(x.length)) x[i] = i
}

/** A region with one iteration for each thread: what two threads take longer than one is their fork and join. */
export function measureRegions() {
  const x = nl.zeros(2).data
  return ['native', 'wasm'].flatMap((target) =>
    [1, 2].map((threads) => {
      const region = njit({ parallel: true, target, threads }, fill)
      const name = `njit's prange of 2 iterations, ${target}, threads: ${threads}`
      return { name, time: measure(name, () => region(x), { seconds: 1, least: 20 }) }
    }),
  )
}

export async function run() {
  const calls = [...measureCalls(), ...measureRegions()]
  const first = measureImport()
  const rows = [...calls, { name: 'import to first result, fresh process', time: first.time }]
  const note = `Threads started before the first large call: ${first.threadsStarted}; after it: ${first.threadsAfterLargeCall}.`
  return {
    data: { calls, first },
    sections: [
      {
        title: 'Calls on one element, and the first result',
        head: ['what', 'time', 'spread'],
        align: 'lrr',
        rows: rows.map(({ name, time }) => [name, duration(time.median), `±${percent(time.spread / 2)}`]),
        note,
      },
    ],
    panels: [],
    entries: [],
  }
}
