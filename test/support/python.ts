// Where the Python with NumPy is that tools/toolchain.sh sets up.
// SPDX-License-Identifier: MIT

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The cache folder of the toolchains, by the same rule as in the Makefile. */
export function cacheFolder(): string {
  const { NUMLOOM_CACHE, XDG_CACHE_HOME } = process.env
  return NUMLOOM_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'numloom')
}

/** Throws where `make setup` has not been run. */
export function pythonPath(): string {
  const path = join(cacheFolder(), 'python', 'bin', 'python')
  if (!existsSync(path)) throw new Error(`${path} is missing; run: make setup`)
  return path
}
