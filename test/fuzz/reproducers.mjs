// Runs what the fuzzer found before: each file of reproducers/ has a `program`, the `seed` of its inputs and, where plain
// JavaScript would do something else, such as to read beyond an array, what is `expected` instead. Ends with 1 on a failure.
// SPDX-License-Identifier: MIT

import { readdirSync } from 'node:fs'
import * as nl from '../../dist/index.js'
import { njit } from '../../dist/njit.js'
import { argumentsOf, inputs } from './data.mjs'
import { difference, INPUTS, outcome } from './execute.mjs'

const folder = new URL('reproducers/', import.meta.url)

for (const file of readdirSync(folder)) {
  const { program, expected = program, seed } = await import(new URL(file, folder).href)
  const parameters = /\(([^)]*)\)/.exec(program.toString())[1].split(/\s*,\s*/)
  for (const target of ['native', 'wasm']) {
    const compiled = njit({ target, parallel: true, cache: false, require: 'compiled' }, program)
    for (let which = 0; which < INPUTS; which++) {
      const values = inputs(seed, which)
      const right = outcome(expected, parameters, argumentsOf(values))
      for (const threads of [1, 2, 4]) {
        const got = nl.withThreads(threads, () => outcome(compiled, parameters, argumentsOf(values)))
        const detail = difference(right, got)
        if (detail === undefined) continue
        console.log(`${file}, ${target}, inputs ${which}, threads ${threads}: ${detail}`)
        process.exitCode = 1
      }
    }
  }
}
