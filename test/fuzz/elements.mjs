// Random elements of arrays: mostly within them, since every parameter has LEAST elements.
// SPDX-License-Identifier: MIT

import { nameOf, pickArray } from './arrays.mjs'
import { ARRAYS, GRIDS, isBig, LEAST, LEAST_EXTENT } from './data.mjs'
import { binary, call, constant, masked, pinned, variable } from './nodes.mjs'

export function load(expressions, t, depth) {
  const arrays = expressions.scope.arrays.filter((one) => one.t === t && one.readable !== false)
  if (arrays.length === 0) return expressions.of(t, 0)
  const array = pickArray(expressions.random, arrays)
  const name = nameOf(expressions.random, arrays, array)
  const element = { k: 'load', t, array: name, index: array.own ?? index(expressions, array, depth - 1) }
  // A BigUint64Array may have larger ones, which is an error.
  return t === 'g' ? pinned(element) : element
}

/** One in hundred is anything; `least` is a power of two. */
export function index(expressions, array, depth) {
  const { random, scope } = expressions
  const any = () => expressions.number(depth)
  if (random.chance(0.01)) return any()
  if (array.least < LEAST) return masked(any(), array.least - 1)
  const small = scope.variables.filter((one) => one.small)
  const counter = () => (small.length > 0 ? variable('n', random.pick(small).name) : constant('n', random.below(LEAST)))
  const length = { k: 'len', t: 'n', array: array.name }
  const last = () => binary('n', '-', length, constant('n', 1))
  const make = {
    counter,
    masked: () => masked(any(), random.pick([15, 7, 1])),
    remainder: () => binary('n', '%', binary('n', '*', counter(), constant('n', 3)), length),
    reversed: () => binary('n', '-', last(), counter()),
    neighbour: () => binary('n', random.pick(['+', '-']), counter(), constant('n', 1)),
    shifted: () => binary('n', '>>>', any(), constant('n', 28)),
    clamped: () =>
      call('n', 'Math.min', call('n', 'Math.max', binary('n', '|', any(), constant('n', 0)), constant('n', 0)), last()),
    floored: () => call('n', 'Math.floor', binary('n', '/', counter(), constant('n', 2))),
  }
  const weights = { counter: 5, masked: 3, remainder: 1, reversed: 1, neighbour: 0.2, shifted: 0.5, clamped: 0.5 }
  return make[random.weighted({ ...weights, floored: 0.7 })]()
}

/** Indices of an NDArray, also from its end. */
export function indices(expressions, { dims }, depth) {
  const { random } = expressions
  const make = {
    first: () => constant('n', random.below(LEAST_EXTENT)),
    last: () => constant('n', -1 - random.below(LEAST_EXTENT)),
    masked: () => masked(expressions.number(depth - 1), 1),
    signed: () => binary('n', '-', masked(expressions.number(depth - 1), 3), constant('n', 2)),
    any: () => expressions.number(depth - 1),
  }
  const weights = { first: 2, last: 1, masked: 2, signed: 1, any: 0.02 }
  return Array.from({ length: dims }, () => make[random.weighted(weights)]())
}

export function get(expressions, t, depth) {
  const grids = expressions.scope.grids.filter((one) => one.t === t && one.readable !== false)
  if (grids.length === 0) return expressions.of(t, 0)
  const grid = pickArray(expressions.random, grids)
  const name = nameOf(expressions.random, grids, grid)
  return { k: 'get', t, array: name, indices: grid.own ?? indices(expressions, grid, depth) }
}

/** The arrays of a program's parameters. `approximate` is never read. */
export const parameterArrays = () =>
  Object.keys(ARRAYS).map((name) => ({
    name,
    t: isBig(name) ? 'g' : 'n',
    type: ARRAYS[name].name,
    least: LEAST,
    readable: name !== 'approximate',
    whole: ['i4', 'u4', 'i2', 'u2', 'i1', 'u1'].includes(name),
  }))

/** `whole` ones take only values that fit. */
export const parameterGrids = () =>
  Object.keys(GRIDS).map((name) => ({
    name,
    t: isBig(name) ? 'g' : 'n',
    type: name === 'df' || name === 'ds' ? 'float64' : undefined,
    dims: 2,
    whole: name === 'di',
  }))
