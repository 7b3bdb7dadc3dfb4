// Quicksort in place: Hoare's partition around the middle element, and recursion.
// SPDX-License-Identifier: MIT

import { numbers } from './inputs.mjs'

function quicksort(a, low, high) {
  if (low >= high) return
  const pivot = a[(low + high) >> 1]
  let i = low
  let j = high
  while (i <= j) {
    while (a[i] < pivot) i++
    while (a[j] > pivot) j--
    if (i <= j) {
      const left = a[i]
      a[i] = a[j]
      a[j] = left
      i++
      j--
    }
  }
  quicksort(a, low, j)
  quicksort(a, i, high)
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'quicksort',
  about: (n) => `quicksort of ${n} numbers`,
  js: quicksort,
  options: {},
  tests: [0, 1, 2, 10, 1000],
  bench: 1_000_000,
  make: (n) => [numbers(n, -100, 100, 1), 0, n - 1],
  outputs: [0],
  check(_, [a], n) {
    const expected = numbers(n, -100, 100, 1).sort()
    const wrong = expected.findIndex((value, i) => a[i] !== value)
    if (wrong >= 0) throw new Error(`a[${wrong}] is ${a[wrong]} and should be ${expected[wrong]}`)
  },
}
