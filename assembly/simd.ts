// The seam between kernels and v128: lanes of an element type, and reading and writing them at a stride.
//
// v128's own generic operations (v128.add<T>, ...) need no wrapper. How an operand is accessed is a type here (Unit,
// Repeated, Strided), so that each combination is compiled to a loop of its own. No loops and no formulas in this file.
// SPDX-License-Identifier: MIT

/** Elements of type T in a vector. */
@inline
export function lanes<T>(): isize {
  return 16 / <isize>sizeof<T>()
}

/** The methods of F, a class without state. */
@inline
export function the<F>(): F {
  return changetype<F>(0)
}

/** The larger of two element types' sizes decides how many elements of both one step takes. */
@inline
export function lanesOfBoth<T, U>(): isize {
  return lanes<T>() < lanes<U>() ? lanes<T>() : lanes<U>()
}

/** Elements beside each other. */
@unmanaged
export class Unit {
  /** `count` (2 or 4) elements from `p` on, in the low lanes. */
  @inline
  read<T>(p: usize, stride: isize, count: isize): v128 {
    return count == lanes<T>() ? v128.load(p) : v128.load64_zero(p)
  }

  @inline
  write<T>(p: usize, stride: isize, count: isize, value: v128): void {
    if (count == lanes<T>()) v128.store(p, value)
    else v128.store64_lane(p, value, 0)
  }

  /** The distance of `count` elements in bytes. */
  @inline
  bytes<T>(stride: isize, count: isize): isize {
    return count * <isize>sizeof<T>()
  }
}

/** One element for every lane. */
@unmanaged
export class Repeated {
  @inline
  read<T>(p: usize, stride: isize, count: isize): v128 {
    return v128.load_splat<T>(p)
  }

  @inline
  bytes<T>(stride: isize, count: isize): isize {
    return 0
  }
}

/** One element, in every lane when read: what is left of a loop over vectors. */
@unmanaged
export class Single {
  @inline
  read<T>(p: usize, stride: isize, count: isize): v128 {
    return v128.load_splat<T>(p)
  }

  @inline
  write<T>(p: usize, stride: isize, count: isize, value: v128): void {
    v128.store_lane<T>(p, value, 0)
  }
}

/** Elements at any distance. */
@unmanaged
export class Strided {
  @inline
  read<T>(p: usize, stride: isize, count: isize): v128 {
    const step = stride * <isize>sizeof<T>()
    let value = v128.load_lane<T>(p + step, v128.load_splat<T>(p), 1)
    if (sizeof<T>() == 4 && count == 4) {
      value = v128.load_lane<T>(p + 2 * step, value, 2)
      value = v128.load_lane<T>(p + 3 * step, value, 3)
    }
    return value
  }

  @inline
  write<T>(p: usize, stride: isize, count: isize, value: v128): void {
    const step = stride * <isize>sizeof<T>()
    v128.store_lane<T>(p, value, 0)
    v128.store_lane<T>(p + step, value, 1)
    if (sizeof<T>() == 4 && count == 4) {
      v128.store_lane<T>(p + 2 * step, value, 2)
      v128.store_lane<T>(p + 3 * step, value, 3)
    }
  }

  @inline
  bytes<T>(stride: isize, count: isize): isize {
    return count * stride * <isize>sizeof<T>()
  }
}
