// What runs where njit cannot compile, and what is said of it. SPDX-License-Identifier: MIT

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { PERMISSION, runScript } from './support/child.ts'

describe('without a compiler', () => {
  test('a target that is missing: calls throw, and explain() says why', async () => {
    const script = `
      import { njit } from '${import.meta.resolve('numloom/njit')}'
      const f = njit({ target: 'native', cache: false, name: 'f' }, (x) => x + 1)
      const thrown = []
      try { f(1) } catch (error) { thrown.push(error.code, error.message) }
      console.log(JSON.stringify({ thrown, explained: f.explain() }))`
    const { stdout } = await runScript(script, { env: { NUMLOOM_CC: '/nonexistent/cc' } })
    const { thrown, explained } = JSON.parse(stdout)
    expect(thrown).toEqual(['NL5004', expect.stringContaining("NUMLOOM_CC='/nonexistent/cc' is not there")])
    expect(explained).toMatchObject({ function: 'f', runs: 'none', reason: thrown[1], specialisations: [] })
  })

  test.each([
    [['--allow-child-process'], 'native', 'NL5004: .*--allow-worker'],
    [['--allow-worker'], 'wasm', 'NL5004: .*--allow-child-process'],
    [[], 'js', 'NL5004: .*--allow-'],
  ])('permissions: with %j calls run as %s, and what is forbidden says so', async (allowed, runs, message) => {
    const script = `
      import { njit } from '${import.meta.resolve('numloom/njit')}'
      const run = (target) => {
        const f = njit({ target, cache: false, name: 'f' }, (x) => x + 1)
        try { return [f(1), f.explain().runs] } catch ({ message }) { return message }
      }
      console.log(JSON.stringify(['auto', 'native', 'wasm'].map(run)))`
    const flags = [PERMISSION, '--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons', ...allowed]
    const [auto, ...forced] = JSON.parse((await runScript(script, { flags })).stdout)
    expect(auto).toEqual([2, runs])
    for (const [i, target] of ['native', 'wasm'].entries()) {
      expect(forced[i]).toEqual(target === runs ? [2, runs] : expect.stringMatching(message))
    }
  })

  describe('what is there but does not work', () => {
    const folder = mkdtempSync(join(tmpdir(), 'njit-broken-'))
    afterAll(() => rmSync(folder, { recursive: true }))

    /** A compiler that does what a line of sh does, and counts its calls. */
    function compiler(name: string, line: string): string {
      const file = join(folder, name)
      writeFileSync(file, `#!/bin/sh\necho >> ${file}.calls\n${line}\n`, { mode: 0o700 })
      return file
    }
    const calls = (file: string) => readFileSync(`${file}.calls`, 'utf8').length
    const script = (options: object) => `
      import { njit } from '${import.meta.resolve('numloom/njit')}'
      const results = []
      const attempt = (work) => { try { results.push(work()) } catch ({ code, message }) { results.push([code, message]) } }
      const f = njit(${JSON.stringify({ ...options, name: 'f' })}, (x) => x + 1)
      const g = njit(${JSON.stringify({ ...options, name: 'g' })}, (x) => x + 2)
      await Promise.allSettled([g.compile(1), g.compile(1)])
      attempt(() => f(1))
      attempt(() => g(1.5))
      console.log(JSON.stringify({ results, ...f.explain() }))`

    test.each([
      ['fails', 'echo no headers >&2; exit 1', 'ended with status 1: no headers'],
      ['writes nothing', 'cat > /dev/null', 'wrote nothing'],
      ['is killed', 'kill -9 $$', 'was ended by SIGKILL'],
    ])('a compiler that %s', async (name, line, said) => {
      const file = compiler(name.replaceAll(' ', '-'), line)
      const env = { NUMLOOM_CC: file }
      const { stdout, stderr } = await runScript(script({ cache: false }), { env })
      const { results, runs, reason } = JSON.parse(stdout)
      expect([results, runs]).toEqual([[2, 3.5], 'wasm'])
      expect(reason).toContain(`${file} does not work, it ${said}`)
      expect(stderr.match(/NumloomWarning/g)).toHaveLength(1)
      expect(calls(file)).toBeLessThanOrEqual(4)
      const forced = JSON.parse((await runScript(script({ cache: false, target: 'native' }), { env })).stdout)
      const error = ['NL5004', expect.stringContaining('does not work')]
      expect(forced).toMatchObject({ results: [error, error], runs: 'none' })
    })

    test('no folder for temporary files: what is in the cache runs, other things elsewhere', async () => {
      const env = { TMPDIR: '/nonexistent', NUMLOOM_CACHE: '/proc/none' }
      const { results, runs, reason } = JSON.parse((await runScript(script({}), { env })).stdout)
      expect([results, runs]).toEqual([[2, 3.5], 'wasm'])
      expect(reason).toMatch(/\/nonexistent .*TMPDIR/)
      const forced = JSON.parse((await runScript(script({ target: 'native' }), { env })).stdout)
      const error = ['NL5004', expect.stringContaining('TMPDIR')]
      expect(forced.results).toEqual([error, error])
      const kept = { NUMLOOM_CACHE: join(folder, 'cache') }
      await runScript(script({}), { env: kept })
      const again = JSON.parse((await runScript(script({}), { env: { ...env, ...kept } })).stdout)
      expect(again).toMatchObject({ results: [2, 3.5], runs: 'native', specialisations: [{ fromCache: true }] })
    })
  })

  test('NUMLOOM_DISABLE_JIT=1 runs plain JavaScript, and says so once', async () => {
    const script = `
      import { njit } from '${import.meta.resolve('numloom/njit')}'
      const f = njit((x) => x + 1)
      console.log(f(1), f(2), f.explain().runs)
      njit((x) => x - 1)(1)
      try { njit({ require: 'compiled' }, (x) => x)(1) } catch (error) { console.log(error.code) }`
    const { stdout, stderr } = await runScript(script, { env: { NUMLOOM_DISABLE_JIT: '1' } })
    expect(stdout).toBe('2 3 js\nNL5004\n')
    expect(stderr.match(/plain JavaScript/g)).toHaveLength(1)
  })
})
