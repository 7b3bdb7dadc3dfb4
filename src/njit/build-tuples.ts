// Tuples at an index that varies, and loops over them, in the typed form: one of their elements is chosen.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { type Builder, type Built, flatten, NONE, scalarBuilt } from './build.js'
import { scalarIn, valueAt } from './build-expressions.js'
import type { Interval } from './interval.js'
import type { Expression, Position } from './ir.js'
import { both, compare, constantOf, convert, math, not, use } from './typed.js'
import { anyField, type Compound, scalarOf, type Value } from './value.js'

/** The element of a tuple at an index; out of bounds it is a RangeError. */
export function elementOfTuple(b: Builder, node: es.MemberExpression, tuple: Built, at: Expression): Built {
  const value = valueAt(b, node.object) as Compound
  const { length } = value.fields
  const index = use(b.let('', at, node.start))
  const { lo, hi, whole, nan } = valueAt(b, node.property) as Interval
  if (!(whole && !nan && lo >= 0 && hi < length)) {
    const within = both(compare('>=', index, constantOf('i32', 0)), compare('<', index, constantOf('i32', length)))
    const exact = index.type === 'f64' ? both(within, compare('==', math('f64', 'trunc', index), index)) : within
    const value = convert(index, 'f64')
    b.emit({ kind: 'fail', when: not(exact), failure: { tuple: length }, value, position: node.property.start })
  }
  return chosen(elementsOf(tuple), index, anyField(value) as Value)
}

const elementsOf = (tuple: Built): readonly Built[] => (tuple.kind === 'compound' ? tuple.fields : [])

/** The one at an index that is in bounds. */
export function chosen(list: readonly Built[], index: Expression, value: Value): Built {
  if (value.kind === 'compound') {
    const fields = value.fields.map((field, i) =>
      chosen(
        list.map((built) => elementsOf(built)[i] ?? NONE),
        index,
        field,
      ),
    )
    return { kind: 'compound', fields }
  }
  const type = scalarOf(value) ?? 'f64'
  const [last, ...others] = list.map((built) => convert(scalarIn(built), type)).reverse() as [
    Expression,
    ...Expression[],
  ]
  const choice = others.reduce<Expression>((no, yes, i) => {
    const condition = compare('==', index, constantOf('i32', others.length - 1 - i))
    return { kind: 'select', type, condition, yes, no }
  }, last)
  return scalarBuilt(choice)
}

/** A tuple whose elements keep the values that they have now. */
export function keptTuple(b: Builder, tuple: Built, position: Position): Built[] {
  const keep = (built: Built): Built => {
    if (built.kind === 'compound') return { kind: 'compound', fields: built.fields.map(keep) }
    const expression = scalarIn(built)
    return expression.kind === 'constant' ? built : scalarBuilt(use(b.let('', expression, position)))
  }
  return flatten(tuple).length === 0 ? [] : elementsOf(tuple).map(keep)
}
