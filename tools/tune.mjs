// `make tune`: measures the plan as `numloom tune` does, and writes it as the one that is built in,
// src/kernel/thresholds.ts (or the file named as argument, for a trial). --only=nbody_step_f64,... measures these kernels
// alone; the others keep their plans.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import * as nl from 'numloom'
import { machine } from '../bench/machine.mjs'
import { planFile } from '../bench/tuning/source.mjs'
import { NumloomError } from '../dist/core/errors.js'
import { kernelList } from '../dist/kernel/registry.js'
import { MEASURED } from '../dist/kernel/thresholds.js'
import { chosen } from '../dist/tune/command.js'
import { measurePlans } from '../dist/tune/measure.js'
import { leftOutInWords } from '../dist/tune/write.js'

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true })
const file = positionals[0] ?? fileURLToPath(new URL('../src/kernel/thresholds.ts', import.meta.url))

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
    return measurePlans({ builds: chosen(values.only?.split(',') ?? []), progress })
  } catch (error) {
    if (!(error instanceof NumloomError)) throw error
    console.error(error.message)
    process.exit(1)
  }
}

/** All plans in the order of the file. */
function merged(plans) {
  return kernelList().flatMap(({ kernel: { name: kernel }, dtype }) => {
    const found = plans.find((plan) => plan.kernel === kernel && plan.dtype === dtype)
    const before = MEASURED[kernel]?.[dtype]
    return found ?? (before ? [{ kernel, dtype, plan: before }] : [])
  })
}

const about = machine()
const plans = measured()
writeFileSync(file, planFile(merged(plans), circumstances(about)))
// The source is right without it; it is only broken into lines otherwise.
spawnSync('npx', ['--no-install', 'biome', 'format', '--write', file], { stdio: 'ignore' })
console.log(`Wrote ${plans.length} plans to ${file} after ${(performance.now() / 1000).toFixed(0)} s.`)
const absent = nl.backends().filter(({ available }) => !available)
for (const { name, reason } of absent) console.warn(`Not measured: ${name}: ${reason}`)
for (const line of leftOutInWords(plans)) console.warn(line)
