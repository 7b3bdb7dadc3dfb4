// What njit returns and how it is called: signatures, options, globals, names.
// SPDX-License-Identifier: MIT

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { njit, prange } from '../dist/njit.js'
import { runScript } from './support/child.ts'
import { errorOf } from './support/errors.ts'
import { type Any, TARGETS } from './support/njit.ts'

const OFF = { cache: false, target: 'native' } as const

describe('calls', () => {
  test('the same function for each list of types', () => {
    const double = njit({ ...OFF, name: 'double' }, (x: Any) => x + x)
    expect([double(2), double(1.5), double(-0), double(2n ** 40n)]).toEqual([4, 3, -0, 2n ** 41n])
    expect(double.signatures).toEqual(['i4', 'f8', 'i8'])
    expect(double.stats.calls).toBe(4)
    expect(double.length).toBe(1)
    expect(double.name).toBe('double')
    expect(double.explain().toString()).toContain('double runs as native')
    expect(double.inspectTypes()).toContain('x: int32')
  })

  test('defaults, missing and further arguments', () => {
    const scaled = njit(OFF, (x: number, by = 3, _unused?: number) => x * by)
    expect(() => scaled(2)).toThrow(/parameter 3/)
    const tripled = njit(OFF, (x: number, by = 3) => x * by)
    expect([tripled(2), tripled(2, undefined), tripled(2, 5), (tripled as Any)(2, 5, 9)]).toEqual([6, 6, 10, 10])
  })

  test('signatures choose, convert and check', async () => {
    const named = { ...OFF, name: 'sum' }
    const sum = njit(['f8(f8[:])', 'i4(i4[:])', 'f8(f8[:,:])', 'b1(f8)'], named, (a: Any) => a)
    expect(() => sum(Float64Array.of(1))).toThrow(/NL5009.*'sum' returns a Float64Array.*f8/)
    expect(() => sum(new Uint8Array(1))).toThrow(/NL5006.*u1\[::1\].*f8\(f8\[:\]\)/)
    const root = njit('f8(f8)', OFF, (x: number) => Math.sqrt(x))
    expect([root(4), root(2.25)]).toEqual([2, 1.5])
    expect(root.signatures).toEqual(['f8'])
    const ahead = njit('f8(f8[:], i4)', OFF, (a: Any, i: Any) => a[i])
    await ahead.compile()
    expect(ahead.signatures).toHaveLength(1)
    expect(ahead(Float64Array.of(1, 2.5), 1)).toBe(2.5)
    expect(ahead.signatures).toHaveLength(1)
    for (const [result, value] of [['b1', 1 < 2] as const, ['i8', 5n] as const, ['f8', 5] as const]) {
      expect(njit(`${result}()`, { ...OFF, globals: { value } }, () => value)()).toBe(value)
    }
    expect(() => njit('f9(f8)', (x: number) => x)).toThrow(/NL5002/)
  })

  test('integers of a signature are all of their width, and no others', () => {
    const cube = (x: number) => x * x * x
    for (const declared of [njit('f8(i4)', OFF, cube), njit('f8(i4)', { target: 'native' }, cube)]) {
      for (const x of [7, 2 ** 30, 2 ** 31 - 1, -(2 ** 31), 2 ** 30 + 1]) expect(declared(x)).toBe(cube(x))
      for (const x of [2 ** 31, 0.5, -0, Number.NaN]) expect(() => declared(x)).toThrow(/NL5006/)
      expect(declared(-7)).toBe(cube(-7))
      expect(declared.signatures).toEqual(['i4'])
    }
    expect(njit({ target: 'native' }, cube)(2 ** 30)).toBe(cube(2 ** 30))
    const fourth = njit('f8(i1)', OFF, (x: number) => x * x * x * x)
    expect(fourth(-128)).toBe((-128) ** 4)
    for (const x of [128, -129, 1e6]) expect(() => fourth(x)).toThrow(/NL5006/)
    expect(njit(['f8(u1)', 'f8(f8)'], OFF, cube)(1e6)).toBe(cube(1e6))
    expect(njit('f8(u4)', OFF, cube)(4e9)).toBe(cube(4e9))
  })

  test('signatures that no argument fits tell the nearest, and what to pass', () => {
    const f = (signatures: string | string[], ...args: unknown[]) => {
      const fn = args.length === 1 ? (_a: Any) => 0 : (_a: Any, _b: Any, _c = 0) => 0
      return errorOf(() => (njit(signatures, { ...OFF, name: 'f' }, fn) as Any)(...args)).message
    }
    const near = (wanted: string, at: number, found: string, fix: string) =>
      expect.stringMatching(
        new RegExp(
          `^NL5006: 'f' has no signature for .*, has ${wanted} as argument ${at}, not ${found}: pass ${fix}, or add`,
        ),
      )
    expect(f('f8(i4)', -0)).toEqual(near('i4', 1, '-0', 'x \\| 0'))
    expect(f('f8(u4)', 2.5)).toEqual(near('u4', 1, '2.5', 'x >>> 0'))
    expect(f('f8(i2)', 1e6)).toEqual(near('i2', 1, '1000000', 'a whole number that i2 has'))
    expect(f('f8(f8)', 1n)).toEqual(near('f8', 1, '1n', 'Number\\(x\\)'))
    expect(f('f8(i8)', 1)).toEqual(near('i8', 1, '1', 'BigInt\\(x\\)'))
    expect(f(['f8(f8[:], f8[:])', 'f8(i8, f8[:])'], 1n, new Float32Array(1))).toEqual(
      near('f8\\[:\\]', 2, 'f4\\[::1\\]', 'Float64Array.from\\(x\\)'),
    )
    expect(f('f8(i8[:])', new Int32Array(1))).toContain('pass BigInt64Array.from(x, BigInt)')
    expect(f('f8(f8[:,:])', nl.ones([2, 2], { dtype: 'int32' }))).toContain("pass nl.array(x, { dtype: 'float64' })")
    expect(f('f8(f8[:,::1])', nl.ones([3, 2]).T)).toContain('not f8[:,:]: pass nl.array(x), which copies')
    expect(f('f8(f8[:,:])', new Float64Array(2))).toContain('pass an array of 2 dimensions')
    expect(f('f8(f8[:])', 2)).toContain('not 2: pass an array of 1 dimension,')
    expect(f(['f8(f8[:])', 'f8(f8, f8, f8)'], 1, 2)).toContain('The nearest, f8(f8, f8, f8), takes 3 arguments, not 2.')
  })

  test('what f.signatures has may be given to f.compile, and to njit', async () => {
    const arrays = [
      ...[new Float64Array(2), nl.ones(2), nl.ones(4).slice('::2'), nl.ones([2, 2]), nl.ones([3, 2]).T, nl.full([], 1)],
      ...[new Uint8ClampedArray(2), new BigUint64Array(2), 1, 1.5, true, 1n],
    ]
    const fn = (_x: Any) => 1
    const f = njit(OFF, fn)
    for (const array of arrays) f(array)
    expect(f.signatures).toEqual([
      ...['f8[::1]', 'f8[::1]n', 'f8[:]', 'f8[:,::1]', 'f8[:,:]', 'f8[]', 'c1[::1]', 'u8[::1]', 'i4', 'f8', 'b1', 'i8'],
    ])
    for (const [i, signature] of f.signatures.entries()) {
      const again = njit(OFF, fn)
      await again.compile(`(${signature})`)
      const other = njit(`f8(${signature})`, OFF, fn)
      expect([again(arrays[i]), other(arrays[i])]).toEqual([1, 1])
      expect(other.signatures).toEqual([signature])
      if (signature !== 'f8[:]') expect(again.signatures).toEqual([signature])
    }
    expect(() => njit('f8(f8[::1]n)', OFF, fn)(new Float64Array(1))).toThrow(/NL5006.*pass nl\.asarray\(x\)/)
  })

  test('a signature has no more parameters than the function, and compile only what calls may have', async () => {
    expect(() => njit('f8(f8, f8)', OFF, (x: number) => x)).toThrow(/^NL5002: .*2 parameters, and '.*' has 1/)
    expect(() => njit(['f8(f8)', 'f8(i4, f8)'], { ...OFF, name: 'id' }, (x: number) => x)).toThrow(/'id' has 1/)
    const partial = njit('f8(f8)', OFF, (x: number, by = 2) => x * by)
    expect(partial(1.5)).toBe(3)
    await expect(partial.compile('(f8[:])')).rejects.toThrow(/^NL5006/)
    await partial.compile('(i4)')
    expect(partial.signatures).toEqual(['f8'])
    await expect(njit(OFF, (x: Any) => x).compile('(f8, f8)')).rejects.toThrow(/^NL5002/)
  })

  test('u8 takes bigints that are not negative, of 63 bits', () => {
    for (const target of TARGETS) {
      const half: Any = njit('i8(u8)', { ...OFF, target, name: 'half' }, (x: Any) => x / 2n)
      expect([half(7n), half(0n), half(2n ** 63n - 1n)]).toEqual([3n, 0n, 2n ** 62n - 1n])
      expect(() => half(-1n)).toThrow(/^NL5006: .*has u8 as argument 1, not -1n: pass BigInt.asUintN\(63, x\)/)
      expect(errorOf(() => half(2n ** 63n))).toMatchObject({ name: 'RangeError', code: 'NL5005', function: 'half' })
      expect(() => half(2n ** 63n)).toThrow(/or BigInt.asUintN\(63, x\) where a signature has u8\.$/)
      const both: Any = njit(['i8(u8)', 'i8(i8)'], { ...OFF, target }, (x: Any) => x + 1n)
      expect([both(1n), both(-3n), both(1n)]).toEqual([2n, -2n, 2n])
      expect(both.signatures).toEqual(['i8'])
      const second: Any = njit({ ...OFF, target }, (a = 1, b = 2n) => (a > 0 ? b : -b))
      expect(() => second(undefined, -(2n ** 64n))).toThrow(/^NL5005: argument 2 of '.*' is -18446744073709551616n/)
    }
  })

  test("Numba's other names, and Fortran's order", () => {
    const fn = (x: Any) => x
    for (const name of ['intp', 'ssize_t']) expect(njit(`${name}(${name})`, OFF, fn)(-5n)).toBe(-5n)
    for (const name of ['uintp', 'size_t']) expect(njit(`${name}(${name})`, OFF, fn)(5n)).toBe(5n)
    expect(njit('intc(intc)', OFF, fn)(-5)).toBe(-5)
    expect(njit('uintc(uintc[:])', OFF, (x: Any) => x[0])(Uint32Array.of(2 ** 32 - 1))).toBe(2 ** 32 - 1)
    expect(() => njit('f8(f8[::1,:])', fn)).toThrow(/NL5002.*'f8\[::1,:\]' is Fortran's order, and \[:,:\] takes any/)
  })

  test('the result of a signature is what it says, by its value where that decides', () => {
    const refuses = (f: (...args: Any[]) => unknown, args: unknown[], what: string) =>
      expect(() => f(...args)).toThrow(new RegExp(`NL5009: '\\w+' returns ${what}, and its signature says`))
    // Kept code is held against the signature too.
    for (const options of [OFF, { target: 'native' } as const]) {
      const scaled = njit('i4(f8)', options, (x: number) => x * 1.5)
      expect([scaled(2), scaled(-4), scaled(0)]).toEqual([3, -6, 0])
      for (const [x, what] of [
        [1, '1.5'],
        [-0, '-0'],
        [2 ** 32, '6442450944'],
        [Number.NaN, 'NaN'],
      ] as const)
        refuses(scaled, [x], what)
      expect(scaled(4)).toBe(6)
      const single = njit('f4(f8)', options, (x: number) => x / 10)
      expect([single(5), single(Number.NaN)]).toEqual([0.5, Number.NaN])
      refuses(single, [1], '0.1')
      expect(njit('f4(f8)', options, (x: number) => Math.fround(x / 10))(1)).toBe(Math.fround(0.1))
      const byte = njit('u1(f8)', options, (x: number) => x + 1)
      expect(byte(254)).toBe(255)
      refuses(byte, [255], '256')
      const whole = njit('u8(i8)', options, (x: bigint) => x - 1n)
      expect(whole(1n)).toBe(0n)
      refuses(whole, [0n], '-1n')
      refuses(
        njit('f4[:](i4)', options, (n: number) => new Float64Array(n)),
        [1],
        'a Float64Array',
      )
      refuses(
        njit('f8[:,::1](f8[:,:])', options, (a: Any) => a),
        [nl.ones([3, 2]).T],
        'an NDArray of 2 dimensions',
      )
      expect(njit('f8[:,::1](f8[:,:])', options, (a: Any) => a)(nl.ones([3, 2])).shape).toEqual([3, 2])
      refuses(
        njit('void(f8)', options, (x: number) => x),
        [1],
        'a number',
      )
      expect(njit('void(f8)', options, (_: number) => {})(1)).toBe(undefined)
    }
    // The same code under another signature.
    const half = (x: number) => x / 2
    expect(njit('f8(f8)', { target: 'native' }, half)(3)).toBe(1.5)
    refuses(njit('i8(f8)', { target: 'native' }, half), [3], 'a number')
  })

  test('further arguments, beside arrays of globals', () => {
    const table = Float64Array.of(1, 2, 3)
    const look: Any = njit({ ...OFF, globals: { table } }, (i: number) => table[i])
    for (const more of [[], [4], [Float64Array.of(9, 9, 9)], []]) expect(look(1, ...more)).toBe(2)
  })

  test('globals: numbers, booleans, bigints, arrays, functions of both kinds, also nested', () => {
    const table: Any = Float64Array.of(1, 2, 3)
    const half = (x: Any) => x / two
    const two = 2
    const compiledHalf = njit({ ...OFF, globals: { two } }, half)
    const fib = njit(OFF, function fib(n: Any): Any {
      return n < 2 ? n : fib(n - 1) + fib(n - 2)
    })
    const square = (x: Any) => x * x
    const globals = { table, flag: true, big: 2n ** 40n, zero: -0, compiledHalf, fib, square }
    const [flag, big, zero] = [true, 2n ** 40n, -0]
    const all = (n: Any) => {
      table[0] += 1
      return [table[1] + compiledHalf(n), flag, big, zero, fib(n), square(n + 0.5), table]
    }
    for (const target of TARGETS) {
      table[0] = 1
      const found = njit({ cache: false, target, globals }, all)(7)
      expect(found).toEqual([2 + 3.5, true, 2n ** 40n, -0, 13, 56.25, table])
      expect(found[6]).toBe(table)
      expect(table[0]).toBe(2)
    }
    expect(() => njit({ ...OFF, globals: { text: 'x' } as Any }, all)(1)).toThrow(/NL5003.*'text'/)
  })

  test('the schedule has the grammar of OMP_SCHEDULE', () => {
    const fill = (x: Any) => {
      for (const i of prange(x.length)) x[i] = i
    }
    const out = new Float64Array(50)
    njit({ ...OFF, parallel: true, schedule: 'Dynamic , 3' }, fill)(out)
    expect(out).toEqual(Float64Array.from(out.keys()))
    for (const schedule of ['dynamic,0', 'auto,3', 'dynamic,-1', 'static,abc', 'foo', '', 'static,1,2']) {
      expect(() => njit({ ...OFF, schedule }, fill)).toThrow(/NL5001.*schedule/)
    }
  })

  test('undefined takes the default of its parameter, wherever it stands', () => {
    const table = Float64Array.of(10)
    const defaults = (a: Any, b = 2, c: Any = b + 1, d: Any = true) => [a, b, c, d, a.length, table[0]]
    for (const target of TARGETS) {
      const f: Any = njit({ cache: false, target, globals: { table } }, defaults)
      const x = Float64Array.of(1)
      const lists = [
        [x],
        [x, 5],
        [x, undefined, 7],
        [x, undefined, undefined, false],
        [x, 1, undefined],
        [x, undefined],
      ]
      for (const list of [...lists, ...lists]) expect(f(...list)).toEqual((defaults as Any)(...list))
      expect(f(x)[0]).toBe(x)
      expect(() => f(undefined, 3)).toThrow(/^NL5005: argument 1/)
    }
  })

  test('the name is that of the variable of the very call', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'njit-names-'))
    try {
      const lines = [
        `import { njit } from ${JSON.stringify(import.meta.resolve('numloom/njit'))}`,
        'const div = njit((a) => a / 2); const other = [njit((a) => a)][0]',
        'for (const k of [1]) { const half = njit({ threads: k }, (a) => a); console.log(half.name) }',
        'console.log(div.name, other.name)',
      ]
      writeFileSync(join(folder, 'names.mjs'), lines.join('\n'))
      const { stdout } = await runScript(`await import(${JSON.stringify(join(folder, 'names.mjs'))})`)
      expect(stdout.trim().split('\n')).toEqual(['half', 'div anonymous'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('plain functions among globals see the others, and what they call each other', () => {
    const step = 3
    const next = (n: number): number => n + step
    const twice = (n: number): number => next(n) * 2
    const even = (n: number): boolean => n === 0 || odd(n - 1)
    const odd = (n: number): boolean => n !== 0 && even(n - 1)
    const all = (n: number) => [twice(n) + next(n), even(n), odd(n)]
    for (const target of TARGETS) {
      expect(njit({ cache: false, target, globals: { step, next, twice, even, odd } }, all)(10)).toEqual(all(10))
      const other = njit({ cache: false, target, globals: { twice, next: (n: number) => n - 1 } }, (n: number) =>
        twice(n),
      )
      expect(other(10)).toBe(18)
      expect(() => njit({ cache: false, target, globals: { twice } }, (n: number) => twice(n))(1)).toThrow(
        /^NL3001 .*: 'next' is a free name/,
      )
    }
  })

  test("numloom's own functions need no global, and may be among them", () => {
    const sum = (n: number) => {
      const a = nl.zeros([n])
      for (const i of prange(n)) a.set(i, i)
      return a
    }
    const zeros = nl.zeros
    const compiled = njit({ ...OFF, globals: { prange, zeros } as Any }, sum)
    expect(compiled(4).toArray()).toEqual([0, 1, 2, 3])
  })

  test('zeros and the like are the function that globals say, or that of nl', () => {
    const bare = (text: string) => new Function(`return ${text}`)() as (n: number) => Any
    for (const target of TARGETS) {
      const run = (text: string, globals: Any = {}) => njit({ cache: false, target, globals }, bare(text))(2)
      const { zeros, ones, range } = { ...nl, range: prange }
      expect(run('(n) => zeros(n)', { zeros }).toArray()).toEqual([0, 0])
      expect(run('(n) => t.ones(n)', { ones }).toArray()).toEqual([1, 1])
      expect(run('(n) => numloom_1.ones(n)').toArray()).toEqual([1, 1])
      expect(run('(n) => zeros(n)', { zeros: (n: number) => n + 7 })).toBe(9)
      expect(run('(n) => nl.full(n, 3)', { full: (n: number) => n }).toArray()).toEqual([3, 3])
      for (const name of ['zeros', 'ones', 'full', 'empty']) {
        expect(() => run(`(n) => ${name}(n, 1)`)).toThrow(/^NL3001 /)
        expect(() => run(`(n) => my.${name}(n, 1)`)).toThrow(/^NL3004 /)
      }
      expect(() => run('(n) => { for (const i of my.range(n)) n++; return n }')).toThrow(/^NL3004 /)
      expect(() => run('(n) => my.atomicAdd(n, 0, 1)')).toThrow(/^NL3004 /)
      expect(() => run('(n) => zeros(n)', { range })).toThrow(/^NL5003: .*Call it 'prange'/)
    }
  })

  test("void 0, which minifiers write for 'undefined'", () => {
    for (const target of TARGETS) {
      const text = '(x, y = 3) => { const f = (a, b = 5) => a + b; if (x > 9) return void 0; x + f(x, void 0) + y; }'
      const fn = new Function(`return ${text}`)()
      expect(njit({ cache: false, target }, fn)(1)).toBe(undefined)
      const sum = new Function('x', 'const f = (a, b = 5) => a + b; return f(x, void 0)') as (x: number) => number
      expect(njit({ cache: false, target }, sum)(1)).toBe(6)
    }
  })

  test('a function is no result', () => {
    const forms: ((x: number) => unknown)[] = [
      (x) => (y: number) => x + y,
      (x) => [(y: number) => x + y, x],
      (x) => ({ x, at: [1, { f: (y: number) => x + y }] }),
      function itself(_x) {
        return itself
      },
    ]
    for (const form of forms) expect(() => njit(OFF, form)(1)).toThrow(/^NL2041 /)
    const inner = (x: number) => {
      const make = (y: number) => [(z: number) => y + z, y] as const
      const [add, two] = make(2)
      return add(x) * two
    }
    expect(njit(OFF, inner)(3)).toBe(10)
  })

  test('after an error everything works', () => {
    for (const target of TARGETS) {
      const inner = (a: Any, i: Any) => {
        const scratch = new Float64Array(10)
        if (i > 5) throw new RangeError('too far')
        return scratch[0] + a[i]
      }
      const outer = njit(
        { cache: false, target, globals: { inner }, name: 'outer' },
        (a: Any, i: Any) => inner(a, i) + 1,
      )
      const a = Float64Array.of(1, 2)
      for (let turn = 0; turn < 3; turn++) {
        expect(outer(a, 1)).toBe(3)
        expect(errorOf(() => outer(a, 9))).toMatchObject({ message: 'too far', function: 'inner' })
        expect(() => outer(a, 3)).toThrow(/out of bounds.*size 2/)
      }
    }
  })

  test('names and the text of functions', () => {
    const holder = {
      method(x: Any) {
        return x + 1 // ) } ' " ` */
      },
    }
    expect(njit(OFF, holder.method)(1)).toBe(2)
    const größe = njit(OFF, (ä: Any) => ä * 2)
    expect(größe(2)).toBe(4)
    const crlf = njit(
      OFF,
      new Function('return (x) => {\r\n  const y = x\r\n  return y + z\r\n}')() as (x: number) => number,
    )
    const { message } = errorOf(() => crlf(1))
    expect(message).toContain('return y + z\n')
    const long = `return (x) => ${'x + '.repeat(500)}unknown`
    const minified = njit(OFF, new Function(long)() as (x: number) => number)
    for (const line of errorOf(() => minified(1)).message.split('\n')) expect(line.length).toBeLessThan(200)
    expect(() => njit(OFF, größe)).toThrow(/NL5007/)
  })
})

describe('options', () => {
  test('of other kinds are refused, with what there is', () => {
    for (const name of [5, '', {}]) {
      expect(() => njit({ name } as Any, (x: number) => x)).toThrow(/NL5001: njit's option name is .*; valid are/)
    }
    for (const globals of [5, 'x', null, [1], () => 1, 5n]) {
      expect(() => njit({ globals } as Any, (x: number) => x)).toThrow(/NL5001: njit's option globals is .*; valid are/)
    }
    for (const schedule of ['dynamic,0', 'dynamic,', 'static,1,2', 'fast']) {
      expect(() => njit({ schedule }, (x: number) => x)).toThrow(/NL5001: njit's option schedule is .*; valid are/)
    }
    expect(() => njit({ fastmath: { reassoc: true } } as Any, (x: number) => x)).toThrow(/NL5001.*fast, nnan/)
  })

  test('what is in the place of signatures and options is one of them', () => {
    const fn = (x: number) => x
    const call = njit as Any
    const lists = [[OFF, 'f8(f8)'], ['f8(f8)', OFF, 5], [5], [null], [fn], ['f8(f8)', 'f8(f8)'], [new Map()], [[OFF]]]
    for (const list of lists) expect(() => call(...list, fn)).toThrow(/^NL500[12]: /)
    const globals = new Map([['a', 1]])
    expect(() => call({ globals }, fn)).toThrow(/^NL5001: njit's option globals/)
    expect(call(undefined, fn)(1)).toBe(1)
    expect(call('f8(f8)', undefined, fn)(1)).toBe(1)
    expect(call(Object.create(null, { cache: { value: false, enumerable: true } }), fn)(1)).toBe(1)
  })

  test("fastmath: ['fast'] is all of LLVM's flags", () => {
    const asm = (fastmath: Any) => {
      const f = njit({ ...OFF, fastmath, name: 'sum' }, (x: Any) => {
        let s = 0
        for (let i = 0; i < x.length; i++) s += x[i]
        return s
      })
      f(new Float64Array(3))
      return f.inspectAsm()
    }
    expect(asm(['fast'])).toBe(asm(true))
    expect(asm(['fast'])).not.toBe(asm(false))
  })

  test("require: 'compiled' and target: 'js' exclude each other", () => {
    const f = njit({ target: 'js', require: 'compiled', name: 'both' }, (x: number) => x)
    expect(errorOf(() => f(1))).toMatchObject({ code: 'NL5004', message: expect.stringContaining("{ target: 'js' }") })
    expect(f.explain()).toMatchObject({ runs: 'none', reason: expect.stringContaining('NL5004') })
    expect(String(f.explain())).toMatch(/^both does not run: NL5004/)
  })
})

describe('errors have a place', () => {
  test.each(TARGETS)('those of no memory and of too deep recursion, on %s', (target) => {
    const large = njit({ cache: false, target, name: 'large' }, (n: number) => new Float64Array(n).length)
    const place = { file: '', line: expect.any(Number), column: expect.any(Number) }
    expect(errorOf(() => large(2 ** 46))).toMatchObject({ name: 'OutOfMemoryError', function: 'large', ...place })
    const deep = njit({ cache: false, target }, function deep(n: number): number {
      return n < 0 ? 0 : 1 + deep(n - 1)
    })
    expect(errorOf(() => deep(1e6))).toMatchObject({ name: 'RangeError', function: 'deep', ...place, line: 1 })
    expect(deep(10)).toBe(11)
  })
})

test('rows of arrays are views', () => {
  const a = nl.arange(0, 6).reshape(2, 3)
  a.row(-1).set(0, 77)
  expect([a.get(1, 0), a.row(0).shape, a.row(1).row(2).get()]).toEqual([77, [3], 5])
  expect(() => a.row(2)).toThrow(nl.IndexError)
})
