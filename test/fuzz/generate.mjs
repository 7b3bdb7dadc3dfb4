// A random program from a seed: helpers and statements over the parameters of data.mjs, as a tree (see render.mjs). It is
// well-typed, ends, and gives a tuple of three numbers, the last of which may be an ULP off.
// SPDX-License-Identifier: MIT

import { ARRAY_VARIABLES } from './arrays.mjs'
import { parameterArrays, parameterGrids } from './elements.mjs'
import { Expressions } from './expressions.mjs'
import { FUNCTIONS } from './functions.mjs'
import { LOOPS } from './loops.mjs'
import { PARALLEL } from './parallel.mjs'
import { Random } from './random.mjs'
import { STATEMENTS } from './statements.mjs'

const parameters = () => [
  { name: 'n', t: 'n', readable: true },
  ...['m', 'x', 'y'].map((name) => ({ name, t: 'n', readable: true, writable: true })),
]

const LOOP_KINDS = { for: 4, while: 1, do: 1, forof: 0.6, range: 0.7 }
const SIMPLE = {
  ...{ let: 4, assign: 5, store: 5, set: 1, if: 3, expr: 1, swap: 0.4, take: 0.7, parts: 0.4, block: 0.3 },
  ...{ add: 0.4 },
}
const OTHER = { switch: 1, array: 0.6, literal: 0.2, zeros: 0.2, row: 0.3, lambda: 0.4, alias: 0.8 }
/** Where there are variables for arrays. */
const TURNING = { turn: 3, beforeAndAfter: 0.7, lambda: 2, store: 6 }

class Generator {
  names = 0
  labels = []
  depth = 0
  /** Of loops that break and continue may name without a label; 'switch' in between takes the breaks. */
  around = []
  /** In a prange: what it may store into, and what it may assign to. */
  parallel = false
  /** A program's parts are all read by the reader of a failure, and take time to compile: most are small. */
  sizes = { 1: 2, 2: 3, 3: 3, 4: 2, 6: 1, 9: 0.5 }
  scope = { variables: parameters(), arrays: parameterArrays(), grids: parameterGrids(), helpers: [] }

  constructor(seed) {
    this.random = new Random(seed)
  }

  name(prefix) {
    return `${prefix}${this.names++}`
  }

  get expressions() {
    return new Expressions(this.random, this.scope)
  }

  expression(t = 'n') {
    return this.expressions.of(t, 1 + this.random.below(3))
  }

  /** Runs `work` in a copy of the scope, with changes, which ends with it. */
  within(changes, work) {
    const before = this.scope
    const copy = Object.fromEntries(Object.entries(before).map(([kind, list]) => [kind, [...list]]))
    this.scope = { ...copy, ...changes }
    this.depth++
    try {
      return work()
    } finally {
      this.depth--
      this.scope = before
    }
  }

  declare(name, t, flags = {}) {
    this.scope.variables.push({ name, t, readable: true, writable: true, ...flags })
  }

  program() {
    const helpers = Array.from({ length: Number(this.random.weighted({ 0: 4, 1: 2, 2: 1 })) }, () => this.helper())
    const body = this.statements(Number(this.random.weighted(this.sizes)))
    const value = { k: 'tuple', t: 't', args: [this.expression(), this.expression(), this.expressions.approximate(2)] }
    return { helpers, body: [...body, { s: 'return', value, final: true }] }
  }

  statements(count) {
    return Array.from({ length: count }, () => this.statement()).flat()
  }

  body(count, declare = () => {}) {
    return this.within({}, () => {
      declare()
      return this.statements(count)
    })
  }

  statement() {
    const loops = this.depth < 3 ? LOOP_KINDS : {}
    const parallel =
      this.depth < (this.parallel ? 2 : 3) && !this.inLambda ? { prange: this.depth === 0 ? 3 : 0.5 } : {}
    const grid = this.depth < 2 && !this.parallel && !this.inLambda ? { grid: 0.5, counts: 0.5 } : {}
    const jumps = this.around.length > 0 ? { jump: 1.2 } : {}
    const leave = this.depth > 0 && !this.inHelper ? { leave: this.parallel ? 0.3 : 0.2 } : {}
    const turns = [...this.scope.arrays, ...this.scope.grids].some((one) => one.turns) ? TURNING : {}
    const rest = { ...loops, ...parallel, ...grid, ...jumps, ...leave, ...turns }
    return this[this.random.weighted({ ...SIMPLE, ...OTHER, ...rest })]()
  }
}

Object.assign(Generator.prototype, STATEMENTS, LOOPS, PARALLEL, FUNCTIONS, ARRAY_VARIABLES)

/** The program of a seed. */
export const generate = (seed) => new Generator(seed).program()
