// Functions that always throw, anywhere in an expression: what is before them is done, and nothing after.
// SPDX-License-Identifier: MIT

import { expect, test } from 'vitest'
import { njit } from '../dist/njit.js'
import { type Any, TARGETS } from './support/njit.ts'

/** `h` throws; `g` tells that it was called. */
const BODIES = [
  'x = h(1); return x',
  'x += h(1); return x',
  'x = 1 + h(1); return x',
  'let y = 1 + h(1); return y',
  'return 1 + h(1)',
  'return h(1)',
  'return [h(1), 2]',
  'o[0] = h(1); return 1',
  'o[h(1)] = 1; return 1',
  'o[g(0)] = h(1); return 1',
  'o[g(0)] += h(g(1)); return 1',
  'g(h(1)); return 1',
  'return g(0) + h(1) + g(2)',
  'return Math.max(g(0), h(1), g(2))',
  'if (h(1) > 1) return 1; return 2',
  'if (g(1) > 5 || h(1) > 1) return 1; return 2',
  'while (h(1) > 1) x++; return 2',
  'do { o[0]++ } while (h(1) > 1); return 2',
  'for (let i = h(1); i < 2; i++) o[0]++; return 1',
  'for (let i = 0; i < h(1); i++) o[0]++; return 1',
  'for (let i = 0; i < 3; i += h(1)) o[i]++; return 1',
  'for (let i = 0; i < 3; h(1)) o[i]++; return 1',
  'switch (h(1)) { case 1: return 1 } return 2',
  'switch (x) { case h(1): return 1 } return 2',
  'return x > 3 ? h(1) : 5',
  'return x > 9 ? h(1) : 5',
  'return x > 9 ? h(1) : h(2)',
  'x = x > 3 ? h(1) : h(2); return x',
  'x > 3 && h(1); return x',
  'x > 9 && h(1); return x',
  'x = x > 3 && h(1) ? 1 : 2; return x',
  'x = (g(1), h(2), g(3)); return x',
  'x = -h(1); return x',
  'x = h(1) | 0; return x',
  'let [a, b] = [g(0), h(1)]; return a',
  'const { a, b } = { a: g(0), b: h(1) }; return a',
  'x = o[h(1)]; return x',
  'x = o[h(1)]++; return x',
  'o[h(1)]++; return x',
  'x ||= h(1); return x',
  'x &&= h(1); return x',
  'const k = (a, b = h(1)) => a; return k(g(0))',
  'const k = (a, b = h(1)) => a; return k(g(0), 2)',
  'const k = (a) => { x = h(a); return 1 }; return k(g(0)) + g(1)',
  'const k = (a) => { if (a > 1) x = h(a); return 1 }; return k(g(0)) + g(1)',
  'const k = (a) => { if (a > 1) x = h(a); return 1 }; return k(g(0)) + k(g(2))',
  'for (let i = 0; i < 4; i++) { if (i === 2) x = h(1); o[i] = 1 } return x',
  'for (let i = 0; i < 4; i++) { if (i === 7) x += h(1); o[i] = 1 } return x',
  'for (const v of new Float64Array(h(1))) x += v; return x',
  'const q = new Float64Array(h(1)); return q.length',
  'throw new Error("a" ); return h(1)',
  'const y = new Float64Array([g(0), h(1)]); return y[0]',
  'lab: { x = h(1); break lab } return x',
  'return Number(h(1))',
  'return (() => h(1) + 1)()',
  'const z = () => { h(1) }; z(); return 1',
  'const z = () => { x = h(1) }; z(); return 1',
  'x = ((v) => { throw new Error("in") })(g(0)); return 1',
  'x++; x = h(x) + x; return x',
]
const FUNCTIONS = `
  const h = (v) => { throw new Error('left'); return 0 }
  const g = (v) => { o[v] = v + 1; return v }`

const run = (fn: Any): [result: unknown, o: Float64Array] => {
  const o = new Float64Array(4)
  try {
    return [fn(5, o), o]
  } catch (error) {
    return [(error as Error).message, o]
  }
}

test.each(BODIES)('%s', (body) => {
  const source = new Function(`return (x, o) => { ${FUNCTIONS}; ${body} }`)()
  const wanted = run(source)
  for (const target of TARGETS) expect(run(njit({ target, name: 'f' }, source))).toEqual(wanted)
})
