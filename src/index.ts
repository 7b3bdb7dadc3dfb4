// The public API: NumPy's names in camelCase; see docs/.
// SPDX-License-Identifier: MIT

export type { BackendName } from './backends/backend.js'
export { type BackendStatus, backends } from './backends/load.js'
export { type BuildInfo, type Config, type ShowOptions, showConfig } from './config.js'
export { type Element, NDArray, type Nested } from './core/array.js'
export type { DType, TypedArray } from './core/dtype.js'
export * from './core/errors.js'
export { scope } from './core/scope.js'
export { setNumThreads, type ThreadCount, withThreads } from './core/threads.js'
export { type MemoryUse, memory, resetPeakMemory } from './core/usage.js'
export { Explanation, explain } from './explain.js'
export type { PlanInForce } from './kernel/plan.js'
export { getNumThreads } from './omp/count.js'
export { reloadEnv } from './omp/variables.js'
export * as omp from './omp.js'
export * as blas from './ops/blas.js'
export {
  type ArrayLike,
  arange,
  array,
  asarray,
  type DTypeOption,
  empty,
  eye,
  full,
  linspace,
  ones,
  type ShapeLike,
  zeros,
} from './ops/create.js'
export * from './ops/elementwise.js'
export { dot, matmul } from './ops/linalg.js'
export type { OutOption } from './ops/operand.js'
export { max, min, type ReduceOptions, sum } from './ops/reduce.js'
export type { ArrayReport, Dispatch, Layout } from './report/dispatch.js'
export {
  type CopyEvent,
  type EventName,
  type Events,
  type MemoryEvent,
  on,
  type RegionEvent,
  type Subscription,
} from './report/events.js'
export { trace } from './report/trace.js'
export { getBackend, setBackend, withBackend } from './runtime.js'
export { shutdown } from './shutdown.js'
export { type Choice, type Runtime, showRuntime } from './system.js'
export {
  type LimitThreads,
  type PoolLimit,
  type Threadpool,
  ThreadpoolLimits,
  type ThreadpoolOptions,
  threadpoolInfo,
  threadpoolLimits,
} from './threadpool.js'
export { VERSION as version } from './version.js'
