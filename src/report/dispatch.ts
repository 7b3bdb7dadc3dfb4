// One call of a kernel or of a compiled function, as it is told: what ran, on which arrays, where, how long, and what was
// copied for it.
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

/** Elements of the typed arrays that compiled functions take besides those that NDArrays have. */
type OtherElement = 'int8' | 'uint8' | 'uint8clamped' | 'int16' | 'uint16' | 'uint32' | 'uint64'

/** An array argument of a call. */
export interface ArrayReport {
  /** The kernel's name for it, or the function's. */
  readonly name: string
  readonly access: 'in' | 'out' | 'inout'
  readonly dtype: DType | OtherElement
  /** Axes that lie one behind the other in memory reach a kernel as one. */
  readonly shape: readonly number[]
  readonly layout: Layout
  /** Whether it lies outside the heap, as typed arrays given to `asarray` do. */
  readonly outside: boolean
}

/** One call of a kernel or of a function of njit, as explain() and `on('dispatch')` report it. */
export interface Dispatch {
  readonly op: string
  /** Kernels have it. */
  readonly dtype?: Code
  /** The types of all arguments: functions of njit have it. */
  readonly signature?: string
  readonly arrays: readonly ArrayReport[]
  /** Operations of the call: known of kernels. */
  readonly work?: number
  readonly backend: BackendName
  /** What has the code; of a function of njit, the user's file. */
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

/** A call that is about to be made, of whatever kind. */
export interface Observed<T> {
  readonly op: string
  readonly backend: BackendName
  run(): T
  /** How many threads it had, asked afterwards. */
  team(): number
  describe(ran: Ran): Dispatch
}

/** What is known of a call when it has finished. */
export type Ran = Pick<Dispatch, 'threads' | 'bytesCopied' | 'start' | 'ms'>

let copies: CopyEvent[] = []
let current: Pick<Observed<unknown>, 'op' | 'backend'> | undefined

const WHY = 'the array lies outside the heap, and wasm reaches nothing else'

/** Called by backends that copy, after each copy for the call that is being observed. */
export function copied(direction: CopyEvent['direction'], bytes: number, start: number): void {
  if (current === undefined) return
  const { op, backend } = current
  copies.push({ op, backend, bytes, direction, why: WHY, start, ms: performance.now() - start })
}

/** Makes a call and tells it. Copies of a call that fails are told, the call is not. */
export function observe<T>(call: Observed<T>): T {
  const [callBefore, copiesBefore] = [current, copies]
  current = call
  copies = []
  const start = performance.now()
  let ms: number | undefined
  try {
    const result = call.run()
    ms = performance.now() - start
    return result
  } finally {
    const made = copies
    current = callBefore
    copies = copiesBefore
    for (const copy of made) emit('copy', copy)
    if (ms !== undefined) tell(call, made, start, ms)
  }
}

function tell(call: Observed<unknown>, made: readonly CopyEvent[], start: number, ms: number): void {
  const threads = call.team()
  const bytesCopied = made.reduce((sum, { bytes }) => sum + bytes, 0)
  if (heard('dispatch')) emit('dispatch', call.describe({ threads, bytesCopied, start, ms }))
  if (threads > 1) emit('region', { op: call.op, backend: call.backend, threads, start, ms })
}

/** A kernel call, to be observed. */
export function kernelCall(planned: Planned, run: () => void): Observed<void> {
  const { kernel, dtype, work, args, shape, backend, threadSetting, others } = planned
  return {
    op: kernel.name,
    backend: backend.name,
    run,
    // Others in the process may have been using the budget.
    team: () => (planned.threads > 1 ? (backend.lastTeam?.() ?? planned.threads) : 1),
    describe: ({ threads, bytesCopied, start, ms }) => {
      const arrays = arraysOf(kernel, dtype, args, shape)
      const { name, file, isa } = backend
      const ran = { backend: name, file, isa, threads, threadSetting, bytesCopied, start, ms }
      return withOthers({ op: kernel.name, dtype, arrays, work, ...ran }, others)
    },
  }
}

/** Nothing but a getter closes over `others` here: one that closed over the call would keep its arrays alive. */
function withOthers(report: Omit<Dispatch, 'others'>, others: Planned['others']): Dispatch {
  return {
    ...report,
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
