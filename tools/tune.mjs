// `make tune`: measures the plan as `numloom tune` does, and writes it as the one that is built in,
// src/kernel/thresholds.ts (or the file named as argument, for a trial).
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as nl from 'numloom'
import { machine } from '../bench/machine.mjs'
import { planFile } from '../bench/tuning/source.mjs'
import { NumloomError } from '../dist/core/errors.js'
import { measurePlans } from '../dist/tune/measure.js'
import { leftOutInWords } from '../dist/tune/write.js'

const file = process.argv[2] ?? fileURLToPath(new URL('../src/kernel/thresholds.ts', import.meta.url))

function circumstances(about) {
  const native = about.backends.find(({ name }) => name === 'native')
  const isa = native?.available ? native.isa : 'no native'
  const threads = `${nl.getNumThreads()} threads`
  return `Measured ${about.date.slice(0, 10)}: ${about.cpu}, ${isa}, ${threads}, Node ${about.versions.node}.`
}

function progress(symbol) {
  if (process.stderr.isTTY) process.stderr.write(`\r${symbol.padEnd(20)}`)
}

function measured() {
  try {
    return measurePlans({ progress })
  } catch (error) {
    if (!(error instanceof NumloomError)) throw error
    console.error(error.message)
    process.exit(1)
  }
}

const about = machine()
const plans = measured()
writeFileSync(file, planFile(plans, circumstances(about)))
// The source is right without it; it is only broken into lines otherwise.
spawnSync('npx', ['--no-install', 'biome', 'format', '--write', file], { stdio: 'ignore' })
console.log(`Wrote ${plans.length} plans to ${file} after ${(performance.now() / 1000).toFixed(0)} s.`)
const absent = nl.backends().filter(({ available }) => !available)
for (const { name, reason } of absent) console.warn(`Not measured: ${name}: ${reason}`)
for (const line of leftOutInWords(plans)) console.warn(line)
