// Variables that stand for one array and then for another, as methods of the generator. `renamed` arrays have another name
// that may be the same memory; those that `turn` are variables that expressions, closures and statements assign to.
// SPDX-License-Identifier: MIT

import { LEAST } from './data.mjs'
import { variable } from './nodes.mjs'

/** Those of a list that a variable for an array may stand for. */
const alike = (list, { type, dims, writable }) =>
  list.filter(
    (one) =>
      one.type === type &&
      one.dims === dims &&
      (one.least ?? LEAST) >= LEAST &&
      !one.own &&
      one.readable !== false &&
      (one.writable !== false || writable === false),
  )

/** One of a list, and where there are variables for arrays, often one of those. */
export function pickArray(random, list) {
  const turning = list.filter(({ turns }) => turns)
  return random.pick(turning.length > 0 && random.chance(0.7) ? turning : list)
}

/** The name of an array of a list, or at times an assignment to it. */
export function nameOf(random, list, array) {
  if (!array.turns || random.chance(0.6)) return array.name
  return `(${array.name} = ${random.pick(alike(list, array)).name})`
}

/** An array for a parameter: at times a variable of the same type. */
export function argumentFor(random, list, name) {
  const type = list.find((one) => one.name === name)?.type
  const turning = list.filter((one) => one.turns && one.type === type)
  return turning.length > 0 && random.chance(0.7) ? nameOf(random, list, random.pick(turning)) : name
}

export const ARRAY_VARIABLES = {
  listOf() {
    return this.random.chance(0.7) ? this.scope.arrays : this.scope.grids
  },

  alias() {
    const list = this.listOf()
    const known = list.filter((one) => one.type && alike(list, one).length > 1)
    if (known.length === 0) return this.let()
    const array = this.random.pick(known)
    const { t, type, dims, writable } = array
    const source = this.random.pick(alike(list, array))
    const name = this.name('w')
    list.push({ name, t, type, dims, least: LEAST, writable, renamed: true, turns: true })
    const before = this.inLambda || this.random.chance(0.5) ? [] : [this.lambda()]
    const declared = { s: 'let', keyword: 'let', name, value: variable('a', source.name) }
    return [declared, ...before, ...this.statements(1 + this.random.below(3))]
  },

  turn() {
    const list = this.listOf()
    const known = list.filter(({ turns }) => turns)
    if (known.length === 0) return this.alias()
    const array = this.random.pick(known)
    const other = this.random.pick(alike(list, array))
    const swaps = other.turns && alike(list, other).includes(array)
    if (swaps && this.random.chance(0.7)) return { s: 'swap', names: [array.name, other.name] }
    return { s: 'assign', op: '=', name: array.name, value: variable('a', other.name) }
  },

  /** An array before and after its variable is assigned to. */
  beforeAndAfter() {
    const list = this.listOf()
    const known = list.filter(({ turns }) => turns)
    if (known.length === 0) return this.alias()
    const array = this.random.pick(known)
    const after = `(${array.name} = ${this.random.pick(alike(list, array)).name})`
    const names = [this.name('w'), this.name('w')]
    for (const name of names) list.push({ ...array, name, turns: false })
    const args = this.random.chance(0.5) ? [array.name, after] : [after, array.name]
    return { s: 'take', names, value: { k: 'tuple', t: 't', args: args.map((name) => variable('a', name)) } }
  },
}
