// A random program from a seed: helpers and statements over the parameters of data.mjs, as a tree (see render.mjs). It is
// well-typed, ends, and gives a tuple of three numbers, the last of which may be an ULP off.
// SPDX-License-Identifier: MIT

import { LEAST } from './data.mjs'
import { arrayType, binary, call, constant, Expressions, parameterArrays, pinned, variable } from './expressions.mjs'
import { Random } from './random.mjs'

const parameters = () => [
  { name: 'n', t: 'n', readable: true },
  ...['m', 'x', 'y'].map((name) => ({ name, t: 'n', readable: true, writable: true })),
]

const LOOPS = { for: 4, while: 1, do: 1, forof: 0.6, range: 0.7 }
const SIMPLE = { let: 4, assign: 5, store: 5, if: 3, expr: 1, swap: 0.4, take: 0.7, block: 0.3, switch: 1, array: 0.6 }
const NUMBER_OPS = ['=', '=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>=', '>>>=']
const ASSIGNMENTS = { n: NUMBER_OPS, b: ['='], g: ['=', '&=', '|=', '^='] }
const LOCAL_ARRAYS = { Float64Array: 'n', Float32Array: 'n', Int32Array: 'n', Uint8Array: 'n', BigInt64Array: 'g' }

class Generator {
  names = 0
  labels = []
  depth = 0
  /** Of loops that break and continue may name without a label; 'switch' in between takes the breaks. */
  around = []
  /** In a prange: what it may store into, and what it may assign to. */
  parallel = false
  scope = { variables: parameters(), arrays: parameterArrays(), helpers: [] }

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
    const { variables, arrays, helpers } = before
    this.scope = { variables: [...variables], arrays: [...arrays], helpers: [...helpers], ...changes }
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
    const helpers = Array.from({ length: this.random.below(3) }, () => this.helper())
    const body = this.statements(3 + this.random.below(5))
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
    const { random } = this
    const loops = this.depth < 3 ? LOOPS : {}
    const top = this.depth === 0 && !this.inHelper ? { prange: 3 } : {}
    const jumps = this.around.length > 0 ? { jump: 1.2 } : {}
    const leave = this.depth > 0 && !this.parallel && !this.inHelper ? { leave: 0.2 } : {}
    const kind = random.weighted({ ...SIMPLE, ...loops, ...top, ...jumps, ...leave })
    return this[kind]()
  }

  // ---- statements without others in them -----------------------------------------------------------------------------

  let() {
    const t = this.random.weighted({ n: 8, b: 1, g: 0.7 })
    const name = this.name('v')
    const value = this.expression(t)
    const keyword = this.random.pick(['const', 'let'])
    this.declare(name, t, { writable: keyword === 'let' })
    return { s: 'let', keyword, name, value }
  }

  assign() {
    const known = this.scope.variables.filter(({ writable }) => writable)
    if (known.length === 0) return this.let()
    const { name, t } = this.random.pick(known)
    return { s: 'assign', op: this.random.pick(ASSIGNMENTS[t]), name, value: this.expression(t) }
  }

  store() {
    const arrays = this.scope.arrays.filter(({ writable }) => writable !== false)
    if (arrays.length === 0) return this.assign()
    const array = this.random.pick(arrays)
    const index = array.own ?? this.expressions.index(array, 2)
    if (array.name === 'approximate') {
      return { s: 'store', op: '=', array: array.name, index, value: this.expressions.approximate(2) }
    }
    const ops = array.t === 'g' ? ['='] : this.hasEffect(index) ? ['='] : ['=', '=', ...NUMBER_OPS]
    return { s: 'store', op: this.random.pick(ops), array: array.name, index, value: this.expression(array.t) }
  }

  /** The reference evaluates the index of `a[i] += v` twice. */
  hasEffect(index) {
    return JSON.stringify(index).includes('"update"')
  }

  expr() {
    const value = this.expressions.number(2)
    return { s: 'expr', value }
  }

  swap() {
    const known = this.scope.variables.filter(({ t, writable }) => t === 'n' && writable)
    if (known.length < 2) return this.let()
    const [a, b] = [this.random.pick(known), this.random.pick(known)]
    return a === b ? this.assign() : { s: 'swap', names: [a.name, b.name] }
  }

  take() {
    const pairs = this.expressions.callable('pair')
    const names = [this.name('p'), this.name('p')]
    let value = { k: 'tuple', t: 't', args: [this.expression(), this.expression()] }
    if (pairs.length > 0) {
      const { name, params } = this.random.pick(pairs)
      value = call('t', name, ...params.map((param) => this.expressions.argument(param, 2)))
    }
    for (const name of names) this.declare(name, 'n', { writable: false })
    return { s: 'take', names, value }
  }

  array() {
    const [name, type] = [this.name('w'), this.random.pick(Object.keys(LOCAL_ARRAYS))]
    const least = this.random.pick([4, 16])
    const variable = binary('n', '+', binary('n', '&', this.expression(), constant('n', 7)), constant('n', least))
    const length = this.random.chance(0.5) ? constant('n', least) : variable
    this.scope.arrays.push({ name, t: LOCAL_ARRAYS[type], least })
    return { s: 'array', name, type, length }
  }

  jump() {
    const target = this.random.pick(this.around)
    const kind = target.kind === 'block' ? 'break' : this.random.pick(['break', 'continue'])
    const innermost = this.around.at(-1) === target && target.kind === 'loop' && !this.inSwitch
    const label = innermost && this.random.chance(0.5) ? undefined : target.label()
    return { s: 'if', test: this.expression('b'), yes: [{ s: kind, label }] }
  }

  leave() {
    const value = { k: 'tuple', t: 't', args: [this.expression(), this.expression(), constant('n', 0)] }
    const out = this.random.chance(0.2) ? { s: 'throw', message: 'left' } : { s: 'return', value }
    return { s: 'if', test: binary('b', '&&', this.expression('b'), this.expression('b')), yes: [out] }
  }

  // ---- statements with others in them --------------------------------------------------------------------------------

  if() {
    const test = this.random.chance(0.9) ? this.expression('b') : this.expression('n')
    const yes = this.body(1 + this.random.below(2))
    const no = this.random.chance(0.4) ? this.body(1 + this.random.below(2)) : undefined
    return { s: 'if', test, yes, no }
  }

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
  }

  block() {
    return this.leavable('block', { s: 'block' }, () => this.body(2))
  }

  for() {
    const { random } = this
    const name = this.name('j')
    const down = random.chance(0.25)
    const step = random.weighted({ 1: 6, 2: 1, 3: 1 })
    const count = random.chance(0.6) ? variable('n', 'n') : constant('n', random.below(LEAST))
    const first = constant('n', random.weighted({ 0: 6, 1: 1, 2: 1 }))
    const head = down
      ? { from: binary('n', '-', count, constant('n', 1)), op: '>=', to: first }
      : { from: first, op: '<', to: count }
    const update = `${name} ${down ? '-' : '+'}= ${step}`
    const short = step === '1' ? random.pick([`${name}${down ? '--' : '++'}`, update]) : update
    return this.leavable('loop', { s: 'for', name, ...head, update: short }, () =>
      this.body(1 + random.below(3), () => this.declare(name, 'n', { writable: false, small: true })),
    )
  }

  /** `while` and `do` with a counter that nobody else assigns, from 1 on in the body. */
  counted(s) {
    const [name, count] = [this.name('k'), 1 + this.random.below(8)]
    const test = this.random.chance(0.5) ? constant('b', true) : this.expression('b')
    const node = this.leavable('loop', { s, name, count, test }, () =>
      this.body(1 + this.random.below(3), () => this.declare(name, 'n', { writable: false, small: true })),
    )
    this.declare(name, 'n', { writable: false, small: true })
    return node
  }

  while() {
    return this.counted('while')
  }

  do() {
    return this.counted('do')
  }

  forof() {
    const arrays = this.scope.arrays.filter(({ t, readable, own }) => t === 'n' && readable !== false && !own)
    if (arrays.length === 0) return this.for()
    const name = this.name('e')
    return this.leavable('loop', { s: 'forof', name, array: this.random.pick(arrays).name }, () =>
      this.body(1, () => this.declare(name, 'n', { writable: false })),
    )
  }

  range() {
    const name = this.name('j')
    const whole = pinned(binary('n', '|', variable('n', 'n'), constant('n', 0)))
    const [n, first, step] = [variable('n', 'n'), constant('n', this.random.below(3)), this.random.pick([1, 2, 3])]
    const down = [binary('n', '-', whole, constant('n', 1)), constant('n', -1), pinned(constant('n', -step))]
    const args = this.random.pick([[n], [first, n], [first, n, constant('n', step)], down])
    return this.leavable('loop', { s: 'range', fn: 'range', name, args }, () =>
      this.body(1 + this.random.below(2), () => this.declare(name, 'n', { writable: false, small: true })),
    )
  }

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
  }

  // ---- loops for threads -----------------------------------------------------------------------------------------------

  /** Iterations store only into their own elements, read what no iteration stores into, and combine into reductions. */
  prange() {
    const { random } = this
    const name = this.name('j')
    const own = pinned(variable('n', name))
    const outer = this.scope
    const targets = outer.arrays.filter(({ least }) => least >= LEAST).filter(() => random.chance(0.3))
    const reductions = Array.from({ length: random.below(3) }, () => this.reduction())
    const arrays = outer.arrays.map((array) =>
      targets.includes(array) ? { ...array, own } : { ...array, writable: false, least: array.least },
    )
    const variables = outer.variables.map((one) => ({ ...one, writable: false }))
    const [around, args] = [this.around, [variable('n', 'n')]]
    this.around = []
    this.parallel = true
    const body = this.within({ arrays, variables }, () => {
      this.declare(name, 'n', { writable: false, small: true })
      const list = this.statements(1 + random.below(3))
      return [
        ...list,
        ...targets.map((array) => this.ownStore(array.name)),
        ...reductions.map((one) => this.combine(one)),
      ]
    })
    this.parallel = false
    this.around = around
    for (const { name: reduced } of reductions) this.declare(reduced, 'n')
    const start = reductions.map((one) => ({
      s: 'let',
      keyword: 'let',
      name: one.name,
      value: constant('n', one.start),
    }))
    return [...start, { s: 'range', fn: 'prange', name, args, body }]
  }

  ownStore(array) {
    const { own } = this.scope.arrays.find((one) => one.name === array)
    const value =
      array === 'approximate' ? this.expressions.approximate(2) : this.expression(arrayTypeOf(this.scope, array))
    return { s: 'store', op: '=', array, index: own, value }
  }

  reduction() {
    const kind = this.random.pick(['+=', '-=', '*=', '&=', '|=', '^=', 'Math.min', 'Math.max', 'if'])
    const start = kind === '*=' ? 1 : kind === '&=' ? -1 : kind === 'Math.min' ? 'Infinity' : this.random.below(9)
    return { name: this.name('s'), kind, start }
  }

  /** Exact in any order: small whole numbers, bits, and extrema. */
  combine({ name, kind }) {
    const small = (mask) => binary('n', '&', this.expression(), pinned(constant('n', mask)))
    if (kind.startsWith('Math')) {
      const value = pinned(call('n', kind, pinned(variable('n', name)), this.expression()))
      return { s: 'assign', op: '=', name, value }
    }
    if (kind === '*=') {
      const factor = pinned(binary('n', '+', pinned(small(1)), pinned(constant('n', 1))))
      return { s: 'assign', op: '*=', name, value: factor }
    }
    if (kind === 'if') {
      return { s: 'if', test: this.expression('b'), yes: [{ s: 'assign', op: '+=', name, value: pinned(small(255)) }] }
    }
    const value = kind === '+=' || kind === '-=' ? pinned(small(1023)) : this.expression()
    return { s: 'assign', op: kind, name, value }
  }

  // ---- functions -------------------------------------------------------------------------------------------------------

  helper() {
    const { random } = this
    const t = random.weighted({ n: 4, pair: 2 })
    const name = this.name('h')
    const recursive = t === 'n' && random.chance(0.2)
    const array = random.pick(['f8', 'i4', 'u1'])
    const given = recursive ? ['d', 'n'] : random.pick([['n'], ['n', 'n'], ['n', 'b'], ['a', 'n'], ['n', 'n', 'n']])
    const params = given.map((type) => ({ t: type, name: this.name('q'), array }))
    const variables = params
      .filter((param) => param.t !== 'a')
      .map((param) => ({
        name: param.name,
        t: param.t === 'd' ? 'n' : param.t,
        readable: true,
        writable: param.t === 'n',
      }))
    const arrays = params.filter((param) => param.t === 'a').map((param) => ({ name: param.name, t: 'n', least: 16 }))
    this.inHelper = true
    const body = this.within({ variables, arrays: arrays.map((one) => ({ ...one, writable: false })) }, () => [
      ...(recursive ? [this.recursion(name, params)] : []),
      ...(arrays.length > 0 ? this.statements(1) : []),
      ...this.helperEnd(t),
    ])
    this.inHelper = false
    this.scope.helpers.push({ name, t, params })
    return { name, params: params.map((param) => param.name), body, arrow: !recursive && random.chance(0.4) }
  }

  recursion(name, [depth, value]) {
    const less = binary('n', '-', variable('n', depth.name), constant('n', 1))
    const again = call('n', name, pinned(less), this.expressions.number(1))
    const result = binary('n', this.random.pick(['+', '*', '-']), pinned(again), variable('n', value.name))
    const test = pinned(binary('b', '>', variable('n', depth.name), constant('n', 0)))
    return { s: 'if', test, yes: [{ s: 'return', value: result }] }
  }

  helperEnd(t) {
    if (t === 'n') return [{ s: 'return', value: this.expression(), final: true }]
    const value = { k: 'tuple', t: 't', args: [this.expression(), this.expression()] }
    return [{ s: 'return', value, final: true }]
  }
}

const arrayTypeOf = (scope, name) => scope.arrays.find((one) => one.name === name)?.t ?? arrayType(name)

/** The program of a seed. */
export const generate = (seed) => new Generator(seed).program()
