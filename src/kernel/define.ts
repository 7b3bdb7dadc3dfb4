// What a kernel is: one definition, which is its C signature, its reference, its error bound, its oracle and its cost.
//
// Loaders check binaries against it, tests and benchmarks walk it. A definition does no work by itself.
// SPDX-License-Identifier: MIT

import type { BackendName } from '../backends/backend.js'
import type { Code, TypedArray } from '../core/dtype.js'

export interface Size {
  readonly kind: 'size'
  readonly name: string
}
export interface Stride {
  readonly kind: 'stride'
  readonly name: string
}
export interface Scalar {
  readonly kind: 'scalar'
  readonly name: string
  /** A representative value for tests and benchmarks. */
  readonly sample: number
}
/** A pointer to elements. Its extents are named sizes or numbers; its strides, if any, follow it as arguments. */
export interface Pointer {
  readonly kind: 'pointer'
  readonly name: string
  readonly access: 'in' | 'out' | 'inout'
  readonly extents: readonly (string | number)[]
  readonly strided: boolean
  /** Where it is not the kernel's own dtype. */
  readonly dtype?: Code
}
/** Workspace that the caller provides: a pointer, and its length in elements. */
export interface Scratch {
  readonly kind: 'scratch'
  readonly name: string
  /** Elements needed. */
  readonly length: (sizes: Sizes, threads: number) => number
}
export type Argument = Size | Stride | Scalar | Pointer | Scratch

/** Named sizes of one call. */
export type Sizes = Readonly<Record<string, number>>

/** An array argument as a reference sees it: element i is data[at + i * stride]. */
export interface Ref {
  readonly data: Float64Array
  readonly at: number
}

type Value<A> = A extends Pointer | Scratch ? Ref : number

export interface Kernel<A extends readonly Argument[] = readonly Argument[]> {
  /** The symbol of its build for a dtype is `<name>_<code>`. */
  readonly name: string
  /** The arguments in the order of the C signature. */
  readonly args: A
  readonly dtypes: readonly Code[]
  /** The backends that must have it besides `js`; a binary of theirs without it does not load. */
  readonly on: readonly BackendName[]
  /**
   * The largest error of floating-point results (integers are exact): in units in the last place of the exact result;
   * or, where terms may cancel, in units of the dtype's epsilon times `scale`, a NumPy expression for their size.
   */
  readonly error:
    | { readonly ulp: Partial<Record<Code, number>> }
    | { readonly eps: (sizes: Sizes) => number; readonly scale: string }
  /**
   * The results as a NumPy expression over the arguments' names: an array for one output, a tuple for several, in the
   * order of the arguments. It is evaluated with more precision than the kernel's dtype has.
   */
  readonly numpy: string
  /** The least value of a size, where that is not 0. */
  readonly minimum?: Sizes
  /** Operations of one call, which is also the work by which the plan chooses. */
  readonly flops: (sizes: Sizes) => number
  /** The plain meaning, which is the `js` backend. Arrays come as Ref, everything else as numbers. */
  reference(...args: { -readonly [K in keyof A]: Value<A[K]> }): void
}

/** Types `reference` by `args`. */
export function defineKernel<const A extends readonly Argument[]>(kernel: Kernel<A>): Kernel<A> {
  return kernel
}

export const size = (name: string) => ({ kind: 'size', name }) as const
export const scalar = (name: string, sample = 1.5) => ({ kind: 'scalar', name, sample }) as const
export const scratch = (name: string, length: Scratch['length']) =>
  [{ kind: 'scratch', name, length } as const, size(`${name}_length`)] as const

type Access = Pointer['access']

/** A pointer with one stride: a vector of `extent` elements. */
export function vector<const X extends string | number>(name: string, access: Access, extent: X, dtype?: Code) {
  const pointer: Pointer = { kind: 'pointer', name, access, extents: [extent], strided: true, ...(dtype && { dtype }) }
  return [pointer, { kind: 'stride', name: `${name}_stride` } as Stride] as const
}

/** A pointer with two strides: a grid of `rows` x `columns` elements. */
export function grid(name: string, access: Access, rows: string, columns: string, dtype?: Code) {
  const extents = [rows, columns]
  const pointer: Pointer = { kind: 'pointer', name, access, extents, strided: true, ...(dtype && { dtype }) }
  const stride = (axis: number): Stride => ({ kind: 'stride', name: `${name}_stride${axis}` })
  return [pointer, stride(0), stride(1)] as const
}

/** A pointer to contiguous elements in C order. */
export function block(name: string, access: Access, extents: readonly (string | number)[], dtype?: Code): Pointer {
  return { kind: 'pointer', name, access, extents, strided: false, ...(dtype && { dtype }) }
}

/** Reads and writes of one call, in bytes, counted once an element. */
export function bytesOf(kernel: Kernel, dtype: Code, sizes: Sizes): number {
  let bytes = 0
  for (const arg of kernel.args) {
    if (arg.kind !== 'pointer') continue
    const length = arg.extents.reduce<number>((n, x) => n * (typeof x === 'number' ? x : (sizes[x] as number)), 1)
    const itemsize = (arg.dtype ?? dtype).endsWith('64') ? 8 : 4
    bytes += length * itemsize * (arg.access === 'inout' ? 2 : 1)
  }
  return bytes
}

/** Elements as the typed arrays that references get; int64 ones hold bigints. */
export const asRef = (data: TypedArray, at: number): Ref => ({ data: data as Float64Array, at })
