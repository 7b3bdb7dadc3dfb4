// Random statements, as methods of the generator.
// SPDX-License-Identifier: MIT

import { pickArray } from './arrays.mjs'
import { bigThatFits } from './bigs.mjs'
import { LEAST_EXTENT } from './data.mjs'
import { index as indexOf, indices } from './elements.mjs'
import { binary, constant, masked, pinned } from './nodes.mjs'

const NUMBER_OPS = ['=', '=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>=', '>>>=']
const ASSIGNMENTS = { n: NUMBER_OPS, b: ['='], g: ['=', '&=', '|=', '^='] }
const LOCAL_ARRAYS = { Float64Array: 'n', Float32Array: 'n', Int32Array: 'n', Uint8Array: 'n', BigInt64Array: 'g' }

export const STATEMENTS = {
  let() {
    const t = this.random.weighted({ n: 8, b: 1, g: 0.7 })
    const name = this.name('v')
    const value = t === 'g' && this.random.chance(0.3) ? bigThatFits(this.expressions, 1) : this.expression(t)
    const keyword = this.random.pick(['const', 'let'])
    this.declare(name, t, { writable: keyword === 'let' })
    return { s: 'let', keyword, name, value }
  },

  assign() {
    const known = this.scope.variables.filter(({ writable }) => writable)
    if (known.length === 0) return this.let()
    const { name, t } = this.random.pick(known)
    return { s: 'assign', op: this.random.pick(ASSIGNMENTS[t]), name, value: this.expression(t) }
  },

  store() {
    const arrays = this.scope.arrays.filter(({ writable }) => writable !== false)
    if (arrays.length === 0) return this.assign()
    const array = pickArray(this.random, arrays)
    const index = array.own ?? indexOf(this.expressions, array, 2)
    if (array.name === 'approximate') {
      return { s: 'store', op: '=', array: array.name, index, value: this.expressions.approximate(2) }
    }
    const ops = array.t === 'g' ? ['='] : ['=', '=', ...NUMBER_OPS]
    return { s: 'store', op: this.random.pick(ops), array: array.name, index, value: this.stored(array) }
  },

  /** In order, so that sums that are cut are the same. */
  add() {
    const kinds = ({ name, own, writable }) => !['c1', 'u8', 'approximate'].includes(name) && !own && writable !== false
    const arrays = this.scope.arrays.filter(kinds)
    if (arrays.length === 0) return this.assign()
    const { name, t, least } = this.random.pick(arrays)
    return { s: 'add', array: name, index: pinned(masked(this.expression(), least - 1)), value: this.expression(t) }
  },

  expr() {
    const value = this.expressions.number(2)
    return { s: 'expr', value }
  },

  swap() {
    const known = this.scope.variables.filter(({ t, writable }) => t === 'n' && writable)
    if (known.length < 2) return this.let()
    const [a, b] = [this.random.pick(known), this.random.pick(known)]
    return a === b ? this.assign() : { s: 'swap', names: [a.name, b.name] }
  },

  /** Of a BigUint64Array no more than the 63 bits that njit reads again. */
  stored({ name, t, whole }) {
    const value = this.expression(t)
    if (name === 'u8') return pinned(binary('g', '&', value, pinned(constant('g', '9223372036854775807n'))))
    return whole && this.random.chance(0.9) ? binary('n', '|', value, constant('n', 0)) : value
  },

  set() {
    const grids = this.scope.grids.filter(({ writable }) => writable !== false)
    if (grids.length === 0) return this.store()
    const grid = pickArray(this.random, grids)
    const at = grid.own ?? indices(this.expressions, grid, 2)
    return { s: 'set', array: grid.name, indices: at, value: this.stored(grid) }
  },

  row() {
    const grids = this.scope.grids.filter((one) => one.dims === 2 && !one.own && one.readable !== false)
    if (grids.length === 0) return this.let()
    const grid = this.random.pick(grids)
    const name = this.name('r')
    const [index] = indices(this.expressions, grid, 2)
    this.scope.grids.push({ ...grid, name, dims: 1, turns: false })
    return { s: 'row', name, array: grid.name, index }
  },

  take() {
    const pairs = this.expressions.callable('pair')
    const names = [this.name('p'), this.name('p')]
    const pair = { k: 'tuple', t: 't', args: [this.expression(), this.expression()] }
    const value = pairs.length > 0 ? this.expressions.calling(this.random.pick(pairs), 2) : pair
    for (const name of names) this.declare(name, 'n', { writable: false })
    return { s: 'take', names, value }
  },

  /** A tuple or an object, whose parts are then read. */
  parts() {
    const [name, args] = [this.name('o'), [this.expression(), this.expression()]]
    const keys = this.random.chance(0.5) ? ['a', 'b'] : undefined
    for (const i of [0, 1]) this.declare(keys ? `${name}.${keys[i]}` : `${name}[${i}]`, 'n', { writable: false })
    return { s: 'parts', name, keys, args }
  },

  array() {
    const [name, type] = [this.name('w'), this.random.pick(Object.keys(LOCAL_ARRAYS))]
    const least = this.random.pick([4, 16])
    const variable = binary('n', '+', binary('n', '&', this.expression(), constant('n', 7)), constant('n', least))
    const length = this.random.chance(0.5) ? constant('n', least) : variable
    this.scope.arrays.push({ name, t: LOCAL_ARRAYS[type], type, least })
    return { s: 'array', name, type, length }
  },

  literal() {
    const [name, type] = [this.name('w'), this.random.pick(['Float64Array', 'Int8Array', 'Uint16Array'])]
    const args = Array.from({ length: 4 }, () => this.expression())
    this.scope.arrays.push({ name, t: 'n', least: 4 })
    return { s: 'literal', name, type, args }
  },

  zeros() {
    const name = this.name('w')
    const extent = () => binary('n', '+', masked(this.expression(), 3), pinned(constant('n', LEAST_EXTENT)))
    const shape = [extent(), extent()]
    this.scope.grids.push({ name, t: 'n', type: 'float64', dims: 2 })
    return { s: 'zeros', name, shape }
  },

  jump() {
    const target = this.random.pick(this.around)
    const kind = target.kind === 'block' ? 'break' : this.random.pick(['break', 'continue'])
    const innermost = this.around.at(-1) === target && target.kind === 'loop' && !this.inSwitch
    const label = innermost && this.random.chance(0.5) ? undefined : target.label()
    return { s: 'if', test: this.expression('b'), yes: [{ s: kind, label }] }
  },

  /** Each error has a message of its own, since the first of several counts. */
  leave() {
    const value = { k: 'tuple', t: 't', args: [this.expression(), this.expression(), constant('n', 0)] }
    const error = this.random.pick(['Error', 'RangeError', 'TypeError'])
    const fails = this.parallel || this.inLambda || this.random.chance(0.2)
    const out = fails ? { s: 'throw', error, message: `${this.name('l')} left` } : { s: 'return', value }
    return { s: 'if', test: binary('b', '&&', this.expression('b'), this.expression('b')), yes: [out] }
  },

  if() {
    const test = this.random.chance(0.9) ? this.expression('b') : this.expression('n')
    const yes = this.body(1 + this.random.below(2))
    const no = this.random.chance(0.4) ? this.body(1 + this.random.below(2)) : undefined
    return { s: 'if', test, yes, no }
  },

  /** Makes the body of something that can be left, then sets the label that jumps asked for. */
  leavable(kind, node, body) {
    const [inSwitch, label] = [this.inSwitch, this.name('l')]
    this.inSwitch = false
    const target = {
      kind,
      label: () => {
        node.label = label
        return label
      },
    }
    this.around.push(target)
    node.body = body()
    this.around.pop()
    this.inSwitch = inSwitch
    return node
  },

  block() {
    return this.leavable('block', { s: 'block' }, () => this.body(2))
  },

  switch() {
    const { random } = this
    const count = 1 + random.below(4)
    const values = [...new Set(Array.from({ length: count }, () => random.below(6)))]
    const inSwitch = this.inSwitch
    this.inSwitch = true
    const cases = values.map((value) => ({ value, body: this.body(1), falls: random.chance(0.3) }))
    if (random.chance(0.6))
      cases.splice(random.below(cases.length + 1), 0, { body: this.body(1), falls: random.chance(0.3) })
    this.inSwitch = inSwitch
    const on = random.chance(0.7) ? binary('n', '&', this.expression(), constant('n', 7)) : this.expression()
    return { s: 'switch', on, cases }
  },
}
