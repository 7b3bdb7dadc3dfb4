// What the tarballs hold, and what their package.json says.
// These are functions, because package.test.ts installs the tarballs once for all.
// SPDX-License-Identifier: MIT

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesUnder, REPOSITORY } from './installed.js'

const manifestOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

const mainFolder = (project: string) => join(project, 'node_modules/numloom')

function platformFolder(project: string): string {
  const [name] = Object.keys(manifestOf(mainFolder(project)).optionalDependencies) as [string]
  return join(project, 'node_modules', name)
}

/** Registers the tests of what was installed in the folder that `project` gives once it is there. */
export function testContents(project: () => string): void {
  const main = () => mainFolder(project())
  const platform = () => platformFolder(project())

  describe('the package numloom', () => testMain(main, platform))
  it('the platform package is the addon with its OpenMP library, for this platform alone', () => {
    testPlatform(project(), main(), platform())
  })
}

const BELONGS = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/(?!wasm\/)[\w/-]+\.d\.ts$/,
  /^dist\/(?!wasm\/|cjs\/)[\w/-]+\.js$/,
  /^dist\/cjs\/(index|classic|njit)\.js$/,
  /^dist\/(cjs\/package|build-info)\.json$/,
  /^dist\/njit\/(\w+\.h|generation)$/,
  /^dist\/wasm\/numloom(\.(as|shared|threads|relaxed))*\.(wasm|cjs)$/,
]

function testMain(main: () => string, platform: () => string): void {
  it('holds what belongs there and nothing else', () => {
    const files = filesUnder(main())
    expect(files.filter((file) => !BELONGS.some((pattern) => pattern.test(file)))).toEqual([])
    for (const document of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
      expect(readFileSync(join(main(), document), 'utf8').length, document).toBeGreaterThan(100)
    }
    const typescript = filesUnder(join(REPOSITORY, 'src')).filter((file) => file.endsWith('.ts'))
    const sources = typescript.map((file) => file.replace(/\.ts$/, '.js'))
    expect(files.filter((file) => /^dist\/(?!cjs|wasm).*\.js$/.test(file))).toEqual(
      sources.map((file) => `dist/${file}`).sort(),
    )
  })

  it('holds every wasm file that its code names, and no other', () => {
    const code = filesUnder(main()).filter((file) => file.endsWith('.js'))
    const named = code.flatMap((file) => {
      const text = readFileSync(join(main(), file), 'utf8')
      return [...text.matchAll(/new URL\('\.\.\/wasm\/([^']+)', import\.meta\.url\)/g)].map(
        (match) => match[1] as string,
      )
    })
    const there = filesUnder(join(main(), 'dist/wasm'))
    expect(there.filter((file) => file.endsWith('.wasm'))).toEqual([...new Set(named)].sort())
    for (const glue of there.filter((file) => file.endsWith('.cjs'))) {
      expect(there).toContain(glue.replace(/\.cjs$/, '.wasm'))
    }
  })

  it('has no wasm in base64 and no path of the machine that built it', () => {
    for (const folder of [main(), platform()]) {
      for (const file of filesUnder(folder)) {
        const bytes = readFileSync(join(folder, file))
        expect(bytes.includes('AGFzbQ'), `base64 in ${file}`).toBe(false)
        expect(bytes.includes(REPOSITORY), `a path in ${file}`).toBe(false)
      }
    }
  })

  it('has one dependency, tools and platform packages as optional ones, and no scripts', () => {
    const manifest = manifestOf(main())
    expect(Object.keys(manifest.dependencies)).toEqual(['acorn'])
    expect(manifest.scripts).toBeUndefined()
    expect(manifest.devDependencies).toBeUndefined()
    expect(Object.keys(manifest.peerDependencies)).toEqual(['@yowasp/clang', 'wabt'])
    expect(manifest.peerDependenciesMeta).toEqual({ '@yowasp/clang': { optional: true }, wabt: { optional: true } })
    for (const [name, version] of Object.entries(manifest.optionalDependencies)) {
      expect(name).toMatch(/^@numloom\/native-\w+-\w+-\w+$/)
      expect(version).toBe(manifest.version)
    }
    // The repository's own package.json must not name packages that are published after it.
    expect(manifestOf(REPOSITORY).optionalDependencies).toBeUndefined()
  })

  it('has what its package.json points to', () => {
    const { exports, bin } = manifestOf(main())
    const targets: string[] = []
    const visit = (entry: unknown) => {
      if (typeof entry === 'string') targets.push(entry)
      else Object.values(entry as object).forEach(visit)
    }
    visit([exports, bin])
    for (const target of targets) expect(existsSync(join(main(), target)), target).toBe(true)
  })
}

function testPlatform(project: string, main: string, folder: string): void {
  const manifest = manifestOf(folder)
  const addon = ['numloom.node', 'libgomp.so.1']
  expect(filesUnder(folder)).toEqual([...addon, 'LICENSE', 'NOTICE', 'README.md', 'package.json'].sort())
  expect(manifest).toMatchObject({
    version: manifestOf(main).version,
    license: 'MIT',
    main: './numloom.node',
    os: [process.platform],
    cpu: [process.arch],
    libc: ['glibc'],
  })
  expect(manifest.name).toBe(`@numloom/native-${process.platform}-${process.arch}-gnu`)
  for (const key of ['scripts', 'dependencies', 'devDependencies']) expect(manifest[key], key).toBeUndefined()
  expect(readFileSync(join(folder, 'NOTICE'), 'utf8')).toMatch(/Runtime Library Exception/)
  const { resolve } = createRequire(join(project, 'any.js'))
  expect(resolve(manifest.name)).toBe(join(folder, 'numloom.node'))
  expect(resolve(`${manifest.name}/package.json`)).toBe(join(folder, 'package.json'))
}
