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

  test('in sections, as bundlers write it, beside a source without a name', async () => {
    const file = transpile('sections', '--module', 'esnext', '--sourceMap')
    const map = JSON.parse(readFileSync(`${file}.map`, 'utf8'))
    const empty = { version: 3, sources: [null], names: [], mappings: '' }
    const sections = [empty, { ...map, sources: [...map.sources, null] }]
    const offset = { line: 0, column: 0 }
    writeFileSync(`${file}.map`, JSON.stringify({ version: 3, sections: sections.map((map) => ({ offset, map })) }))
    expectOriginal(await said(file))
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

describe('a file whose text is what runs', () => {
  /** Runs `text` as the file of a name, whose text on disk is `onDisk`. Prints places of the errors of `all`, called with 5. */
  async function places(name: string, text: string, onDisk = text): Promise<Said[]> {
    const file = join(folder, name)
    writeFileSync(file, onDisk)
    const said = await jsonOf<Said[]>(`
      import { njit } from ${JSON.stringify(import.meta.resolve('numloom/njit'))}
      import { runInThisContext } from 'node:vm'
      const all = runInThisContext(${JSON.stringify(`(njit) => {${text}\nreturn all }`)}, { filename: ${JSON.stringify(file)} })(njit)
      console.log(JSON.stringify(all.map((f) => {
        try {
          return { name: String(f(5)) }
        } catch ({ function: name, message, file, line, column }) {
          return { name, message, file, line, column }
        }
      })))`)
    return said.map((one) => ({ ...one, file: one.file === file ? 'the file' : one.file }))
  }

  test('TypeScript that Node runs by writing blanks for types', async () => {
    const typed = [
      'type Five = 5',
      'const first = njit((x: Five, y: number = 2): number => {',
      '  const z: number = x as number',
      '  return z!.length as number + y',
      '})',
      'const all = [first, njit(<T>(x: T): number => (x as unknown as number[])[0]!)]',
    ].join('\n')
    const blank = typed
      .replace('type Five = 5', (part) => ' '.repeat(part.length))
      .replaceAll(/: (?:Five|number|T)\b|<T>| as unknown as number\[\]| as number|!/g, (part) =>
        ' '.repeat(part.length),
      )
    const [first, second] = await places('strip.ts', blank, typed)
    expect(first).toMatchObject({ name: 'first', file: 'the file', line: 4, column: 10 })
    expect(first?.message).toContain('    4 |   return z!.length as number + y\n      |          ^')
    expect(second).toMatchObject({ file: 'the file', line: 6, column: 47 })
  })

  test('equal functions, each behind the start of its call, and a function that begins another one', async () => {
    const text = [
      'const a = njit({},',
      '  (x) => x[0])',
      'const b = njit({},',
      '  (x) => x[0])',
      'const make = (f) => njit(f)',
      'const c = make((x) => x[1] + 1)',
      'const d = make((x) => x[1])',
      'const all = [a, b, c, d]',
    ].join('\n')
    const found = await places('equal.mjs', text)
    expect(found.map(({ line, column }) => [line, column])).toEqual([
      [2, 10],
      [4, 10],
      [6, 23],
      [7, 23],
    ])
  })

  test("esbuild's names", async () => {
    const text = [
      'const __name = (f, name) => Object.defineProperty(f, "name", { value: name })',
      'const a = njit((x) => {',
      '  const square = /* @__PURE__ */ __name((v) => v * v, "square")',
      '  function cube(v) {',
      '    return v * v * v',
      '  }',
      '  __name(cube, "cube");',
      '  return square(x) + cube(x)',
      '})',
      'const all = [a, njit((x) => { const f = __name((v) => v[0], "f"); return f(x) })]',
    ].join('\n')
    const [sum, refused] = await places('names.mjs', text)
    expect(sum?.name).toBe('150')
    expect(refused).toMatchObject({ file: 'the file', line: 10, column: 55 })
  })
})

test('a function of another file: lines are those of its text, and so is the name', async () => {
  writeFileSync(join(folder, 'other.mjs'), '\n\n\nexport const far = (x, i) => {\n  return x[i]\n}\n')
  const said = await jsonOf<Said>(`
    import { njit } from ${JSON.stringify(import.meta.resolve('numloom/njit'))}
    import { far } from ${JSON.stringify(join(folder, 'other.mjs'))}
    try {
      njit({ globals: { far } }, (x) => far(x, 7))(new Float64Array(2))
    } catch ({ function: name, message, file, line, column }) {
      console.log(JSON.stringify({ name, message, file, line, column }))
    }`)
  expect(said).toMatchObject({ name: 'far', file: '', line: 2, column: 12 })
  expect(said.message).toContain("in 'far' (2:12 of its text)")
})
