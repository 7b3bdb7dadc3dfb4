// Functions of Math in compiled functions: within a unit in the last place of this engine's, over their whole range, whether
// one by one or in blocks. SPDX-License-Identifier: MIT

import { zeros } from 'numloom'
import { expect, test } from 'vitest'
import { njit } from '../dist/njit.js'
import { type Any, distance, TARGETS, TRAPS } from './support/njit.ts'
import { Random } from './support/random.ts'

const COUNT = 30_000
/** Functions by C of our own, whose bits are those of V8: elsewhere its compiler fuses multiplications and additions. */
const ALONE = 'asin acos atan atan2 sinh cosh tanh log1p log10'.split(' ')
const BLOCKS = [...ALONE, ...'expm1 log2 asinh acosh atanh'.split(' ')]
const same = (target: string, form: string, name: string) =>
  process.arch === 'x64' && (target === 'wasm' || form === 'in blocks' ? BLOCKS : ALONE).includes(name)

const random = new Random('Math')
const many = (make: () => number) => Array.from({ length: COUNT }, make)
const sign = () => random.pick([-1, 1])
const uniform = (low: number, high: number) => random.uniform(low, high)
const bits = () => new Float64Array(Uint32Array.of(random.bits(), random.bits()).buffer)[0] as number
/** Sizes from 2^low to 2^high, of either sign. */
const spread = (low: number, high: number) => () => sign() * 2 ** uniform(low, high)
const around = (center: number) => () => center + sign() * 2 ** uniform(-54, -2)

const EDGES = [
  ...TRAPS.flatMap((x) => [x, -x]),
  ...[2 ** -1022, 2 ** -1022 - 2 ** -1074, 2 ** -28, 2 ** -54, 22, 56 * Math.LN2, Number.MAX_VALUE],
  ...[709.782712893384, 709.7827128933841, 710.4758600739439, 710.475860073944, -745.1332191019411, -745.1332191019412],
  ...Array.from({ length: 632 }, (_, i) => Number(`1e${i - 323}`)),
  ...Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074)),
]

/** The upper words of doubles at which fdlibm goes from one formula to another. */
const SEAMS = [
  ...[0x3fd62e42, 0x3ff0a2b2, 0x3e300000, 0x40862e42, 0x40360000, 0x3c800000, 0x3c900000, 0x4043687a, 0x3ff00000],
  ...[0x40000000, 0x41b00000, 0x3fe00000, 0x3fef3333, 0x3e400000, 0x3fdc0000, 0x3ff30000, 0x3fe60000, 0x40038000],
  ...[0x3fda827a, 0x3e200000, 0x3fd2bec4, 0x43400000, 0x00100000, 0x3ff6a09e, 0x3ff6a09c, 0x3ff6147a, 0x3ff6b851],
]
const seams = SEAMS.flatMap((high) => {
  const words = [-1, 0, 1].flatMap((step) =>
    [0, 0xffffffff, ...Array.from({ length: 20 }, () => random.bits())].flatMap((low) => [low, high + step]),
  )
  return [...new Float64Array(Uint32Array.from(words).buffer)].flatMap((x) => [x, -x])
})

/** The range in which a function varies. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  ...{ sin: [-1e5, 1e5], cos: [-1e5, 1e5], tan: [-1e5, 1e5], asin: [-1, 1], acos: [-1, 1], atan: [-40, 40] },
  ...{ sinh: [-30, 30], cosh: [-30, 30], tanh: [-22, 22], asinh: [-50, 50], acosh: [1, 50], atanh: [-1, 1] },
  ...{ exp: [-746, 710], expm1: [-60, 60], log: [0, 1e6], log1p: [-1, 10], log2: [0, 20], log10: [0, 2000] },
  ...{ cbrt: [-1e6, 1e6] },
}

function argumentsOf([low, high]: readonly [number, number]): Float64Array {
  const parts = [
    EDGES,
    seams,
    many(bits),
    many(spread(-60, 10)),
    many(around(1)),
    many(around(-1)),
    many(spread(9, 9.5)),
  ]
  return Float64Array.from([...parts, many(() => uniform(low, high)), many(() => uniform(-2, 2))].flat())
}

/** Of two arguments: every pair of traps, random bits, and what does not overflow. */
function pairsOf(second: (x: number) => number): [Float64Array, Float64Array] {
  const traps = TRAPS.flatMap((x) => [x, -x]).flatMap((x, _, all) => all.map((y) => [x, y]))
  const near = many(spread(-2, 2)).map((x) => [Math.abs(x), second(Math.abs(x))])
  const far = many(spread(-1022, 1023)).map((x) => [Math.abs(x), second(Math.abs(x))])
  const all = [
    ...traps,
    ...many(bits).map((x) => [x, bits()]),
    ...near,
    ...far,
    ...many(spread(-9, 9)).map((x) => [x, sign() * x]),
  ]
  return [Float64Array.from(all, ([x]) => x as number), Float64Array.from(all, ([, y]) => y as number)]
}

interface Case {
  readonly call: string
  readonly x: Float64Array
  readonly y: Float64Array
}

const CASES: Readonly<Record<string, Case>> = Object.fromEntries([
  ...Object.entries(RANGES).map(([name, range]) => {
    const x = argumentsOf(range)
    return [name, { call: `Math.${name}(x[i])`, x, y: x }]
  }),
  ...(['atan2', 'hypot', 'pow'] as const).map((name) => {
    // Of larger exponents some versions of V8 lose half of the digits.
    const exponent = (x: number) => Math.max(-(2 ** 31), Math.min(2 ** 31, uniform(-745, 710) / Math.log(x)))
    const [x, y] = pairsOf(name === 'pow' ? exponent : (x) => x * uniform(-4, 4))
    return [name, { call: `Math.${name}(x[i], y[i])`, x, y: name === 'pow' ? y.map(least) : y }]
  }),
])

function least(exponent: number): number {
  return Math.abs(exponent) > 2 ** 31 && Number.isFinite(exponent) ? exponent % 2 ** 31 : exponent
}

/** A function with one loop for each case, by which it is chosen. */
function chosen(loop: (call: string) => string): (...args: Any[]) => void {
  const loops = Object.values(CASES).map(({ call }, k) => `case ${k}: { ${loop(call)}; return }`)
  return new Function(`return (x, y, out, k) => { switch (k) { ${loops.join(' ')} default: return } }`)()
}

const FORMS = {
  'in blocks': chosen((call) => `for (let i = 0; i < out.length; i++) out[i] = ${call}`),
  'one by one': chosen((call) => `let i = 0; while (i < out.length) { out[i] = ${call}; i++ }`),
}

for (const target of TARGETS) {
  for (const [form, fn] of Object.entries(FORMS)) {
    test(`${target}, ${form}`, () => {
      const compiled = njit({ target, cache: false, name: 'chosen' }, fn)
      const kernels = [...BLOCKS, 'sin', 'cos', 'exp', 'log', 'pow'].filter(() => form === 'in blocks')
      for (const [k, [name, { x, y }]] of Object.entries(CASES).entries()) {
        const [wanted, found] = [new Float64Array(x.length), new Float64Array(x.length)]
        fn(x, y, wanted, k)
        compiled(x, y, found, k)
        expect(compiled.inspectC().includes(`nl_block_${name}(`), name).toBe(kernels.includes(name))
        const bound = same(target, form, name) ? 0 : 1
        const far = wanted.findIndex((value, i) => distance(value, found[i] as number) > bound)
        const what = `${name}(${x[far]}, ${y[far]}): ${found[far]} instead of ${wanted[far]}`
        expect(far, what).toBe(-1)
      }
    })
  }
}

test('blocks: arguments that are results, two arguments, branches, steps', () => {
  const mixed = (x: Any, y: Any, out: Any) => {
    for (let i = 1; i < out.length; i += 3) {
      const far = Math.atan2(Math.tanh(x[i]), Math.log1p(Math.abs(y[i])))
      const same = Math.atan2(Math.tanh(x[i]), Math.log1p(Math.abs(y[i]))) + Math.atan2(y[i], x[i])
      out[i] = far + same
      if (x[i] > y[i]) out[i] += Math.atan2(x[i], 2)
    }
  }
  const x = Float64Array.from({ length: 2000 }, () => uniform(-4, 4))
  const y = Float64Array.from({ length: 2000 }, () => uniform(-4, 4))
  const wanted = new Float64Array(2000)
  mixed(x, y, wanted)
  for (const target of TARGETS) {
    const found = new Float64Array(2000)
    const compiled = njit({ target, cache: false }, mixed)
    compiled(x, y, found)
    expect(Math.max(...found.map((value, i) => Math.abs(value - (wanted[i] as number))))).toBeLessThan(1e-15)
    // The same call twice is one; that of the branch is none.
    expect(
      compiled
        .inspectC()
        .match(/nl_block_\w+\(/g)
        ?.sort(),
    ).toEqual([...['nl_block_atan2(', 'nl_block_atan2('], ...['nl_block_log1p(', 'nl_block_tanh(']])
  }
})

test.each(TARGETS)('blocks: what the turn itself stores by another name is no argument, on %s', (target) => {
  const source = (a: Any, out: Any) => {
    for (let i = 0; i < out.length; i++) {
      const row = a.row(i)
      row.set(1, i + 0.5)
      out[i] = Math.sin(a.get(i, 1))
    }
  }
  const out = new Float64Array(300)
  njit({ target }, source)(zeros([300, 2]), out)
  for (const [i, value] of out.entries()) expect(value).toBeCloseTo(Math.sin(i + 0.5), 14)
})

test('large exponents', () => {
  // By mpmath with 400 bits: V8 11 has half of the digits.
  const powers = [
    [1 + 2 ** -32, 2 ** 33, 7.3890560972102515],
    [1.0000001704953856, 4150382683.0029287, 2.0697172459795767e307],
    [0.9999998316080304, 3305313577.3332863, 1.8913336982381174e-242],
    [1 - 2 ** -53, 2 ** 60, 2.5722093726423967e-56],
    [1 + 2 ** -52, -(2 ** 61), 4.3774910370533e-223],
  ] as const
  const fn = (x: Any, y: Any, out: Any) => {
    for (let i = 0; i < out.length; i++) out[i] = x[i] ** y[i]
  }
  for (const target of TARGETS) {
    const out = new Float64Array(powers.length)
    const columns = [0, 1].map((k) => Float64Array.from(powers, (row) => row[k] as number))
    njit({ target, cache: false }, fn)(columns[0], columns[1], out)
    for (const [i, [x, y, wanted]] of powers.entries()) {
      expect(distance(out[i] as number, wanted), `${x} ** ${y} on ${target}`).toBeLessThanOrEqual(1)
    }
  }
})

test('powers of constants, which clang takes for powers of 2', () => {
  const fn = (y: Any, out: Any) => {
    let i = 0
    while (i < y.length) {
      out[4 * i] = 2 ** y[i]
      out[4 * i + 1] = 64 ** y[i]
      out[4 * i + 2] = 0.125 ** y[i]
      out[4 * i + 3] = 10 ** y[i]
      i++
    }
  }
  const y = Float64Array.from({ length: 5000 }, () => uniform(-150, 150))
  const wanted = new Float64Array(4 * y.length)
  fn(y, wanted)
  for (const target of TARGETS) {
    const out = new Float64Array(wanted.length)
    njit({ target, cache: false }, fn)(y, out)
    const far = wanted.findIndex((value, i) => distance(value, out[i] as number) > 1)
    expect(far, `${out[far]} instead of ${wanted[far]} on ${target}`).toBe(-1)
  }
})

test('remainders of floats', () => {
  const fn = (x: Any, y: Any) => {
    for (let i = 0; i < x.length; i++) {
      x[i] %= i
      y[i] %= x[i]
    }
  }
  const [x, y] = [7, 1000].map((scale) => Float32Array.from({ length: 500 }, () => uniform(-scale, scale))) as [
    Any,
    Any,
  ]
  const wanted = [x.slice(), y.slice()] as const
  fn(...wanted)
  for (const target of TARGETS) {
    const found = [x.slice(), y.slice()] as const
    njit({ target, cache: false, require: 'compiled' }, fn)(...found)
    expect(found).toEqual(wanted)
  }
})
