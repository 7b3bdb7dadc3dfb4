// The classic loops by which compilers and threads are compared.
// SPDX-License-Identifier: MIT

import { constant, FLAT, madd } from '../math'
import { lanes, Single, the, Unit } from '../simd'

const MAX_PARTIALS: isize = 512

/**
 * out[0] = the integral of sin(x + y) over [0, pi]^2 by the midpoint rule on n x n cells; the true value is 0. Rows are
 * added up in the ranges that C++ deals out to its threads.
 */
export function integral2d<T>(n: isize, out: usize): void {
  const h = Math.PI / <f64>n
  const grain = (n + MAX_PARTIALS - 1) / MAX_PARTIALS
  let total = 0.0
  for (let begin: isize = 0; begin < n; begin += grain) {
    const end = begin + grain < n ? begin + grain : n
    let partial = 0.0
    for (let i = begin; i < end; i++) partial += integralRow(n, h * (<f64>i + 0.5), h)
    total = begin == 0 ? partial : total + partial
  }
  store<f64>(out, total * h * h)
}

/** The sum of sin(x + h * (j + 1/2)) over j < n. */
function integralRow(n: isize, x: f64, h: f64): f64 {
  const sums = sumOfSines(n / 2, f64x2.splat(x), f64x2.splat(h), f64x2(0.5, 1.5))
  const sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)
  if (n % 2 == 0) return sum
  return sum + f64x2.extract_lane(sumOfSines(1, f64x2.splat(x), f64x2.splat(h), f64x2.splat(<f64>n - 0.5)), 0)
}

/** The sum of sin(x + h * t), lane by lane, over `count` steps of t by 2; arguments from 0 to 2 pi. */
function sumOfSines(count: isize, x: v128, h: v128, t: v128): v128 {
  // Loaded, not written as literals: see constant().
  const inverse = constant(FLAT, 0), round = constant(FLAT, 1)
  const part1 = constant(FLAT, 2), part2 = constant(FLAT, 3), two = constant(FLAT, 4)
  const c0 = constant(FLAT, 5), c1 = constant(FLAT, 6), c2 = constant(FLAT, 7), c3 = constant(FLAT, 8)
  const c4 = constant(FLAT, 9), c5 = constant(FLAT, 10), c6 = constant(FLAT, 11), c7 = constant(FLAT, 12)
  let sums = f64x2.splat(0)
  for (; count > 0; count--) {
    const angle = madd(h, t, x)
    const shifted = madd(angle, inverse, round)
    const k = f64x2.sub(shifted, round)
    const r = madd(k, part2, madd(k, part1, angle))
    const s = f64x2.mul(r, r)
    const s2 = f64x2.mul(s, s)
    const low = madd(s2, madd(s, c3, c2), madd(s, c1, c0))
    const high = madd(s2, madd(s, c7, c6), madd(s, c5, c4))
    const sine = madd(f64x2.mul(r, s), madd(f64x2.mul(s2, s2), high, low), r)
    // k is odd where its lowest bit, which `shifted` ends with, is 1: sin(x) = -sin(x - k pi).
    sums = f64x2.add(sums, v128.xor(sine, i64x2.shl(shifted, 63)))
    t = f64x2.add(t, two)
  }
  return sums
}

/**
 * One Jacobi sweep of the heat equation: w[i, j] = the mean of u's four neighbours inside an m x n grid (rows
 * contiguous), the border copied; change[0] = the largest |w - u|, NaN if there is one.
 */
export function plate_sweep<T>(m: isize, n: isize, u: usize, w: usize, change: usize): void {
  const bytes = n * <isize>sizeof<T>()
  memory.copy(w, u, bytes)
  let largest = v128.splat<T>(0)
  for (let i: isize = 1; i < m - 1; i++) {
    u += bytes
    w += bytes
    store<T>(w, load<T>(u))
    store<T>(w + bytes - sizeof<T>(), load<T>(u + bytes - sizeof<T>()))
    largest = sweepRow<T>(n - 2, u + sizeof<T>(), w + sizeof<T>(), bytes, largest)
  }
  memory.copy(w + bytes, u + bytes, bytes)
  largest = larger<T>(largest, v128.shuffle<i64>(largest, largest, 1, 0))
  if (sizeof<T>() == 4) largest = larger<T>(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2))
  store<T>(change, v128.extract_lane<T>(largest, 0))
}

/** The inner elements of a row, rows being `bytes` apart. Returns the larger of `largest` and each |w - u|. */
function sweepRow<T>(n: isize, u: usize, w: usize, bytes: isize, largest: v128): v128 {
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    largest = sweepStep<T, Unit>(u, w, bytes, largest)
    u += 16
    w += 16
  }
  for (; n > 0; n--) {
    largest = sweepStep<T, Single>(u, w, bytes, largest)
    u += sizeof<T>()
    w += sizeof<T>()
  }
  return largest
}

@inline function sweepStep<T, Each>(u: usize, w: usize, bytes: isize, largest: v128): v128 {
  const here = the<Each>().read<T>(u, 1, lanes<T>())
  let sum = v128.add<T>(the<Each>().read<T>(u - bytes, 1, lanes<T>()), the<Each>().read<T>(u + bytes, 1, lanes<T>()))
  sum = v128.add<T>(sum, the<Each>().read<T>(u - sizeof<T>(), 1, lanes<T>()))
  sum = v128.add<T>(sum, the<Each>().read<T>(u + sizeof<T>(), 1, lanes<T>()))
  const mean = v128.mul<T>(v128.splat<T>(<T>0.25), sum)
  the<Each>().write<T>(w, 1, lanes<T>(), mean)
  return larger<T>(largest, v128.abs<T>(v128.sub<T>(mean, here)))
}

/** The larger of absolute values. Their bits are in order as integers, with NaN above all numbers. */
@inline function larger<T>(a: v128, b: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.max_s(a, b) : v128.bitselect(a, b, i64x2.gt_s(a, b))
}

/**
 * One step of n bodies under gravity (G = 1), all pairs, softened: velocities get dt * acceleration, then positions get
 * dt * velocity (symplectic Euler). position and velocity hold n x, then n y, then n z. A lane is a body that is
 * pulled, so that each acceleration is summed in the order of the bodies.
 */
export function nbody_step<T>(n: isize, dt: T, softening: T, mass: usize, position: usize, velocity: usize): void {
  const softening2 = v128.splat<T>(<T>(softening * softening))
  let i: isize = 0
  for (; i + lanes<T>() <= n; i += lanes<T>()) accelerate<T, Unit>(n, i, dt, softening2, mass, position, velocity)
  for (; i < n; i++) accelerate<T, Single>(n, i, dt, softening2, mass, position, velocity)
  for (let k: isize = 0; k < 3 * n; k++) {
    const p = position + k * sizeof<T>()
    store<T>(p, <T>(load<T>(p) + dt * load<T>(velocity + k * sizeof<T>())))
  }
}

/** Adds dt * acceleration to the velocities of the bodies from i on that Each reads. */
function accelerate<T, Each>(
  n: isize, i: isize, dt: T, softening2: v128, mass: usize, position: usize, velocity: usize,
): void {
  const axis = n * <isize>sizeof<T>()
  const own = i * <isize>sizeof<T>()
  const xi = the<Each>().read<T>(position + own, 1, lanes<T>())
  const yi = the<Each>().read<T>(position + own + axis, 1, lanes<T>())
  const zi = the<Each>().read<T>(position + own + 2 * axis, 1, lanes<T>())
  const zero = v128.splat<T>(0)
  let ax = zero, ay = zero, az = zero
  for (const end = mass + axis; mass < end; mass += sizeof<T>()) {
    const dx = v128.sub<T>(v128.load_splat<T>(position), xi)
    const dy = v128.sub<T>(v128.load_splat<T>(position + axis), yi)
    const dz = v128.sub<T>(v128.load_splat<T>(position + 2 * axis), zi)
    const plane2 = v128.add<T>(v128.mul<T>(dx, dx), v128.mul<T>(dy, dy))
    const r2 = v128.add<T>(v128.add<T>(plane2, v128.mul<T>(dz, dz)), softening2)
    const quotient = v128.div<T>(v128.load_splat<T>(mass), v128.mul<T>(r2, v128.sqrt<T>(r2)))
    // A body does not pull itself, also where the softening is 0.
    const pull = v128.and(quotient, v128.gt<T>(r2, zero))
    ax = v128.add<T>(ax, v128.mul<T>(pull, dx))
    ay = v128.add<T>(ay, v128.mul<T>(pull, dy))
    az = v128.add<T>(az, v128.mul<T>(pull, dz))
    position += sizeof<T>()
  }
  const step = v128.splat<T>(dt)
  const v = velocity + own
  push<T, Each>(v, step, ax)
  push<T, Each>(v + axis, step, ay)
  push<T, Each>(v + 2 * axis, step, az)
}

@inline function push<T, Each>(v: usize, step: v128, acceleration: v128): void {
  const before = the<Each>().read<T>(v, 1, lanes<T>())
  the<Each>().write<T>(v, 1, lanes<T>(), v128.add<T>(before, v128.mul<T>(step, acceleration)))
}
