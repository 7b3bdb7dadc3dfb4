// What a compiled function shows of itself. SPDX-License-Identifier: MIT

import { njit, prange } from 'numloom/njit'
import { describe, expect, test } from 'vitest'
import wabt from 'wabt'
import { errorOf } from './support/errors.ts'
import { type Any, TARGETS } from './support/njit.ts'

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
