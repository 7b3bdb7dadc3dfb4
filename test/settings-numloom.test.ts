// The settings of numloom itself, and what they are where they shall be strict. SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import { keepEnvironment, reload, told } from './support/settings.ts'

keepEnvironment()

const FUNCTION = `
  import { njit } from 'numloom/njit'
  const first = (target, options) => njit({ target, cache: false, ...options }, function first(x) { return x[5] })
`

describe('variables of numloom itself', () => {
  type Row = [name: string, value: string, use: string, used: string]
  const wrong: Row[] = [
    ['NUMLOOM_STRICT_ENV', 'always', 'nl.getNumThreads()', 'false'],
    ['NUMLOOM_SHARED_MEMORY', 'abc', 'nl.ones(3)', 'true'],
    ['NUMLOOM_MAX_MEMORY', '8GB', 'nl.ones(3)', '4096MB'],
    ['NUMLOOM_MAX_MEMORY', 'lots', 'nl.ones(3)', '4096MB'],
    ['NUMLOOM_LOG', 'loud', 'nl.getNumThreads()', 'off'],
    ['NUMLOOM_OPT', '9', `${FUNCTION} first('native')(new Float64Array(9))`, '3'],
    ['NUMLOOM_DISABLE_JIT', 'si', `${FUNCTION} first('native')(new Float64Array(9))`, 'false'],
  ]
  test.each(wrong)('%s=%s gives one warning, and is an error where it shall be', async (name, value, use, used) => {
    const { lines } = await told(use, { [name]: value })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`${name}='${value}'`)
    expect(lines[0]).toContain(`; ${used} is used`)
    if (name === 'NUMLOOM_STRICT_ENV') return
    const caught = `try { ${use.replace(/import .*\n/, '')} } catch ({ name, variable, message }) { console.log(name, variable, message) }`
    const imports = use.match(/import .*\n/)?.[0] ?? ''
    const strict = await told(imports + caught, { [name]: value, NUMLOOM_STRICT_ENV: 'TRUE' })
    expect(strict.said).toMatch(new RegExp(`^EnvironmentError ${name} `))
    expect(strict.said).not.toContain('is used')
  })
  test.each([
    ['false', 'unshared'],
    ['OFF', 'unshared'],
    ['0', 'unshared'],
    ['yes', 'shared'],
  ])('NUMLOOM_SHARED_MEMORY=%s', async (value, kind) => {
    const { said, lines } = await told(`console.log(nl.showRuntime().memory.shared ? 'shared' : 'unshared')`, {
      NUMLOOM_SHARED_MEMORY: value,
    })
    expect({ said, lines }).toEqual({ said: kind, lines: [] })
  })
  test.each(['true', 'On', '1'])('NUMLOOM_DISABLE_JIT=%s', async (value) => {
    const script = `${FUNCTION} const f = first('auto'); f(new Float64Array(9)); console.log(f.explain().runs)`
    expect((await told(script, { NUMLOOM_DISABLE_JIT: value })).said).toBe('js')
    expect((await told(script, { NUMLOOM_DISABLE_JIT: 'no' })).said).not.toBe('js')
  })
  test('NUMLOOM_BOUNDSCHECK goes before the option where it is valid', async () => {
    const script = `${FUNCTION}
      const outcome = (boundsCheck) => {
        try { first('native', { boundsCheck })(new Float64Array(new ArrayBuffer(64), 0, 2)); return 'unchecked' } catch ({ name }) { return name }
      }
      console.log([outcome(true), outcome(false)].join())`
    const run = (value: string) => told(script, { NUMLOOM_BOUNDSCHECK: value })
    expect(await run('False')).toEqual({ said: 'unchecked,unchecked', lines: [] })
    expect(await run(' on ')).toEqual({ said: 'RangeError,RangeError', lines: [] })
    const { said, lines } = await run('abc')
    expect(said).toBe('RangeError,unchecked')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain("NUMLOOM_BOUNDSCHECK='abc'")
  })
  test('NUMLOOM_CC that is not there', async () => {
    const env = { NUMLOOM_CC: 'no-such-cc' }
    const { lines } = await told(`${FUNCTION} first('auto')(new Float64Array(9))`, env)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain("NUMLOOM_CC='no-such-cc': there is no such program; njit compiles no native code")
    const strict = `${FUNCTION} try { first('auto')(new Float64Array(9)) } catch ({ name }) { console.log(name) }`
    expect((await told(strict, { ...env, NUMLOOM_STRICT_ENV: '1' })).said).toBe('EnvironmentError')
  })
  test('NUMLOOM_BACKEND is read again, and setBackend goes before it', async () => {
    await reload({ NUMLOOM_BACKEND: ' WASM ' })
    expect(nl.getBackend()).toBe('wasm')
    await reload({ NUMLOOM_BACKEND: 'js' })
    expect(nl.getBackend()).toBe('js')
    const script = `nl.setBackend('js'); process.env.NUMLOOM_BACKEND = 'wasm'; nl.reloadEnv(); console.log(nl.getBackend())`
    expect((await told(script, {})).said).toBe('js')
  })
})

describe('NUMLOOM_STRICT_ENV=1', () => {
  const caught = (use: string) => `try { ${use} } catch ({ name, variable }) { console.log(name, variable) }`
  const env = { NUMLOOM_STRICT_ENV: '1', OMP_DYNAMIC: 'junk' }
  test('holds whatever is called first', async () => {
    for (const use of ['nl.withBackend("native", () => nl.ones(3))', 'nl.setBackend("native")', 'nl.sin(1)']) {
      expect((await told(caught(use), env)).said).toBe('EnvironmentError OMP_DYNAMIC')
    }
    const script = `${FUNCTION} ${caught(`first('auto')(new Float64Array(9))`)}`
    expect((await told(script, env)).said).toBe('EnvironmentError OMP_DYNAMIC')
  })
  test('holds for a trace that cannot be written, once numloom is used', async () => {
    const file = { NUMLOOM_TRACE: '/no/such/folder/trace.json' }
    expect((await told(caught('nl.sin(1)'), { ...env, ...file })).said).toBe('EnvironmentError NUMLOOM_TRACE')
  })
  test('leaves what was read before where the environment is read again', async () => {
    await reload({ OMP_NUM_THREADS: '3' })
    Object.assign(process.env, { NUMLOOM_STRICT_ENV: '1', OMP_NUM_THREADS: '5', OMP_SCHEDULE: 'junk' })
    expect(() => nl.reloadEnv()).toThrow(nl.EnvironmentError)
    expect(nl.getNumThreads()).toBe(3)
    expect(nl.omp.getSchedule().kind).toBe('static')
  })
  test('makes an invalid value an error with its name and value', async () => {
    process.env.NUMLOOM_STRICT_ENV = '1'
    process.env.OMP_NUM_THREADS = 'abc'
    const error = (() => {
      try {
        nl.reloadEnv()
      } catch (caught) {
        return caught
      }
    })()
    expect(error).toBeInstanceOf(nl.EnvironmentError)
    expect(error).toMatchObject({ code: 'NUMLOOM_ENV', variable: 'OMP_NUM_THREADS', value: 'abc' })
    expect((error as Error).message).toBe("OMP_NUM_THREADS='abc': 'abc' is not a positive integer")
    process.env.OMP_NUM_THREADS = '3'
    nl.reloadEnv()
    expect(nl.getNumThreads()).toBe(3)
  })
})
