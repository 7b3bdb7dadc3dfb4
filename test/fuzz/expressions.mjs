// Random expressions over what is in scope.
// SPDX-License-Identifier: MIT

import { argumentFor, nameOf, pickArray } from './arrays.mjs'
import { big } from './bigs.mjs'
import { get, load } from './elements.mjs'
import { binary, call, constant, variable } from './nodes.mjs'

const WHOLE = [0, 1, 2, 3, 5, 7, 15, 16, 31, 32, 33, 63, 64, 255, 256, 1000, -1, -2, -7, 65535, 2147483647, -2147483648]
const LARGE = ['4294967295', '4294967296', '9007199254740991', '9007199254740993', '1e15', '-4294967297']
const FLOATS = [
  '0.5',
  '-0.5',
  '1.5',
  '2.5',
  '0.1',
  '-3.75',
  '1e-300',
  '5e-324',
  '1e300',
  '-0',
  'NaN',
  'Infinity',
  '-Infinity',
]
const NAMED = ['Math.PI', 'Number.EPSILON', 'Number.MAX_SAFE_INTEGER', 'Math.SQRT2']
const EXACT = { floor: 1, ceil: 1, trunc: 1, round: 1, abs: 1, sqrt: 1, sign: 1, fround: 1, clz32: 1, imul: 2 }
const APPROXIMATE = {
  ...{ sin: 1, cos: 1, tan: 1, asin: 1, acos: 1, atan: 1, sinh: 1, cosh: 1, tanh: 1, asinh: 1, acosh: 1, atanh: 1 },
  ...{ exp: 1, expm1: 1, log: 1, log1p: 1, log2: 1, log10: 1, cbrt: 1, atan2: 2, pow: 2, hypot: 2 },
}

const TESTS = ['Number.isNaN', 'Number.isInteger', 'Number.isFinite', 'Number.isSafeInteger', 'Boolean']

/** What is in scope: variables with their types, arrays, functions; `whole` are small integers from 0 to 15. */
export class Expressions {
  constructor(random, scope) {
    this.random = random
    this.scope = scope
  }

  of(t, depth) {
    return { n: () => this.number(depth), b: () => this.boolean(depth), g: () => big(this, depth) }[t]()
  }

  variable(t, otherwise) {
    const names = this.scope.variables.filter((one) => one.t === t && one.readable)
    return names.length > 0 ? variable(t, this.random.pick(names).name) : otherwise()
  }

  #whole() {
    return constant('n', this.random.chance(0.9) ? this.random.pick(WHOLE) : this.random.pick(LARGE))
  }

  #anyConstant() {
    const { random } = this
    if (random.chance(0.6)) return this.#whole()
    return constant('n', random.pick(random.chance(0.9) ? FLOATS : NAMED))
  }

  number(depth) {
    const { random } = this
    if (depth <= 0) return random.chance(0.65) ? this.variable('n', () => this.#whole()) : this.#anyConstant()
    const next = () => this.number(depth - 1)
    const make = {
      leaf: () => this.number(0),
      arithmetic: () => binary('n', random.pick(['+', '-', '*']), next(), next()),
      divide: () => binary('n', random.pick(['/', '%', '%']), next(), next()),
      bits: () => binary('n', random.pick(['&', '|', '^']), next(), next()),
      shift: () => binary('n', random.pick(['<<', '>>', '>>>']), next(), next()),
      toInt: () => binary('n', '|', next(), constant('n', 0)),
      unary: () => ({ k: 'un', t: 'n', op: random.pick(['-', '~', '+']), a: next() }),
      exact: () => this.#exact(depth),
      extremum: () =>
        call('n', random.pick(['Math.min', 'Math.max']), ...Array.from({ length: 1 + random.below(3) }, next)),
      select: () => ({ k: 'cond', t: 'n', a: this.boolean(depth - 1), b: next(), c: next() }),
      load: () => load(this, 'n', depth),
      get: () => get(this, 'n', depth),
      length: () => this.#length(),
      logic: () => binary('n', random.pick(['&&', '||']), next(), next()),
      fromBig: () => call('n', 'Number', big(this, depth - 1)),
      fromBoolean: () => binary('n', '+', this.boolean(depth - 1), next()),
      update: () => this.#update(),
      assign: () => this.#assign(depth),
      helper: () => this.#helper('n', depth),
    }
    const weights = {
      leaf: 2,
      arithmetic: 5,
      divide: 2,
      bits: 2,
      shift: 2,
      toInt: 1.5,
      unary: 1.5,
      exact: 2.5,
      extremum: 1,
    }
    const some = { select: 1, load: 4, get: 1, length: 0.5, logic: 0.3 }
    const rest = { ...some, fromBig: 0.3, fromBoolean: 0.2, update: 0.5, assign: 0.3, helper: 1 }
    const turns = this.scope.arrays.some((one) => one.turns) ? { load: 8, helper: 4 } : {}
    return make[random.weighted({ ...weights, ...rest, ...turns })]()
  }

  #length() {
    const { arrays, grids } = this.scope
    if (grids.length > 0 && this.random.chance(0.2)) {
      const { name, dims } = this.random.pick(grids)
      return variable('n', `${name}.${this.random.pick(['size', 'ndim', `shape[${this.random.below(dims)}]`])}`)
    }
    if (arrays.length === 0) return this.#whole()
    return { k: 'len', t: 'n', array: nameOf(this.random, arrays, pickArray(this.random, arrays)) }
  }

  #exact(depth) {
    const name = this.random.pick(Object.keys(EXACT))
    return call('n', `Math.${name}`, ...Array.from({ length: EXACT[name] }, () => this.number(depth - 1)))
  }

  /** For results that nothing is computed from: what may be an ULP off. */
  approximate(depth) {
    const name = this.random.pick(Object.keys(APPROXIMATE))
    if (name === 'pow' && this.random.chance(0.5)) {
      return binary('n', '**', this.number(depth - 1), this.number(depth - 1))
    }
    return call('n', `Math.${name}`, ...Array.from({ length: APPROXIMATE[name] }, () => this.number(depth - 1)))
  }

  #update() {
    const names = this.scope.variables.filter((one) => one.t === 'n' && one.writable)
    if (names.length === 0) return this.#whole()
    const { name } = this.random.pick(names)
    return { k: 'update', t: 'n', op: this.random.pick(['++', '--']), name, prefix: this.random.chance(0.5) }
  }

  #assign(depth) {
    const names = this.scope.variables.filter((one) => one.t === 'n' && one.writable)
    if (names.length === 0) return this.#whole()
    return { k: 'assign', t: 'n', name: this.random.pick(names).name, a: this.number(depth - 1) }
  }

  #helper(t, depth) {
    const known = this.callable(t)
    return known.length === 0 ? this.of(t, depth - 1) : this.calling(this.random.pick(known), depth - 1)
  }

  /** A call, at times without the arguments that have a default. */
  calling({ t, name, params, defaults = 0 }, depth) {
    const given = params.length - (this.random.chance(0.5) ? defaults : 0)
    return call(t, name, ...params.slice(0, given).map((param) => this.argument(param, depth)))
  }

  /** Not those that would read an array that iterations of the prange around store into. */
  callable(t) {
    const shared = (name) => this.scope.arrays.some((one) => one.name === name && (one.own || one.readable === false))
    const fits = (param) => param.t !== 'a' || !shared(param.array)
    return this.scope.helpers.filter((one) => one.t === t && one.params.every(fits))
  }

  /** `d` is how deep a function may still call itself. */
  argument(param, depth) {
    if (param.t === 'd') return constant('n', this.random.below(6))
    if (param.t === 'a') return variable('a', argumentFor(this.random, this.scope.arrays, param.array))
    if (param.t !== 'f') return this.of(param.t, depth)
    const name = `z${this.random.below(1000)}`
    const { variables } = this.scope
    const own = { name, t: 'n', readable: true }
    const inner = new Expressions(this.random, { ...this.scope, variables: [...variables, own], helpers: [] })
    return { k: 'arrow', t: 'f', name, a: inner.number(depth) }
  }

  boolean(depth) {
    const { random } = this
    const leaf = () => this.variable('b', () => constant('b', random.chance(0.5)))
    if (depth <= 0) return leaf()
    const next = () => this.boolean(depth - 1)
    const number = () => this.number(depth - 1)
    const make = {
      leaf,
      compare: () => binary('b', random.pick(['<', '<=', '>', '>=', '===', '!==']), number(), number()),
      bigs: () => binary('b', random.pick(['<', '>=', '===', '!==']), big(this, depth - 1), big(this, depth - 1)),
      logic: () => binary('b', random.pick(['&&', '||']), next(), next()),
      not: () => ({ k: 'un', t: 'b', op: '!', a: random.chance(0.7) ? next() : number() }),
      test: () => call('b', random.pick(TESTS), number()),
    }
    return make[random.weighted({ leaf: 1, compare: 6, bigs: 0.3, logic: 2, not: 1, test: 0.5 })]()
  }
}
