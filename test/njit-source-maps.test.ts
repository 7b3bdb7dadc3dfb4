// Messages of functions in files that a compiler made of TypeScript: they speak of the TypeScript.
// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonOf, ROOT } from './support/child.ts'

const folder = mkdtempSync(join(tmpdir(), 'njit-source-maps-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Types that leave no line behind, so that no line or column stays where it was. */
const SOURCE = `import { njit } from 'numloom/njit'

interface Options {
  readonly target: 'native'
}

type Numbers = Float64Array

const options: Options & { cache: boolean } = { target: 'native', cache: false }

export const last = njit(options, (x: Numbers, shift: number): number => {
  const end: number = x.length
  return x[end - 1 + shift]!
})

export const refused = njit(options, (x: Numbers) => {
  const text: unknown = 'no strings'
  return x[0]!
})
`

interface Said {
  readonly name: string
  readonly message: string
  readonly file: string
  readonly line: number
  readonly column: number
}

/** What a program says of an index out of bounds, and of a function that it does not understand. */
async function said(file: string): Promise<{ last: Said; refused: Said }> {
  return jsonOf(`
    const { last, refused } = await import(${JSON.stringify(file)})
    const of = (call) => {
      try {
        call()
      } catch ({ function: name, message, file, line, column }) {
        return { name, message, file, line, column }
      }
    }
    const x = new Float64Array(3)
    console.log(JSON.stringify({ last: of(() => last(x, 1)), refused: of(() => refused(x)) }))`)
}

function transpile(name: string, ...flags: string[]): string {
  const out = join(folder, name)
  mkdirSync(out)
  const type = flags.includes('commonjs') ? 'commonjs' : 'module'
  writeFileSync(join(out, 'package.json'), JSON.stringify({ type }))
  const command = ['program.ts', '--outDir', name, '--target', 'es2022', '--skipLibCheck', '--types', '']
  const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe' } as const
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), [...command, '--moduleResolution', 'bundler', ...flags], options)
  return join(out, 'program.js')
}

beforeAll(() => {
  writeFileSync(join(folder, 'program.ts'), SOURCE)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/numloom'))
})

function expectOriginal({ last, refused }: { last: Said; refused: Said }): void {
  const file = join(folder, 'program.ts')
  expect(last).toMatchObject({ name: 'last', file, line: 13, column: 12 })
  expect(last.message).toBe(
    [
      `index 3 is out of bounds for axis 0 with size 3, in 'last' (${file}:13:12)`,
      '   13 |   return x[end - 1 + shift]!',
      '      |            ^',
    ].join('\n'),
  )
  expect(refused).toMatchObject({ name: 'refused', file, line: 17, column: 25 })
  expect(refused.message).toContain(
    `${file}:17:25: strings are not in the language of njit.\n   17 |   const text: unknown = 'no strings'\n      |                         ^\n`,
  )
}

function expectItself(file: string, { last }: { last: Said }): void {
  const lines = readFileSync(file, 'utf8').split('\n')
  const line = lines.findIndex((text) => text.includes('return x[end'))
  expect(last).toMatchObject({ file, line: line + 1, column: (lines[line] as string).indexOf('end') + 1 })
  expect(last.message).toContain(` | ${lines[line]}\n`)
}

describe('a file that tsc made, with its map', () => {
  test('beside it', async () => {
    expectOriginal(await said(transpile('beside', '--module', 'esnext', '--sourceMap')))
  })

  test('inside of it, with the text of the source', async () => {
    const file = transpile('inline', '--module', 'esnext', '--inlineSourceMap', '--inlineSources')
    const source = join(folder, 'program.ts')
    rmSync(source)
    try {
      expectOriginal(await said(file))
    } finally {
      writeFileSync(source, SOURCE)
    }
  })

  test('for CommonJS, named by a root', async () => {
    const root = ['--sourceMap', '--sourceRoot', `file://${folder}`]
    expectOriginal(await said(transpile('commonjs', '--module', 'commonjs', ...root)))
  })
})

describe('a map that is of no use leaves the place in the file itself', () => {
  const BROKEN = {
    missing: undefined,
    'no JSON': '{"version":3,',
    'no map': '{}',
    'of nothing': '{"version":3,"sources":[],"names":[],"mappings":""}',
    'beyond its source':
      '{"version":3,"sources":["../program.ts"],"names":[],"mappings":"AAAA;AAgiCA;AAAA;AAAA;AAAA;AAAA"}',
  }

  test.each(Object.entries(BROKEN))('%s', async (what, map) => {
    const file = transpile(`broken ${what}`, '--module', 'esnext', '--sourceMap')
    if (map === undefined) rmSync(`${file}.map`)
    else writeFileSync(`${file}.map`, map)
    expectItself(file, await said(file))
  })
})
