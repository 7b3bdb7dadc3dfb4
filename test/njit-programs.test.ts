// The programs of bench/njit, as plain JavaScript and compiled, against what is known of their results.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { describe, test } from 'vitest'
import { PROGRAMS, type Program } from '../bench/njit/programs.mjs'
import { njit } from '../dist/njit.js'

type Run = Program['js']

/** On arguments of its own for each size; a check that fails throws. */
function runAll({ make, check, tests }: Program, run: Run): void {
  for (const size of tests) {
    const args = make(size)
    check(run(...args), args, size)
  }
}

describe.each(PROGRAMS)('$name', (program) => {
  test('as plain JavaScript', () => runAll(program, program.js))

  describe.each(['wasm', 'native'] as const)('compiled for %s', (target) => {
    const compiled: Run = njit({ ...program.options, target, cache: false, require: 'compiled' }, program.js)

    // A serial program's result does not depend on threads, either; it is a quick look.
    test.each([1, 2, 4])('on %i threads', (threads) => nl.withThreads(threads, () => runAll(program, compiled)))
  })
})

const plate = PROGRAMS.find(({ name }) => name === 'plate') as Program

// In full, which takes seconds compiled: thousands of parallel loops, each of which waits for all of the one before it.
test('the plate until its changes are small, on 2 threads', { timeout: 300_000 }, () => {
  const options = { ...plate.options, target: 'native', cache: false, require: 'compiled' } as const
  const compiled: Run = njit(options, plate.js)
  nl.withThreads(2, () => runAll({ ...plate, tests: [plate.complete] }, compiled))
})
