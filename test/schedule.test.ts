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
import { ROOT } from './support/child.ts'
import { Random } from './support/random.ts'

const start = nl.omp.getSchedule()
afterEach(() => nl.omp.setSchedule(start))

test('core/schedule.h deals items out as libgomp does', () => {
  const folder = mkdtempSync(join(tmpdir(), 'numloom-schedule-'))
  try {
    const program = join(folder, 'schedule')
    const flags = ['-std=c++17', '-O1', '-fopenmp', 'test/cpp/schedule.cpp', '-o', program]
    const compiled = spawnSync('g++', flags, { cwd: ROOT, encoding: 'utf8' })
    expect(compiled.stderr).toBe('')
    const { stdout } = spawnSync(program, { encoding: 'utf8', env: { OMP_WAIT_POLICY: 'passive' } })
    expect(stdout).toMatch(/^\d{4,} cases, 0 differ\n$/)
  } finally {
    rmSync(folder, { recursive: true })
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
