// Schedules: the partition is that of libgomp, and no result depends on it.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as nl from 'numloom'
import { afterEach, describe, expect, test } from 'vitest'
import type { Code, TypedArray } from '../dist/core/dtype.js'
import type { Kernel } from '../dist/kernel/define.js'
import { kernelList } from '../dist/kernel/registry.js'
import { call, prepare } from './support/call.ts'
import { CONTIGUOUS, namedSizes } from './support/cases.ts'
import { jsonOf, ROOT } from './support/child.ts'
import { Random } from './support/random.ts'

const start = nl.omp.getSchedule()
afterEach(() => nl.omp.setSchedule(start))

/** What a program of test/cpp prints, which includes core/schedule.h. */
function output(source: string, ...flags: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'numloom-schedule-'))
  try {
    const program = join(folder, 'schedule')
    const all = ['-std=c++17', '-O1', '-fwrapv', ...flags, `test/cpp/${source}`, '-o', program]
    const compiled = spawnSync('g++', all, { cwd: ROOT, encoding: 'utf8' })
    expect(compiled.stderr).toBe('')
    return spawnSync(program, { encoding: 'utf8', env: { OMP_WAIT_POLICY: 'passive' }, timeout: 60_000 }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('core/schedule.h deals items out as libgomp does', () => {
  expect(output('schedule.cpp', '-fopenmp')).toMatch(/^\d{4,} cases, 0 differ\n$/)
})

test('and chunks as large as a size of wasm holds', () => {
  expect(output('schedule-wasm.cpp')).toMatch(/^\d{3,} cases, 0 differ\n$/)
})

describe('a chunk larger than the work', () => {
  const LARGE = ['static', 'dynamic', 'guided'].flatMap((kind) => [
    `${kind},800000000`,
    `${kind},1500000000`,
    `${kind},2147483647`,
  ])
  for (const backend of ['native', 'wasm-threads'] as const) {
    test(`leaves results on ${backend} right`, async () => {
      // Each in a process of its own that is killed if it does not end.
      const script = `
        import * as nl from 'numloom'
        import { njit, prange } from 'numloom/njit'
        const options = { parallel: true, target: '${backend === 'native' ? 'native' : 'wasm'}' }
        const squares = njit(options, (out) => {
          for (const i of prange(out.length)) out[i] = i * i
        })
        const x = nl.arange(2_000_000)
        nl.setBackend('${backend}')
        const found = [2, 3].map((threads) => nl.withThreads(threads, () => {
          const out = new Float64Array(100_000)
          squares(out)
          return [nl.sum(x).item(), out.findIndex((value, i) => value !== i * i)]
        }))
        console.log(JSON.stringify(found))`
      const right = [2, 3].map(() => [(2_000_000 * 1_999_999) / 2, -1])
      for (const schedule of LARGE) {
        expect(await jsonOf(script, { env: { OMP_SCHEDULE: schedule } }), schedule).toEqual(right)
      }
    }, 120_000)
  }
})

const SCHEDULES = [
  { kind: 'static' },
  { kind: 'static', chunk: 1 },
  { kind: 'static', chunk: 3 },
  { kind: 'dynamic' },
  { kind: 'dynamic', chunk: 2 },
  { kind: 'guided' },
  { kind: 'guided', chunk: 2 },
  { kind: 'auto' },
] as const

const LARGE_SIZES = [[200_003], [1500], [1, 200_003], [701, 301], [64, 5003], [160, 130, 90], [301, 40, 257]]
const bytes = (data: TypedArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

function sameBits(kernel: Kernel, dtype: Code, backend: 'native' | 'wasm-threads') {
  const [sizes = {}] = namedSizes(kernel, LARGE_SIZES, 6e7)
  const large = { name: 'large', sizes, layout: CONTIGUOUS, values: 'moderate' as const }
  const prepared = prepare(kernel, dtype, large, new Random(`schedule ${kernel.name}_${dtype}`))
  const alone = call(prepared, backend, 1)
  for (const schedule of SCHEDULES) {
    nl.omp.setSchedule(schedule)
    const { results, damage, dispatch } = call(prepared, backend, 3)
    expect({ threads: dispatch.threads, damage }).toEqual({ threads: 3, damage: [] })
    results.forEach((result, i) => {
      const same = bytes(result).equals(bytes(alone.results[i] as TypedArray))
      expect(same, `output ${i} with ${JSON.stringify(schedule)}`).toBe(true)
    })
  }
}

describe('the bits of results do not depend on the schedule', () => {
  for (const { kernel, dtype, symbol } of kernelList()) {
    for (const backend of ['native', 'wasm-threads'] as const) {
      if (kernel.on.includes(backend)) test(`${symbol} on ${backend}`, () => sameBits(kernel, dtype, backend))
    }
  }
})
