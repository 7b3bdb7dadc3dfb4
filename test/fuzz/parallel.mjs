// Random loops for threads, as methods of the generator. Iterations store only into their own elements, read what no iteration
// stores into, and combine into reductions that are exact in any order.
// SPDX-License-Identifier: MIT

import { LEAST } from './data.mjs'
import { binary, call, constant, masked, pinned, variable } from './nodes.mjs'

const LEAST_BIG = '-9223372036854775808n'
const MOST_STEP = '4611686018427387903n'

const closed = (one) => ({ ...one, writable: false })
/** What may be the same memory as another array is seen to be so, or not. */
const named = (list) => list.filter(({ renamed }) => !renamed)
const hidden = (one) => ({ ...one, writable: false, readable: false })

export const PARALLEL = {
  /** What a body of a prange may use, where `arrays` and `grids` say what it may store into. */
  inParallel({ arrays, grids }, work) {
    const { around, parallel, scope } = this
    this.around = []
    this.parallel = true
    const variables = scope.variables.map(closed)
    const helpers = scope.helpers.filter(({ effects }) => !effects)
    const body = this.within({ arrays: named(arrays), grids: named(grids), variables, helpers }, work)
    this.parallel = parallel
    this.around = around
    return body
  },

  prange() {
    const { random } = this
    const [name, { arrays, grids }] = [this.name('j'), this.scope]
    const counter = variable('n', name)
    const own = pinned(random.chance(0.8) ? counter : binary('n', '-', constant('n', LEAST - 1), counter))
    const free = named(arrays).filter(({ least, writable }) => least >= LEAST && writable !== false)
    const reductions = Array.from({ length: random.below(3) }, () => this.reduction())
    // Iterations that change what they read do not run again where a part of a sum does not fit.
    const repeats = reductions.some(({ kind }) => kind === 'big')
    const targets = free.filter(({ own }) => !repeats && own === undefined && random.chance(0.2))
    const inner = arrays.map((array) => (targets.includes(array) ? { ...array, own } : closed(array)))
    const last = random.chance(0.3) ? this.name('s') : undefined
    const body = this.inParallel({ arrays: inner, grids: grids.map(closed) }, () => {
      this.declare(name, 'n', { writable: false, small: true })
      const first = last === undefined ? [] : [this.assignedFirst(last)]
      const list = this.statements(1 + random.below(2))
      const stores = targets.map((array) => this.ownStore(this.scope.arrays.find((one) => one.name === array.name)))
      return [...first, ...list, ...stores, ...reductions.flatMap((one) => this.combine(one, counter))]
    })
    const types = { '&&': 'b', '||': 'b', big: 'g' }
    // At times it is the end as well.
    const ends = last !== undefined && random.chance(0.3)
    const first = ends ? '(m & 15)' : '(m & 255)'
    const lets = [...reductions, ...(last === undefined ? [] : [{ names: [last], starts: [first] }])].flatMap(
      ({ names, starts, kind }) => names.map((one, i) => [one, types[kind] ?? 'n', starts[i]]),
    )
    for (const [one, t] of lets) this.declare(one, t)
    const start = lets.map(([one, t, value]) => ({ s: 'let', keyword: 'let', name: one, value: constant(t, value) }))
    const args = ends ? [pinned(variable('n', last))] : this.rangeArguments()
    return [...start, { s: 'range', fn: 'prange', name, args, body }]
  },

  /** A variable from outside that each iteration has for itself from here on. */
  assignedFirst(name) {
    const value = this.expression()
    this.declare(name, 'n')
    return { s: 'assign', op: '=', name, value, final: true }
  },

  ownStore(array) {
    const value = array.name === 'approximate' ? this.expressions.approximate(2) : this.stored(array)
    return { s: 'store', op: '=', array: array.name, index: array.own, value }
  },

  reduction() {
    const bits = ['&=', '|=', '^=']
    const kind = this.random.pick([
      ...['+=', '-=', '*=', ...bits, 'Math.min', 'Math.max', 'if', 'first'],
      ...['&&', '||', 'behind', 'choice', 'if bits', 'big'],
    ])
    // Not a constant: where an operation then changes nothing, it is seen to be none.
    const far = this.random.pick(['Infinity', '(m | 0)'])
    const extremes = { 'Math.min': far, first: far, behind: far, choice: far }
    const start =
      { ...extremes, '&&': '(m > -3)', '||': '(m > 3)', 'if bits': '(m / 8)', big: LEAST_BIG }[kind] ?? '(m & 255)'
    if (kind === 'first' || kind === 'behind')
      return { names: [this.name('s'), this.name('s')], starts: [start, -1], kind }
    return { names: [this.name('s')], starts: [start], kind }
  },

  /** Exact in any order: small whole numbers, bits, extrema and where they are first. */
  combine({ names: [name, place], kind }, counter) {
    const small = (mask) => binary('n', '&', this.expression(), pinned(constant('n', mask)))
    /** Often an int32: with a start that is one, the variable is one in compiled functions. */
    const number = () =>
      this.random.chance(0.5)
        ? pinned(binary('n', '|', this.expression(), pinned(constant('n', 0))))
        : this.expression()
    if (kind === 'big') {
      const value = this.raised(variable('g', name))
      return [{ s: 'assign', op: '=', name, value }]
    }
    if (kind.startsWith('Math')) {
      const value = pinned(call('n', kind, pinned(variable('n', name)), number()))
      return [{ s: 'assign', op: '=', name, value }]
    }
    if (kind === '*=') {
      const factor = pinned(binary('n', '+', pinned(small(1)), pinned(constant('n', 1))))
      return [{ s: 'assign', op: '*=', name, value: factor }]
    }
    if (kind === '&&' || kind === '||') {
      // What may fail is read before, as the loop stores into arrays; and it has its effects in every iteration.
      const found = this.name('v')
      const test = pinned(binary('b', this.random.pick(['<', '>=']), pinned(variable('n', found)), constant('n', 9)))
      return [
        { s: 'let', keyword: 'const', name: found, value: this.expression(), final: true },
        { s: 'assign', op: '=', name, value: pinned(binary('b', kind, pinned(variable('b', name)), test)) },
      ]
    }
    if (kind === 'if bits') {
      const change = { s: 'assign', op: this.random.pick(['&=', '|=']), name, value: this.expression() }
      return [{ s: 'if', test: this.expression('b'), yes: [change] }]
    }
    if (kind === 'choice') {
      const [found, old] = [this.name('v'), pinned(variable('n', name))]
      const test = pinned(binary('b', '<', pinned(variable('n', found)), old))
      const value = pinned({ k: 'cond', t: 'n', a: test, b: pinned(variable('n', found)), c: old })
      return [
        { s: 'let', keyword: 'const', name: found, value: number(), final: true },
        { s: 'assign', op: '=', name, value, final: true },
      ]
    }
    if (kind === 'if') {
      return [
        { s: 'if', test: this.expression('b'), yes: [{ s: 'assign', op: '+=', name, value: pinned(small(255)) }] },
      ]
    }
    if (kind === 'first' || kind === 'behind') {
      const found = this.name('v')
      const keep = [
        { s: 'assign', op: '=', name, value: pinned(variable('n', found)), final: true },
        { s: 'assign', op: '=', name: place, value: pinned(counter), final: true },
      ]
      const less = pinned(binary('b', '<', pinned(variable('n', found)), pinned(variable('n', name))))
      const test = kind === 'first' ? less : pinned(binary('b', '&&', this.expression('b'), less))
      return [
        { s: 'let', keyword: 'const', name: found, value: number(), final: true },
        { s: 'if', test, yes: keep, final: true },
      ]
    }
    const value = kind === '+=' || kind === '-=' ? pinned(small(1023)) : this.expression()
    return [{ s: 'assign', op: kind, name, value }]
  },

  /** Not negative: where a sum of bigints fits at the end of a part, it does within. */
  step() {
    return pinned(binary('g', '&', this.expression('g'), pinned(constant('g', MOST_STEP))))
  },

  raised(old) {
    return pinned({ k: 'fits', t: 'g', op: '+', a: pinned(old), b: this.step() })
  },

  /** All elements of two dimensions, of an NDArray or of a typed array by rows. */
  grid() {
    const { random, scope } = this
    const [row, column] = [this.name('j'), this.name('j')]
    const [i, j] = [variable('n', row), variable('n', column)]
    const grids = named(scope.grids).filter((one) => one.dims === 2 && one.writable !== false)
    const arrays = named(scope.arrays).filter(
      (one) => one.least >= LEAST && one.writable !== false && one.name !== 'approximate',
    )
    const flat = grids.length === 0 || random.chance(0.5)
    if (flat && arrays.length === 0) return this.let()
    const target = random.pick(flat ? arrays : grids)
    const own = flat ? pinned(binary('n', '+', binary('n', '*', i, constant('n', 4)), j)) : [i, j].map(pinned)
    const [rows, columns] = flat
      ? [constant('n', 4), constant('n', 4)]
      : [0, 1].map((axis) => pinned(variable('n', `${target.name}.shape[${axis}]`)))
    const among = (list, change) => list.map((one) => (one === target ? change(one) : closed(one)))
    const body = this.inParallel({ arrays: among(scope.arrays, hidden), grids: among(scope.grids, hidden) }, () => {
      this.declare(row, 'n', { writable: false, small: true })
      const before = random.chance(0.3) ? this.statements(1) : []
      const opened = (list) => list.map((one) => (one.name === target.name ? { ...target, own } : one))
      const scoped = { arrays: opened(this.scope.arrays), grids: opened(this.scope.grids) }
      const list = this.within(scoped, () => {
        this.declare(column, 'n', { writable: false, small: true })
        const found = [...this.scope.arrays, ...this.scope.grids].find((one) => one.name === target.name)
        const value = this.stored(found)
        const stored = flat ? { s: 'store', op: '=', index: own } : { s: 'set', indices: own }
        return [...(random.chance(0.3) ? this.statements(1) : []), { ...stored, array: target.name, value }]
      })
      const head = { from: constant('n', 0), op: '<', to: columns, update: `${column}++` }
      return [...before, { s: 'for', name: column, ...head, body: list }]
    })
    return { s: 'range', fn: 'prange', name: row, args: [rows], body }
  },

  /** Elements that several iterations count into, by a reduction or one by one. */
  counts() {
    const { random, scope } = this
    const free = ({ writable, own, t, whole }) => writable !== false && !own && (whole || t === 'g')
    const arrays = named(scope.arrays).filter((one) => free(one) && one.name !== 'u8')
    const grids = named(scope.grids).filter(({ writable, own }) => writable !== false && !own)
    const all = [...arrays, ...grids]
    if (all.length === 0) return this.let()
    const [name, target] = [this.name('j'), random.pick(all)]
    const among = (list) => list.map((one) => (one === target ? hidden(one) : closed(one)))
    // The rows of a grid are the same elements.
    const others = grids.includes(target) ? scope.grids.map(hidden) : scope.grids.map(closed)
    const body = this.inParallel({ arrays: among(scope.arrays), grids: others }, () => {
      this.declare(name, 'n', { writable: false, small: true })
      const before = random.chance(0.5) ? this.statements(1) : []
      // What has effects of its own is not seen to be the same element when it is read and written.
      const still = (list) => list.map((one) => ({ ...one, turns: false }))
      const { variables, arrays, grids: all } = this.scope
      const pure = { helpers: [], variables: variables.map(closed), arrays: still(arrays), grids: still(all) }
      const count = grids.includes(target) ? this.countInGrid : this.countInArray
      return [...before, this.within(pure, () => count.call(this, target))]
    })
    return { s: 'range', fn: 'prange', name, args: this.rangeArguments(), body }
  },

  countInArray({ name: array, t }) {
    const { random } = this
    const index = masked(this.expression(), random.pick([1, 3, 7]))
    if (t === 'g') return { s: 'store', op: '+=', array, index, value: this.step() }
    const change = random.chance(0.3) ? { s: 'add' } : { s: 'store', op: random.pick(['+=', '+=', '-=']) }
    return { ...change, array, index, value: pinned(masked(this.expression(), 1023)) }
  },

  /** Sums of floats are exact in order only. Indices without branches are seen to be the same twice. */
  countInGrid({ name: array, t, dims, whole }) {
    const at = Array.from({ length: dims }, () =>
      pinned(
        masked(
          this.expressions.variable('n', () => constant('n', 2)),
          this.random.pick([1, 3]),
        ),
      ),
    )
    const old = pinned({ k: 'get', t, array, indices: at })
    const more = () => pinned(masked(this.expression(), 2 ** 30 - 1))
    const most = () => pinned(call('n', this.random.pick(['Math.min', 'Math.max']), old, this.expression()))
    const value = t === 'g' ? this.raised(old) : whole ? pinned(binary('n', '+', old, more())) : most()
    return { s: 'set', array, indices: at, value }
  },
}
