// Arithmetic, element by element, correctly rounded by the hardware (0.5 ULP). Integers wrap.
//
// Every kernel: out[i, j] = formula(...) over an m x n grid; strides, aliasing: ../map.ts. A formula is a class without
// state, because AssemblyScript takes types, but no functions, as compile-time parameters.
// SPDX-License-Identifier: MIT

import { mapBinary, mapTernary, mapUnary } from '../map'

@unmanaged class Copy { @inline apply<T>(x: v128): v128 { return x } }
@unmanaged class Negative { @inline apply<T>(x: v128): v128 { return v128.neg<T>(x) } }
@unmanaged class Abs { @inline apply<T>(x: v128): v128 { return v128.abs<T>(x) } }
@unmanaged class Sqrt { @inline apply<T>(x: v128): v128 { return v128.sqrt<T>(x) } }
@unmanaged class Add { @inline apply<T>(x: v128, y: v128): v128 { return v128.add<T>(x, y) } }
@unmanaged class Subtract { @inline apply<T>(x: v128, y: v128): v128 { return v128.sub<T>(x, y) } }
@unmanaged class Multiply { @inline apply<T>(x: v128, y: v128): v128 { return v128.mul<T>(x, y) } }
@unmanaged class Divide { @inline apply<T>(x: v128, y: v128): v128 { return v128.div<T>(x, y) } }
@unmanaged class Fma {
  @inline apply<T>(x: v128, y: v128, z: v128): v128 { return v128.add<T>(v128.mul<T>(x, y), z) }
}
@unmanaged class ToF64 {
  @inline apply<T>(x: v128): v128 {
    return isFloat<T>() ? f64x2.promote_low_f32x4(x) : f64x2.convert_low_i32x4_s(x)
  }
}
@unmanaged class ToF32 {
  @inline apply<T>(x: v128): v128 {
    return isFloat<T>() ? f32x4.demote_f64x2_zero(x) : f32x4.convert_i32x4_s(x)
  }
}

export function copy<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize,
): void {
  mapUnary<Copy, T, T>(m, n, x, x0, x1, out, out0, out1)
}

export function negative<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize,
): void {
  mapUnary<Negative, T, T>(m, n, x, x0, x1, out, out0, out1)
}

export function abs<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize,
): void {
  mapUnary<Abs, T, T>(m, n, x, x0, x1, out, out0, out1)
}

export function sqrt<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize,
): void {
  mapUnary<Sqrt, T, T>(m, n, x, x0, x1, out, out0, out1)
}

export function add<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, y: usize, y0: isize, y1: isize,
  out: usize, out0: isize, out1: isize,
): void {
  mapBinary<Add, T>(m, n, x, x0, x1, y, y0, y1, out, out0, out1)
}

export function subtract<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, y: usize, y0: isize, y1: isize,
  out: usize, out0: isize, out1: isize,
): void {
  mapBinary<Subtract, T>(m, n, x, x0, x1, y, y0, y1, out, out0, out1)
}

export function multiply<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, y: usize, y0: isize, y1: isize,
  out: usize, out0: isize, out1: isize,
): void {
  mapBinary<Multiply, T>(m, n, x, x0, x1, y, y0, y1, out, out0, out1)
}

export function divide<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, y: usize, y0: isize, y1: isize,
  out: usize, out0: isize, out1: isize,
): void {
  mapBinary<Divide, T>(m, n, x, x0, x1, y, y0, y1, out, out0, out1)
}

/** out = x * y + z, rounded twice: wasm without relaxed SIMD has no fused instruction. */
export function fma<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, y: usize, y0: isize, y1: isize,
  z: usize, z0: isize, z1: isize, out: usize, out0: isize, out1: isize,
): void {
  mapTernary<Fma, T>(m, n, x, x0, x1, y, y0, y1, z, z0, z1, out, out0, out1)
}

/** out = x as float64, exact. */
export function to_f64<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize,
): void {
  mapUnary<ToF64, T, f64>(m, n, x, x0, x1, out, out0, out1)
}

/** out = x rounded to float32. */
export function to_f32<T>(
  m: isize, n: isize, x: usize, x0: isize, x1: isize, out: usize, out0: isize, out1: isize,
): void {
  mapUnary<ToF32, T, f32>(m, n, x, x0, x1, out, out0, out1)
}
