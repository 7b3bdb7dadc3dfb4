// Calls of wasm kernels on arrays from outside the heap that lie in one piece, as most do: each is copied as a whole, with
// little more than that, since a call on a few elements takes no longer than a tenth of a microsecond. All others, and all
// calls that somebody is told about, are for outside.ts.
// SPDX-License-Identifier: MIT

import type { Code } from '../core/dtype.js'
import { heap } from '../core/heap.js'
import type { Kernel, Ref } from '../kernel/define.js'
import type { KernelArgument } from './backend.js'

/** A pointer among a kernel's arguments. */
interface Place {
  readonly index: number
  /** Of each axis: its extent, or where among the arguments that is, and where its stride is. */
  readonly axes: readonly Axis[]
  readonly code: Code
  readonly isRead: boolean
  readonly isWritten: boolean
}

interface Axis {
  readonly extent: number | undefined
  readonly extentAt: number
  readonly strideAt: number | undefined
}

/** Elements of a typed array that one argument or more begin at, and where their copy is among those of a call. */
interface Piece {
  readonly place: Place
  readonly data: Float64Array
  readonly at: number
  readonly length: number
  readonly offset: number
  isRead: boolean
  isWritten: boolean
}

/** Together they take less than what a call costs to copy. */
const MOST_BYTES = 2 ** 18
const ALIGNMENT = 16

export function placesOf(kernel: Kernel, dtype: Code): Place[] {
  const sizeAt = (name: string) => kernel.args.findIndex((arg) => arg.kind === 'size' && arg.name === name)
  return kernel.args.flatMap((arg, index): Place[] => {
    if (arg.kind === 'scratch') {
      // Its length follows it. What was in it before and after the call is nobody's.
      const axes = [{ extent: undefined, extentAt: index + 1, strideAt: undefined }]
      return [{ index, axes, code: dtype, isRead: false, isWritten: false }]
    }
    if (arg.kind !== 'pointer') return []
    const { access, strided } = arg
    const axes = arg.extents.map((extent, axis): Axis => {
      const strideAt = strided ? index + 1 + axis : undefined
      return typeof extent === 'number'
        ? { extent, extentAt: -1, strideAt }
        : { extent: undefined, extentAt: sizeAt(extent), strideAt }
    })
    return [{ index, axes, code: arg.dtype ?? dtype, isRead: access !== 'out', isWritten: access !== 'in' }]
  })
}

/**
 * The elements of an argument from the first to the last one; undefined where they are no piece: between those that are
 * written lie others, or most of it is not read.
 */
function pieceOf(place: Place, args: readonly KernelArgument[], { data, at }: Ref, offset: number): Piece | undefined {
  const { axes, isRead, isWritten } = place
  let count = 1
  let length = 1
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const { extent, extentAt, strideAt } = axes[axis] as Axis
    const n = extent ?? (args[extentAt] as number)
    const stride = strideAt === undefined ? count : (args[strideAt] as number)
    if (n === 0 || stride < 0) return undefined
    length += (n - 1) * stride
    count *= n
  }
  if (isWritten ? length !== count : length > 2 * count) return undefined
  return { place, data, at, length, offset, isRead, isWritten }
}

const isSame = (a: Piece, b: Piece) => a.data === b.data && a.at === b.at && a.length === b.length

/** Whether they may be copied apart. */
const areApart = (a: Piece, b: Piece) =>
  a.data !== b.data || !(a.isWritten || b.isWritten) || a.at + a.length <= b.at || b.at + b.length <= a.at

/** Adds a piece, or what it needs to one of the same elements. Returns false where it overlaps another one. */
function joins(piece: Piece, pieces: Piece[], numbers: number[]): boolean {
  let same: Piece | undefined
  for (const other of pieces) {
    if (isSame(piece, other)) same = other
    else if (!areApart(piece, other)) return false
  }
  if (same === undefined) pieces.push(piece)
  else {
    same.isRead ||= piece.isRead
    same.isWritten ||= piece.isWritten
  }
  numbers[piece.place.index] = (same ?? piece).offset
  return true
}

const endOf = ({ data, length, offset }: Piece) =>
  offset + Math.ceil((length * data.BYTES_PER_ELEMENT) / ALIGNMENT) * ALIGNMENT

/** The pieces of a call, and in `numbers` the offsets of their copies; undefined where they are not for here. */
function piecesOf(places: readonly Place[], args: readonly KernelArgument[], numbers: number[]): Piece[] | undefined {
  const pieces: Piece[] = []
  for (const place of places) {
    const value = args[place.index] as KernelArgument
    if (typeof value === 'number') continue
    const piece = pieceOf(place, args, value, endOfAll(pieces))
    if (piece === undefined || !joins(piece, pieces, numbers)) return undefined
  }
  return endOfAll(pieces) > MOST_BYTES ? undefined : pieces
}

function endOfAll(pieces: readonly Piece[]): number {
  const last = pieces[pieces.length - 1]
  return last === undefined ? 0 : endOf(last)
}

/** Calls the kernel, or returns false where it is not for here. */
export function callWithPieces(
  places: readonly Place[],
  raw: (...args: number[]) => void,
  args: readonly KernelArgument[],
): boolean {
  const numbers = args.slice() as number[]
  const pieces = piecesOf(places, args, numbers)
  if (pieces === undefined) return false
  const { address, release } = heap().borrow(endOfAll(pieces))
  try {
    for (const { index } of places)
      if (typeof args[index] !== 'number') numbers[index] = (numbers[index] as number) + address
    for (const piece of pieces) if (piece.isRead) copyIn(piece, address)
    raw(...numbers)
    for (const piece of pieces) if (piece.isWritten) copyOut(piece, address)
  } finally {
    release()
  }
  return true
}

/** Where the copy begins, in elements. */
const startOf = ({ data, offset }: Piece, address: number) => (address + offset) / data.BYTES_PER_ELEMENT

const cellsFor = ({ place }: Piece) => heap().view(place.code) as Float64Array

function copyIn(piece: Piece, address: number): void {
  const { data, at, length } = piece
  const elements = length === data.length ? data : data.subarray(at, at + length)
  cellsFor(piece).set(elements, startOf(piece, address))
}

function copyOut(piece: Piece, address: number): void {
  const start = startOf(piece, address)
  piece.data.set(cellsFor(piece).subarray(start, start + piece.length), piece.at)
}
