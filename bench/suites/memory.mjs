// Suite `memory`: what it costs to let go of arrays, in time and in resident memory, with the addon and without it.
// Every loop runs in a fresh process, because the resident peak of a process never falls.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as nl from 'numloom'
import { measure } from '../harness.mjs'
import { duration, percent } from '../units.mjs'

export const title = 'Memory'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LARGE = 10_000_000
const ROUNDS = Number(process.env.ROUNDS ?? 2000)

/** What a round of x = x + y over 80 MB does with the old x. */
const LOOPS = {
  'out: x itself': 'nl.add(x, y, { out: x })',
  'out: two arrays in turns': 'nl.add(x, y, { out: z }); [x, z] = [z, x]',
  'dispose()': 'const old = x; x = nl.add(x, y); old.dispose()',
  'scope()': 'const old = x; x = nl.scope(() => nl.add(x, y)); old.dispose()',
  'dropped, in one job': 'x = nl.add(x, y)',
  'dropped, with await': 'x = nl.add(x, y); await null',
}

const loop = (step) => `
  import * as nl from 'numloom'
  import { readFileSync } from 'node:fs'
  const y = nl.ones(${LARGE})
  let [x, z] = [nl.zeros(${LARGE}), nl.zeros(${LARGE})]
  const begin = performance.now()
  for (let i = 0; i < ${ROUNDS}; i++) { ${step} }
  const seconds = (performance.now() - begin) / 1000 / ${ROUNDS}
  if (x.get(0) !== ${ROUNDS}) throw new Error('wrong: ' + x.get(0))
  const peak = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1] * 1024
  console.log(JSON.stringify({ seconds, peak }))`

/** Random sizes from 8 bytes to 4 MB, random lifetimes. */
const CHURN = `
  import * as nl from 'numloom'
  let state = 1
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647
  const slots = new Array(400)
  const begin = performance.now()
  for (let i = 0; i < 1e6; i++) {
    const at = Math.floor(random() * 400)
    if (slots[at]) { slots[at].dispose(); slots[at] = undefined }
    else slots[at] = nl.empty(1 + Math.floor(random() * 2 ** 19))
  }
  console.log(JSON.stringify({ seconds: (performance.now() - begin) / 1e9, ...nl.memory() }))`

const SMALL = `
  import * as nl from 'numloom'
  const [a, b] = [nl.ones(20), nl.ones(20)]
  const rss = []
  const begin = performance.now()
  for (let i = 0; i < 10; i++) {
    for (let k = 0; k < 200_000; k++) nl.add(a, b)
    rss.push(process.memoryUsage().rss)
  }
  console.log(JSON.stringify({ seconds: (performance.now() - begin) / 2e9, first: rss[0], half: rss[4], last: rss[9] }))`

function fresh(code, cwd = ROOT) {
  const child = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', code], {
    cwd,
    encoding: 'utf8',
  })
  if (child.status !== 0) throw new Error(`a fresh process failed: ${child.stderr}`)
  return JSON.parse(child.stdout)
}

/** Runs `fn` with a copy of the package that has no addon. */
function withoutAddon(fn) {
  const copy = mkdtempSync(join(tmpdir(), 'numloom-bench-'))
  try {
    for (const part of ['dist', 'package.json']) cpSync(join(ROOT, part), join(copy, part), { recursive: true })
    return fn(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function measureLoops(cwd) {
  return Object.entries(LOOPS).map(([name, step]) => ({ name, ...fresh(loop(step), cwd) }))
}

/** Calls of the heap alone, and of a scope around nothing. */
function measureCalls() {
  const x = nl.ones(1)
  const calls = {
    'nl.add of two 1-element arrays': () => nl.add(x, x),
    'nl.zeros(1000), dispose()': () => nl.zeros(1000).dispose(),
    'nl.zeros(1e6), dispose()': () => nl.zeros(1e6).dispose(),
    'nl.scope(() => 1)': () => nl.scope(() => 1),
    'nl.scope(() => nl.add of 1 element)': () => nl.scope(() => nl.add(x, x).item()),
    'nl.memory()': () => nl.memory(),
  }
  return Object.entries(calls).map(([name, fn]) => ({ name, time: measure(name, fn, { seconds: 0.5, least: 10 }) }))
}

const mebibytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`

const loopSection = (where, loops) => ({
  title: `x = x + y over ${LARGE} float64, ${ROUNDS} times, ${where}`,
  head: ['the old x', 'a round', 'resident peak'],
  align: 'lrr',
  rows: loops.map(({ name, seconds, peak }) => [name, duration(seconds), mebibytes(peak)]),
})

export async function run() {
  const calls = measureCalls()
  const addon = measureLoops(ROOT)
  const none = withoutAddon(measureLoops)
  const churn = fresh(CHURN)
  const small = fresh(SMALL)
  const holes = `holes ${percent(churn.fragmentation)} of the heap when it was fullest, ${mebibytes(churn.peakBytes)} in use`
  const growth = `resident ${[small.first, small.half, small.last].map(mebibytes).join(', ')} after 2, 10, 20 x 10^5`
  return {
    data: { calls, addon, none, churn, small },
    sections: [
      {
        title: 'Calls',
        head: ['what', 'time', 'spread'],
        align: 'lrr',
        rows: calls.map(({ name, time }) => [name, duration(time.median), `±${percent(time.spread / 2)}`]),
      },
      loopSection('with the addon', addon),
      loopSection('without the addon', none),
      {
        title: 'Many arrays',
        head: ['what', 'a step', 'memory'],
        align: 'lrl',
        rows: [
          ['10^6 arrays of 8 B to 4 MB made and freed at random', duration(churn.seconds), holes],
          ['2 x 10^6 nl.add of 20 elements, dropped, in one job', duration(small.seconds), growth],
        ],
      },
    ],
    panels: [],
    entries: [],
  }
}
