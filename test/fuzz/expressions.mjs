// Random expressions. `t` is the type of each: n number, b boolean, g bigint.
// SPDX-License-Identifier: MIT

import { ARRAYS, isBig } from './data.mjs'

export const constant = (t, text) => ({ k: 'const', t, text: String(text) })
export const variable = (t, name) => ({ k: 'var', t, name })
export const binary = (t, op, a, b) => ({ k: 'bin', t, op, a, b })
/** What shrinking must leave as it is, for the program to mean the same everywhere. */
export const pinned = (node) => ({ ...node, pinned: true })
export const call = (t, fn, ...args) => ({ k: 'call', t, fn, args })

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
const BIGS = [
  '0n',
  '1n',
  '-1n',
  '3n',
  '63n',
  '1000000007n',
  '9223372036854775807n',
  '-9223372036854775807n',
  '4294967296n',
]

const EXACT = { floor: 1, ceil: 1, trunc: 1, round: 1, abs: 1, sqrt: 1, sign: 1, fround: 1, clz32: 1, imul: 2 }
const APPROXIMATE = {
  ...{ sin: 1, cos: 1, tan: 1, asin: 1, acos: 1, atan: 1, sinh: 1, cosh: 1, tanh: 1, asinh: 1, acosh: 1, atanh: 1 },
  ...{ exp: 1, expm1: 1, log: 1, log1p: 1, log2: 1, log10: 1, cbrt: 1, atan2: 2, pow: 2, hypot: 2 },
}

/** What is in scope: variables with their types, arrays, functions; `whole` are small integers from 0 to 15. */
export class Expressions {
  constructor(random, scope) {
    this.random = random
    this.scope = scope
  }

  of(t, depth) {
    return { n: () => this.number(depth), b: () => this.boolean(depth), g: () => this.big(depth) }[t]()
  }

  #variable(t, otherwise) {
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
    if (depth <= 0) return random.chance(0.65) ? this.#variable('n', () => this.#whole()) : this.#anyConstant()
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
      load: () => this.#load('n', depth),
      length: () => this.#length(),
      fromBig: () => call('n', 'Number', this.big(depth - 1)),
      fromBoolean: () => binary('n', '+', this.boolean(depth - 1), next()),
      update: () => this.#update(),
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
    const rest = { select: 1, load: 4, length: 0.5, fromBig: 0.3, fromBoolean: 0.2, update: 0.5, helper: 1 }
    return make[random.weighted({ ...weights, ...rest })]()
  }

  #length() {
    const { arrays } = this.scope
    return arrays.length > 0 ? { k: 'len', t: 'n', array: this.random.pick(arrays).name } : this.#whole()
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

  #helper(t, depth) {
    const known = this.callable(t)
    if (known.length === 0) return this.of(t, depth - 1)
    const { name, params } = this.random.pick(known)
    return call(t, name, ...params.map((param) => this.argument(param, depth - 1)))
  }

  /** Not those that would read an array that iterations of the prange around store into. */
  callable(t) {
    const shared = (name) => this.scope.arrays.some((one) => one.name === name && one.own)
    const fits = (param) => param.t !== 'a' || !shared(param.array)
    return this.scope.helpers.filter((one) => one.t === t && one.params.every(fits))
  }

  /** `d` is how deep a function may still call itself. */
  argument(param, depth) {
    if (param.t === 'd') return constant('n', this.random.below(6))
    if (param.t !== 'a') return this.of(param.t, depth)
    return variable('a', param.array)
  }

  boolean(depth) {
    const { random } = this
    const leaf = () => this.#variable('b', () => constant('b', random.chance(0.5)))
    if (depth <= 0) return leaf()
    const next = () => this.boolean(depth - 1)
    const number = () => this.number(depth - 1)
    const make = {
      leaf,
      compare: () => binary('b', random.pick(['<', '<=', '>', '>=', '===', '!==']), number(), number()),
      bigs: () => binary('b', random.pick(['<', '>=', '===', '!==']), this.big(depth - 1), this.big(depth - 1)),
      logic: () => binary('b', random.pick(['&&', '||']), next(), next()),
      not: () => ({ k: 'un', t: 'b', op: '!', a: random.chance(0.7) ? next() : number() }),
      test: () => call('b', random.pick(['Number.isNaN', 'Number.isInteger', 'Number.isFinite']), number()),
    }
    return make[random.weighted({ leaf: 1, compare: 6, bigs: 0.3, logic: 2, not: 1, test: 0.5 })]()
  }

  /** Held in 64 bits, step by step. */
  big(depth) {
    const { random } = this
    const leaf = () =>
      random.chance(0.6)
        ? this.#variable('g', () => constant('g', random.pick(BIGS)))
        : constant('g', random.pick(BIGS))
    if (depth <= 0) return leaf()
    const next = () => this.big(depth - 1)
    const wrapped = (op, a, b) => ({ k: 'wrapped', t: 'g', op, a, b })
    const make = {
      leaf,
      arithmetic: () => wrapped(random.pick(['+', '-', '*']), next(), next()),
      bits: () => binary('g', random.pick(['&', '|', '^']), next(), next()),
      divide: () => wrapped(random.pick(['/', '%']), next(), binary('g', '|', next(), constant('g', '1n'))),
      shift: () =>
        wrapped(random.pick(['<<', '>>']), next(), pinned(binary('g', '&', next(), pinned(constant('g', '63n'))))),
      negate: () => wrapped(random.pick(['-', '~']), next()),
      select: () => ({ k: 'cond', t: 'g', a: this.boolean(depth - 1), b: next(), c: next() }),
      fromNumber: () => call('g', 'BigInt', binary('n', '|', this.number(depth - 1), constant('n', 0))),
      load: () => wrapped('', pinned(this.#load('g', depth))),
    }
    const weights = {
      leaf: 2,
      arithmetic: 4,
      bits: 2,
      divide: 1,
      shift: 1,
      negate: 0.5,
      select: 0.5,
      fromNumber: 1,
      load: 2,
    }
    return make[random.weighted(weights)]()
  }

  #load(t, depth) {
    const arrays = this.scope.arrays.filter((one) => one.t === t && one.readable !== false)
    if (arrays.length === 0) return this.of(t, 0)
    const array = this.random.pick(arrays)
    return { k: 'load', t, array: array.name, index: array.own ?? this.index(array, depth - 1) }
  }

  /** Within the array, as every program's arrays have 16 elements; one in hundred is anything. */
  index(array, depth) {
    const { random } = this
    const any = () => this.number(depth)
    if (array.least < 16 || random.chance(0.01)) {
      return array.least < 16 && random.chance(0.95) ? binary('n', '&', any(), constant('n', array.least - 1)) : any()
    }
    const small = this.scope.variables.filter((one) => one.small)
    const counter = () => (small.length > 0 ? variable('n', random.pick(small).name) : constant('n', random.below(16)))
    const length = { k: 'len', t: 'n', array: array.name }
    const make = {
      counter,
      masked: () => binary('n', '&', any(), constant('n', random.pick([15, 7, 1]))),
      remainder: () => binary('n', '%', binary('n', '*', counter(), constant('n', 3)), length),
      reversed: () => binary('n', '-', binary('n', '-', length, constant('n', 1)), counter()),
      shifted: () => binary('n', '>>>', any(), constant('n', 28)),
      clamped: () =>
        call(
          'n',
          'Math.min',
          call('n', 'Math.max', binary('n', '|', any(), constant('n', 0)), constant('n', 0)),
          binary('n', '-', length, constant('n', 1)),
        ),
      floored: () => call('n', 'Math.floor', binary('n', '/', counter(), constant('n', 2))),
    }
    return make[
      random.weighted({ counter: 5, masked: 3, remainder: 1, reversed: 1, shifted: 0.5, clamped: 0.5, floored: 0.7 })
    ]()
  }
}

export const arrayType = (name) => (isBig(name) ? 'g' : 'n')

/** The arrays of a program's parameters. `approximate` is never read. */
export const parameterArrays = () =>
  Object.keys(ARRAYS).map((name) => ({ name, t: arrayType(name), least: 16, readable: name !== 'approximate' }))
