// Whether threads are bound to CPUs, as OMP_PROC_BIND and OMP_PLACES ask for: libgomp does that, for the addon.
// SPDX-License-Identifier: MIT

import { getBackend } from '../runtime.js'

/** Why both are ignored; undefined where they hold. Throws BackendError for a wrong NUMLOOM_BACKEND. */
export function bindingIgnored(): string | undefined {
  if (process.platform !== 'linux') return 'threads are bound on Linux alone'
  const backend = getBackend()
  if (backend === 'auto' || backend === 'native') return undefined
  return `${backend} is forced, whose threads are never bound`
}
