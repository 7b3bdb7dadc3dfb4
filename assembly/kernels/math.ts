// Elementary functions, element by element, over the whole range: out[i, j] = f(x[i, j]).
//
// A vector with a lane beyond the range of ../math.ts's fast code takes the way for the rest at once, while x is at
// hand, because out may be x. f32 is computed in f64 and rounded once.
// SPDX-License-Identifier: MIT

import { repairSin } from '../huge_angle'
import { mapUnary } from '../map'
import {
  beyondSin32, beyondSin64, exp32, exp64, expAny, inExpRange, inLogRange, log32, log64, logAny, logSpecial, sin32,
  SIN32_LIMIT, sin64, SIN_LIMIT,
} from '../math'

@inline function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x)
}
@inline function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0))
}
@inline function narrow(first: v128, second: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(first), f32x4.demote_f64x2_zero(second), 0, 2)
}

@inline function sine64(x: v128, quarterTurns: i32): v128 {
  const value = sin64(x, quarterTurns)
  return beyondSin64(x) ? repairSin(value, x, SIN_LIMIT, quarterTurns) : value
}
@inline function sine32(x: v128, quarterTurns: i32): v128 {
  const value = sin32(x, quarterTurns)
  return beyondSin32(x) ? repairSin(value, x, SIN32_LIMIT, quarterTurns) : value
}
@inline function logarithm32(x: v128): v128 {
  const value = log32(x)
  return inLogRange(x) ? value : logSpecial(x, value)
}

@unmanaged class Sin {
  @inline apply<T>(x: v128): v128 {
    return sizeof<T>() == 8 ? sine64(x, 0) : narrow(sine32(low(x), 0), sine32(high(x), 0))
  }
}
@unmanaged class Cos {
  @inline apply<T>(x: v128): v128 {
    return sizeof<T>() == 8 ? sine64(x, 1) : narrow(sine32(low(x), 1), sine32(high(x), 1))
  }
}
@unmanaged class Exp {
  @inline apply<T>(x: v128): v128 {
    if (sizeof<T>() == 4) return narrow(exp32(low(x)), exp32(high(x)))
    return inExpRange(x) ? exp64(x) : expAny(x)
  }
}
@unmanaged class Log {
  @inline apply<T>(x: v128): v128 {
    if (sizeof<T>() == 4) return narrow(logarithm32(low(x)), logarithm32(high(x)))
    return inLogRange(x) ? log64(x) : logAny(x)
  }
}

/** f64: 0.9 ULP; f32: 0.51 ULP. */
export function sin<T>(m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize): void {
  mapUnary<Sin, T, T>(m, n, x, x0, x1, out, out0, out1)
}

/** f64: 0.9 ULP; f32: 0.51 ULP. */
export function cos<T>(m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize): void {
  mapUnary<Cos, T, T>(m, n, x, x0, x1, out, out0, out1)
}

/** f64: 0.95 ULP; f32: 0.53 ULP. */
export function exp<T>(m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize): void {
  mapUnary<Exp, T, T>(m, n, x, x0, x1, out, out0, out1)
}

/** f64: 0.9 ULP; f32: 0.52 ULP. */
export function log<T>(m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize): void {
  mapUnary<Log, T, T>(m, n, x, x0, x1, out, out0, out1)
}
