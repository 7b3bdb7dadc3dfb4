// shutdown(): gives back what numloom holds beyond a call, threads and memory.
// SPDX-License-Identifier: MIT

import { setImmediate } from 'node:timers/promises'
import { forgetBackends } from './backends/load.js'
import { shutdownNative } from './backends/native.js'
import { shutdownWasm } from './backends/wasm.js'
import { retireHeap } from './core/heap.js'
import { collectGarbage } from './core/watcher.js'
import { endCompiler } from './njit/clang.js'
import { forgetRoutes } from './runtime.js'

/**
 * Ends the threads of this thread's teams and frees all arrays; using one of them throws DisposedError then. Typed arrays
 * of the user stay as they are. Resolves when the threads have ended. The next use of numloom starts afresh; settings hold.
 */
export async function shutdown(): Promise<void> {
  forgetRoutes()
  forgetBackends()
  retireHeap()
  shutdownNative()
  await Promise.all([shutdownWasm(), endCompiler()])
  // Memory of up to 4 GiB hangs on an object so small that the engine sees no reason to collect it.
  await setImmediate()
  collectGarbage('major')
}
