// `make tune`: measures every kernel on every backend over sizes and thread counts, and writes what auto chooses by,
// src/kernel/thresholds.ts (or the file named as argument, for a trial).
//
// Kernels are called bound, as the runtime calls them once it has chosen, without the plan that is to be made.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as nl from 'numloom'
import { argumentsFor, sizeForWork, sizesFor } from '../bench/arguments.mjs'
import { boundCall, loadedBackends } from '../bench/bound.mjs'
import { machine } from '../bench/machine.mjs'
import { median } from '../bench/stats.mjs'
import { leastTimes, SAMPLE } from '../bench/tuning/least.mjs'
import { planFrom } from '../bench/tuning/levels.mjs'
import { planFile } from '../bench/tuning/source.mjs'
import { kernelList } from '../dist/kernel/registry.js'
import { integral2d } from '../dist/kernels/classic.js'

/** From 1 to 10^7 operations, two steps a decade. */
const WORKS = Array.from({ length: 15 }, (_, i) => 10 ** (i / 2))
/** A backend whose calls take longer is measured at no greater size. */
const LONGEST = 0.05
/** Nor is one this many times slower than the best at two sizes running, once that costs time. */
const HOPELESS = 5

const file = process.argv[2] ?? fileURLToPath(new URL('../src/kernel/thresholds.ts', import.meta.url))
const teamSize = nl.getNumThreads()
const backends = loadedBackends()

/** Every backend that is still in, with one thread and with the team. `wasm-threads` alone is `wasm`. */
function contendersFor({ kernel, dtype }, args, out) {
  return [...backends.values()].flatMap((backend) => {
    const counts = new Set(backend.maxThreads > 1 ? [1, teamSize] : [1])
    return [...counts].flatMap((threads) => {
      if (out.has(backend.name) || (backend.name === 'wasm-threads' && threads === 1)) return []
      const call = boundCall(backend, kernel, dtype, args, threads)
      return call ? [{ name: backend.name, threads, call }] : []
    })
  })
}

function measurePoint(build, n, out) {
  const { kernel, dtype } = build
  const sizes = sizesFor(kernel, n)
  const { args, release } = argumentsFor(kernel, dtype, sizes, teamSize)
  const contenders = contendersFor(build, args, out)
  leastTimes(contenders)
  release()
  const point = { work: kernel.flops(sizes), single: {}, team: {} }
  for (const { name, threads, least } of contenders) point[threads === 1 ? 'single' : 'team'][name] = least
  return point
}

/** Backends that stay out of greater sizes after this one. */
function dropHopeless(point, out, behind) {
  const times = Object.entries(point.single)
  const best = Math.min(...times.map(([, time]) => time))
  for (const [name, time] of times) {
    behind[name] = time > HOPELESS * best ? (behind[name] ?? 0) + 1 : 0
    const costs = time > 2 * SAMPLE
    if (time > LONGEST || (behind[name] > 1 && costs)) out.add(name)
  }
}

function measureBuild(build) {
  const points = []
  const out = new Set()
  const behind = {}
  const lengths = new Set(WORKS.map((work) => sizeForWork(build.kernel, work)))
  for (const n of lengths) {
    const point = measurePoint(build, n, out)
    if (Object.keys(point.single).length === 0) break
    points.push(point)
    dropHopeless(point, out, behind)
  }
  return points
}

function circumstances(about) {
  const native = about.backends.find(({ name }) => name === 'native')
  const isa = native?.available ? native.isa : 'no native'
  return `Measured ${about.date.slice(0, 10)}: ${about.cpu}, ${isa}, ${teamSize} threads, Node ${about.versions.node}.`
}

/** How many times as fast the team is on a loop that scales: less than it should be where others use the cores. */
function scaling() {
  const threaded = backends.get('native') ?? backends.get('wasm-threads')
  if (teamSize === 1 || threaded === undefined) return teamSize
  const { args, release } = argumentsFor(integral2d, 'f64', { n: 2000 }, teamSize)
  const contenders = [1, teamSize].map((threads) => ({ call: boundCall(threaded, integral2d, 'f64', args, threads) }))
  leastTimes(contenders)
  release()
  return contenders[0].least / contenders[1].least
}

/** A plan measured on a busy machine would say for good that threads do not pay. */
function refuseIfBusy(scalings) {
  const speedup = median(scalings)
  if (speedup > 1 + 0.6 * (teamSize - 1) || process.env.TUNE_ANYWAY === '1') return
  const found = `${teamSize} threads are only ${speedup.toFixed(2)} times as fast as 1 on a loop that scales`
  console.error(`${found}: the machine is busy. Nothing is written. Try again when it is quiet, or set TUNE_ANYWAY=1.`)
  process.exit(1)
}

function measureAll() {
  const scalings = [scaling()]
  refuseIfBusy(scalings)
  const plans = kernelList().map((build, i) => {
    const { kernel, dtype, symbol } = build
    if (process.stderr.isTTY) process.stderr.write(`\r${symbol.padEnd(20)}`)
    if (i % 8 === 7) scalings.push(scaling())
    return { kernel: kernel.name, dtype, plan: planFrom(measureBuild(build), ['js', ...kernel.on]) }
  })
  refuseIfBusy(scalings)
  return plans
}

const about = machine()
const plans = measureAll()
writeFileSync(file, planFile(plans, circumstances(about)))
// The source is right without it; it is only broken into lines otherwise.
spawnSync('npx', ['--no-install', 'biome', 'format', '--write', file], { stdio: 'ignore' })
console.log(`Wrote ${plans.length} plans to ${file} after ${(performance.now() / 1000).toFixed(0)} s.`)
const absent = nl.backends().filter(({ available }) => !available)
for (const { name, reason } of absent) console.warn(`Not measured: ${name}: ${reason}`)
