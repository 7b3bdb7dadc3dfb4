// Suite `njit`: the programs of ../njit as plain JavaScript and compiled by njit; with PEERS=1 beside Numba and C by hand.
// PROGRAM=name (or several, by commas) chooses. Every result is checked before it is timed.
// SPDX-License-Identifier: MIT

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { COLOURS } from '../chart.mjs'
import { ContenderProcess } from '../contender.mjs'
import { difference, readResult, writeJob } from '../njit/job.mjs'
import { PROGRAMS } from '../njit/programs.mjs'
import { compileByHand, compilerLine } from '../peers/by-hand.mjs'
import { installPython, startPrograms } from '../peers/setup.mjs'
import { run as runRace } from '../race.mjs'
import { geometricMean } from '../stats.mjs'
import { counted, duration, percent, ratio } from '../units.mjs'

export const title = 'Loops compiled by njit'

const ROUNDS = 7
const SELF = fileURLToPath(new URL('../njit/self.mjs', import.meta.url))

const BAR_COLOURS = {
  'plain JS': COLOURS.js,
  'njit wasm': COLOURS['wasm-threads'],
  'njit native': COLOURS.native,
  Numba: ['#e88a4f', '#f4c9ad'],
  C: ['#6b7785', '#b5bcc4'],
}

/** How many threads a program is measured with. */
const countsOf = ({ options }, counts) => (options.parallel ? counts : [1])

/** Where fastmath is measured, too: a sum of sines is what it is for. */
const hasFastmath = ({ name }) => name === 'integral2d'

/** How Numba compiles a program. One thread needs no parallel code, which may be slower. */
function numbaKinds(program, threads) {
  const kinds = [threads === 1 ? 'numba' : [], program.options.parallel ? 'numba parallel' : []].flat()
  return hasFastmath(program) ? [...kinds, ...kinds.map((kind) => `${kind} fastmath`)] : kinds
}

function peersOf(program, threads, library) {
  const process = `python ${threads}`
  const numba = numbaKinds(program, threads).map((how) => ({
    name: how.replace('numba', 'Numba'),
    process,
    how,
    threads,
  }))
  return [...numba, { name: 'C', process, how: `c ${library}`, threads }]
}

function entriesOf(program, counts, library) {
  const self = (name, how) => (threads) => ({ name, process: 'self', how, threads })
  const all = countsOf(program, counts)
  return [
    self('plain JS', 'js')(1),
    ...all.map(self('njit wasm', 'wasm')),
    ...all.map(self('njit native', 'native')),
    ...(hasFastmath(program) ? all.map(self('njit native fastmath', 'native fastmath')) : []),
    ...(library ? all.flatMap((threads) => peersOf(program, threads, library)) : []),
  ]
}

/** A process for each contender that is new for each program: what fails in one does not concern the others. */
function startAll(entries) {
  const start = { self: () => new ContenderProcess(process.execPath, [SELF]) }
  for (const { process: name, threads } of entries) start[name] ??= () => startPrograms(threads)
  return new Map(Object.entries(start).map(([name, begin]) => [name, begin()]))
}

async function measure(program, size, { entries, rounds }) {
  const work = writeJob(program, size)
  // The first contender's result is checked where it is made.
  let reference
  const wrong = (id) => {
    const result = readResult(work, id)
    reference ??= result
    return difference(program, result, reference)
  }
  const heading = `${program.name}: ${program.about(size)}`
  process.stderr.write(`${heading} ...\n`)
  const processes = startAll(entries)
  const results = await runRace(processes, { work, n: size, rounds, entries, wrong })
  for (const child of processes.values()) child.end()
  return { name: program.name, title: heading, results }
}

const cells = (result) =>
  result?.time ? [duration(result.time.median), `±${percent(result.time.spread / 2)}`] : [result ? 'failed' : '', '']

/** What the first call takes longer than those after it: compiling, above all. */
function firstCells({ name, first, time }) {
  if (!time) return ['', '']
  return [duration(first), /njit|Numba/.test(name) ? duration(Math.max(0, first - time.median)) : '']
}

function section({ title, results }, counts) {
  const names = new Set(results.map(({ name }) => name))
  const rows = Array.from(names, (name) => {
    const own = results.filter((result) => result.name === name)
    const times = counts.flatMap((threads) => cells(own.find((result) => result.threads === threads)))
    return [name, ...times, ...firstCells(own[0])]
  })
  const failures = results.filter(({ error }) => error)
  return {
    title,
    head: ['who', ...counts.flatMap((threads) => [counted(threads, 'thread'), 'spread']), 'first call', 'compiling'],
    align: `l${'rr'.repeat(counts.length)}rr`,
    rows,
    note: failures.map(({ name, threads, error }) => `${name}, ${counted(threads, 'thread')}: ${error}`).join('; '),
  }
}

/** The least median of those whose name fits. */
const best = ({ results }, pattern, threads) =>
  Math.min(...results.filter((r) => r.time && r.threads === threads && pattern.test(r.name)).map((r) => r.time.median))

/** Speed of the first to the second; Numba is the better of serial and parallel, and keeps the order of sums as JS does. */
const PAIRS = [
  ['njit native', 'Numba', /^njit native$/, /^Numba( parallel)?$/],
  ['njit native', 'C', /^njit native$/, /^C$/],
  ['njit wasm', 'Numba', /^njit wasm$/, /^Numba( parallel)?$/],
  ['njit wasm', 'plain JS', /^njit wasm$/, /^plain JS$/],
  ['njit native', 'plain JS', /^njit native$/, /^plain JS$/],
  ['C', 'Numba', /^C$/, /^Numba( parallel)?$/],
]

function overall(all, counts) {
  const rows = PAIRS.flatMap(([own, peer, ownPattern, peerPattern]) =>
    counts.flatMap((threads) => {
      const speeds = all.flatMap((measured) => {
        const value = best(measured, peerPattern, threads) / best(measured, ownPattern, threads)
        return Number.isFinite(value) && value > 0 ? [{ value, name: measured.name }] : []
      })
      if (speeds.length === 0) return []
      const [worst] = speeds.toSorted((a, b) => a.value - b.value)
      const mean = geometricMean(speeds.map(({ value }) => value))
      return [[own, peer, String(threads), String(speeds.length), ratio(mean), `${ratio(worst.value)} (${worst.name})`]]
    }),
  )
  return {
    title: 'Speed of the first to the second, at equal threads',
    head: ['who', 'to', 'threads', 'programs', 'geometric mean', 'worst case'],
    align: 'llrrrl',
    rows,
  }
}

const familyOf = (name) => Object.keys(BAR_COLOURS).find((family) => name.startsWith(family))

function panel({ title, results }) {
  const timed = results.filter(({ time }) => time).sort((a, b) => a.time.median - b.time.median)
  const slowest = timed.at(-1)?.time.median
  const bars = timed.map(({ name, threads, time }) => ({
    label: threads > 1 ? `${name}, ${counted(threads, 'thread')}` : name,
    value: slowest / time.median,
    fill: BAR_COLOURS[familyOf(name)][threads > 1 ? 0 : 1],
    strong: duration(time.median),
  }))
  return { title, subtitle: 'speed: longer is faster; median times', bars }
}

function chosen() {
  const asked = (process.env.PROGRAM ?? '').split(',').filter(Boolean)
  const unknown = asked.filter((name) => !PROGRAMS.some((program) => program.name === name))
  if (unknown.length > 0)
    throw new Error(`no program ${unknown.join(', ')}; there are ${PROGRAMS.map(({ name }) => name).join(', ')}`)
  return asked.length === 0 ? PROGRAMS : PROGRAMS.filter(({ name }) => asked.includes(name))
}

/** The library of the programs in C, and what the peers are. */
async function preparePeers() {
  installPython()
  const { library, seconds } = compileByHand()
  const python = startPrograms(1)
  const { about } = await python.ask({ op: 'about' })
  python.end()
  const lines = [
    `Python ${about.python}, NumPy ${about.numpy}, Numba ${about.numba}, a process for each thread count`,
    `C: ${compilerLine()}; compiling all programs took ${duration(seconds)}`,
  ]
  return { library, lines }
}

export async function run() {
  const counts = [...new Set([1, Math.min(2, availableParallelism())])]
  const { library, lines } = process.env.PEERS === '1' ? await preparePeers() : { lines: [] }
  const [all, complete] = [[], []]
  for (const program of chosen()) {
    const entries = entriesOf(program, counts, library)
    all.push(await measure(program, program.bench, { entries, rounds: program.rounds ?? ROUNDS }))
    if (program.complete === undefined) continue
    const compiled = entries.filter(({ how }) => how !== 'js')
    complete.push(await measure(program, program.complete, { entries: compiled, rounds: 1 }))
  }
  return {
    data: { programs: all, complete },
    about: [
      ...lines,
      'One process works at a time, all take turns; medians, and half the distance between the quartiles.',
    ],
    sections: [...[...all, ...complete].map((measured) => section(measured, counts)), overall(all, counts)],
    panels: all.map(panel),
    entries: Object.entries(BAR_COLOURS).map(([name, [fill]]) => ({ name, fill })),
  }
}
