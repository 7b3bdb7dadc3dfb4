// Which backend runs a call: the one that was forced, or the plan's choice with its reasons; never another one silently.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { afterEach, describe, expect, test } from 'vitest'
import { BACKEND_NAMES } from '../dist/backends/backend.js'
import { planOf } from '../dist/kernel/plan.js'
import { kernelList } from '../dist/kernel/registry.js'
import { jsonOf, runScript } from './support/child.ts'
import { errorOf } from './support/errors.ts'

const small = nl.linspace(0, 1, 10)
const large = nl.linspace(0, 1, 500_000)
afterEach(() => nl.setBackend('auto'))

const ranOn = (fn: () => unknown) => nl.explain(fn).calls.map(({ backend }) => backend)

describe('a forced backend', () => {
  test.each(BACKEND_NAMES)('%s runs every call, small and large', (name) => {
    const calls = () => [nl.add(small, small), nl.sum(large), nl.multiply(large, 2)]
    expect(ranOn(() => nl.withBackend(name, calls))).toEqual([name, name, name])
    nl.setBackend(name)
    expect(nl.getBackend()).toBe(name)
    expect(ranOn(calls)).toEqual([name, name, name])
  })

  test.each(BACKEND_NAMES)('%s comes from NUMLOOM_BACKEND', async (name) => {
    const script = `
      import * as nl from 'numloom'
      const { calls } = nl.explain(() => [nl.add(nl.ones(10), 1), nl.sum(nl.ones(500_000))])
      console.log(JSON.stringify({ setting: nl.getBackend(), ran: calls.map(({ backend }) => backend) }))
    `
    const env = { NUMLOOM_BACKEND: name }
    expect(await jsonOf(script, { env })).toEqual({ setting: name, ran: [name, name] })
  })

  test('withBackend goes before setBackend, nests, and ends with an error too', () => {
    nl.setBackend('as')
    const seen = nl.withBackend('js', () => [
      nl.getBackend(),
      nl.withBackend('auto', () => nl.getBackend()),
      nl.getBackend(),
    ])
    expect(seen).toEqual(['js', 'auto', 'js'])
    expect(() =>
      nl.withBackend('native', () => {
        throw new Error('inside')
      }),
    ).toThrow('inside')
    expect(nl.getBackend()).toBe('as')
    expect(ranOn(() => nl.add(small, small))).toEqual(['as'])
  })

  test('setBackend goes before NUMLOOM_BACKEND', async () => {
    const script = `import * as nl from 'numloom'; nl.setBackend('as'); console.log(JSON.stringify(nl.getBackend()))`
    expect(await jsonOf(script, { env: { NUMLOOM_BACKEND: 'js' } })).toBe('as')
  })

  const operations = { sin_f64: () => nl.sin(small), gemm_f64: () => nl.matmul(nl.eye(3), nl.eye(3)) }
  test.each(Object.entries(operations))('that has no kernel %s throws, and no other runs it', (symbol, operation) => {
    const definition = kernelList().find((one) => one.symbol === symbol)
    for (const name of BACKEND_NAMES.filter((one) => one !== 'js' && !definition?.kernel.on.includes(one))) {
      const error = errorOf(() => nl.withBackend(name, operation))
      expect(error).toBeInstanceOf(nl.BackendError)
      expect(error).toMatchObject({ code: 'NUMLOOM_BACKEND', backend: name, kernel: symbol })
      expect(error.message).toContain(`backend '${name}' has no kernel ${symbol}`)
      expect(ranOn(operation)).not.toContain(name)
    }
  })
})

describe('an unknown name', () => {
  const valid = new RegExp(['auto', ...BACKEND_NAMES].join(', '))

  test.each(['cuda', '', 'Native', 'wasm threads', undefined, null, 3])('%s is refused with the valid ones', (name) => {
    for (const use of [() => nl.setBackend(name as 'js'), () => nl.withBackend(name as 'js', () => 1)]) {
      expect(use).toThrow(nl.BackendError)
      expect(use).toThrow(valid)
    }
    expect(nl.getBackend()).toBe('auto')
    expect(nl.add(small, 1).get(0)).toBe(1)
  })

  test('in NUMLOOM_BACKEND fails at the first call, not at import', async () => {
    const script = `
      import * as nl from 'numloom'
      const x = nl.ones(3)
      const codes = []
      for (const use of [() => nl.add(x, 1), () => nl.getBackend(), () => nl.add(x, 1)]) {
        try { use() } catch ({ code, message, backend }) { codes.push({ code, message, backend }) }
      }
      nl.setBackend('js')
      console.log(JSON.stringify({ codes, afterwards: nl.add(x, 1).get(0) }))
    `
    const { codes, afterwards } = await jsonOf<{
      codes: { code: string; message: string; backend: string }[]
      afterwards: number
    }>(script, { env: { NUMLOOM_BACKEND: 'cuda' } })
    expect(afterwards).toBe(2)
    expect(codes).toHaveLength(3)
    for (const { code, message, backend } of codes) {
      expect({ code, backend }).toEqual({ code: 'NUMLOOM_BACKEND', backend: 'cuda' })
      expect(message).toMatch(valid)
      expect(message).toContain('NUMLOOM_BACKEND')
    }
  })

  test('an absent backend is refused with the reason, by every way of forcing it', async () => {
    const script = `
      import * as nl from 'numloom'
      const messages = []
      for (const use of [() => nl.setBackend('wasm-threads'), () => nl.withBackend('wasm-threads', () => 1)]) {
        try { use() } catch (error) { messages.push(error.message) }
      }
      console.log(JSON.stringify({ messages, afterwards: nl.add(nl.ones(3), 1).get(0), backend: nl.getBackend() }))
    `
    const env = { NUMLOOM_SHARED_MEMORY: '0' }
    const { messages, ...rest } = await jsonOf<{ messages: string[] }>(script, { env })
    expect(messages).toHaveLength(2)
    for (const message of messages) expect(message).toMatch(/'wasm-threads' cannot be used: .*NUMLOOM_SHARED_MEMORY=0/)
    expect(rest).toEqual({ afterwards: 2, backend: 'auto' })
    const { code, stderr } = await runScript(`import * as nl from 'numloom'; nl.add(nl.ones(3), 1)`, {
      env: { ...env, NUMLOOM_BACKEND: 'wasm-threads' },
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/NUMLOOM_SHARED_MEMORY=0/)
  })

  test.each([
    ['NUMLOOM_ISA', 'native'],
    ['NUMLOOM_WASM_ISA', 'wasm'],
  ])('%s, told with the valid ones', async (name, backend) => {
    const script = `
      import * as nl from 'numloom'
      const backend = nl.backends().find(({ name }) => name === '${backend}')
      console.log(JSON.stringify(backend))`
    const env = { [name]: 'avx1024' }
    const { stdout, stderr } = await runScript(script, { env })
    expect(JSON.parse(stdout)).toMatchObject({ available: true })
    expect(stderr).toMatch(new RegExp(`${name}='avx1024': expected .* or .*; .* is used`))
    const strict = await jsonOf<nl.BackendStatus>(script, { env: { ...env, NUMLOOM_STRICT_ENV: '1' } })
    expect(strict.available).toBe(false)
    expect(strict.reason).toMatch(new RegExp(`^${name}='avx1024': expected `))
    const [isa] = (JSON.parse(stdout) as { isas?: string[] }).isas ?? ['simd128']
    const upper = await jsonOf<nl.BackendStatus>(script, { env: { [name]: ` ${isa?.toUpperCase()}` } })
    expect(upper).toMatchObject({ available: true, isa })
  })
})

describe('auto', () => {
  test('follows the plan', () => {
    const add = kernelList().find(({ symbol }) => symbol === 'add_f64')
    if (!add) throw new Error('no kernel add_f64')
    const { levels } = planOf(add.kernel, 'f64')
    for (const x of [small, large]) {
      const level = levels.filter(({ work }) => work <= x.size).at(-1)
      for (const threads of [1, 2]) {
        const usable = level?.order.filter((name) => threads > 1 || name !== 'wasm-threads')
        expect(ranOn(() => nl.withThreads(threads, () => nl.add(x, x)))).toEqual([usable?.[0]])
      }
    }
  })

  test('says what ran, with which file, and why the others did not', () => {
    const [dispatch] = nl.explain(() => nl.withThreads(2, () => nl.sin(large))).calls
    expect(dispatch).toMatchObject({ op: 'sin', dtype: 'f64', threadSetting: { count: 2, source: 'withThreads(2)' } })
    const status = nl.backends().find(({ name }) => name === dispatch?.backend)
    expect(dispatch).toMatchObject({ file: status?.file, isa: status?.isa })
    const others = BACKEND_NAMES.filter((name) => name !== dispatch?.backend)
    expect(Object.keys(dispatch?.others ?? {}).sort()).toEqual([...others].sort())
    for (const name of others) expect(dispatch?.others[name]).toBeTruthy()
    const text = nl.explain(() => nl.sin(large)).toString()
    for (const name of others) expect(text).toContain(`not ${name}: `)
    expect(text).toContain(`sin_f64 on ${dispatch?.backend} (${status?.file}, ${status?.isa})`)
  })

  test('says that a backend was forced', () => {
    const [dispatch] = nl.explain(() => nl.withBackend('js', () => nl.sin(small))).calls
    expect(dispatch?.others.native).toBe('js is forced')
  })

  test('explain without a call, nested, and after an error', () => {
    expect(nl.explain(() => 1).toString()).toBe('no kernel ran')
    let inner: nl.Explanation | undefined
    const outer = nl.explain(() => {
      nl.sin(small)
      inner = nl.explain(() => nl.cos(small))
      nl.exp(small)
    })
    expect(inner?.calls.map(({ op }) => op)).toEqual(['cos'])
    expect(outer.calls.map(({ op }) => op)).toEqual(['sin', 'cos', 'exp'])
    expect(() =>
      nl.explain(() => {
        throw new Error('inside')
      }),
    ).toThrow('inside')
    expect(nl.explain(() => nl.sin(small)).calls).toHaveLength(1)
  })
})
