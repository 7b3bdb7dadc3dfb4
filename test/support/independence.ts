// What tests of the independence of iterations share: variables, loops over `i`, and what is said of them.
// SPDX-License-Identifier: MIT

import { expect } from 'vitest'
import { independence, type Verdict } from '../../dist/njit/independence.js'
import type { Expression, ForLoop, Statement, Variable } from '../../dist/njit/ir.js'
import { array, compare, extent, loop, plus, scalar, select } from './ir.ts'

export const i = scalar('i')
export const j = scalar('j')
export const k = scalar('k')
export const n = scalar('n')
export const m = scalar('m')
export const x = array('x')
export const out = array('out')
export const grid = array('grid', 2)

/** An index of an NDArray. */
export const fromEnd = (index: Expression) => select(compare(index, '<', 0), plus(index, extent(out)), index)
export const prange = (...body: Statement[]): ForLoop => loop(i, [0, n], body)
export const names = (variables: readonly Variable[]) => variables.map(({ name }) => name)

export function proven(over: ForLoop): Extract<Verdict, { independent: true }> {
  const verdict = independence(over)
  if (!verdict.independent) throw new Error(verdict.reason)
  return verdict
}

export function refused(over: ForLoop): Extract<Verdict, { independent: false }> {
  const verdict = independence(over)
  if (verdict.independent) throw new Error('taken for independent')
  expect(verdict.reason).toMatch(/iterations.*\.$/)
  return verdict
}
