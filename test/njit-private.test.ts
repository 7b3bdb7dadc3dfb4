// Variables from outside a prange that each iteration assigns before it reads them: one for each, and the last one's value
// after the loop, as in plain JavaScript, on every target and for every number of threads.
// SPDX-License-Identifier: MIT

import { describe, expect, test } from 'vitest'
import { withThreads } from '../dist/index.js'
import { njit, prange } from '../dist/njit.js'
import { TARGETS } from './support/njit.ts'

type Source = (n: number, x: Float64Array) => unknown

const right: Record<string, Source> = {
  'assigned first': (n, x) => {
    let y = 0
    for (const i of prange(n)) {
      y = 2 * i
      x[i] = y + 1
    }
    return x
  },
  'the last value': (n, x) => {
    let y = -1
    for (const i of prange(n)) {
      y = (x[i] as number) * 3
      x[i] = y - i
    }
    return y
  },
  'the last value of what nothing reads within': (n) => {
    let y = -1
    for (const i of prange(n)) y = i * i
    return y
  },
  'an index': (n, x) => {
    let at = 0
    for (const i of prange(n)) {
      at = n - 1 - i
      x[at] = i
    }
    return x
  },
  'in both branches': (n, x) => {
    let y = 0
    let sum = 0
    for (const i of prange(n)) {
      if (i % 3 === 0) y = i
      else y = -i
      sum += y
    }
    return [sum, y, x]
  },
  'in a branch, and read there alone': (n, x) => {
    let y = 0
    for (const i of prange(n)) {
      if (i % 3 === 0) {
        y = 5 * i
        x[i] = y
      }
    }
    return x
  },
  'the counter of an inner loop': (n) => {
    let j = 0
    let sum = 0
    for (const i of prange(n)) for (j = 0; j < 4; j++) sum += i * j
    return sum
  },
  'a loop that ends by break': (n, x) => {
    let found = 0
    for (const i of prange(n)) {
      for (;;) {
        found = i + 1
        if (found > 0) break
      }
      x[i] = found
    }
    return x
  },
  'iterations that are left early': (n, x) => {
    let y = 0
    for (const i of prange(n)) {
      if (i % 2 === 0) continue
      y = i
      x[i] = y
    }
    return x
  },
  'several loops': (n, x) => {
    let y = 0
    for (const i of prange(n)) {
      y = i
      x[i] = y
    }
    const between = y
    for (const i of prange(n)) {
      y = (x[i] as number) + 1
      x[i] = y
    }
    return between + y
  },
  'in a loop around': (n, x) => {
    let y = 1
    for (let turn = 0; turn < 3; turn++) {
      for (const i of prange(n)) {
        y = i + turn
        x[i] = (x[i] as number) + y
      }
      if (n > 0) x[0] = (x[0] as number) + y
    }
    return x
  },
  'of a nest': (n) => {
    let y = -1
    let sum = 0
    for (const i of prange(0, n, 1, { collapse: 2 })) {
      for (const j of prange(3)) {
        y = i - j
        sum += y
      }
    }
    return sum + y
  },
  'a flag and a BigInt': (n, x) => {
    let even = false
    let big = 0n
    for (const i of prange(n)) {
      even = i % 2 === 0
      big = BigInt(i)
      x[i] = even ? Number(big) : -1
    }
    return [even, Number(big), x]
  },
  destructured: (n, x) => {
    let a = 0
    let b = 0
    for (const i of prange(n)) {
      ;[a, b] = [i, i + 1]
      x[i] = a * b
    }
    return [a, b, x]
  },
}

describe.each(TARGETS)('on %s', (target) => {
  test.each(Object.entries(right))('%s', (_, source) => {
    const compiled = njit({ parallel: true, target, require: 'compiled' }, source)
    for (const n of [0, 1, 2, 1000]) {
      const values = () => Float64Array.from({ length: n }, (_unused, i) => Math.sin(i))
      const wanted = source(n, values())
      for (const threads of [1, 2, 4]) expect(withThreads(threads, () => compiled(n, values()))).toEqual(wanted)
    }
  })
})

const refused: Record<string, Source> = {
  'read before': (n, x) => {
    let y = 0
    for (const i of prange(n)) {
      x[i] = y
      y = i
    }
    return x
  },
  'assigned in one branch': (n, x) => {
    let y = 0
    for (const i of prange(n)) {
      if (i % 2 === 0) y = i
      x[i] = y
    }
    return x
  },
  'assigned in a loop that may have no turns': (n, x) => {
    let y = 0
    for (const i of prange(n)) {
      for (let j = 0; j < i; j++) y = j
      x[i] = y
    }
    return x
  },
  'assigned by some, and read afterwards': (n, x) => {
    let y = 0
    for (const i of prange(n)) if ((x[i] as number) > 0.5) y = i
    return y
  },
  'assigned by some that are not left early, and read afterwards': (n, x) => {
    let y = 0
    for (const i of prange(n)) {
      if ((x[i] as number) > 0.5) continue
      y = i
    }
    return y
  },
  'a switch without default': (n, x) => {
    let y = 0
    for (const i of prange(n)) {
      switch (i % 3) {
        case 0:
          y = i
          break
        case 1:
          y = -i
      }
      x[i] = y
    }
    return x
  },
}

test.each(Object.entries(refused))('refused: %s', (_, source) => {
  expect(() => njit({ parallel: true }, source)(10, new Float64Array(10))).toThrow(/NL4002/)
})

test('they are told as private, and the last value as a reduction', () => {
  const compiled = njit({ parallel: true }, right['the last value'] as Source)
  compiled(3, new Float64Array(3))
  const [loop] = compiled.parallelDiagnostics().loops
  expect(loop?.privates).toContain('y')
  expect(loop?.reductions).toEqual([{ name: 'y', op: 'last' }])
})

test('what sets a variable to itself does not count', () => {
  const same = (n: number) => {
    let bits = 5
    for (const _ of prange(n)) bits |= 0
    return bits
  }
  expect(njit({ parallel: true }, same)(10)).toBe(5)
})

test('functions that call themselves and only read an array', () => {
  const depths = (left: Int32Array, right: Int32Array, roots: Int32Array, out: Int32Array) => {
    const depth = (node: number): number =>
      node < 0 ? 0 : 1 + Math.max(depth(left[node] as number), depth(right[node] as number))
    for (const i of prange(roots.length)) out[i] = depth(roots[i] as number)
    return out
  }
  const tree = () => {
    const children = (first: number) =>
      Int32Array.from({ length: 100 }, (_, i) => (2 * i + first < 100 ? 2 * i + first : -1))
    return [children(1), children(2), Int32Array.from({ length: 100 }, (_, i) => i), new Int32Array(100)] as const
  }
  const compiled = njit({ parallel: true, threads: 4 }, depths)
  expect(compiled(...tree())).toEqual(depths(...tree()))
  const writes = (left: Int32Array, out: Int32Array) => {
    const mark = (node: number): number => {
      if (node < 0) return 0
      out[node] = 1
      return mark(left[node] as number)
    }
    for (const i of prange(left.length)) mark(i)
    return out
  }
  expect(() => njit({ parallel: true }, writes)(new Int32Array(3).fill(-1), new Int32Array(3))).toThrow(/NL4002/)
})
