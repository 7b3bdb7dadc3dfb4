// One kernel call, as it is told: what ran, on which arrays, where, how long, and what was copied for it.
//
// Everything comes from the kernel's definition and the arguments of the call: while someone listens, not otherwise.
// SPDX-License-Identifier: MIT

import type { Backend, BackendName, KernelArgument } from '../backends/backend.js'
import { type Code, codeInfo, type DType } from '../core/dtype.js'
import type { Shape } from '../core/shape.js'
import type { ThreadCount } from '../core/threads.js'
import type { Kernel, Pointer } from '../kernel/define.js'
import { type CopyEvent, emit, heard } from './events.js'

/**
 * How the elements lie: one behind the other in C order or Fortran's, with other strides, or one element many times
 * (broadcast).
 */
export type Layout = 'C' | 'F' | 'strided' | 'broadcast'

/** An array argument of a kernel call. */
export interface ArrayReport {
  /** The kernel's name for it. */
  readonly name: string
  readonly access: 'in' | 'out' | 'inout'
  readonly dtype: DType
  /** Axes that lie one behind the other in memory reach a kernel as one. */
  readonly shape: readonly number[]
  readonly layout: Layout
  /** Whether it lies outside the heap, as typed arrays given to `asarray` do. */
  readonly outside: boolean
}

/** One kernel call, as explain() and `on('dispatch')` report it. */
export interface Dispatch {
  readonly op: string
  readonly dtype: Code
  readonly arrays: readonly ArrayReport[]
  /** Operations of the call. */
  readonly work: number
  readonly backend: BackendName
  readonly file: string
  readonly isa: string
  readonly threads: number
  /** The thread count in force, and where it came from. */
  readonly threadSetting: ThreadCount
  /** Bytes that were copied into the heap and out of it. */
  readonly bytesCopied: number
  /** When it began, as performance.now() has it. */
  readonly start: number
  /** Its time, with copies and with the start of threads. */
  readonly ms: number
  /** Why each other backend did not run it. */
  readonly others: Readonly<Partial<Record<BackendName, string>>>
}

/** A call that is about to be made. */
export interface Planned {
  readonly kernel: Kernel
  readonly dtype: Code
  readonly work: number
  readonly args: readonly KernelArgument[]
  /** The shape that the operation has before its axes are merged, where one call does all of it. */
  readonly shape: Shape | undefined
  readonly backend: Backend
  readonly threads: number
  readonly threadSetting: ThreadCount
  /** Asked for only when someone reads it: it may have to load backends. */
  readonly others: () => Dispatch['others']
}

let copies: CopyEvent[] = []
let current: Planned | undefined

const WHY = 'the array lies outside the heap, and wasm reaches nothing else'

/** Called by backends that copy, after each copy for the call that is being observed. */
export function copied(direction: CopyEvent['direction'], bytes: number, start: number): void {
  if (current === undefined) return
  const { backend, kernel } = current
  const ms = performance.now() - start
  copies.push({ op: kernel.name, backend: backend.name, bytes, direction, why: WHY, start, ms })
}

/** Makes a call by `fn` and tells it. Copies of a call that fails are told, the call is not. */
export function observe(planned: Planned, fn: () => void): void {
  const before = current
  current = planned
  copies = []
  const start = performance.now()
  let ms: number | undefined
  try {
    fn()
    ms = performance.now() - start
  } finally {
    const made = copies
    current = before
    copies = []
    tell(planned, made, start, ms)
  }
}

function tell(planned: Planned, made: readonly CopyEvent[], start: number, ms: number | undefined): void {
  for (const copy of made) emit('copy', copy)
  if (ms === undefined) return
  const { kernel, backend } = planned
  // Others in the process may have been using the budget.
  const threads = planned.threads > 1 ? (backend.lastTeam?.() ?? planned.threads) : 1
  if (heard('dispatch')) emit('dispatch', report({ ...planned, threads }, made, start, ms))
  if (threads > 1) emit('region', { op: kernel.name, backend: backend.name, threads, start, ms })
}

function report(planned: Planned, made: readonly CopyEvent[], start: number, ms: number): Dispatch {
  const { kernel, dtype, work, args, shape, backend, threads, threadSetting, others } = planned
  return {
    op: kernel.name,
    dtype,
    arrays: arraysOf(kernel, dtype, args, shape),
    work,
    backend: backend.name,
    file: backend.file,
    isa: backend.isa,
    threads,
    threadSetting,
    bytesCopied: made.reduce((sum, { bytes }) => sum + bytes, 0),
    start,
    ms,
    get others() {
      return others()
    },
  }
}

/** The array arguments of a call. `shape` takes the place of m x n where the whole grid is meant. */
export function arraysOf(
  kernel: Kernel,
  dtype: Code,
  args: readonly KernelArgument[],
  shape: Shape | undefined,
): ArrayReport[] {
  const sizes = new Map<string, number>()
  kernel.args.forEach((arg, i) => {
    if (arg.kind === 'size') sizes.set(arg.name, args[i] as number)
  })
  return kernel.args.flatMap((arg, i) => {
    if (arg.kind !== 'pointer') return []
    const extents = arg.extents.map((extent) => (typeof extent === 'number' ? extent : (sizes.get(extent) as number)))
    const isGrid = extents.length === 2 && arg.strided
    return {
      name: arg.name,
      access: arg.access,
      dtype: codeInfo(arg.dtype ?? dtype).name,
      shape: isGrid && shape !== undefined ? shape : extents,
      layout: layoutOf(extents, stridesOf(arg, extents, args.slice(i + 1))),
      outside: typeof args[i] !== 'number',
    }
  })
}

/** Its strides follow a pointer; one that has none is in C order. */
function stridesOf(arg: Pointer, extents: readonly number[], following: readonly KernelArgument[]): number[] {
  if (arg.strided) return following.slice(0, extents.length) as number[]
  return extents.map((_, axis) => extents.slice(axis + 1).reduce((product, extent) => product * extent, 1))
}

export function layoutOf(extents: readonly number[], strides: readonly number[]): Layout {
  const axes = extents.map((extent, i) => ({ extent, stride: strides[i] as number })).filter(({ extent }) => extent > 1)
  if (axes.some(({ stride }) => stride === 0)) return 'broadcast'
  if (isDense([...axes].reverse())) return 'C'
  return isDense(axes) ? 'F' : 'strided'
}

/** Whether axes, the fastest first, leave no gaps. */
function isDense(axes: readonly { extent: number; stride: number }[]): boolean {
  let expected = 1
  for (const { extent, stride } of axes) {
    if (stride !== expected) return false
    expected *= extent
  }
  return true
}
