// Backends without the plan in between: what a kernel costs where it is made to run, threads included.
// SPDX-License-Identifier: MIT

import { BACKEND_NAMES, type Backend, type BackendName, type KernelArgument } from '../backends/backend.js'
import { tryLoad } from '../backends/load.js'
import type { Code } from '../core/dtype.js'
import { BackendError } from '../core/errors.js'
import type { Kernel } from '../kernel/define.js'

/** The backends that work here, loaded, by name. */
export function loadedBackends(): Map<BackendName, Backend> {
  const found = new Map<BackendName, Backend>()
  for (const name of BACKEND_NAMES) {
    const backend = tryLoad(name)
    if (!(backend instanceof BackendError)) found.set(name, backend)
  }
  return found
}

/** A function that runs a kernel on a backend with a thread count, undefined where the backend has none. */
export function boundCall(
  backend: Backend,
  kernel: Kernel,
  dtype: Code,
  args: KernelArgument[],
  threads: number,
): (() => void) | undefined {
  const call = backend.bind(kernel, dtype)
  if (call === undefined) return undefined
  return () => {
    backend.setThreads(threads)
    call(args)
  }
}
