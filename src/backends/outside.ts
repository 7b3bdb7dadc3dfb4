// Calls of wasm kernels on memory from outside the heap: what they read is copied in before, what they wrote is copied out
// after, and nothing else: an array may be a small part of a large one, whose other elements someone else writes.
// SPDX-License-Identifier: MIT

import type { Code } from '../core/dtype.js'
import { heap } from '../core/heap.js'
import type { Kernel, Pointer, Ref } from '../kernel/define.js'
import { copied } from '../report/dispatch.js'
import { reporting } from '../report/events.js'
import type { Call, KernelArgument } from './backend.js'
import { callWithPieces, placesOf } from './pieces.js'

/** An argument: elements of a typed array, the first of them at `at`. */
interface Elements {
  readonly data: Float64Array
  readonly at: number
  readonly extents: readonly number[]
  readonly strides: readonly number[]
  readonly access: Pointer['access']
}

/** Elements of a typed array from one index to another, and the arguments that lie there. */
interface Span {
  readonly data: Float64Array
  readonly from: number
  readonly to: number
  readonly of: readonly Elements[]
}

/** What the heap has of a span for the length of a call. */
interface Copy extends Span {
  /** Whether it has the elements of the only argument alone, one behind the other. */
  readonly packed: boolean
  readonly length: number
  readonly address: number
  readonly release: () => void
}

/** A call that takes outside memory as well, from a raw function that takes numbers alone. */
export function callWithCopies(kernel: Kernel, dtype: Code, raw: (...args: number[]) => void): Call {
  const places = placesOf(kernel, dtype)
  return (args: KernelArgument[]) => {
    if (args.every((value) => typeof value === 'number')) raw(...(args as number[]))
    else if (reporting || !callWithPieces(places, raw, args)) callCopied(kernel, raw, args)
  }
}

function callCopied(kernel: Kernel, raw: (...args: number[]) => void, args: readonly KernelArgument[]): void {
  const all = new Map<number, Elements>()
  for (const [i, value] of args.entries()) {
    if (typeof value !== 'number') all.set(i, elementsOf(kernel, args, i, value))
  }
  const copies: Copy[] = []
  try {
    for (const span of spansOf([...all.values()])) copies.push(copyIn(span))
    const numbers = [...args] as number[]
    for (const [i, one] of all) {
      const copy = copies.find(({ of }) => of.includes(one)) as Copy
      const skipped = copy.packed ? 0 : one.at - copy.from
      numbers[i] = copy.address + skipped * one.data.BYTES_PER_ELEMENT
      if (copy.packed) for (const [axis, stride] of dense(one.extents).entries()) numbers[i + 1 + axis] = stride
    }
    raw(...numbers)
    for (const copy of copies) copyOut(copy)
  } finally {
    for (const { release } of copies) release()
  }
}

function elementsOf(kernel: Kernel, args: readonly KernelArgument[], i: number, { data, at }: Ref): Elements {
  const arg = kernel.args[i]
  // Workspace.
  if (arg?.kind !== 'pointer') return { data, at, extents: [data.length - at], strides: [1], access: 'out' }
  const size = (name: string) =>
    args[kernel.args.findIndex((one) => one.kind === 'size' && one.name === name)] as number
  const extents = arg.extents.map((extent) => (typeof extent === 'number' ? extent : size(extent)))
  const strides = arg.strided ? (args.slice(i + 1, i + 1 + extents.length) as number[]) : dense(extents)
  return { data, at, extents, strides, access: arg.access }
}

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1)
const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0)

/** Strides of elements that lie one behind the other. */
const dense = (extents: readonly number[]) => extents.map((_, axis) => product(extents.slice(axis + 1)))

const isWritten = ({ access }: Elements) => access !== 'in'

/** Arguments whose elements lie among those of one that is written share a span with it. */
function spansOf(all: readonly Elements[]): readonly Span[] {
  let spans: readonly Span[] = []
  for (const one of all) {
    const own = { data: one.data, ...reachOf(one), of: [one] }
    const among = (span: Span) => span.data === own.data && span.from < own.to && own.from < span.to
    const meets = (span: Span) => among(span) && (isWritten(one) || span.of.some(isWritten))
    const met = [...spans.filter(meets), own]
    const from = Math.min(...met.map((span) => span.from))
    const to = Math.max(...met.map((span) => span.to))
    spans = [...spans.filter((span) => !meets(span)), { ...own, from, to, of: met.flatMap(({ of }) => of) }]
  }
  return spans
}

function reachOf({ at, extents, strides }: Elements): { from: number; to: number } {
  if (extents.includes(0)) return { from: at, to: at }
  const reaches = extents.map((extent, axis) => (extent - 1) * (strides[axis] as number))
  return { from: at + sum(reaches.filter((x) => x < 0)), to: at + sum(reaches.filter((x) => x > 0)) + 1 }
}

function copyIn(span: Span): Copy {
  const { data, from, to, of } = span
  const [only, ...others] = of as [Elements, ...Elements[]]
  const count = product(only.extents)
  // With every second element or fewer it is faster to leave out the others.
  const packed = others.length === 0 && count > 0 && 2 * count <= to - from
  const length = packed ? count : to - from
  const { address, release } = heap().borrow(length * data.BYTES_PER_ELEMENT)
  const copy = { ...span, packed, length, address, release }
  if (of.some(({ access }) => access !== 'out')) {
    told('in', length * data.BYTES_PER_ELEMENT, () => {
      const cells = cellsOf(copy)
      if (!packed) return cells.set(data.subarray(from, to))
      eachRun(only, (at, n, done) => {
        if (n === 1) cells[done] = data[at] as number
        else cells.set(data.subarray(at, at + n), done)
      })
    })
  }
  return copy
}

function copyOut(copy: Copy): void {
  const { data, of, packed } = copy
  for (const one of of) {
    if (!isWritten(one)) continue
    told('out', product(one.extents) * data.BYTES_PER_ELEMENT, () => {
      const cells = cellsOf(copy)
      eachRun(one, (at, n, done) => {
        const from = packed ? done : at - copy.from
        if (n === 1) data[at] = cells[from] as number
        else data.set(cells.subarray(from, from + n), at)
      })
    })
  }
}

function cellsOf({ data, address, length }: Copy): Float64Array {
  return new (data.constructor as Float64ArrayConstructor)(heap().buffer as ArrayBuffer, address, length)
}

/** Calls `visit` for elements that lie one behind the other: where they begin, how many, and how many there were before. */
function eachRun({ at, extents, strides }: Elements, visit: (at: number, n: number, done: number) => void): void {
  const last = extents.length - 1
  let done = 0
  const walk = (axis: number, start: number): void => {
    const [extent, stride] = axis > last ? [1, 1] : [extents[axis] as number, strides[axis] as number]
    if (axis >= last && stride === 1) {
      if (extent > 0) visit(start, extent, done)
      done += extent
    } else if (axis === last) for (let i = 0; i < extent; i++) visit(start + i * stride, 1, done++)
    else for (let i = 0; i < extent; i++) walk(axis + 1, start + i * stride)
  }
  walk(0, at)
}

/** A copy over the border of the heap, told to whoever listens. */
export function told(direction: 'in' | 'out', bytes: number, copy: () => void): void {
  const start = reporting ? performance.now() : 0
  copy()
  if (reporting) copied(direction, bytes, start)
}
