// Independence of iterations: what is proven, what is refused and why, and that nothing is proven that is not so.
// SPDX-License-Identifier: MIT

import { describe, expect, test } from 'vitest'
import { vectorizable } from '../dist/njit/dependence.js'
import { independence } from '../dist/njit/independence.js'
import type { ForLoop, FunctionIr, Statement, Variable } from '../dist/njit/ir.js'
import { prange as iterations, njit } from '../dist/njit.js'
import { fromEnd, grid, i, j, k, m, n, names, out, prange, proven, refused, x } from './support/independence.ts'
import {
  allocate,
  array,
  compare,
  convert,
  declare,
  extent,
  label,
  load,
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

describe('elements of its own', () => {
  const row1 = scalar('row')
  const lo = scalar('lo')
  const hi = scalar('hi')
  const view = array('view')
  const at = (index: Parameters<typeof store>[1][number]) => prange(store(out, [index], 1))
  const inner = (bounds: Parameters<typeof loop>[1], index: Parameters<typeof store>[1][number]) =>
    prange(loop(j, bounds, [store(out, [index], 1)]))

  const cases: Record<string, ForLoop> = {
    'out[i]': at(i),
    'out[i + 1]': at(plus(i, 1)),
    'out[n - 1 - i]': at(minus(minus(n, 1), i)),
    'out[2 * i + 1] beside out[2 * i]': prange(
      store(out, [plus(times(i, 2), 1)], 1),
      store(out, [times(2, i)], load(out, plus(times(i, 2), 1))),
    ),
    'out[i] from out[i + n], in halves': prange(store(out, [i], load(out, plus(i, n)))),
    'every other element from its neighbours': loop(
      i,
      [1, n, 2],
      [store(out, [i], plus(load(out, minus(i, 1)), load(out, plus(i, 1))))],
    ),
    'even elements from odd ones': prange(store(out, [times(i, 2)], load(out, plus(times(k, 2), 1)))),
    backwards: loop(i, [n, 0, -1], [store(out, [i], load(out, i))]),
    'out[i | 0]': at(op(i, '|', 0)),
    'grid[i, j]': prange(loop(j, [0, extent(grid, 1)], [store(grid, [i, j], load(grid, i, minus(j, 1)))])),
    'grid[0, i] from grid[1, j]': prange(loop(j, [0, n], [store(grid, [0, i], load(grid, 1, j))])),
    'a row': prange(row(view, grid, [i]), loop(j, [0, extent(view)], [store(view, [j], 0)])),
    'a row by its number': prange(
      declare(row1, times(i, extent(grid, 1))),
      loop(j, [0, extent(grid, 1)], [store(out, [plus(row1, j)], 1)]),
    ),
    'out[i * n + j], j < n': inner([0, n], plus(times(i, n), j)),
    'out[(i * n + j) * m + k]': prange(
      loop(j, [0, n], [loop(k, [0, m], [store(out, [plus(times(plus(times(i, n), j), m), k)], 1)])]),
    ),
    'out[i * n + j], j < i': inner([0, i], plus(times(i, n), j)),
    'out[i * n + j], j down from n - 1': inner([minus(n, 1), -1, -1], plus(times(i, n), j)),
    'out[i * 4 + (k & 3)]': prange(
      declare(lo, op(load(array('codes', 1, 'i4'), i), '&', 3)),
      store(out, [plus(times(i, 4), lo)], 1),
    ),
    'blocks, the last one shorter': prange(
      declare(lo, times(i, 64)),
      declare(hi, math('min', plus(lo, 64), n)),
      loop(j, [lo, hi], [store(out, [j], 1)]),
    ),
    'blocks, the last one by select': prange(
      declare(lo, times(i, 64)),
      declare(hi, select(compare(plus(lo, 64), '<', n), plus(lo, 64), n)),
      loop(j, [lo, hi], [store(out, [j], 1)]),
    ),
    'an index that may count from the end, but does not': loop(
      i,
      [1, n],
      [store(out, [fromEnd(minus(i, 1))], load(out, fromEnd(minus(i, 1))))],
    ),
    'an array of its own': prange(allocate(view, 4), store(view, [0], 1), store(view, [1], load(view, 0))),
  }
  test('by what constants around the loop are', () => {
    const rows = scalar('rows', 'i64')
    const columns = scalar('columns', 'i64')
    const around = [declare(rows, extent(grid, 0)), declare(columns, extent(grid, 1))]
    const inner = loop(j, [0, extent(grid, 1)], [store(out, [plus(times(i, columns), j)], 1)])
    const over = loop(i, [0, rows], [inner])
    expect(independence(over).independent).toBe(false)
    expect(independence(over, [...around, over]).independent).toBe(true)
    expect(vectorizable(over, [...around, over]).safe).toBe(true)
    // One that changes is none.
    expect(independence(over, [...around, set(columns, 1), over]).independent).toBe(false)
  })

  test.each(Object.entries(cases))('%s', (_, over) => {
    expect(proven(over).reductions).toEqual([])
  })

  test('by a step that varies and is not 0', () => {
    const moved = plus(k, times(i, m))
    const own = prange(store(out, [moved], 1))
    refused(own)
    proven({ ...own, by: value(m) })
    proven({ ...prange(loop(j, [moved, plus(moved, m)], [store(out, [j], 1)])), by: value(m) })
    refused({ ...prange(store(out, [moved], load(out, plus(moved, 1)))), by: value(m) })
    refused({ ...own, by: value(n) })
  })

  test('doubles, where nothing is rounded', () => {
    const wide = (v: Variable) => convert(v, 'f64')
    const flat = op(op(wide(i), '*', convert(extent(grid, 1), 'f64'), 'f64'), '+', wide(j), 'f64')
    proven(inner([0, extent(grid, 1)], convert(flat, 'i64')))
    // Both parts may be beyond what doubles hold: i * n * n - j * n * n.
    const large = (v: Variable) => op(op(wide(v), '*', wide(n), 'f64'), '*', wide(n), 'f64')
    refused(inner([0, 1], convert(op(large(i), '-', large(j), 'f64'), 'i64')))
  })

  test('private and shared variables, and arrays that must not overlap', () => {
    const t = scalar('t', 'f64')
    const verdict = proven(prange(declare(t, load(x, i)), store(out, [i], times(t, load(grid, i, n)))))
    expect(names(verdict.privates)).toEqual(['t'])
    expect(names(verdict.shared)).toEqual(['x', 'grid', 'n', 'out'])
    expect(verdict.distinct.map(names)).toEqual([
      ['out', 'x'],
      ['out', 'grid'],
    ])
  })
})

describe('counters of loops around', () => {
  const count = scalar('count')
  const at = (r: Variable, c: Variable) => plus(times(r, n), c)
  const columns = loop(j, [0, n], [store(out, [at(i, j)], load(out, at(i, k)))])
  const paths = loop(i, [0, n], [columns])
  const isProven = (over: ForLoop, around: Statement[]) => {
    const { independent } = independence(over, around)
    // Rows are stored into by inner loops, so it is the same of both.
    expect(vectorizable(over, around).safe).toBe(independent)
    return independent
  }
  const within = (bounds: Parameters<typeof loop>[1], ...more: Statement[]) =>
    isProven(paths, [loop(k, bounds, [paths, ...more])])

  test('are within their bounds', () => {
    expect(isProven(paths, [])).toBe(false)
    expect(within([0, n])).toBe(true)
    expect(within([minus(n, 1), -1, -1])).toBe(true)
    expect(within([2, minus(n, 3), 2])).toBe(true)
    expect(isProven(paths, [declare(m, 1), loop(count, [m, n], [loop(k, [count, n], [paths])])])).toBe(true)
    for (const bounds of [
      [0, plus(n, 1)],
      [-1, n],
      [0, m],
      [m, n],
      [n, -1, -1],
    ] as const) {
      expect(within([...bounds])).toBe(false)
    }
  })

  test('where these are still what they were', () => {
    expect(within([0, n], set(count, 1))).toBe(true)
    expect(within([0, n], set(n, 1))).toBe(false)
    expect(within([0, load(x, 0)])).toBe(false)
    expect(within([0, extent(x)])).toBe(false)
  })

  test('of the loops that the prange is in, by a counter of their own', () => {
    expect(isProven(paths, [loop(k, [0, n], []), paths])).toBe(false)
    expect(isProven(paths, [loop(k, [0, n], [paths]), loop(k, [0, m], [])])).toBe(false)
    // Rows of no elements are all the same; in the loop there are some.
    const rows = prange(store(out, [times(i, m)], 1))
    expect(isProven(rows, [loop(k, [0, m], []), rows])).toBe(false)
    expect(isProven(rows, [loop(k, [0, m], [rows])])).toBe(true)
  })

  test('from which others count: rows below the k-th, and columns right of it', () => {
    const change = store(out, [at(i, j)], minus(load(out, at(i, j)), times(load(out, at(i, k)), load(out, at(k, j)))))
    const inner = loop(j, [plus(k, 1), n], [change])
    const below = loop(i, [plus(k, 1), n], [inner])
    const around = [loop(k, [0, n], [below])]
    expect(isProven(below, around)).toBe(true)
    expect(isProven(inner, around)).toBe(true)
    expect(isProven(below, [])).toBe(false)
    expect(isProven(inner, [below])).toBe(false)
    // A pass may have copied it.
    expect(isProven({ ...inner }, around)).toBe(true)
    const all = loop(i, [0, n], [inner])
    expect(isProven(all, [loop(k, [0, n], [all])])).toBe(false)
  })
})

describe('refused', () => {
  const last = scalar('last', 'f64')
  const index = array('index', 1, 'i4')
  const view = array('view')
  const other = array('other')
  const recursive: FunctionIr = { name: 'f', parameters: [], results: [], body: [] }
  const loopLabel = label()
  const call = (...args: Variable[]): Statement => ({ kind: 'call', callee: recursive, args, results: [], position: 7 })

  const cases: Record<string, [ForLoop, RegExp]> = {
    'out[0]': [prange(store(out, [0], load(x, i))), /write the same element of 'out'/],
    'out[index[i]]': [prange(store(out, [load(index, i)], 1)), /write the same element/],
    'out[i % 4]': [prange(store(out, [op(i, '%', 4)], 1)), /write the same element/],
    'out[i * i]': [prange(store(out, [times(i, i)], 1)), /write the same element/],
    'out[i * m], where m may be 0': [prange(store(out, [times(i, m)], 1)), /write the same element/],
    'out[i * m + j], j < n': [
      prange(loop(j, [0, n], [store(out, [plus(times(i, m), j)], 1)])),
      /write the same element/,
    ],
    'out[i + j]': [prange(loop(j, [0, 2], [store(out, [plus(i, j)], 1)])), /write the same element/],
    'out[i * 4 + (k & 7)]': [
      prange(store(out, [plus(times(i, 4), op(load(index, i), '&', 7))], 1)),
      /write the same element/,
    ],
    'a stencil in place': [prange(store(out, [i], load(out, minus(i, 1)))), /read elements of 'out' that others write/],
    'out[i] from out[n - i]': [prange(store(out, [i], load(out, minus(n, i)))), /read elements/],
    'grid[j, 0]': [prange(loop(j, [0, n], [store(grid, [j, 0], 1)])), /write the same element/],
    'a row that all write': [prange(row(view, grid, [0]), store(view, [0], 1)), /write the same element of 'grid'/],
    'an array chosen in the loop': [
      prange(row(view, x, []), when(compare(i, '<', 2), [row(view, out, [], false)]), store(view, [i], 1)),
      /write the same element/,
    ],
    'an outside array that changes': [prange(row(other, out, [], false), store(other, [i], 1)), /stand for another/],
    'an index that moves on': [
      prange(declare(k, times(i, n)), loop(j, [0, n], [store(out, [k], 1), set(k, plus(k, 1))])),
      /write the same element/,
    ],
    'an index that may count from the end': [prange(store(out, [fromEnd(minus(i, 1))], 1)), /write the same element/],
    'a call with the array': [prange(store(out, [i], 1), call(out)), /the same element of 'out'/],
    'a call with a row': [prange(row(view, grid, [i]), call(view)), /the same element of 'grid'/],
    'atomic and plain': [prange(store(out, [0], 1, true), declare(last, load(out, 0))), /read elements/],
    'the last value': [prange(set(last, load(x, i))), /which one comes last/],
    'a running sum': [prange(set(last, plus(last, load(x, i))), store(out, [i], last)), /read 'last' while others/],
    'a recurrence': [prange(set(last, times(plus(last, 1), load(x, i)))), /no reduction/],
    'e - v': [prange(set(last, minus(load(x, i), last))), /no reduction/],
    'v / e and v + e': [prange(set(last, plus(last, 1)), set(last, op(last, '/', 2))), /different operations/],
    'v % e': [prange(set(last, op(last, '%', load(x, i)))), /no reduction/],
    return: [prange({ kind: 'return', values: [], position: 3 }), /return/],
    break: [loop(i, [0, n], [when(compare(i, '>', 3), [{ kind: 'break', label: loopLabel }])], loopLabel), /break/],
    'continue of an outer loop': [prange({ kind: 'continue', label: label() }), /continue/],
  }
  test.each(Object.entries(cases))('%s', (_, [over, reason]) => {
    expect(refused(over).reason).toMatch(reason)
  })

  test('an outer counter whose loop may be empty proves nothing', () => {
    // With n = 0 every iteration writes out[0].
    refused(prange(loop(j, [0, 5], [store(out, [times(i, extent(x))], 1)])))
    proven(prange(loop(j, [0, extent(x)], [store(out, [times(i, extent(x))], 1)])))
  })

  test('both places are told', () => {
    const read = load(out, minus(i, 1))
    const write = store(out, [i], read)
    const verdict = refused(prange(write))
    expect([verdict.first.write, verdict.second.write]).toEqual([true, false])
    expect(verdict.first.position).toBe('position' in write && write.position)
    expect(verdict.second.position).toBe('position' in read && read.position)
  })
})

describe('loops that may become SIMD', () => {
  test('by their elements alone', () => {
    const s = scalar('s', 'f64')
    const safe = vectorizable(prange(store(out, [i], load(x, i)), set(s, plus(s, 1))))
    expect({ ...safe, distinct: safe.distinct.map(names) }).toEqual({ safe: true, distinct: [['out', 'x']] })
    expect(vectorizable(prange(store(out, [i], load(out, minus(i, 1))))).safe).toBe(false)
    expect(vectorizable(prange(store(out, [m], load(x, i)))).safe).toBe(false)
    expect(vectorizable(prange(store(out, [i], 1, true))).safe).toBe(false)
    expect(vectorizable(prange(row(x, out, [], false), store(x, [i], 1))).safe).toBe(false)
  })

  test('of a loop around others, and of one within', () => {
    const inner = loop(k, [0, m], [store(out, [plus(times(plus(times(i, n), j), m), k)], 1)])
    expect(vectorizable(inner).safe).toBe(true)
    expect(vectorizable(loop(j, [0, n], [inner])).safe).toBe(true)
  })

  test('of a region, by the bounds of loops around the prange', () => {
    const eliminate = (size: number, a: Float64Array) => {
      for (let p = 0; p < size; p++) {
        for (const r of iterations(p + 1, size)) {
          const factor = (a[r * size + p] as number) / (a[p * size + p] as number)
          for (let c = p + 1; c < size; c++) (a[r * size + c] as number) -= factor * (a[p * size + c] as number)
        }
      }
      return a
    }
    const matrix = () => Float64Array.from({ length: 400 }, (_, at) => (at % 21 === 0 ? 10 : Math.sin(at)))
    const compiled = njit({ parallel: true }, eliminate)
    expect(compiled(20, matrix())).toEqual(eliminate(20, matrix()))
    expect(compiled.inspectC()).toMatch(/NL_INDEPENDENT\nfor/)
  })
})
