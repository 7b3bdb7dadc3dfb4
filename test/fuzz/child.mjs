// A process that runs programs for run.mjs: it may crash or hang.
// SPDX-License-Identifier: MIT

import * as nl from '../../dist/index.js'
import { njit } from '../../dist/njit.js'
import { argumentsOf, inputs, signatureOf } from './data.mjs'
import { difference, expectations, INPUTS, outcome } from './execute.mjs'
import { renderPack } from './render.mjs'

const THREADS = [1, 2, 4]

/** The programs compiled into one function: of each, as a function of its inputs. Throws where that is not possible. */
function compiled(programs, target) {
  const { text, parameters } = renderPack(programs.map(({ tree }) => tree))
  const [{ seed }] = programs
  const signature = signatureOf(seed, parameters)
  const options = { target, parallel: true, cache: false, require: 'compiled' }
  const pack = njit(...(signature ? [signature] : []), options, new Function(`return ${text}`)())
  const runs = programs.map((_, i) => (given) => outcome((...args) => pack(i, ...args), parameters, given))
  runs[0](argumentsOf(inputs(seed, 0)))
  return runs
}

/** The first failure of a program that runs, as `{ kind, detail }`; null where it has none. */
function failureOf(run, expected, seed) {
  for (let which = 0; which < INPUTS; which++) {
    const values = inputs(seed, which)
    for (const threads of THREADS) {
      const got = nl.withThreads(threads, () => run(argumentsOf(values)))
      const detail = difference(expected[which], got)
      if (detail === undefined) continue
      const kind = got.error || expected[which].error ? detail : 'differs'
      return { kind, detail: `inputs ${which}, threads ${threads}: ${detail}` }
    }
  }
  return null
}

/** Names and numbers do not make another kind of failure. */
function failureBy(error) {
  const [line] = error.message.split('\n')
  return { kind: `${error.code ?? error.name} ${line.replace(/'[^']*'|\d+/g, '_')}`, detail: error.message }
}

function orFailure(work) {
  try {
    return work()
  } catch (error) {
    return failureBy(error)
  }
}

/** Of each program its failure or null. */
function check(programs, target) {
  let runs
  try {
    runs = compiled(programs, target)
  } catch (error) {
    if (programs.length === 1) return [failureBy(error)]
    const half = programs.length >> 1
    return [...check(programs.slice(0, half), target), ...check(programs.slice(half), target)]
  }
  return programs.map(({ tree, seed }, i) => orFailure(() => failureOf(runs[i], expectations(tree, seed), seed)))
}

process.on('message', ({ programs, target, level }) => {
  process.env.NUMLOOM_OPT = level
  process.send(check(programs, target))
})
// Threads of the team would keep it alive.
process.on('disconnect', () => process.exit())
