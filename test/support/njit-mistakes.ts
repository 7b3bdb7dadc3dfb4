// Functions that njit refuses, each with a mistake that people make, as the text of a file's lines.
// SPDX-License-Identifier: MIT

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: one of the mistakes

export interface Mistake {
  /** The name of the golden file. */
  readonly name: string
  /** An expression: the call of njit. */
  readonly source: string
  /** Expressions: the arguments of the first call. */
  readonly args?: string
}

const A = 'new Float64Array(3)'
const M = 'nl.zeros([2, 3])'

export const MISTAKES: readonly Mistake[] = [
  { name: 'free-name', source: 'njit((x) => x * scale)', args: '1' },
  { name: 'free-function', source: 'njit((x) => square(x) + 1)', args: '1' },
  { name: 'free-array', source: 'njit((i) => table[i])', args: '1' },
  { name: 'own-variable', source: 'njit((n) => (n < 2 ? n : mistake(n - 1)))', args: '3' },
  { name: 'unknown-assignment', source: 'njit((a) => {\n  total = 0\n  return total\n})', args: A },
  { name: 'constant-assigned', source: 'njit((n) => {\n  const sum = 0\n  sum += n\n  return sum\n})', args: '1' },
  { name: 'var', source: 'njit((n) => {\n  var x = n\n  return x\n})', args: '1' },
  { name: 'string', source: "njit((n) => (n === 'a' ? 1 : 2))", args: '1' },
  { name: 'string-concatenation', source: 'njit((n) => `n is ${n}`)', args: '1' },
  { name: 'console-log', source: 'njit((n) => {\n  console.log(n)\n  return n\n})', args: '1' },
  { name: 'try', source: 'njit((n) => {\n  try {\n    return n\n  } catch {\n    return 0\n  }\n})', args: '1' },
  {
    name: 'throw-with-value',
    source: "njit((n) => {\n  if (n < 0) throw new Error('bad ' + n)\n  return n\n})",
    args: '1',
  },
  { name: 'for-in', source: 'njit((a) => {\n  let s = 0\n  for (const i in a) s += a[i]\n  return s\n})', args: A },
  { name: 'for-each', source: 'njit((a) => {\n  let s = 0\n  a.forEach((x) => { s += x })\n  return s\n})', args: A },
  { name: 'map', source: 'njit((a) => a.map((x) => x * 2))', args: A },
  { name: 'array-push', source: 'njit((n) => {\n  const list = []\n  list.push(n)\n  return list\n})', args: '1' },
  { name: 'new-array', source: 'njit((n) => {\n  const list = new Array(n)\n  return list[0]\n})', args: '3' },
  { name: 'tuple-index', source: 'njit((i) => {\n  const t = [1, 2, true]\n  return t[i]\n})', args: '1' },
  { name: 'tuple-store', source: 'njit((i) => {\n  const t = [1, 2]\n  t[0] = i\n  return t[0]\n})', args: '1' },
  { name: 'object-store', source: 'njit((i) => {\n  const p = { x: 1 }\n  p.x = i\n  return p.x\n})', args: '1' },
  { name: 'length-store', source: 'njit((x) => {\n  x.length = 3\n})', args: A },
  { name: 'shape-store', source: 'njit((m) => {\n  m.shape = 3\n})', args: M },
  { name: 'global-namespace', source: 'njit({ globals: { nl } }, (n) => nl.zeros([n]))', args: '3' },
  { name: 'global-renamed', source: 'njit({ globals: { each: prange } }, (n) => n)', args: '3' },
  { name: 'global-math', source: 'njit({ globals: { sin: Math.sin } }, (x) => sin(x))', args: '3' },
  {
    name: 'global-shadowed',
    source: 'njit({ globals: { z: 5 } }, (x) => {\n  const y = z + x\n  const z = 1\n  return y + z\n})',
    args: '1',
  },
  {
    name: 'either-function',
    source: 'njit((n) => {\n  const f = n > 2 ? (x) => x + 1 : (x) => x * 2\n  return f(n)\n})',
    args: '1',
  },
  {
    name: 'loop-head-function',
    source: 'njit((n) => {\n  let s = 0\n  for (let i = 0, f = () => i; i < n; i++) s += f()\n  return s\n})',
    args: '3',
  },
  {
    name: 'loop-update-function',
    source:
      'njit((n) => {\n  let s = 0\n  let f\n  for (let i = 0; i < n; i++, s += f()) {\n    f = () => i\n  }\n  return s\n})',
    args: '3',
  },
  { name: 'math-value', source: 'njit((x) => {\n  const { sqrt } = Math\n  return sqrt(x)\n})', args: '1' },
  { name: 'math-function-value', source: 'njit((x) => {\n  const f = Math.atan2\n  return f(x, 1)\n})', args: '1' },
  { name: 'number-value', source: 'njit((x) => {\n  const call = (f) => f(x)\n  return call(Number)\n})', args: '1' },
  { name: 'engine-function', source: 'njit((x) => {\n  const now = Date.now\n  return now() - x\n})', args: '1' },
  { name: 'math-member', source: 'njit((x) => Math.valueOf() + x)', args: '1' },
  { name: 'instanceof', source: 'njit((x) => x instanceof Float64Array)', args: A },
  { name: 'in', source: 'njit((x, i) => i in x)', args: `${A}, 1` },
  { name: 'library-function', source: 'njit((a) => nl.sum(a))', args: M },
  { name: 'creation-bare', source: 'njit((n) => zeros([n]))', args: '3' },
  { name: 'creation-member', source: 'njit((n) => my.ones([n]))', args: '3' },
  {
    name: 'range-member',
    source: 'njit((n) => {\n  let s = 0\n  for (const i of my.range(n)) s += i\n  return s\n})',
    args: '3',
  },
  { name: 'function-returned', source: 'njit((n) => {\n  const f = (x) => x + n\n  return { f, n }\n})', args: '3' },
  { name: 'engine-object', source: 'njit((n) => process.pid + n)', args: '1' },
  { name: 'import-meta', source: 'njit((n) => import.meta.url)', args: '1' },
  { name: 'new-target', source: 'njit(function f(n) {\n  return new.target\n})', args: '1' },
  { name: 'import-call', source: "njit((n) => import('numloom'))", args: '1' },
  { name: 'class-expression', source: 'njit((n) => {\n  const P = class {}\n  return n\n})', args: '1' },
  { name: 'tagged-template', source: 'njit((n) => String.raw`n`)', args: '1' },
  { name: 'tuple-of-arrays', source: 'njit((x, k) => {\n  const t = [x, x]\n  return t[k][0]\n})', args: `${A}, 1` },
  {
    name: 'tuple-of-arrays-loop',
    source: 'njit((x) => {\n  let s = 0\n  for (const a of [x, x]) s += a[0]\n  return s\n})',
    args: A,
  },
  { name: 'object-method', source: 'njit((x) => {\n  const o = { f: (v) => v + 1 }\n  return o.f(x)\n})', args: '1' },
  { name: 'typed-array-of', source: 'njit((x) => Float64Array.of(x, 2))', args: '1' },
  { name: 'void', source: 'njit((x) => {\n  const f = () => x\n  return void f()\n})', args: '1' },
  { name: 'prototype', source: 'njit((x) => ({ __proto__: x }))', args: '1' },
  { name: 'throw-cause', source: "njit((x) => {\n  throw new Error('a', { cause: x })\n})", args: '1' },
  { name: 'boolean-set', source: 'njit((m, x) => {\n  m.set(0, 0, x > 1)\n  return m\n})', args: `${M}, 2` },
  { name: 'boolean-full', source: 'njit((x) => nl.full([2], x > 1))', args: '2' },
  { name: 'boolean-size', source: 'njit((x) => nl.zeros([2, x > 1]))', args: '2' },
  { name: 'boolean-index', source: 'njit((a, x) => a[x > 1])', args: `${A}, 2` },
  {
    name: 'boolean-range',
    source: 'njit((x) => {\n  let s = 0\n  for (const i of range(x > 1, 4)) s += i\n  return s\n})',
    args: '2',
  },
  { name: 'new-constructor', source: 'njit((x) => new x.constructor(3))', args: A },
  { name: 'array-pattern', source: 'njit((x) => {\n  const [a, b] = x\n  return a + b\n})', args: A },
  { name: 'array-pattern-name', source: 'njit((x) => {\n  const { width } = x\n  return width\n})', args: A },
  { name: 'missing-field', source: 'njit((i) => {\n  const p = { x: i }\n  return p.y\n})', args: '1' },
  { name: 'ndarray-brackets', source: 'njit((m) => m[0])', args: M },
  { name: 'ndarray-indices', source: 'njit((m) => m.get(0))', args: M },
  { name: 'ndarray-length', source: 'njit((m) => m.length)', args: M },
  { name: 'ndarray-arithmetic', source: 'njit((m, n) => m + n)', args: `${M}, ${M}` },
  {
    name: 'ndarray-loop',
    source: 'njit((m) => {\n  let s = 0\n  for (const x of m) s += x\n  return s\n})',
    args: 'nl.zeros([3])',
  },
  { name: 'row-returned', source: 'njit((m) => m.row(0))', args: M },
  { name: 'row-of-vector', source: 'njit((v) => v.row(0))', args: 'nl.zeros([3])' },
  { name: 'two-types', source: 'njit((n) => {\n  let x = 1\n  if (n > 2) x = 2n\n  return x\n})', args: '1' },
  { name: 'two-results', source: 'njit((n) => {\n  if (n > 2) return true\n  return n\n})', args: '1' },
  { name: 'missing-return', source: 'njit((n) => {\n  if (n > 2) return 1\n})', args: '1' },
  { name: 'no-value', source: 'njit((n) => {\n  let x\n  if (n > 2) x = 1\n  return x + n\n})', args: '1' },
  { name: 'bigint-mixed', source: 'njit((n) => n + 1)', args: '1n' },
  { name: 'bigint-stored', source: 'njit((a, n) => {\n  a[0] = n\n})', args: 'new BigInt64Array(1), 1' },
  { name: 'bigint-literal', source: 'njit((n) => n + 18446744073709551616n)', args: '1n' },
  { name: 'array-condition', source: 'njit((a) => (a ? 1 : 2))', args: A },
  { name: 'tuple-compared', source: 'njit((a) => {\n  const t = [a, 1]\n  return t === [1, 1]\n})', args: '1' },
  { name: 'undefined-compared', source: 'njit((a) => (a === undefined ? 1 : a))', args: '1' },
  { name: 'bigint-compared', source: 'njit((a, b) => a < b)', args: '1n, 2' },
  { name: 'array-compared', source: 'njit((a, b) => a === b)', args: `${A}, ${A}` },
  { name: 'optional-chain', source: 'njit((a) => a?.length)', args: A },
  { name: 'nullish', source: 'njit((n) => n ?? 1)', args: '1' },
  { name: 'null', source: 'njit((n) => (n === null ? 1 : 2))', args: '1' },
  { name: 'spread', source: 'njit((a) => Math.max(...a))', args: A },
  { name: 'rest', source: 'njit((...all) => all)', args: '1, 2' },
  { name: 'typeof', source: 'njit((n) => typeof n)', args: '1' },
  { name: 'this', source: 'njit(function f(n) {\n  return this.scale * n\n})', args: '1' },
  { name: 'arguments', source: 'njit(function f(n) {\n  return arguments.length + n\n})', args: '1' },
  { name: 'class', source: 'njit((n) => {\n  class P {}\n  return n\n})', args: '1' },
  { name: 'async', source: 'njit(async (n) => n)', args: '1' },
  { name: 'generator', source: 'njit(function* f(n) {\n  yield n\n})', args: '1' },
  { name: 'await', source: 'njit((n) => {\n  const f = async () => n\n  return f()\n})', args: '1' },
  { name: 'bound', source: 'njit(Math.sin.bind(Math))', args: '1' },
  { name: 'argument-string', source: 'njit((s) => s)', args: "'text'" },
  { name: 'argument-list', source: 'njit((a) => a[0])', args: '[1, 2, 3]' },
  { name: 'argument-missing', source: 'njit((a, n) => a[0] + n)', args: A },
  { name: 'signature-wrong', source: "njit('f8(float)', (x) => x)", args: '1' },
  { name: 'signature-other', source: "njit('f8(f8[:])', (a) => a[0])", args: 'new Int32Array(1)' },
  { name: 'signature-result', source: "njit('b1(f8)', (x) => x)", args: '1' },
  { name: 'unknown-option', source: 'njit({ paralell: true }, (x) => x)', args: '1' },
  { name: 'range-alone', source: 'njit((n) => {\n  const r = range(n)\n  return n\n})', args: '1' },
  {
    name: 'range-fraction',
    source: 'njit((n) => {\n  let s = 0\n  for (const i of range(n / 2, n)) s += i\n  return s\n})',
    args: '4',
  },
  {
    name: 'collapse-between',
    source:
      'njit((a, n) => {\n  for (const i of prange(n, { collapse: 2 })) {\n    const row = i * n\n    for (const j of prange(n)) a[row + j] = 0\n  }\n})',
    args: `${A}, 1`,
  },
  {
    name: 'collapse-after',
    source:
      'njit((a, n) => {\n  for (const i of prange(n, { collapse: 2 })) {\n    for (const j of prange(n)) a[i * n + j] = 0\n    a[i] = 1\n  }\n})',
    args: `${A}, 1`,
  },
  {
    name: 'collapse-serial',
    source:
      'njit((a, n) => {\n  for (const i of prange(n, { collapse: 2 })) for (const j of range(n)) a[i * n + j] = 0\n})',
    args: `${A}, 1`,
  },
  {
    name: 'collapse-alone',
    source: 'njit((n) => {\n  for (const i of prange(n, { collapse: 2 })) {}\n})',
    args: '1',
  },
  {
    name: 'collapse-triangle',
    source:
      'njit((a, n) => {\n  for (const i of prange(n, { collapse: 2 })) for (const j of prange(i, n)) a[i * n + j] = 0\n})',
    args: `${A}, 1`,
  },
  {
    name: 'collapse-inner-options',
    source:
      "njit((a, n) => {\n  for (const i of prange(n, { collapse: 2 })) for (const j of prange(n, { schedule: 'static' })) a[i * n + j] = 0\n})",
    args: `${A}, 1`,
  },
  {
    name: 'collapse-wrong',
    source: 'njit((a, n) => {\n  for (const i of prange(n, { collapse: n })) a[i] = 0\n})',
    args: `${A}, 1`,
  },
  {
    name: 'prange-scatter',
    source: 'njit({ parallel: true }, (out, at, x) => {\n  for (const i of prange(x.length)) out[at[i]] = x[i]\n})',
    args: `${A}, new Int32Array(2), ${A}`,
  },
  {
    name: 'prange-failing-flag',
    source:
      'njit({ parallel: true }, (x, to) => {\n  let changed = false\n  for (const i of prange(x.length)) {\n    changed = changed || to[i] !== x[i]\n    to[i] = x[i]\n  }\n  return changed\n})',
    args: `${A}, ${A}`,
  },
  {
    name: 'prange-failing-extreme',
    source:
      'njit({ parallel: true }, (x, of, n) => {\n  let most = 0\n  let at = 0\n  for (const i of prange(x.length)) {\n    if (x[i] > most) {\n      most = x[i]\n      at = of[i]\n    }\n    atomicAdd(n, i >> 1, 1)\n  }\n  return at\n})',
    args: `${A}, new Int32Array(3), new Int32Array(3)`,
  },
  { name: 'math-unknown', source: 'njit((n) => Math.f16round(n))', args: '1' },
  { name: 'math-arguments', source: 'njit((n) => Math.atan2(n))', args: '1' },
  { name: 'date-now', source: 'njit((n) => Date.now() + n)', args: '1' },
  { name: 'deep-recursion', source: 'njit((n) => {\n  const f = (x) => f(x - 1)\n  return f(n)\n})', args: '1' },
  {
    name: 'recursive-default',
    source: 'njit((n) => {\n  const f = (x, by = x) => (x < 1 ? by : f(x - 1))\n  return f(n)\n})',
    args: '3',
  },
  {
    name: 'captured-assigned',
    source:
      'njit((n) => {\n  let calls = 0\n  function f(x) {\n    calls++\n    return x < 1 ? 0 : f(x - 1)\n  }\n  return f(n) + calls\n})',
    args: '3',
  },
]
