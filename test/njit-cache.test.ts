// The cache of compiled functions, with binaries that are none: races, kills, damage, limits, and folders that cannot be.
// SPDX-License-Identifier: MIT

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cacheKey, clearEntries, listEntries, readEntry, writeEntry } from '../dist/njit/cache.js'
import { njit } from '../dist/njit.js'
import { ROOT } from './support/child.ts'
import { Random } from './support/random.ts'

const warnings: string[] = []
const onWarning = (warning: Error) => warnings.push(warning.message)
let cache: string
const before = process.env.NUMLOOM_CACHE

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'numloom-test-'))
  process.env.NUMLOOM_CACHE = cache
  warnings.length = 0
  process.on('warning', onWarning)
})
afterEach(() => {
  process.off('warning', onWarning)
  if (before === undefined) delete process.env.NUMLOOM_CACHE
  else process.env.NUMLOOM_CACHE = before
  delete process.env.NUMLOOM_NJIT_CACHE_SIZE
  rmSync(cache, { recursive: true, force: true })
})

/** Warnings are emitted after the current turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve))
const path = (key: string) => join(cache, 'njit', `${key}.bin`)
const files = () => readdirSync(join(cache, 'njit')).sort()
const META = { name: 'axpy', target: 'native', results: ['f64'] }
/** Bytes that tell which key they belong to. */
const binaryOf = (key: string, length = 1000) => new Uint8Array(length).map((_, i) => key.charCodeAt(i % 64) ^ i)
const setAge = (file: string, seconds: number) => {
  const time = Date.now() / 1000 - seconds
  utimesSync(file, time, time)
}

describe('keys', () => {
  test('are sha256 in hex, the same for the same parts', () => {
    expect(cacheKey(['a', 'b'])).toMatch(/^[0-9a-f]{64}$/)
    expect(cacheKey(['a', 'b'])).toBe(cacheKey(['a', 'b']))
  })
  test('differ where only the borders of the parts do', () => {
    const lists = [
      [],
      [''],
      ['', ''],
      ['ab'],
      ['a', 'b'],
      ['', 'ab'],
      ['ab', ''],
      ['1:a'],
      ['a1:b'],
      ['é'],
      ['e\u0301'],
    ]
    expect(new Set(lists.map(cacheKey)).size).toBe(lists.length)
  })
})

describe('functions with equal texts are told apart', () => {
  const outcome = (fn: () => unknown) => {
    try {
      return fn()
    } catch (error) {
      return (error as { function?: string }).function ?? (error as Error).name
    }
  }

  test('by whose global it is', () => {
    const k = 1
    const hidden = njit({ globals: { k: 2 } }, (x: number) => x * k)
    const above = njit({ globals: { hidden, k: 3 } }, (x: number) => hidden(x) * k)
    const below = (x: number) => x * k
    const both = njit({ globals: { hidden: below, k: 3 } }, (x: number) => hidden(x) * k)
    expect([above(5), both(5)]).toEqual([30, 45])
  })

  test('by where they stand, which errors say', () => {
    const first = njit({ name: 'first' }, (x: Float64Array, i: number) => x[i] as number)
    const second = njit({ name: 'second' }, (x: Float64Array, i: number) => x[i] as number)
    const use = (one: typeof first, other: typeof first) =>
      outcome(() => {
        const fn = njit({ globals: { one, other } }, (x: Float64Array) => one(x, 0) + other(x, 7))
        return fn(new Float64Array(3))
      })
    expect([use(first, first), use(first, second)]).toEqual(['first', 'second'])
  })
})

describe('entries', () => {
  test('come back as they were written', () => {
    const key = cacheKey(['one'])
    expect(readEntry(key)).toBeUndefined()
    for (const length of [0, 1, 1000, 1 << 20]) {
      writeEntry(key, binaryOf(key, length), META)
      const entry = readEntry(key)
      expect(entry?.meta).toEqual(META)
      expect(Buffer.from(entry?.binary ?? []).equals(binaryOf(key, length))).toBe(true)
    }
    expect(files()).toEqual([`${key}.bin`])
    expect(statSync(join(cache, 'njit')).mode & 0o777).toBe(0o700)
  })

  test('are listed by their last use', () => {
    const keys = ['a', 'b', 'c'].map((name) => cacheKey([name]))
    for (const [i, key] of keys.entries()) {
      writeEntry(key, binaryOf(key), { name: `f${i}`, target: i === 1 ? 'wasm' : 'native' })
      setAge(path(key), 1000 - i)
    }
    readEntry(keys[0] as string)
    const listed = listEntries()
    expect(listed.map(({ name, target }) => [name, target])).toEqual([
      ['f0', 'native'],
      ['f2', 'native'],
      ['f1', 'wasm'],
    ])
    expect(listed[0]).toMatchObject({ key: keys[0], bytes: statSync(path(keys[0] as string)).size })
    expect(Date.now() - (listed[0]?.used.getTime() ?? 0)).toBeLessThan(60_000)
  })
})

describe('damage', () => {
  const key = cacheKey(['damaged'])
  let intact: Buffer

  beforeEach(() => {
    writeEntry(key, binaryOf(key), META)
    intact = readFileSync(path(key))
  })

  const expectMiss = (file: Uint8Array, message: string) => {
    writeFileSync(path(key), file)
    expect(() => listEntries(), message).not.toThrow()
    expect(readEntry(key), message).toBeUndefined()
    expect(existsSync(path(key)), message).toBe(false)
  }

  test('of any byte of the header and of some behind it', () => {
    const random = new Random('bytes')
    const header = intact.length - binaryOf(key).length
    const places = [...Array(header).keys(), ...Array.from({ length: 100 }, () => random.below(intact.length))]
    for (const place of places) {
      const file = Buffer.from(intact)
      file[place] = (file[place] as number) ^ (1 << random.below(8))
      expectMiss(file, `byte ${place}`)
    }
  })

  test('by a wrong length', () => {
    for (let length = 0; length < intact.length; length += length < 200 ? 1 : 37) {
      expectMiss(intact.subarray(0, length), `the first ${length} bytes`)
    }
    expectMiss(Buffer.concat([intact, Buffer.alloc(1)]), 'one byte more')
  })

  test('by a file of another key, or of another program', () => {
    const other = cacheKey(['other'])
    writeEntry(other, binaryOf(other), META)
    expectMiss(readFileSync(path(other)), 'another key')
    expectMiss(Buffer.from('#!/bin/sh\n'), 'another program')
  })

  test('gives one warning, and what is written then is found', async () => {
    expectMiss(intact.subarray(0, 90), 'truncated')
    writeEntry(key, binaryOf(key), META)
    expect(readEntry(key)?.meta).toEqual(META)
    await turn()
    const about = warnings.filter((text) => text.includes(path(key)))
    expect(about).toEqual([`${path(key)} is damaged; what it held is compiled again`])
  })
})

describe('the limit', () => {
  const keys = Array.from({ length: 6 }, (_, i) => cacheKey([String(i)]))
  const kept = () => keys.flatMap((key, i) => (existsSync(path(key)) ? [i] : []))

  const write = (i: number) => writeEntry(keys[i] as string, binaryOf(keys[i] as string, 10_000), META)
  const age = (i: number, seconds: number) => setAge(path(keys[i] as string), seconds)

  test('removes what was not used for the longest time', () => {
    for (let i = 0; i < 5; i++) write(i)
    for (let i = 0; i < 5; i++) age(i, 1000 - i)
    readEntry(keys[0] as string)
    process.env.NUMLOOM_NJIT_CACHE_SIZE = '35KB'
    write(5)
    expect(kept()).toEqual([0, 4, 5])
  })

  test('never removes what was used within the last minute', () => {
    for (let i = 0; i < 5; i++) write(i)
    for (const i of [1, 3]) age(i, 70)
    process.env.NUMLOOM_NJIT_CACHE_SIZE = '12KB'
    write(5)
    expect(kept()).toEqual([0, 2, 4, 5])
  })

  test('keeps nothing that is larger', () => {
    process.env.NUMLOOM_NJIT_CACHE_SIZE = '5KB'
    write(0)
    expect(kept()).toEqual([])
  })

  test('0 turns the cache off', () => {
    const key = keys[0] as string
    writeEntry(key, binaryOf(key), META)
    process.env.NUMLOOM_NJIT_CACHE_SIZE = '0'
    expect(readEntry(key)).toBeUndefined()
    writeEntry(keys[1] as string, binaryOf(key), META)
    expect(kept()).toEqual([0])
  })

  test.each(['lots', '-1', '5 apples'])('%j gives one warning, and is ignored', async (value) => {
    process.env.NUMLOOM_NJIT_CACHE_SIZE = value
    const key = keys[0] as string
    writeEntry(key, binaryOf(key), META)
    expect(readEntry(key)?.meta).toEqual(META)
    await turn()
    expect(warnings).toEqual([
      `NUMLOOM_NJIT_CACHE_SIZE='${value}': expected a size, such as 512MB, or 0; 512MB is used`,
    ])
  })

  test('temporary files go an hour after their writer died', () => {
    const key = keys[0] as string
    mkdirSync(join(cache, 'njit'))
    const [young, old] = ['0-1', '0-2'].map((end) => `${path(key)}.${end}`) as [string, string]
    for (const file of [young, old]) writeFileSync(file, 'a part')
    setAge(old, 3700)
    setAge(young, 3500)
    writeEntry(key, binaryOf(key), META)
    expect([existsSync(young), existsSync(old)]).toEqual([true, false])
    expect(listEntries()).toHaveLength(1)
    setAge(young, 3700)
    expect(clearEntries().files).toBe(2)
    expect(files()).toEqual([])
  })
})

describe('a folder that cannot be used', () => {
  test.each(['/dev/null/x', '/proc'])('%s: one warning, and misses', async (folder) => {
    process.env.NUMLOOM_CACHE = folder
    const key = cacheKey(['nowhere'])
    for (let i = 0; i < 2; i++) {
      expect(readEntry(key)).toBeUndefined()
      writeEntry(key, binaryOf(key), META)
    }
    expect(listEntries()).toEqual([])
    expect(clearEntries()).toEqual({ files: 0, bytes: 0 })
    await turn()
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(join(folder, 'njit'))
  })

  test('a folder where the file should be', async () => {
    const key = cacheKey(['taken'])
    mkdirSync(join(path(key), 'inside'), { recursive: true })
    writeEntry(key, binaryOf(key), META)
    expect(readEntry(key)).toBeUndefined()
    expect(files()).toEqual([`${key}.bin`])
    await turn()
    expect(warnings).toHaveLength(1)
  })
})

/** Reads and writes eight keys in random order until killed or done; reports what it read that was not written. */
const RACER = `
  import { cacheKey, readEntry, writeEntry } from './dist/njit/cache.js'
  const keys = Array.from({ length: 8 }, (_, i) => cacheKey(['race', String(i)]))
  const report = { wrong: 0, hits: 0, warnings: [] }
  process.on('warning', ({ message }) => report.warnings.push(message))
  const until = Date.now() + 3000
  while (Date.now() < until) {
    const i = Math.floor(Math.random() * 8)
    const binary = new Uint8Array(50_000 * (i + 1)).fill(i)
    const entry = readEntry(keys[i])
    if (entry) {
      report.hits++
      if (entry.meta.i !== i || !binary.every((byte, at) => entry.binary[at] === byte)) report.wrong++
    }
    if (!entry || Math.random() < 0.5) writeEntry(keys[i], binary, { i })
  }
  setImmediate(() => console.log(JSON.stringify(report)))
`

function race(): Promise<{ wrong: number; hits: number; warnings: string[] } | 'killed'> {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', RACER], {
    cwd: ROOT,
    env: { ...process.env, NUMLOOM_CACHE: cache },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  return new Promise((resolve, reject) => {
    racers.push(child)
    child.on('error', reject)
    child.on('close', (code) => resolve(code === null ? 'killed' : JSON.parse(stdout)))
  })
}
const racers: ChildProcess[] = []

test('32 processes race on an empty cache, half of them are killed', async () => {
  const ends = Array.from({ length: 32 }, race)
  const random = new Random('kills')
  for (const child of racers.slice(16)) setTimeout(() => child.kill('SIGKILL'), 500 + random.uniform(0, 3000))
  const reports = await Promise.all(ends)
  const finished = reports.filter((report) => report !== 'killed')
  expect(finished.length).toBeGreaterThanOrEqual(16)
  expect(finished.length).toBeLessThan(32)
  for (const { wrong, hits, warnings: given } of finished) {
    expect({ wrong, given }).toEqual({ wrong: 0, given: [] })
    expect(hits).toBeGreaterThan(0)
  }
  const left = files()
  const complete = left.filter((name) => name.endsWith('.bin')).map((name) => name.slice(0, 64))
  expect(complete.length).toBe(8)
  for (const key of complete) expect(readEntry(key)).toBeDefined()
  for (const name of left) setAge(join(cache, 'njit', name), 3700)
  expect(clearEntries().files).toBe(left.length)
})

describe('numloom cache', () => {
  const run = (...args: string[]) => {
    const env = { ...process.env, NUMLOOM_CACHE: cache }
    return spawnSync(process.execPath, ['dist/cli.js', 'cache', ...args], { cwd: ROOT, encoding: 'utf8', env })
  }

  test('ls and clear', () => {
    const key = cacheKey(['listed'])
    writeEntry(key, binaryOf(key, 100_000), META)
    const { status, stdout } = run('ls')
    expect(status).toBe(0)
    const [line, total] = stdout.split('\n')
    expect(line).toMatch(
      new RegExp(`^${key.slice(0, 12)}  native  \\d{4}-\\d\\d-\\d\\dT[\\d:]{8}    0\\.10 MiB  axpy$`),
    )
    expect(total).toBe(`1 compiled functions, 0.10 MiB, in ${cache}`)
    const listed = JSON.parse(run('ls', '--json').stdout)
    expect(listed).toMatchObject([{ key, name: 'axpy', target: 'native', bytes: statSync(path(key)).size }])
    expect(run('clear').stdout).toBe('Removed 1 files, 0.10 MiB\n')
    expect(files()).toEqual([])
    expect(run('clear').stdout).toBe('Removed 0 files, 0.00 MiB\n')
    expect(run('ls', '--json').stdout).toBe('[]\n')
  })

  test('what cannot be read or removed is told, with the exit code 1', () => {
    const [key, damaged, taken, loop] = ['a', 'b', 'c', 'd'].map((part) => cacheKey([part])) as [
      string,
      string,
      string,
      string,
    ]
    for (const each of [key, damaged]) writeEntry(each, binaryOf(each, 100_000), META)
    writeFileSync(path(damaged), 'no meta data')
    mkdirSync(path(taken))
    symlinkSync(path(loop), path(loop))
    const listed = run('ls')
    expect(listed.status).toBe(1)
    expect(listed.stdout).toContain('1 compiled functions, 0.10 MiB')
    expect(listed.stderr.split('\n').sort()).toEqual(
      [
        '',
        `numloom: ${path(damaged)} cannot be read (it is damaged)`,
        `numloom: ${path(loop)} cannot be read (ELOOP)`,
        `numloom: ${path(taken)} cannot be read (EISDIR)`,
      ].sort(),
    )
    expect(run('ls', '--json')).toMatchObject({ status: 1, stderr: listed.stderr })
    const cleared = run('clear')
    expect(cleared).toMatchObject({ status: 1, stdout: 'Removed 2 files, 0.10 MiB\n' })
    expect(cleared.stderr).toContain(`numloom: ${path(taken)} cannot be removed (ERR_FS_EISDIR)\n`)
    expect(files()).toEqual([`${taken}.bin`, `${loop}.bin`].sort())

    mkdirSync(path(damaged))
    expect(run('clear').stderr).toMatch(/^numloom: .*\.bin and 1 others cannot be removed \(ERR_FS_EISDIR\)$/m)
    rmSync(join(cache, 'njit'), { recursive: true })
    writeFileSync(join(cache, 'njit'), 'a file in the place of the folder')
    const stderr = `numloom: ${join(cache, 'njit')} cannot be read (ENOTDIR)\n`
    expect(run('ls')).toMatchObject({ status: 1, stderr })
    expect(run('clear')).toMatchObject({ status: 1, stdout: 'Removed 0 files, 0.00 MiB\n', stderr })
    expect([listEntries(), clearEntries().files]).toEqual([[], 0])
  })

  test.each([[[]], [['rm']], [['constructor']], [['ls', '--fast']], [['clear', '--json']]])('refuses %j', (args) => {
    expect(run(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining('numloom cache ls [--json]') })
  })
})
