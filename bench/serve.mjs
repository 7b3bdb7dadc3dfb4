// The contender's side of the protocol by which contender.mjs drives other processes: JSON lines over standard input
// and output. peers/peer.py speaks the same.
//
//   {"op":"about"}                                            -> {"about":{...}}
//   {"op":"prepare","id":...,"work":...,"n":...,"how":...}    -> {"checksum":number,"seconds":number,"first":number}: of a
//                                                                warm call and of the first
//   {"op":"time","id":...,"samples":k,"calls":c}              -> {"seconds":[k numbers]}, each the mean of c calls
//   {"op":"release"}                                          -> {}, and everything prepared is gone
//
// An error is answered by {"error":"..."}; the process goes on.
// SPDX-License-Identifier: MIT

import { createInterface } from 'node:readline'

/**
 * @typedef {{ id: number, work: string, n: any, how: string, threads?: number }} Request
 *
 * @typedef {object} Prepared
 * @property {() => unknown} run
 * @property {() => number} checksum of the result of the last run
 * @property {(fn: () => number) => number} [within] calls `fn` with the settings under which `run` is to run
 * @property {() => void} [reset] before each run, not timed
 *
 * @typedef {object} Handlers
 * @property {() => object} about
 * @property {(request: Request) => Prepared} prepare
 * @property {() => void} release frees what is prepared
 */

const WARM_UP_SECONDS = 0.05

function meanSeconds({ run, reset, within = (fn) => fn() }, calls) {
  return within(() => {
    if (reset) return eachAfter(reset, run, calls)
    const begin = performance.now()
    for (let i = 0; i < calls; i++) run()
    return (performance.now() - begin) / 1000 / calls
  })
}

/** A clock read around each call is for calls that take long. */
function eachAfter(reset, run, calls) {
  let spent = 0
  for (let i = 0; i < calls; i++) {
    reset()
    const begin = performance.now()
    run()
    spent += performance.now() - begin
  }
  return spent / 1000 / calls
}

/** Calls until it is warm; the seconds of the last call. */
function warmUp(prepared) {
  let seconds = meanSeconds(prepared, 1)
  for (let spent = seconds, calls = 1; spent < WARM_UP_SECONDS; spent += seconds * calls, calls *= 2) {
    seconds = meanSeconds(prepared, calls)
  }
  return seconds
}

/** @param {Handlers} handlers @param {Map<string, Prepared>} prepared */
function answer(handlers, prepared, { op, id, samples, calls, ...request }) {
  switch (op) {
    case 'about':
      return { about: handlers.about() }
    case 'prepare': {
      const made = handlers.prepare({ id, ...request })
      const first = meanSeconds(made, 1)
      prepared.set(id, made)
      return { checksum: made.checksum(), seconds: warmUp(made), first }
    }
    case 'time':
      return { seconds: Array.from({ length: samples }, () => meanSeconds(prepared.get(id), calls)) }
    case 'release':
      prepared.clear()
      handlers.release()
      return {}
    default:
      throw new Error(`no operation '${op}'`)
  }
}

/** Answers requests until the input ends. @param {Handlers} handlers */
export function serve(handlers) {
  const prepared = new Map()
  createInterface({ input: process.stdin }).on('line', (line) => {
    let reply
    try {
      reply = answer(handlers, prepared, JSON.parse(line))
    } catch (error) {
      reply = { error: error.message }
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`)
  })
}

/** Arrays that contenders of one process share, since there may be no memory for one set each. */
export class SharedArrays {
  #arrays = new Map()

  /** @template T @param {string} name @param {() => T} make @returns {T} */
  get(name, make) {
    if (!this.#arrays.has(name)) this.#arrays.set(name, make())
    return this.#arrays.get(name)
  }

  disposeAll() {
    for (const array of this.#arrays.values()) array.dispose()
    this.#arrays.clear()
  }
}
