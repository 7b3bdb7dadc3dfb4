// Level 1 BLAS beyond dot. Levels 2 and 3 are the C++ backends' alone.
// SPDX-License-Identifier: MIT

import { lanes, Strided, the, Unit } from '../simd'

/** y <- alpha * x + y, with strides in elements; x may be y, with its stride. */
export function axpy<T>(n: isize, alpha: T, x: usize, xs: isize, y: usize, ys: isize): void {
  if (xs == 1 && ys == 1) axpyLoop<T, Unit>(n, alpha, x, xs, y, ys)
  else axpyLoop<T, Strided>(n, alpha, x, xs, y, ys)
}

function axpyLoop<T, Each>(n: isize, alpha: T, x: usize, xs: isize, y: usize, ys: isize): void {
  const count = lanes<T>()
  const factor = v128.splat<T>(alpha)
  for (; n >= count; n -= count) {
    const product = v128.mul<T>(factor, the<Each>().read<T>(x, xs, count))
    the<Each>().write<T>(y, ys, count, v128.add<T>(product, the<Each>().read<T>(y, ys, count)))
    x += the<Each>().bytes<T>(xs, count)
    y += the<Each>().bytes<T>(ys, count)
  }
  for (; n > 0; n--) {
    store<T>(y, <T>(alpha * load<T>(x) + load<T>(y)))
    x += xs * sizeof<T>()
    y += ys * sizeof<T>()
  }
}
