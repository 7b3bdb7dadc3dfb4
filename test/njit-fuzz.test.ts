// Random programs do the same in JavaScript and compiled: a part of what test/fuzz/run.mjs can do, always the same one.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MINUTES = 60_000

// The compiler tries less hard than it does for users: of what is tested here, most is in front of it.
test.each([
  ['native', 800],
  ['wasm', 60],
])('%s: %i programs', { timeout: 12 * MINUTES }, (target, count) => {
  const args = ['test/fuzz/run.mjs', `--targets=${target}`, `--count=${count}`, '--seed=1000000', '--shrink=20']
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, NUMLOOM_OPT: '1' },
  })
  expect(stderr + stdout, stdout).toContain('0 failures')
  expect(status).toBe(0)
})
