// What a signature says of the result, held against what the code returns.
// SPDX-License-Identifier: MIT

import { NjitError } from '../core/errors.js'
import type { Shape } from './frontend.js'
import { ANY } from './interval.js'
import { isWithin, resultType, type Signature } from './signature.js'
import { describe, UNSET, type Value } from './value.js'

/** Looks at the result of a call. Throws NjitError NL5009. */
export type ResultCheck = (result: unknown) => void

const ADVICE: Readonly<Record<string, string>> = {
  f4: 'Return Math.fround(...), or let the signature say f8.',
  i4: 'Return ... | 0, or let the signature say f8.',
  u4: 'Return ... >>> 0, or let the signature say f8.',
  u8: 'Return what is not negative, or let the signature say i8.',
}

/**
 * What is left to be looked at in each call: whether a number is one of the signature's. Throws NjitError NL5009 where the
 * code returns something else altogether.
 */
export function resultCheck(name: string, signature: Signature, shape: Shape): ResultCheck | undefined {
  const { result } = signature
  if (result === undefined) return undefined
  const refuse = (what: string, advice: string): never => {
    const text = `NL5009: '${name}' returns ${what}, and its signature says ${result}. ${advice}`
    throw new NjitError(text, { code: 'NL5009', function: name })
  }
  const value = valueIn(shape)
  const type = resultType(result)
  const fits = type === undefined ? value.kind === 'unset' : type.accepts({ text: '', value })
  if (!fits) refuse(describe(value), 'Correct one of them; without a result the signature takes any.')
  const { storage, scalar } = type ?? {}
  if (storage === undefined || scalar === undefined || storage === 'f8' || storage === 'i8') return undefined
  const advice = ADVICE[storage] ?? 'Return whole numbers of that range, or let the signature say f8.'
  const isRight = (found: unknown) => {
    if (storage === 'f4') return Object.is(Math.fround(found as number), found)
    return storage === 'u8' ? (found as bigint) >= 0n : isWithin(scalar, found)
  }
  return (found) => {
    if (!isRight(found))
      refuse(typeof found === 'bigint' ? `${found}n` : Object.is(found, -0) ? '-0' : String(found), advice)
  }
}

function valueIn(shape: Shape): Value {
  if (shape.kind === 'none') return UNSET
  if (shape.kind === 'compound') {
    return { kind: 'compound', names: shape.names ?? undefined, fields: shape.fields.map(valueIn) }
  }
  const { type } = shape
  if (typeof type !== 'string') return type
  return type === 'bool' || type === 'big' ? { kind: type } : ANY
}
