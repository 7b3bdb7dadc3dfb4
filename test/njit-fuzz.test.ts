// Random programs do the same in JavaScript and compiled: a part of what test/fuzz/run.mjs can do, always the same one.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MINUTES = 60_000

function run(script: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [`test/fuzz/${script}`, ...args], { encoding: 'utf8' })
  expect(status, stderr + stdout).toBe(0)
  return stdout
}

test.each(['native', 'wasm'])('%s: 2000 programs', { timeout: 60 * MINUTES }, (target) => {
  const said = run('run.mjs', `--targets=${target}`, '--count=2000', '--seed=1000000', '--shrink=20')
  expect(said).toContain('2000 programs from seed 1000000')
  expect(said).toContain('\n0 failures')
})

test('what failed once', { timeout: 10 * MINUTES }, () => {
  expect(run('reproducers.mjs')).toBe('')
})
