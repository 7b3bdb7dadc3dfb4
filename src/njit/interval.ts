// What is known of a number before the program runs: bounds, whether it is whole, -0 and NaN. Each function here bounds the
// result of one operator of JavaScript, so that a type narrower than a double is used only where it changes nothing.
// SPDX-License-Identifier: MIT

export interface Interval {
  readonly kind: 'number'
  readonly lo: number
  readonly hi: number
  /** Whole, unless it is infinite or NaN. */
  readonly whole: boolean
  readonly negativeZero: boolean
  readonly nan: boolean
}

export const MAX_I32 = 2 ** 31 - 1
export const MIN_I32 = -(2 ** 31)
/** Beyond, a double may be an integer that was rounded. */
export const MAX_EXACT = 2 ** 53 - 1

/**
 * Where the bound of a counter goes that is only ever changed by small constants, and begins below half of it: to pass it
 * would take longer than any program runs, so adding to it stays below. It is no number that a program compares with.
 */
const MAX_COUNT = 2 ** 51 + 69_105
const SMALL_STEP = 16

const WIDENING = [0, 1, 2 ** 30, MAX_I32, 2 ** 32, MAX_COUNT, MAX_EXACT, Number.POSITIVE_INFINITY]

export function interval(lo: number, hi: number, whole: boolean, negativeZero = false, nan = false): Interval {
  return { kind: 'number', lo, hi, whole, negativeZero, nan }
}

export const ANY = interval(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, false, true, true)
export const I32 = interval(MIN_I32, MAX_I32, true)
export const U32 = interval(0, 2 ** 32 - 1, true)

export function constant(value: number): Interval {
  if (Number.isNaN(value)) return interval(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true, false, true)
  return interval(value, value, Number.isInteger(value) || !Number.isFinite(value), Object.is(value, -0))
}

/** The narrowest type that holds every value: a double for all that is not proven to be an integer. */
export function representation(a: Interval): 'i32' | 'i64' | 'f64' {
  if (!a.whole || a.negativeZero || a.nan || a.lo > a.hi) return 'f64'
  if (a.lo >= MIN_I32 && a.hi <= MAX_I32) return 'i32'
  return a.lo >= -MAX_EXACT && a.hi <= MAX_EXACT ? 'i64' : 'f64'
}

export function join(a: Interval, b: Interval): Interval {
  return interval(
    Math.min(a.lo, b.lo),
    Math.max(a.hi, b.hi),
    a.whole && b.whole,
    a.negativeZero || b.negativeZero,
    a.nan || b.nan,
  )
}

export function equal(a: Interval, b: Interval): boolean {
  return (
    Object.is(a.lo + 0, b.lo + 0) &&
    Object.is(a.hi + 0, b.hi + 0) &&
    a.whole === b.whole &&
    a.negativeZero === b.negativeZero &&
    a.nan === b.nan
  )
}

/** Of the values in one turn of a loop and the next: bounds that move go far, so that few turns settle them. */
export function widen(before: Interval, after: Interval): Interval {
  const joined = join(before, after)
  const up = (bound: number, begin: number) =>
    WIDENING.find((limit) => limit >= bound && (limit !== MAX_COUNT || begin <= MAX_COUNT / 2)) as number
  return {
    ...joined,
    hi: joined.hi > before.hi ? up(joined.hi, before.hi) : joined.hi,
    lo: joined.lo < before.lo ? -up(-joined.lo, -before.lo) : joined.lo,
  }
}

const contains = (a: Interval, value: number) => a.lo <= value && value <= a.hi
const mayBeInfinite = (a: Interval) => a.lo === Number.NEGATIVE_INFINITY || a.hi === Number.POSITIVE_INFINITY

function held(bound: number, before: number): number {
  return Math.abs(before) === MAX_COUNT && Math.abs(bound) <= MAX_COUNT + SMALL_STEP ? before : bound
}

export function add(a: Interval, b: Interval): Interval {
  let lo = a.lo + b.lo
  let hi = a.hi + b.hi
  if (b.lo === b.hi && a.lo !== a.hi && Math.abs(b.lo) <= SMALL_STEP) {
    lo = held(lo, a.lo)
    hi = held(hi, a.hi)
  }
  const opposite =
    (a.hi === Number.POSITIVE_INFINITY && b.lo === Number.NEGATIVE_INFINITY) ||
    (a.lo === Number.NEGATIVE_INFINITY && b.hi === Number.POSITIVE_INFINITY)
  return interval(
    Number.isNaN(lo) ? Number.NEGATIVE_INFINITY : lo,
    Number.isNaN(hi) ? Number.POSITIVE_INFINITY : hi,
    a.whole && b.whole,
    a.negativeZero && b.negativeZero,
    a.nan || b.nan || opposite,
  )
}

export function negate(a: Interval): Interval {
  return interval(0 - a.hi, 0 - a.lo, a.whole, contains(a, 0), a.nan)
}

export function subtract(a: Interval, b: Interval): Interval {
  const flipped = interval(0 - b.hi, 0 - b.lo, b.whole, false, b.nan)
  return { ...add(a, flipped), negativeZero: a.negativeZero && contains(b, 0) }
}

function corners(a: Interval, b: Interval, op: (x: number, y: number) => number): [number, number] {
  const values = [op(a.lo, b.lo), op(a.lo, b.hi), op(a.hi, b.lo), op(a.hi, b.hi)]
  if (values.some(Number.isNaN)) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  return [Math.min(...values) + 0, Math.max(...values) + 0]
}

export function multiply(a: Interval, b: Interval): Interval {
  const [lo, hi] = corners(a, b, (x, y) => x * y)
  const whole = a.whole && b.whole
  // A product of integers is -0 by a factor of 0 only, one of fractions also by underflow.
  const signs = (x: Interval, y: Interval) => x.lo < 0 && (whole ? contains(y, 0) : y.hi >= 0)
  const infinite = (mayBeInfinite(a) && contains(b, 0)) || (mayBeInfinite(b) && contains(a, 0))
  const negativeZero = a.negativeZero || b.negativeZero || signs(a, b) || signs(b, a)
  return interval(lo, hi, whole, negativeZero, a.nan || b.nan || infinite)
}

export function divide(a: Interval, b: Interval): Interval {
  if (contains(b, 0)) return ANY
  const [lo, hi] = corners(a, b, (x, y) => x / y)
  const positive = a.lo >= 0 && !a.negativeZero && b.lo > 0
  return interval(lo, hi, false, !positive, a.nan || b.nan || (mayBeInfinite(a) && mayBeInfinite(b)))
}

export function remainder(a: Interval, b: Interval): Interval {
  const size = Math.max(Math.abs(b.lo), Math.abs(b.hi)) - (a.whole && b.whole ? 1 : 0)
  const lo = a.lo < 0 ? Math.max(a.lo, -size) : 0
  const hi = a.hi > 0 ? Math.min(a.hi, size) : 0
  const nan = a.nan || b.nan || contains(b, 0) || mayBeInfinite(a)
  return interval(lo, hi, a.whole && b.whole, a.lo < 0 || a.negativeZero, nan)
}

const inI32 = (a: Interval) => !a.nan && a.lo >= MIN_I32 && a.hi <= MAX_I32

/** After ToInt32. */
export function toInt32(a: Interval): Interval {
  return inI32(a) ? interval(Math.trunc(a.lo) + 0, Math.trunc(a.hi) + 0, true) : I32
}

const bitsAbove = (value: number) => 2 ** (32 - Math.clz32(value)) - 1

export function bitwise(op: string, left: Interval, right: Interval): Interval {
  const a = toInt32(left)
  const b = toInt32(right)
  if (op === '&') {
    if (a.lo < 0 && b.lo < 0) return I32
    return interval(0, Math.min(a.lo >= 0 ? a.hi : MAX_I32, b.lo >= 0 ? b.hi : MAX_I32), true)
  }
  if (op === '|' || op === '^') {
    if (right.lo === 0 && right.hi === 0) return a
    return a.lo >= 0 && b.lo >= 0 ? interval(0, bitsAbove(Math.max(a.hi, b.hi)), true) : I32
  }
  return shifted(op, a, b.lo === b.hi ? b.lo & 31 : undefined)
}

/** By a number of bits that is known, or any. */
function shifted(op: string, a: Interval, by: number | undefined): Interval {
  if (by === undefined) {
    if (op === '<<') return I32
    return a.lo >= 0 ? interval(0, a.hi, true) : op === '>>>' ? U32 : I32
  }
  if (op === '>>') return interval(a.lo >> by, a.hi >> by, true)
  if (op === '>>>') return interval(0, (a.lo >= 0 ? a.hi : 0xffffffff) >>> by, true)
  const fits = a.lo * 2 ** by >= MIN_I32 && a.hi * 2 ** by <= MAX_I32
  return fits ? interval(a.lo << by, a.hi << by, true) : I32
}

/** Functions of Math whose results are known better than "a number". */
const FUNCTIONS: Readonly<Record<string, (a: Interval, b: Interval) => Interval>> = {
  floor: (a) => interval(Math.floor(a.lo), Math.floor(a.hi), true, a.negativeZero, a.nan),
  ceil: (a) =>
    interval(Math.ceil(a.lo) + 0, Math.ceil(a.hi) + 0, true, a.negativeZero || (!a.whole && a.lo < 0), a.nan),
  trunc: (a) =>
    interval(Math.trunc(a.lo) + 0, Math.trunc(a.hi) + 0, true, a.negativeZero || (!a.whole && a.lo < 0), a.nan),
  round: (a) =>
    interval(Math.round(a.lo) + 0, Math.round(a.hi) + 0, true, a.negativeZero || (!a.whole && a.lo < 0), a.nan),
  abs: (a) => {
    const size = Math.max(Math.abs(a.lo), Math.abs(a.hi))
    return interval(contains(a, 0) ? 0 : Math.min(Math.abs(a.lo), Math.abs(a.hi)), size, a.whole, false, a.nan)
  },
  sign: (a) => interval(a.lo < 0 ? -1 : 0, a.hi > 0 ? 1 : 0, true, a.negativeZero, a.nan),
  sqrt: (a) =>
    interval(Math.sqrt(Math.max(0, a.lo)), Math.sqrt(Math.max(0, a.hi)), false, a.negativeZero, a.nan || a.lo < 0),
  min: (a, b) =>
    interval(
      Math.min(a.lo, b.lo),
      Math.min(a.hi, b.hi),
      a.whole && b.whole,
      a.negativeZero || b.negativeZero,
      a.nan || b.nan,
    ),
  max: (a, b) =>
    interval(
      Math.max(a.lo, b.lo),
      Math.max(a.hi, b.hi),
      a.whole && b.whole,
      a.negativeZero || b.negativeZero,
      a.nan || b.nan,
    ),
  imul: () => I32,
  clz32: () => interval(0, 32, true),
  random: () => interval(0, 1, false),
  sin: (a) => interval(-1, 1, false, true, a.nan || mayBeInfinite(a)),
  cos: (a) => interval(-1, 1, false, true, a.nan || mayBeInfinite(a)),
  exp: (a) => interval(0, Number.POSITIVE_INFINITY, false, false, a.nan),
}

export function ofMath(name: string, a: Interval, b: Interval): Interval {
  return FUNCTIONS[name]?.(a, b) ?? ANY
}

/** What holds of `a` where `a op b` is true; of `b` by the mirrored operator. Undefined: it cannot be. */
export function where(a: Interval, op: string, b: Interval): Interval | undefined {
  if (op === '!==') return unless(a, b)
  const step = a.whole && b.whole ? 1 : 0
  const most = { '<': b.hi - step, '<=': b.hi, '===': b.hi }[op] ?? Number.POSITIVE_INFINITY
  const least = { '>': b.lo + step, '>=': b.lo, '===': b.lo }[op] ?? Number.NEGATIVE_INFINITY
  const lo = Math.max(a.lo, least)
  const hi = Math.min(a.hi, most)
  if (lo > hi) return undefined
  return interval(lo, hi, a.whole, a.negativeZero && lo <= 0 && hi >= 0, false)
}

/** What holds of `a` where it is not `b`. */
function unless(a: Interval, b: Interval): Interval | undefined {
  if (!a.whole || !b.whole || b.lo !== b.hi || b.nan) return a
  const lo = a.lo === b.lo ? a.lo + 1 : a.lo
  const hi = a.hi === b.hi ? a.hi - 1 : a.hi
  if (lo > hi) return a.nan ? a : undefined
  return { ...a, lo, hi }
}
