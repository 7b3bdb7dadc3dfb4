// The differential fuzzer: random programs run as JavaScript and compiled by njit must do the same.
//
//   node test/fuzz/run.mjs [--count=N] [--seed=S] [--targets=native,wasm] [--jobs=N] [--shrink=SECONDS] [--show]
//
// Without targets programs run in JavaScript only, which checks the generator. Prints each failure as the smallest program
// found that fails in the same way, with its seed, and how often each feature was used. Ends with 1 where anything failed.
// SPDX-License-Identifier: MIT

import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { BLOCK } from './data.mjs'
import { expectations } from './execute.mjs'
import { generate } from './generate.mjs'
import { render } from './render.mjs'
import { shrink } from './shrink.mjs'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    targets: { type: 'string', default: 'native,wasm' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    shrink: { type: 'string', default: '60' },
    show: { type: 'boolean', default: false },
  },
})
const [count, seed, jobs] = [values.count, values.seed, values.jobs].map(Number)
const targets = values.targets.split(',').filter(Boolean)

/** For a pack of programs, with its compilation, on a busy machine. */
const MOST_SECONDS = 300
/** Of each kind so many are shrunk; the others are counted. */
const SHRUNK_PER_KIND = 2

/**
 * How hard compilers try on packs, in turn: their time is nearly all of the time, and what is tested is mostly in front of
 * them. The last one is what users have: what loops promise to the compiler matters only there.
 */
const LEVELS = { native: '0010010013', wasm: '0000000003' }
const blockOf = ({ seed }) => Math.floor(seed / BLOCK)
const levelOf = (target, block) => LEVELS[target][block % 10]

/** A child that checks programs on a target, one request at a time; it is replaced where it crashes or hangs. */
class Checker {
  #child

  /** For each program its failure or null; a text where the child ended. */
  ask(programs, target) {
    const level = levelOf(target, blockOf(programs[0]))
    // Programs that nobody runs again would push the user's functions out of the cache.
    const env = { ...process.env, NUMLOOM_NJIT_CACHE_SIZE: '0' }
    this.#child ??= fork(new URL('child.mjs', import.meta.url), { env, stdio: ['ignore', 'inherit', 'ignore', 'ipc'] })
    const child = this.#child
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), MOST_SECONDS * 1000)
      const end = (answer) => {
        clearTimeout(timer)
        child.removeAllListeners()
        resolve(answer)
      }
      child.once('message', end)
      child.once('exit', (code, signal) => {
        this.#child = undefined
        end(signal === 'SIGKILL' ? `not within ${MOST_SECONDS} s` : (signal ?? `exit code ${code}`))
      })
      child.send({ programs, target, level })
    })
  }

  /** The same, where it is found out who made the child end. */
  async check(programs, target) {
    const answer = await this.ask(programs, target)
    if (Array.isArray(answer)) return answer
    if (programs.length === 1) return [{ kind: ENDS, detail: answer }]
    const failures = []
    for (const program of programs) failures.push(...(await this.check([program], target)))
    return failures
  }

  /** The index of the first program that fails in a way; -1: none. */
  async firstFailing(programs, target, kind) {
    const answer = await this.ask(programs, target)
    if (Array.isArray(answer)) return answer.findIndex((failure) => failure?.kind === kind)
    for (const [i, program] of programs.entries()) {
      const [failure] = await this.check([program], target)
      if (failure?.kind === kind) return i
    }
    return -1
  }

  close() {
    this.#child?.kill()
  }
}

const ENDS = 'ends the process'
const failures = []

async function report(checker, { tree, seed }, target, failure) {
  const kind = `${target}: ${failure.kind}`
  failures.push(kind)
  if (failures.filter((one) => one === kind).length > SHRUNK_PER_KIND) return
  const withSeed = (trees) => trees.map((one) => ({ tree: one, seed }))
  const small = await shrink(
    tree,
    (trees) => checker.firstFailing(withSeed(trees), target, failure.kind),
    Number(values.shrink),
  )
  const [again] = await checker.check(withSeed([small]), target)
  console.log(`\n---- seed ${seed}: ${kind}\n${again?.detail ?? failure.detail}\n${render(small, 'njit').text}`)
}

async function work(packs) {
  const checker = new Checker()
  for (let programs = packs.pop(); programs; programs = packs.pop()) {
    for (const target of targets) {
      const found = await checker.check(programs, target)
      for (const [i, failure] of found.entries()) if (failure) await report(checker, programs[i], target, failure)
    }
  }
  checker.close()
}

/** How often each kind of node, operator and function occurs. */
function tally(tree, counts) {
  for (const part of Object.values(tree)) {
    if (typeof part === 'object' && part !== null) tally(part, counts)
  }
  const name = [tree.s ?? tree.k, tree.op ?? (/^(Math|BigInt|Number|p?range)/.test(tree.fn) ? tree.fn : undefined)]
  if (name[0] !== undefined)
    counts.set(name.filter(Boolean).join(' '), (counts.get(name.filter(Boolean).join(' ')) ?? 0) + 1)
}

const counts = new Map()
const ends = new Map()

/** Whether a program ends in time in JavaScript; what it uses and how it ends are counted. */
function ended({ seed, tree }) {
  if (values.show) console.log(`// seed ${seed}\n${render(tree, 'njit').text}\n`)
  try {
    for (const { error = 'result' } of expectations(tree, seed)) ends.set(error, (ends.get(error) ?? 0) + 1)
  } catch (error) {
    if (error.name !== 'Invalid') throw error
    ends.set('left out: too long', (ends.get('left out: too long') ?? 0) + 1)
    return false
  }
  tally(tree, counts)
  return true
}

const programs = Array.from({ length: count }, (_, i) => ({ seed: seed + i, tree: generate(seed + i) })).filter(ended)
const list = (map) =>
  [...map]
    .sort((a, b) => b[1] - a[1])
    .map(([name, times]) => `${name} ${times}`)
    .join(', ')
console.log(`${count} programs from seed ${seed}; runs end with: ${list(ends)}\nused: ${list(counts)}`)

const packs = [...new Set(programs.map(blockOf))]
  .map((block) => programs.filter((program) => blockOf(program) === block))
  .reverse()
const begin = performance.now()
if (targets.length > 0) await Promise.all(Array.from({ length: jobs }, () => work(packs)))
const kinds = new Map(failures.map((kind) => [kind, failures.filter((one) => one === kind).length]))
const seconds = ((performance.now() - begin) / 1000).toFixed(1)
console.log(`\n${failures.length} failures in ${seconds} s${kinds.size > 0 ? `: ${list(kinds)}` : ''}`)
process.exitCode = failures.length > 0 ? 1 : 0
