// An index beyond the beginning of an NDArray was named in the error as it is counted from the end.
// SPDX-License-Identifier: MIT

import { prange } from '../../../dist/njit.js'

export const seed = 3462

export function program(y, oc, dt) {
  for (const j6 of prange(16)) {
    oc[j6] = dt.get(0, y)
  }
  return [0, 0, 0]
}

export function expected(y, _oc, dt) {
  throw Object.assign(new RangeError('index'), { index: y, size: dt.shape[1] })
}
