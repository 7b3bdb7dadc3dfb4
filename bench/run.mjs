// `make bench`: runs the benchmark suites and writes bench/out/SUITE.{json,md,svg}.
// SUITE=name (or several, by commas) chooses. PEERS=1 lets peers from outside take part; by itself it chooses the suites
// that have some: `peers` beside NumPy, Numba and numpy-ts, `njit` beside Numba and C.
// SPDX-License-Identifier: MIT

import { readdirSync } from 'node:fs'
import { machine } from './machine.mjs'
import { write } from './report.mjs'
import { aligned } from './table.mjs'
import { elapsed } from './timing.mjs'

const SUITES = new URL('suites/', import.meta.url)
const names = readdirSync(SUITES).map((file) => file.replace(/\.mjs$/, ''))

/** What was asked for; without a choice, all that need nothing from outside. */
function chosen() {
  const asked = (process.env.SUITE ?? '').split(',').filter(Boolean)
  if (asked.length === 0)
    return process.env.PEERS === '1' ? ['peers', 'njit'] : names.filter((name) => name !== 'peers')
  const unknown = asked.filter((name) => !names.includes(name))
  if (unknown.length === 0) return asked
  console.error(`no suite ${unknown.join(', ')}; there are ${names.join(', ')}`)
  process.exit(2)
}

function print({ title, head, align, rows, note }) {
  console.log(`\n${title}`)
  for (const line of aligned([head, ...rows], align)) console.log(`  ${line}`)
  if (note) console.log(`  ${note}`)
}

// Results of two machines are to be compared, unless the user's plan is asked for. It is read at the first dispatch.
process.env.NUMLOOM_PLAN ||= 'default'

for (const name of chosen()) {
  const about = machine()
  const begin = elapsed()
  const suite = await import(new URL(`${name}.mjs`, SUITES))
  console.log(`\n== ${suite.title}`)
  const outcome = await suite.run()
  for (const section of outcome.sections) print(section)
  const files = write(name, suite.title, outcome, about)
  console.log(
    `\nWrote ${files.map((file) => `bench/out/${file}`).join(', ')} after ${(elapsed() - begin).toFixed(0)} s.`,
  )
}
