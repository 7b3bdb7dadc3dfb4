// The user's cache folder: what `make`'s tools and `numloom tune` keep there outlives an installation.
// SPDX-License-Identifier: MIT

import { homedir } from 'node:os'
import { join } from 'node:path'
import { environment } from './core/env.js'

/** `$NUMLOOM_CACHE`, else `numloom` in `$XDG_CACHE_HOME`, else in `~/.cache`. It need not be there. */
export function cacheFolder(): string {
  const base = environment('XDG_CACHE_HOME') ?? join(homedir(), '.cache')
  return environment('NUMLOOM_CACHE') ?? join(base, 'numloom')
}
