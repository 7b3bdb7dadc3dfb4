// OMP_PLACES: which places there are, and that libgomp is not told of others, which it would report by itself.
// SPDX-License-Identifier: MIT

import { describe, expect, test } from 'vitest'
import { parsePlaces, usablePlaces } from '../dist/omp/places.js'
import { ROOT, runScript } from './support/child.ts'

const FOUR = [0, 1, 2, 3]

describe('places with usable CPUs', () => {
  test.each([
    ['threads', 'threads'],
    ['Cores ( 2 )', 'cores(2)'],
    ['0, 1', '{0},{1}'],
    ['0:2', '{0},{1}'],
    ['{0:2}:2:2', '{0,1},{2,3}'],
    ['{0:4}:2:4', '{0,1,2,3}'],
    ['{0:2:2},{1:2:2}', '{0,2},{1,3}'],
    ['{3}:3:-1', '{3},{2},{1}'],
    ['{0:4,!2}', '{0,1,3}'],
    ['{0}:4,!{1}', '{0},{2},{3}'],
    ['{2,99},{98}', '{2}'],
    ['{5},{1}', '{1}'],
  ])('%s: %s', (text, places) => {
    const { value, problem } = parsePlaces(text, FOUR)
    expect(problem).toBeUndefined()
    expect(usablePlaces(value as string, FOUR)).toBe(places)
  })
})

test('more CPUs than there are on any machine are none, and soon', () => {
  const many = Array.from({ length: 5000 }, () => '0:20000').join()
  const lists = ['{0:20000}:20000', '{0:65536}:65536', '{0}:1000000000', `{${many}}`, `${many},0`]
  for (const text of lists) expect(parsePlaces(text, FOUR)).toEqual({ problem: 'it has more than 65536 CPUs' })
  expect(parsePlaces('{0:256}:255:256', FOUR)).toEqual({ value: '{0:256}:255:256' })
})

test('of a name, the most places are as many', () => {
  expect(parsePlaces('cores(65536)', FOUR)).toEqual({ value: 'cores(65536)' })
  for (const count of ['65537', '+0099999999999999999999']) {
    expect(parsePlaces(`cores(${count})`, FOUR)).toEqual({ value: 'cores(65536)', problem: 'more than 65536 places' })
  }
})

test.each([
  ...['foo', '{99}', '{4}:3', '{0:0}', '{0}:0', 'threads(0)', '!{0}', '{0},!{0}', '{!0}', '{1}:3:-1', '{0:1000000000}'],
])('%s is none', (text) => {
  expect(parsePlaces(text, FOUR).problem).toMatch(/./)
  expect(parsePlaces(text, FOUR).value).toBeUndefined()
})

describe('libgomp itself complains of nothing', () => {
  test.each([
    ...[
      'OMP_PLACES={0:0}',
      'OMP_PLACES={99999}',
      'OMP_PLACES=!{0}',
      'OMP_PLACES=threads(0)',
      'OMP_PLACES=cores(99999999999999999999)',
      'OMP_PLACES={0:9999}:2:1',
    ],
    ...['OMP_STACKSIZE=99999999999999999999G', 'GOMP_SPINCOUNT=x', 'GOMP_STACKSIZE=x', 'GOMP_CPU_AFFINITY=x'],
    ...['OMP_CANCELLATION=x', 'OMP_TARGET_OFFLOAD=x', 'OMP_NUM_TEAMS=x', 'OMP_MAX_TASK_PRIORITY=x', 'OMP_ALLOCATOR=x'],
  ])('%s', async (setting) => {
    const [name = '', value = ''] = setting.split(/=(.*)/)
    const script = `
      import * as nl from 'numloom'
      const x = nl.withBackend('native', () => nl.withThreads(2, () => nl.sum(nl.ones([1_000_000])).item()))
      console.log(x)`
    const { stdout, stderr } = await runScript(script, { env: { [name]: value }, cwd: ROOT })
    expect({ stdout, complains: stderr.includes('libgomp:') }).toEqual({ stdout: '1000000\n', complains: false })
  })
})
