// The public types, as consumers of every kind see them: compiled with all declarations checked.
// Functions, because package.test.ts installs the tarballs once for all.
// SPDX-License-Identifier: MIT

import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { REPOSITORY, run } from './installed.js'

/** Registers the tests of the types of what was installed in the folder that `project` gives once it is there. */
export function testTypes(project: () => string): void {
  const tsc = join(REPOSITORY, 'node_modules/.bin/tsc')
  // The least that a consumer has: no DOM, no @types/node, and all declarations checked.
  const STRICT = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--lib', 'es2022']
  const RESOLUTIONS = [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ] as const

  const compile = (resolution: string, module: string, files: string[]) =>
    run(tsc, [...STRICT, '--types', '', '--module', module, '--moduleResolution', resolution, ...files], {
      cwd: project(),
    })

  it.each(RESOLUTIONS)('types compile for ES and CommonJS consumers under %s', (resolution, module) => {
    copyFileSync(join(project(), 'consumer.ts'), join(project(), 'consumer.mts'))
    // What is not told otherwise is CommonJS under node16 and nodenext; a bundler has no `import x = require()`.
    const commonjs = resolution === 'bundler' ? [] : ['consumer.cts']
    const { stdout, stderr, status } = compile(resolution, module, ['consumer.ts', 'consumer.mts', ...commonjs])
    expect(stdout + stderr).toBe('')
    expect(status).toBe(0)
  })

  it.each(RESOLUTIONS)('types find mistakes under %s', (resolution, module) => {
    const lines = [
      "import * as nl from 'numloom'",
      "import { integral2d } from 'numloom/classic'",
      "import { njit } from 'numloom/njit'",
      'export const text: string = nl.sum(nl.zeros(3))',
      "export const unknown = nl.withBackend('gpu', () => 1)",
      "export const integral = integral2d('10')",
      'export const missing = nl.sine(1)',
      'export const half: string = njit((x: number) => x / 2)(1)',
      "export const gpu = njit({ target: 'gpu' }, (x: number) => x)",
    ]
    writeFileSync(join(project(), 'mistakes.mts'), `${lines.join('\n')}\n`)
    const { stdout, status } = compile(resolution, module, ['mistakes.mts'])
    expect(status).not.toBe(0)
    const mistaken = [...stdout.matchAll(/^mistakes\.mts\((\d+),\d+\): error/gm)].map((match) => Number(match[1]))
    expect(mistaken).toEqual([4, 5, 6, 7, 8, 9])
  })
}
