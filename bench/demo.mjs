// `make demo`: compares the backends on real work, checks that they agree, and says what `auto` would pick and why.
// Writes bench/out/demo.json and demo.svg. Exit code 1 where backends disagree beyond the kernels' error bounds.
// SPDX-License-Identifier: MIT

import { mkdirSync, writeFileSync } from 'node:fs'
import * as nl from 'numloom'
import { demoChart } from './chart.mjs'
import { compare, contenders } from './compare.mjs'
import { machine, machineLine } from './machine.mjs'
import { aligned } from './table.mjs'
import { elapsed } from './timing.mjs'
import { counted, duration, percent, ratio } from './units.mjs'
import { WORKS } from './works.mjs'

const LIMITS = { budget: 0.5, most: 15, deadline: 48 }
/** A backend takes part in matmul 3000 if matmul 1000 promises that it takes at most so many seconds. */
const LONGEST_PRODUCT = 4
const OUT = new URL('out/', import.meta.url)

/** The thread counts of the threaded backends: what the user set, else 1 and all cores. */
function threadCounts() {
  const { count, source } = nl.showRuntime().threads
  return source.includes('NUM_THREADS') ? [count] : [...new Set([1, count])]
}

const sameContender = (a, b) => a.backend === b.backend && a.threads === b.threads

/** Those for which 27 times their time for n = 1000 is bearable. */
function fastEnough(list, rows) {
  return list.filter((contender) => {
    const time = rows.find((row) => sameContender(row, contender))?.time
    return time !== undefined && time.least * 27 <= LONGEST_PRODUCT
  })
}

function measure() {
  const all = contenders(threadCounts())
  const results = []
  for (const work of WORKS) {
    const small = results.find((result) => result.work.name === 'matmul 1000')
    const list = work.name === 'matmul 3000' ? fastEnough(all, small.rows) : all
    if (list.length === 0) continue
    process.stderr.write(`${work.name} ... `)
    const begin = elapsed()
    results.push({ work, ...compare(work, list, LIMITS) })
    process.stderr.write(`${duration(elapsed() - begin)}\n`)
  }
  return results
}

function lineOf(work, row) {
  const { backend, threads, time } = row
  const name = `  ${backend}`
  if (time === undefined) return [name, String(threads), '-', '', '', '', shortReason(row.reason), '']
  const team = row.ranThreads === threads ? '' : `, ${counted(row.ranThreads, 'thread')} by the plan`
  const spread = time.samples > 2 ? `±${percent(time.spread / 2)}` : ''
  const rate = work.rate(time.median)
  const ran = `${row.file}, ${row.isa}${team}`
  return [name, String(threads), duration(time.median), spread, ratio(row.speedup), rate, ran, String(row.checksum)]
}

/** The whole reason why a backend is not available stands at the top of the output. */
const shortReason = (reason) =>
  reason.includes('has no kernel') ? 'it has no such kernel' : 'not available (see above)'

function printTable(results) {
  const head = ['work, backend', 'threads', 'time', 'spread', 'to js', 'rate', 'what ran', 'checksum']
  const lines = results.flatMap(({ work, rows }) => rows.map((row) => lineOf(work, row)))
  const [title, ...body] = aligned([head, ...lines], 'lrrrrlll')
  console.log(`\n${title}`)
  for (const { work, rows } of results) {
    console.log(work.title)
    for (const line of body.splice(0, rows.length)) console.log(line)
  }
}

function printAuto(results) {
  console.log('\nWhat `auto` picks, and why:')
  for (const { auto } of results) {
    console.log(auto.replace(/^/gm, '  ').replace(/(not \S+:) backend .* cannot be used: .*/g, '$1 not available'))
  }
}

/** One line for each result beyond its bound. */
const disagreements = (results) =>
  results.flatMap(({ work, rows }) =>
    rows
      .filter(({ deviation }) => deviation > 1)
      .map(({ backend, threads, deviation }) => {
        const than = `${rows.find((row) => row.time).backend}'s`
        return `${work.name}: ${backend} with ${counted(threads, 'thread')} is off ${than} result by ${deviation.toPrecision(3)} times what the error bound of ${work.kernel.name} allows`
      }),
  )

function save(results, about) {
  mkdirSync(OUT, { recursive: true })
  const plain = results.map(({ work: { name, title, sizes }, rows, auto }) => ({ name, title, sizes, rows, auto }))
  writeFileSync(new URL('demo.json', OUT), `${JSON.stringify({ machine: about, works: plain }, undefined, 2)}\n`)
  writeFileSync(new URL('demo.svg', OUT), demoChart(results, machineLine(about)))
}

const about = machine()
// Without what runs where: that is what is measured here.
console.log(String(nl.showRuntime()).split('\nruns ')[0])
const results = measure()
printTable(results)
printAuto(results)
save(results, about)
const failures = disagreements(results)
for (const failure of failures) console.error(`DISAGREE: ${failure}`)
if (failures.length > 0) process.exitCode = 1
else console.log('\nAll backends agree within the error bounds of their kernels.')
console.log(`Wrote bench/out/demo.json and bench/out/demo.svg after ${elapsed().toFixed(0)} s.`)
