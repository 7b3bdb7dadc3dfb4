// What a compiled function shows of itself. SPDX-License-Identifier: MIT

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { njit, prange } from 'numloom/njit'
import { afterAll, describe, expect, test } from 'vitest'
import wabt from 'wabt'
import { jsonOf } from './support/child.ts'
import { errorOf } from './support/errors.ts'
import { type Any, TARGETS } from './support/njit.ts'

const folder = mkdtempSync(join(tmpdir(), 'njit-inspect-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('inspectWat', () => {
  // It has SIMD, a region for the team, names, and allocates.
  const work = (x: Any, y: Any) => {
    for (const i of prange(x.length)) y[i] = Math.sqrt(x[i]) + 1
    return new Float64Array([4, 8, 15, 16])[y.length % 4]
  }

  test.each(TARGETS)('is text of a module with the same parts, for %s', async (target) => {
    const f = njit({ target, cache: false, parallel: true, name: 'work' }, work as Any) as Any
    f(new Float64Array(3), new Float64Array(3))
    const text = f.inspectWat() as string
    expect(text).toMatch(/^;; work\(f8\[::1\], f8\[::1\]\)\n\(module/)
    expect(text).toContain('(func $nl_main')
    expect(text).toContain('f64x2.sqrt')
    const parsed = (await wabt()).parseWat('work.wat', text, { threads: true })
    const module = new WebAssembly.Module(new Uint8Array(parsed.toBinary({}).buffer))
    const names = WebAssembly.Module.exports(module).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['nl_main', 'nl_body', 'nl_free']))
    const memory = WebAssembly.Module.imports(module).filter(({ kind }) => kind === 'memory')
    expect(memory).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }])
  })

  test('has a module for each specialisation', () => {
    const double = njit({ target: 'native', cache: false, name: 'double' }, (x: Any) => x + x)
    double(1)
    double(1.5)
    expect(double.inspectWat().match(/^(;;.*|\(module)/gm)).toEqual([
      ...[';; double(i4)', '(module'],
      ...[';; double(f8)', '(module'],
    ])
  })
})

describe('inspectAsm', () => {
  test.each(TARGETS)('is of the target that it runs on: %s', (target) => {
    const root = njit({ target, cache: false, name: 'root' }, (x: Any) => Math.sqrt(x))
    root(2)
    const text = root.inspectAsm()
    expect(text).toContain('nl_main')
    expect(text.includes('f64.sqrt')).toBe(target === 'wasm')
  })
})

test('there is nothing to look at before a call', () => {
  const f = njit({ cache: false, name: 'early' }, (x: Any) => x) as Any
  for (const look of ['inspectTypes', 'inspectC', 'inspectWat', 'inspectAsm', 'vectorizationReport']) {
    expect(errorOf(f[look])).toMatchObject({ code: 'NL5008', message: expect.stringContaining("'early'") })
  }
})

/** Its first line is line 5 of the file. */
const LOOPS = `
export function loops(x, y, at) {
  let s = 0
  for (let i = 0; i < x.length; i++) y[i] = x[i] * 3 + 1
  for (let i = 0; i < at.length; i++) y[at[i]] = 1
  for (let i = 0; i < x.length - 8; i += 8) {
    for (let j = i; j < i + y.length; j++) y[j - i] += x[i]
  }
  for (let i = 1; i < x.length; i++) x[i] = x[i - 1] / 2
  while (s < x[0]) s += 1
  for (const v of x) if (v > 9) return s
  for (let i = 0; i < y.length; i++) y[i] = Math.cbrt(y[i])
  for (let i = 0; i < y.length; i++) s = s / 2 + y[i]
  return s
}
`

describe('vectorizationReport', () => {
  test.each(TARGETS)('has a line for each loop of the text, for %s', async (target) => {
    const file = join(folder, `${target}.mjs`)
    writeFileSync(
      file,
      `import { njit } from ${JSON.stringify(import.meta.resolve('numloom/njit'))}
const options = { target: '${target}', cache: false }

${LOOPS.trimStart()}
const compiled = njit(options, loops)
await compiled.compile(new Float64Array(1), new Float64Array(1), new Int32Array(1))
console.log(JSON.stringify({ report: compiled.vectorizationReport(), text: String(compiled.vectorizationReport()) }))
`,
    )
    const { report, text } = await jsonOf<{ report: { text: string }[]; text: string }>(
      `await import(${JSON.stringify(file)})`,
    )
    const signature = 'f8[::1], f8[::1], i4[::1]'
    const loop = (line: number, column: number, vectorized: boolean, said: string) => {
      return { signature, place: `${file}:${line}:${column}`, line, vectorized, text: said }
    }
    const stable = report.map((one) => ({ ...one, text: one.text.replace(/\d+ (bytes|iterations)/, 'some') }))
    expect(stable).toEqual([
      loop(6, 3, true, 'SIMD, some at a time'),
      loop(7, 3, false, 'the index at 7:41 is checked in each iteration: its bounds are not known before'),
      loop(8, 3, false, 'only innermost loops become SIMD, and there is one in it at 9:5'),
      loop(9, 5, true, 'SIMD, some at a time'),
      loop(11, 3, false, 'an iteration may need what another one stores'),
      loop(12, 3, false, 'how often it runs is not known before it begins'),
      loop(13, 3, false, 'it may be left at 13:33'),
      loop(14, 3, false, 'there is no SIMD for Math.cbrt here'),
      loop(15, 3, false, "'s' at 15:38 goes from each iteration to the next"),
    ])
    expect(text.split('\n')[1]).toBe(`${file}:7:3: ${stable[1]?.text}`)
  })

  test.each(TARGETS)(
    'a prange that runs in parallel may sum in any order, what it replaces has one, for %s',
    (target) => {
      const f: Any = njit({ target, parallel: true, cache: false }, (x: Any) => {
        let sum = 0
        let most = -1
        let place = -1
        for (const i of prange(x.length)) {
          sum += x[i]
          if (x[i] > most) {
            most = x[i]
            place = i
          }
        }
        return [sum, most, place]
      })
      f(new Float64Array(3))
      expect(f.vectorizationReport().map(({ text }: { text: string }) => text)).toEqual([
        expect.stringMatching(/^'most' at \d+:\d+ goes from each iteration to the next$/),
      ])
    },
  )

  test('loops of the user stand above those of the C', () => {
    const f = njit({ target: 'native', cache: false, name: 'twice' }, ((x: Any) => {
      for (let i = 0; i < x.length; i++) x[i] *= 2
    }) as Any) as Any
    f(new Float64Array(3))
    expect(f.inspectC()).toMatch(/^\/\/ twice:2:\d+\nNL_INDEPENDENT\nfor /m)
  })
})

describe('parallelDiagnostics', () => {
  const loops = `
export function loops(x, y, at) {
  let s = 0
  for (const i of prange(x.length)) {
    let t = 0
    for (let j = 0; j < y.length; j++) t += y[j] * x[i]
    s += t + at[at[i]]
  }
  for (const i of prange(y.length)) y[i] = 1
  return s
}`

  test.each(TARGETS)(
    'tells which checks of indices were taken out of loops, and which stay, for %s',
    async (target) => {
      const file = join(folder, `diagnostics-${target}.mjs`)
      writeFileSync(
        file,
        `import { njit, prange } from ${JSON.stringify(import.meta.resolve('numloom/njit'))}
${loops.trimStart()}
const options = { target: '${target}', cache: false }
const list = [new Float64Array(1), new Float64Array(1), new Int32Array(1)]
const told = [true, false].map((boundsCheck) => {
  const compiled = njit({ ...options, parallel: true, boundsCheck }, loops)
  compiled(...list)
  return { report: compiled.parallelDiagnostics(), text: String(compiled.parallelDiagnostics()) }
})
console.log(JSON.stringify(told))
`,
      )
      const [checked, free] = await jsonOf<{ report: Any; text: string }[]>(`await import(${JSON.stringify(file)})`)
      const places = (...all: string[]) => all.map((at) => `${file}:${at}`)
      const signature = 'f8[::1], f8[::1], i4[::1]'
      expect(checked?.report).toMatchObject({
        loops: [
          { signature, place: `${file}:4:3`, hoisted: places('6:47', '6:54', '7:20'), checked: places('7:17') },
          { signature, place: `${file}:9:3`, hoisted: places('9:39'), checked: [] },
        ],
        refusals: [],
      })
      expect(checked?.text.split('\n')).toEqual(
        expect.arrayContaining([
          '  indices checked before a loop: 6:47, 6:54, 7:20',
          '  indices checked in each iteration: 7:17',
        ]),
      )
      expect(free?.report).toMatchObject({ loops: [1, 2].map(() => ({ hoisted: [], checked: [] })) })
      expect(free?.text).not.toContain('indices')
    },
  )

  test('tells the calls that were refused, in words and as data', () => {
    const f = njit({ target: 'native', parallel: true, cache: false, name: 'halve' }, ((x: Any) => {
      for (const i of prange(x.length)) x[i >> 1] = i
    }) as Any) as Any
    expect(errorOf(f.parallelDiagnostics)).toMatchObject({ code: 'NL5008' })
    const error = errorOf<Error>(() => f(new Float64Array(3)))
    expect(() => f(new Float64Array(3))).toThrow(/NL4002/)
    expect(() => f(new Float32Array(3))).toThrow(/NL4002/)
    const { loops: none, refusals } = JSON.parse(JSON.stringify(f.parallelDiagnostics()))
    expect(none).toEqual([])
    const write = { variable: 'x', write: true, line: expect.any(Number) }
    expect(refusals).toEqual([
      { signature: 'f8[::1]', code: 'NL4002', message: error.message, conflict: [write, write] },
      { signature: 'f4[::1]', code: 'NL4002', message: expect.any(String), conflict: [write, write] },
    ])
    expect(String(f.parallelDiagnostics())).toContain(`refused for (f8[::1]): ${error.message}`)
  })

  test('tells both places where what may fail meets what cannot be undone, and fixes that help', () => {
    const compiled = (fn: Any): Any => njit({ target: 'native', parallel: true, cache: false }, fn) as Any
    const args = () => [Float64Array.of(0, 1, 2), new Float64Array(3), new Float64Array(3)]
    const f = compiled((x: Any, to: Any) => {
      let changed = false
      for (const i of prange(x.length)) {
        changed = changed || to[i] !== x[i]
        to[i] = x[i]
      }
      return changed
    })
    expect(() => f(...args())).toThrow(/^NL4002/)
    const [{ conflict }] = f.parallelDiagnostics().refusals
    const { line } = conflict[0]
    expect(conflict).toEqual([
      { variable: 'changed', write: true, line },
      { variable: 'to', write: true, line: line + 1 },
    ])
    const fixed = [
      compiled((x: Any, to: Any) => {
        let changed = false
        for (const i of prange(x.length)) {
          const before = to[i]
          const after = x[i]
          changed = changed || before !== after
          to[i] = after
        }
        return changed
      }),
      compiled((x: Any, from: Any, to: Any) => {
        let changed = false
        for (const i of prange(x.length)) {
          changed = changed || from[i] !== x[i]
          to[i] = x[i]
        }
        return changed
      }),
      compiled((x: Any, from: Any, counts: Any) => {
        let changed = false
        for (const i of prange(x.length)) {
          changed = changed || from[i] !== x[i]
          counts[i >> 1] += 1
        }
        return changed
      }),
    ]
    for (const g of fixed) {
      expect(g(...args())).toBe(true)
      expect(g.parallelDiagnostics()).toMatchObject({ loops: [{ parallel: true }], refusals: [] })
    }
  })

  test('tells those of compile() too, and what there is code for besides', async () => {
    const f = njit({ target: 'native', parallel: true, cache: false }, ((x: Any, y: Any) => {
      for (const i of prange(x.length)) x[i] = y[0]
    }) as Any) as Any
    const g = njit({ target: 'native', parallel: true, cache: false }, ((n: Any, x: Any) => {
      for (const i of prange(x.length, { collapse: 2 })) for (const j of prange(i)) x[j] = n
    }) as Any) as Any
    await expect(g.compile(1, new Float64Array(1))).rejects.toThrow(/NL4004/)
    expect(g.parallelDiagnostics()).toMatchObject({ loops: [], refusals: [{ code: 'NL4004' }] })
    f(new Float64Array(1), new Float32Array(1))
    expect(f.parallelDiagnostics()).toMatchObject({ loops: [{ parallel: true }], refusals: [] })
  })

  test('says that plain JavaScript has none', () => {
    const f = njit({ target: 'js', name: 'plain' }, (x: number) => x)
    f(1)
    expect(errorOf(f.parallelDiagnostics)).toMatchObject({
      code: 'NL5008',
      message: expect.stringMatching(/'plain'.*runs as plain JavaScript: \{ target: 'js' \}/),
    })
  })
})
