// The programs as plain JavaScript and compiled by njit, in a process of their own: see ../serve.mjs. `how` is js, or a
// target of njit, or 'native fastmath'.
// SPDX-License-Identifier: MIT

import { basename } from 'node:path'
import * as nl from 'numloom'
import { njit } from 'numloom/njit'
import { serve } from '../serve.mjs'
import { cellsOf, resultOf, writeResult } from './job.mjs'
import { PROGRAMS } from './programs.mjs'

function functionOf({ js, options }, how) {
  if (how === 'js') return js
  const [target, fastmath] = how.split(' ')
  // The first call is to show what compiling takes, and nothing is to pass for compiled that is not.
  return njit({ ...options, target, fastmath: fastmath !== undefined, cache: false, require: 'compiled' }, js)
}

serve({
  about() {
    const { numloom, node, backends } = nl.showRuntime()
    return { numloom, node, backends }
  },
  prepare({ id, work, n, how, threads }) {
    const program = PROGRAMS.find(({ name }) => name === basename(work))
    const args = program.make(n)
    const outputs = program.outputs.map((i) => cellsOf(args[i]))
    const start = outputs.map((cells) => cells.slice())
    const run = functionOf(program, how)
    let returned
    return {
      run: () => (returned = run(...args)),
      reset() {
        for (const [k, cells] of outputs.entries()) cells.set(start[k])
      },
      within: (fn) => nl.withThreads(threads, fn),
      checksum() {
        program.check(returned, args, n)
        const result = resultOf(program, returned, args)
        writeResult(work, id, result)
        return result.reduce((sum, value) => sum + value, 0)
      },
    }
  },
  release() {},
})
