// Random functions, as methods of the generator.
// SPDX-License-Identifier: MIT

import { ARRAYS, LEAST } from './data.mjs'
import { binary, call, constant, pinned, variable } from './nodes.mjs'

export const FUNCTIONS = {
  helper() {
    const { random } = this
    const t = random.weighted({ n: 4, pair: 2 })
    const name = this.name('h')
    const recursive = t === 'n' && random.chance(0.2)
    const array = random.pick(['f8', 'i4', 'u1', 'oa', 'od'])
    const given = recursive
      ? ['d', 'n']
      : random.pick([['n'], ['n', 'n'], ['n', 'b'], ['a', 'n'], ['a', 'n', 'a'], ['f', 'n']])
    const params = given.map((type) => ({ t: type, name: this.name('q'), array }))
    const variables = params
      .filter((param) => param.t !== 'a' && param.t !== 'f')
      .map((param) => ({
        name: param.name,
        t: param.t === 'd' ? 'n' : param.t,
        readable: true,
        writable: param.t === 'n',
      }))
    const arrays = params
      .filter((param) => param.t === 'a')
      .map((param) => ({ name: param.name, t: 'n', type: ARRAYS[param.array].name, least: LEAST }))
    const functions = params.filter((param) => param.t === 'f')
    const helpers = [
      ...this.scope.helpers,
      ...functions.map((param) => ({ name: param.name, t: 'n', params: [{ t: 'n' }] })),
    ]
    const defaults = !recursive && given.at(-1) === 'n' && given.length > 1 && random.chance(0.3) ? 1 : 0
    const last = this.expressions.number(0)
    this.inHelper = true
    const body = this.within(
      { variables, helpers, grids: [], arrays: arrays.map((one) => ({ ...one, writable: false })) },
      () => [
        ...(recursive ? [this.recursion(name, params)] : []),
        ...(arrays.length > 0 ? this.statements(1) : []),
        ...this.helperEnd(t),
      ],
    )
    this.inHelper = false
    this.scope.helpers.push({ name, t, params, defaults })
    const named = params.map((param, i) => ({
      name: param.name,
      value: defaults && i === params.length - 1 ? last : undefined,
    }))
    return { name, params: named, body, arrow: !recursive && random.chance(0.4) }
  },

  recursion(name, [depth, value]) {
    const less = binary('n', '-', variable('n', depth.name), constant('n', 1))
    const again = call('n', name, pinned(less), this.expressions.number(1))
    const result = binary('n', this.random.pick(['+', '*', '-']), pinned(again), variable('n', value.name))
    const test = pinned(binary('b', '>', variable('n', depth.name), constant('n', 0)))
    return { s: 'if', test, yes: [{ s: 'return', value: result }] }
  },

  helperEnd(t) {
    if (t === 'n') return [{ s: 'return', value: this.expression(), final: true }]
    const value = { k: 'tuple', t: 't', args: [this.expression(), this.expression()] }
    return [{ s: 'return', value, final: true }]
  },

  /** A function in the midst of others, which may change what is around it. */
  lambda() {
    const [name, params] = [this.name('h'), [this.name('q'), this.name('q')].slice(this.random.below(2))]
    const { around, inLambda, inSwitch } = this
    this.around = []
    this.inLambda = true
    this.inSwitch = false
    const body = this.within({ helpers: [] }, () => {
      for (const param of params) this.declare(param, 'n')
      const turns = this.random.chance(0.5) ? [this.turn()].flat() : []
      return [...turns, ...this.statements(1), { s: 'return', value: this.expression(), final: true }]
    })
    this.around = around
    this.inLambda = inLambda
    this.inSwitch = inSwitch
    this.scope.helpers.push({ name, t: 'n', params: params.map(() => ({ t: 'n' })), effects: true })
    return { s: 'lambda', name, params, body }
  },
}
