// What njit says of mistakes, compared with golden files. UPDATE_GOLDEN=1 writes them.
// SPDX-License-Identifier: MIT

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runScript } from './support/child.ts'
import { MISTAKES } from './support/njit-mistakes.ts'

const GOLDEN = join(import.meta.dirname, 'golden/njit')
const folder = mkdtempSync(join(tmpdir(), 'njit-messages-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A file with all mistakes, in the folder; prints what each says as JSON. */
function program(): string {
  const cases = MISTAKES.map(({ name, source, args = '' }) => {
    const call = source.replace(/^njit\((?=[^'{])/, 'njit(OFF, ').replace(/^njit\({/, 'njit({ ...OFF,')
    return `said[${JSON.stringify(name)}] = message(() => {\nconst mistake = ${call.replace(/^njit\(('[^']*'), /, 'njit($1, OFF, ')}\nreturn mistake(${args})\n})`
  })
  return [
    `import * as nl from ${JSON.stringify(import.meta.resolve('numloom'))}`,
    `import { atomicAdd, njit, prange, range } from ${JSON.stringify(import.meta.resolve('numloom/njit'))}`,
    "const OFF = { target: 'native', cache: false }",
    'const said = {}',
    'function message(work) { try { work() } catch (error) { return { code: error.code, message: error.message } } }',
    ...cases,
    'console.log(JSON.stringify(said))',
  ].join('\n')
}

const file = join(folder, 'mistakes.mjs')
const said = (async () => {
  writeFileSync(file, program())
  const { stdout, stderr } = await runScript(`await import(${JSON.stringify(file)})`)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Record<string, { code: string; message: string } | undefined>
})()

/** Without what differs from run to run: the folder, and the place in the file. */
function stable(message: string): string {
  return `${message
    .replaceAll(file, '<file>')
    .replaceAll(/<file>:\d+:/g, '<file>:<line>:')
    .replaceAll(/ at line \d+/g, ' at line <line>')
    .replaceAll(/^ *\d+ \|/gm, ' <n> |')}\n`
}

describe('messages', () => {
  test.each(MISTAKES)('$name', async ({ name }) => {
    const found = (await said)[name]
    expect(found, 'it says nothing').toBeDefined()
    const { code, message } = found as { code: string; message: string }
    const path = join(GOLDEN, `${name}.txt`)
    if (process.env.UPDATE_GOLDEN) {
      mkdirSync(GOLDEN, { recursive: true })
      writeFileSync(path, stable(message))
    }
    expect(code).toMatch(/^NL\d{4}$/)
    expect(message.startsWith(code)).toBe(true)
    expect(message.split('\n').length).toBeLessThan(12)
    expect(existsSync(path), 'there is no golden file').toBe(true)
    expect(stable(message)).toBe(readFileSync(path, 'utf8'))
  })

  test('each golden file is of a mistake', () => {
    const names = MISTAKES.map(({ name }) => `${name}.txt`)
    expect(readdirSync(GOLDEN).filter((golden) => !names.includes(golden))).toEqual([])
  })
})
