// Random bigints, held in 64 bits step by step.
// SPDX-License-Identifier: MIT

import { get, load } from './elements.mjs'
import { binary, call, constant, pinned } from './nodes.mjs'

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

export function big(expressions, depth) {
  const { random } = expressions
  const any = () => constant('g', random.pick(BIGS))
  const leaf = () => (random.chance(0.6) ? expressions.variable('g', any) : any())
  if (depth <= 0) return leaf()
  const next = () => big(expressions, depth - 1)
  const wrapped = (op, a, b) => ({ k: 'wrapped', t: 'g', op, a, b })
  const whole = () => binary('n', '|', expressions.number(depth - 1), constant('n', 0))
  const make = {
    leaf,
    arithmetic: () => wrapped(random.pick(['+', '-', '*']), next(), next()),
    bits: () => binary('g', random.pick(['&', '|', '^']), next(), next()),
    divide: () => wrapped(random.pick(['/', '%']), next(), binary('g', '|', next(), constant('g', '1n'))),
    shift: () =>
      wrapped(random.pick(['<<', '>>']), next(), pinned(binary('g', '&', next(), pinned(constant('g', '63n'))))),
    negate: () => wrapped(random.pick(['-', '~']), next()),
    select: () => ({ k: 'cond', t: 'g', a: expressions.boolean(depth - 1), b: next(), c: next() }),
    fromNumber: () => call('g', 'BigInt', random.chance(0.95) ? whole() : expressions.number(depth - 1)),
    load: () => load(expressions, 'g', depth),
    get: () => get(expressions, 'g', depth),
  }
  const weights = { leaf: 2, arithmetic: 4, bits: 2, divide: 1, shift: 1, negate: 0.5, select: 0.5, fromNumber: 1 }
  return make[random.weighted({ ...weights, load: 2, get: 0.3 })]()
}

/** One that is an error where it does not fit. Within `asIntN` njit need not look, so it is a whole value. */
export function bigThatFits(expressions, depth) {
  const op = expressions.random.pick(['+', '-', '*', '/', '%'])
  return { k: 'fits', t: 'g', op, a: big(expressions, depth), b: big(expressions, depth) }
}
