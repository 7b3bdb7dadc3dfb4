// Sines of arguments beyond the vector loops, one at a time: reduction modulo pi/2 by the method of Payne and Hanek.
//
// Only the bits of 2/pi that matter for the fraction of x * 2/pi, and for its integer part modulo 4, are multiplied.
// SPDX-License-Identifier: MIT

import { sinOfAngle } from './math'

/** 64 zeros, then the first 1216 bits of 2/pi. */
const TWO_OVER_PI: usize = memory.data<u64>([
  0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
  0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41,
  0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
  0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
])
/** pi/2 * 2^63 */
const HALF_PI: u64 = 0xc90fdaa22168c234

/** The upper half of a product. */
function multiplyHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff, a1 = a >> 32
  const b0 = b & 0xffffffff, b1 = b >> 32
  const middle = a1 * b0 + (a0 * b0 >> 32)
  const other = a0 * b1 + (middle & 0xffffffff)
  return a1 * b1 + (middle >> 32) + (other >> 32)
}

/** 64 bits of 2/pi, the first of which is number `first` of TWO_OVER_PI. */
function bitsFrom(first: i32): u64 {
  const word = TWO_OVER_PI + (first >> 6 << 3)
  const shift = <u64>(first & 63)
  const bits = load<u64>(word) << shift
  return shift == 0 ? bits : bits | load<u64>(word, 8) >> (64 - shift)
}

/** |x| / (pi/2) modulo 4 in 128 bits (high, low), two of them before the binary point. */
function quadrants(bits: u64): v128 {
  const integer = (bits & 0x000fffffffffffff) | 0x0010000000000000
  // |x| is integer * 2^power. Bits of 2/pi above the one of weight 2^(1 - power) give multiples of 4.
  const power = <i32>(bits >> 52 & 0x7ff) - 1075
  const next = bitsFrom(power + 126)
  const carried = multiplyHigh(integer, bitsFrom(power + 190))
  const low = integer * next + carried
  const high = integer * bitsFrom(power + 62) + multiplyHigh(integer, next) + u64(low < carried)
  return i64x2(high, low)
}

/** sin(x + quarterTurns * pi/2) for any |x| >= 2^10; NaN for infinity. */
export function sinHuge(x: f64, quarterTurns: i32): f64 {
  if (!isFinite(x)) return NaN
  const bits = reinterpret<u64>(x)
  const product = quadrants(bits)
  const whole = <u64>i64x2.extract_lane(product, 0)
  let low = <u64>i64x2.extract_lane(product, 1)
  let high = whole << 2 | low >> 62
  low <<= 2
  let quadrant = whole >> 62
  // More than half a quadrant is counted down from the next one.
  const above = high >> 63 != 0
  if (above) {
    quadrant++
    high = ~high + u64(low == 0)
    low = 0 - low
  }
  const zeros = clz(high)
  const leading = zeros == 0 ? high : high << zeros | low >> (64 - zeros)
  const value = multiplyHigh(leading, HALF_PI)
  const y = value + 0x400 & ~0x7ff
  const negative = bits >> 63 != 0
  const unit = reinterpret<f64>((960 - zeros) << 52)
  const sign = above != negative ? -unit : unit
  const head = f64x2.splat(<f64>y * sign)
  const tail = f64x2.splat(<f64><i64>(y - value) * sign)
  const turns = (negative ? 0 - quadrant : quadrant) + quarterTurns
  return f64x2.extract_lane(sinOfAngle(head, tail, i64x2.splat(turns)), 0)
}

/** `values` with the lanes that are beyond `limit` in x replaced by the sine of x plus quarterTurns. */
export function repairSin(values: v128, x: v128, limit: f64, quarterTurns: i32): v128 {
  const first = f64x2.extract_lane(x, 0)
  const second = f64x2.extract_lane(x, 1)
  if (Math.abs(first) > limit) values = f64x2.replace_lane(values, 0, sinHuge(first, quarterTurns))
  if (Math.abs(second) > limit) values = f64x2.replace_lane(values, 1, sinHuge(second, quarterTurns))
  return values
}
