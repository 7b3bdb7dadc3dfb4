// Reductions: which are recognised, which are refused and why. SPDX-License-Identifier: MIT

import { describe, expect, test } from 'vitest'
import type { Expression, ForLoop, Statement, Variable } from '../dist/njit/ir.js'
import { grid, i, j, k, n, names, out, prange, proven, refused, x } from './support/independence.ts'
import {
  array,
  compare,
  convert,
  declare,
  extent,
  load,
  logic,
  loop,
  math,
  minus,
  op,
  plus,
  row,
  scalar,
  select,
  set,
  store,
  times,
  value,
  when,
} from './support/ir.ts'

const reductions = (over: ForLoop) => proven(over).reductions.map(({ variable, op }) => `${variable.name} ${op}`)

describe('reductions', () => {
  const s = scalar('s', 'f64')
  const flag = scalar('flag', 'bool')
  const bits = scalar('bits')
  const e = load(x, i)
  const bin = load(array('bins', 1, 'i4'), i)
  const cut = (whole: Expression) => convert(whole, 'i32', 'wrap')

  test.each<[string, Statement]>([
    ['s +', set(s, plus(s, e))],
    ['s +', set(s, plus(e, s))],
    ['s +', set(s, minus(s, e))],
    ['s +', set(s, plus(minus(s, e), 2))],
    ['s *', set(s, times(e, s))],
    ['s *', set(s, op(s, '/', e))],
    ['s min', set(s, math('min', s, e))],
    ['s max', set(s, math('max', 0.5, e, s))],
    ['s <', when(compare(e, '<', s), [set(s, e)])],
    ['s <', when(compare(s, '>', e), [set(s, e)])],
    ['s >=', when(compare(e, '>=', s), [set(s, e)])],
    ['s >', set(s, select(compare(e, '>', s), e, s))],
    ['bits ^', set(bits, op(bits, '^', i))],
    ['bits &', set(bits, op(i, '&', bits))],
    ['flag ||', set(flag, logic(flag, '||', compare(e, '>', 0)))],
    ['flag &&', set(flag, logic(compare(e, '>', 0), '&&', flag))],
    ['flag ||', when(compare(e, '>', 0), [set(flag, true)])],
    ['s +', set(s, convert(plus(s, e), 'f64'))],
    ['bits +', set(bits, cut(op(convert(bits, 'i64'), '+', convert(bin, 'i64'))))],
  ])('%s', (expected, statement) => {
    expect(reductions(prange(statement))).toEqual([expected])
    expect(reductions(prange(loop(j, [0, 3], [when(compare(j, '<', i), [statement])])))).toEqual([expected])
  })

  test.each<[string, Statement]>([
    ['NaN does not pass by', set(s, select(compare(s, '<', e), s, e))],
    ['another value', when(compare(e, '<', s), [set(s, plus(e, 1))])],
    ['an else', when(compare(e, '<', s), [set(s, e)], [set(s, 0)])],
    ['twice', set(s, plus(s, s))],
    ['another class within', set(s, plus(times(s, e), 1))],
    ['rounded to an integer', set(s, convert(plus(s, e), 'i32', 'wrap'))],
    ['cut after a fraction', set(bits, cut(plus(convert(bits, 'f64'), e)))],
    ['a quotient that was cut', set(bits, op(bits, '/', bin))],
    ['a product that was cut', set(bits, cut(times(convert(bits, 'f64'), bin)))],
    ['random twice', when(compare(math('random', 0), '<', s), [set(s, math('random', 0))])],
  ])('not one: %s', (_, statement) => {
    refused(prange(statement))
  })

  describe('what is set along with the least', () => {
    const place = scalar('place')
    const fraction = scalar('fraction', 'f64')
    const least = (op: '<' | '<=' = '<', ...more: Statement[]) =>
      when(compare(e, op, s), [set(s, e), set(place, i), ...more])

    test('its place', () => {
      expect(proven(prange(least())).reductions).toEqual([
        { variable: place, op: '<', along: s },
        { variable: s, op: '<' },
      ])
      expect(reductions(prange(when(compare(s, '<=', e), [set(place, i), set(s, e)])))).toEqual(['place >=', 's >='])
      expect(reductions(prange(least('<', set(fraction, load(x, n)))))).toEqual(['place <', 'fraction <', 's <'])
      expect(reductions(prange(least(), loop(j, [0, 3], [least()])))).toEqual(['place <', 's <'])
      const own = [declare(k, 0), when(compare(e, '<', s), [set(s, e), set(k, i)])]
      expect(reductions(prange(...own))).toEqual(['s <'])
    })

    test.each<[string, Statement[]]>([
      ['a count of how often', [when(compare(e, '<', s), [set(s, e), set(place, plus(place, 1))])]],
      ['a flag', [when(compare(e, '<', s), [set(s, e), set(scalar('found', 'bool'), true)])]],
      [
        'a variable of the iteration that is read',
        [declare(k, 0), when(compare(e, '<', s), [set(s, e), set(k, i)]), store(out, [i], k)],
      ],
      ['what is read elsewhere', [least(), store(out, [i], place)]],
      ['what is read for another place', [least('<', set(fraction, place))]],
      ['what is set elsewhere', [least(), when(compare(e, '>', 3), [set(place, i)])]],
      ['what is set twice', [least('<', set(place, 0))]],
      ['what is not always set', [least(), when(compare(e, '<', s), [set(s, e)])]],
      ['where the least is read', [least('<', set(fraction, s))]],
      ['a fraction by <=', [least('<=', set(fraction, e))]],
      ['beside an element', [when(compare(e, '<', load(out, bin)), [store(out, [bin], e), set(place, i)])]],
    ])('not %s', (_, statements) => {
      refused(prange(...statements))
    })
  })

  const bump = (to: Variable, at: typeof bin | number, by: ReturnType<typeof value>) =>
    store(to, [at], plus(load(to, at), by))

  test('elements of an array', () => {
    expect(reductions(prange(bump(out, bin, e)))).toEqual(['out +'])
    expect(reductions(prange(bump(out, 0, e), bump(out, bin, e)))).toEqual(['out +'])
    expect(reductions(prange(when(compare(e, '<', load(out, bin)), [store(out, [bin], e)])))).toEqual(['out <'])
    expect(proven(prange(bump(out, bin, e))).distinct.map(names)).toEqual([
      ['out', 'bins'],
      ['out', 'x'],
    ])
    // Disjoint is better.
    expect(reductions(prange(store(out, [i], plus(load(out, i), e))))).toEqual([])
    refused(prange(bump(out, bin, load(out, 3))))
    refused(prange(bump(out, bin, e), store(x, [i], load(out, 0))))
    refused(prange(store(out, [bin], plus(load(out, i), e))))
    refused(prange(store(out, [load(out, i) as typeof bin], plus(load(out, load(out, i)), e))))
  })

  test('by way of a copy', () => {
    const t = scalar('t', 'f64')
    const u = scalar('u', 'f64')
    const at = scalar('at')
    const choice = [declare(u), when(compare(e, '>', 0), [set(u, e)], [set(u, 1)])]
    const update = set(s, plus(t, u))
    expect(reductions(prange(declare(t, s), set(s, plus(t, 1))))).toEqual(['s +'])
    expect(reductions(prange(declare(t, s), ...choice, update))).toEqual(['s +'])
    refused(prange(declare(t, s), ...choice, set(s, plus(s, 1)), update))
    refused(prange(declare(t, s), ...choice, update, store(out, [i], t)))
    refused(prange(declare(t, s), when(compare(e, '>', 0), [update])))
    const old = declare(t, load(out, bin))
    expect(reductions(prange(old, store(out, [bin], plus(t, 1))))).toEqual(['out +'])
    expect(reductions(prange(declare(at, bin), old, ...choice, store(out, [at], plus(t, u))))).toEqual(['out +'])
    refused(prange(declare(at, 0), old, set(at, 1), store(out, [at], plus(t, 1))))
    // An index that changes, but not in between.
    const there = [declare(t, load(out, at)), ...choice, store(out, [at], plus(t, u))]
    expect(reductions(prange(declare(at, 0), set(at, bin), ...there))).toEqual(['out +'])
    refused(prange(declare(at, 0), set(at, bin), there[0] as Statement, set(at, 1), ...there.slice(1)))
    refused(prange(old, store(out, [plus(bin, 1)], plus(t, 1))))
    // One that is computed twice, the second time for the write, of what changes elsewhere.
    const next = scalar('next')
    const moving = (...between: Statement[]) => [
      ...[declare(at, 0), set(at, bin), declare(next, plus(at, 1)), ...between, declare(t, load(out, plus(at, 1)))],
      ...[...choice, store(out, [next], plus(t, u))],
    ]
    expect(reductions(prange(...moving()))).toEqual(['out +'])
    refused(prange(...moving(set(at, 1))))
    refused(prange(...moving(set(next, 1))))
  })

  test('not by way of a copy, where an array variable comes to stand for another in between', () => {
    const t = scalar('t', 'f64')
    const view = array('view')
    const turn = (...between: Statement[]) => [
      row(view, grid, [i]),
      declare(t, load(view, 0)),
      ...between,
      store(view, [0], plus(t, 1)),
    ]
    const other = row(view, grid, [bin], false)
    refused(prange(...turn(other)))
    refused(prange(...turn(when(compare(e, '>', 0), [other]))))
    // Nor an index by its extent.
    const last = scalar('last')
    const widths = [row(view, grid, [i]), declare(last, minus(extent(view), 1)), declare(t, load(out, last))]
    refused(prange(...widths, row(view, x, [], false), store(out, [minus(extent(view), 1)], plus(t, 1))))
    expect(reductions(prange(...widths, store(out, [last], plus(t, 1))))).toEqual(['out +'])
  })

  test('elements that are stored narrower than they are computed', () => {
    const counts = array('counts', 1, 'u1')
    const clamped = array('clamped', 1, 'c1')
    expect(reductions(prange(bump(counts, bin, value(1))))).toEqual(['counts +'])
    refused(prange(bump(counts, bin, value(0.5))))
    refused(prange(bump(clamped, bin, value(1))))
    refused(prange(store(counts, [bin], times(load(counts, bin), 3))))
    refused(prange(store(counts, [bin], math('min', load(counts, bin), bin))))
    const kinds = array('kinds', 1, 'u1')
    expect(reductions(prange(store(counts, [bin], math('min', load(counts, bin), load(kinds, i)))))).toEqual([
      'counts min',
    ])
    const floats = array('floats', 1, 'f4')
    expect(reductions(prange(bump(floats, bin, e)))).toEqual(['floats +'])
    refused(prange(store(floats, [bin], convert(op(convert(load(floats, bin), 'i32', 'wrap'), '^', i), 'f64'))))
    const doubles = prange(store(out, [bin], convert(op(convert(load(out, bin), 'i32', 'wrap'), '^', i), 'f64')))
    expect(reductions(doubles)).toEqual(['out ^'])
  })

  test('atomic additions need none', () => {
    expect(reductions(prange(store(out, [bin], e, true)))).toEqual([])
  })
})
