// Whether threads are bound to CPUs, as OMP_PROC_BIND and OMP_PLACES ask for: libgomp does that, for the addon.
// SPDX-License-Identifier: MIT

import { getBackend } from '../runtime.js'

/** Why both are ignored; undefined where they hold. */
export function bindingIgnored(): string | undefined {
  if (process.platform !== 'linux') return 'threads are bound on Linux alone'
  try {
    const backend = getBackend()
    if (backend === 'auto' || backend === 'native') return undefined
    return `${backend} is forced, whose threads are never bound`
  } catch (error) {
    // A wrong NUMLOOM_BACKEND is an error of calls; what only reports settings has to answer.
    return (error as Error).message
  }
}
