// The public API: NumPy's names in camelCase; see docs/.
// SPDX-License-Identifier: MIT

export type { BackendName } from './backends/backend.js'
export { type Config, showConfig } from './config.js'
export { type Element, NDArray, type Nested } from './core/array.js'
export type { DType, TypedArray } from './core/dtype.js'
export * from './core/errors.js'
export { scope } from './core/scope.js'
export { getNumThreads, setNumThreads, type ThreadCount, withThreads } from './core/threads.js'
export { type MemoryUse, memory, resetPeakMemory } from './core/usage.js'
export { Explanation, explain } from './explain.js'
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
export { type BackendStatus, backends, type Dispatch, getBackend, setBackend, withBackend } from './runtime.js'
export { VERSION as version } from './version.js'
