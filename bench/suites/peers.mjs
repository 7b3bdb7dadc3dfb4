// Suite `peers`: numloom beside NumPy, Numba, numpy-ts and C++ by hand: the same works in one run, in turns.
// SPDX-License-Identifier: MIT

import { availableParallelism } from 'node:os'
import * as nl from 'numloom'
import { COLOURS } from '../chart.mjs'
import { bars, Results } from '../peers/bars.mjs'
import { compileMark, compilerVersion, isasUpTo } from '../peers/mark.mjs'
import { races } from '../peers/races.mjs'
import { installPeers, startNumpyTs, startPython, startSelf } from '../peers/setup.mjs'
import { run as runRace } from '../race.mjs'
import { geometricMean } from '../stats.mjs'
import { counted, duration, percent, ratio } from '../units.mjs'
import { measureImport } from './overhead.mjs'

export const title = 'Beside its peers'

const PEER_COLOURS = { NumPy: '#d1495b', Numba: '#e88a4f', 'numpy-ts': '#c9b44a', 'C++ by hand': '#6b7785' }

const nativeIsa = () => nl.backends().find(({ name }) => name === 'native')?.isa ?? 'x86-64-v2'

function startAll(counts, isas) {
  const processes = new Map([['self', startSelf()]])
  for (const isa of isas.slice(1)) processes.set(`self ${isa}`, startSelf({ NUMLOOM_ISA: isa }))
  for (const threads of counts) processes.set(`python ${threads}`, startPython(threads))
  return processes.set('numpy-ts', startNumpyTs())
}

/** Checksums differ by how sums are rounded, and by nothing more. */
function disagreeing(results) {
  const sums = results.flatMap(({ checksum }) => (checksum === undefined ? [] : [checksum]))
  const reference = sums[0]
  return results.filter(
    ({ checksum }) => checksum !== undefined && !(Math.abs(checksum - reference) <= 1e-9 * (1 + Math.abs(reference))),
  )
}

function section({ title, results }) {
  const best = Math.min(...results.map(({ time }) => time?.median ?? Number.POSITIVE_INFINITY))
  const rows = results.map(({ name, threads, time, error }) =>
    time
      ? [name, String(threads), ...timeCells(time), ratio(time.median / best)]
      : [name, String(threads), `failed: ${error}`, '', '', '', ''],
  )
  const wrong = disagreeing(results).map(({ name, checksum }) => `${name} has another checksum: ${checksum}`)
  const note = wrong.join('; ')
  return {
    title,
    head: ['who', 'threads', 'median', 'spread', 'least', 'samples', 'to the best'],
    align: 'lrrrrrr',
    rows,
    note,
  }
}

const timeCells = ({ median, spread, least, samples }) => [
  duration(median),
  `±${percent(spread / 2)}`,
  duration(least),
  String(samples),
]

const colourOf = ({ family, threads }) => {
  const own = COLOURS[family.replace('numloom ', '')] ?? COLOURS.native
  if (family.startsWith('numloom')) return own[threads > 1 || own[0] === own[1] ? 0 : 1]
  return PEER_COLOURS[Object.keys(PEER_COLOURS).find((name) => family.startsWith(name))]
}

function panel({ title, entries, results }) {
  const timed = results.filter(({ time }) => time)
  const slowest = Math.max(...timed.map(({ time }) => time.median))
  const order = results.map((result, i) => ({ ...result, entry: entries[i] })).filter(({ time }) => time)
  order.sort((a, b) => a.time.median - b.time.median)
  const bars = order.map(({ name, time, threads, entry }) => ({
    label: threads > 1 ? `${name}, ${counted(threads, 'thread')}` : name,
    value: slowest / time.median,
    fill: colourOf(entry),
    strong: duration(time.median),
  }))
  const heading = title.replace(/\^(\d)/g, (_, digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit])
  return { title: heading, subtitle: 'speed: longer is faster; median times', bars }
}

/** For each peer: how many times as fast numloom is at equal threads and alike results, over all works. */
function overall(measured) {
  const rows = []
  const pairs = [
    ['numloom native', 'NumPy'],
    ['numloom native', 'Numba'],
    ['numloom native', 'Numba fastmath'],
    ['numloom native', 'Numba parallel fastmath'],
    ['numloom native', 'numpy-ts'],
    ['numloom wasm', 'numpy-ts'],
    ['numloom auto', 'NumPy'],
    ['numloom auto', 'numpy-ts'],
  ]
  for (const [own, peer] of pairs) {
    const ratios = measured.flatMap((race) => ratiosIn(race, own, peer))
    if (ratios.length === 0) continue
    const worst = ratios.reduce((a, b) => (a.value < b.value ? a : b))
    const mean = geometricMean(ratios.map(({ value }) => value))
    rows.push([own, peer, String(ratios.length), ratio(mean), `${ratio(worst.value)} (${worst.where})`])
  }
  return {
    title: 'Speed of numloom to each peer, at equal threads and alike results',
    head: ['numloom', 'peer', 'comparisons', 'geometric mean', 'worst case'],
    align: 'llrrl',
    rows,
  }
}

function ratiosIn({ title, entries, results }, own, peer) {
  const find = (family, { threads, into }) =>
    entries.findIndex((e) => e.family === family && e.threads === threads && e.into === into && !e.isa)
  return entries.flatMap((entry, i) => {
    if (entry.family !== peer) return []
    const mine = results[find(own, entry)]?.time
    const theirs = results[i].time
    const kind = [entry.into === 'new' ? 'new result' : '', entry.threads > 1 ? counted(entry.threads, 'thread') : '']
    return mine && theirs
      ? [{ value: theirs.median / mine.median, where: [title, ...kind.filter(Boolean)].join(', ') }]
      : []
  })
}

/** Bars are judged by medians. What the least times say is shown beside: less depends on who else used the machine. */
function barSection(measured, circumstances) {
  const [list, byLeast] = ['median', 'least'].map((statistic) => bars(new Results(measured, statistic), circumstances))
  return {
    title: 'Speed to reach',
    head: ['what', 'bar', 'by medians', '', 'by least times', ''],
    align: 'lrrlrl',
    rows: list.map(({ text, value, bar, met }, i) => [
      text,
      bar,
      value,
      verdict(met),
      byLeast[i].value,
      verdict(byLeast[i].met),
    ]),
    list,
  }
}

const verdict = (met) => (met ? 'met' : 'NOT MET')

async function aboutAll(processes) {
  const replies = {}
  for (const [name, process] of processes) {
    const reply = await process.ask({ op: 'about' })
    replies[name] = reply.about ?? reply
  }
  return replies
}

function aboutLines(versions, counts) {
  const python = versions['python 1']
  const ts = versions['numpy-ts']
  return [
    `threads: ${counts.join(' and ')}; a process of Python for each count, by OMP_, OPENBLAS_ and NUMBA_NUM_THREADS`,
    `Python ${python.python}, NumPy ${python.numpy} (${python.blas}), Numba ${python.numba}`,
    `numpy-ts ${ts['numpy-ts']} with a heap of ${ts.maxMemoryMiB} MiB, Node ${ts.node}`,
    `C++ by hand: ${compilerVersion()}`,
    'One process works at a time, all take turns; medians, and half the distance between the quartiles.',
  ]
}

export async function run() {
  installPeers()
  const counts = [...new Set([1, Math.min(2, availableParallelism())])]
  const isas = isasUpTo(nativeIsa())
  const marks = new Map(isas.map((isa) => [isa, compileMark(isa)]))
  const processes = startAll(counts, isas)
  const versions = await aboutAll(processes)
  const measured = []
  for (const race of races(counts, isas, marks)) {
    process.stderr.write(`${race.title} ...\n`)
    measured.push({ ...race, results: await runRace(processes, race) })
  }
  for (const child of processes.values()) child.end()
  const first = measureImport()
  const reached = barSection(measured, { counts, isas, first })
  const colours = { 'numloom native': COLOURS.native[0], 'numloom wasm': COLOURS.wasm[0], ...PEER_COLOURS }
  return {
    data: { versions, races: measured, first, bars: reached.list },
    about: aboutLines(versions, counts),
    sections: [...measured.map(section), overall(measured), reached],
    panels: measured.map(panel),
    entries: Object.entries(colours).map(([name, fill]) => ({ name, fill })),
  }
}
