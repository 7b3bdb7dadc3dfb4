// Arguments into slots, and results out of them.
// SPDX-License-Identifier: MIT

import { allocate, NDArray } from '../core/array.js'
import { dtypeInfo } from '../core/dtype.js'
import { heap } from '../core/heap.js'
import { itemsize } from './emit-expressions.js'
import type { Description, Shape } from './frontend.js'
import type { ArrayType, Type } from './ir.js'
import { wideBigint } from './mismatch.js'
import type { ArrayArgument, NumericArray, Program } from './target.js'
import { typedArrayName } from './value.js'

/**
 * Writes arguments into the slots of a program; returns the arrays, whose addresses are the target's matter. `given` are those
 * of the call of the function `name`.
 */
export function fill(
  name: string,
  given: readonly unknown[],
  { layout, parameters, written }: Description,
  slots: Float64Array,
  args: readonly unknown[],
): ArrayArgument[] {
  const arrays: ArrayArgument[] = []
  for (let i = 0; i < parameters.length; i++) {
    const type = parameters[i] as Type
    const slot = layout.parameters[i] as number
    const value = args[i]
    if (typeof type !== 'string') arrays.push(fillArray(type, slot, slots, value, written[i] as boolean))
    else if (type === 'big') {
      const bits = bigSlots(slots)
      bits[slot] = value as bigint
      // What does not fit was cut.
      if (bits[slot] !== value) throw wideBigint(name, given, value as bigint)
    } else slots[slot] = Number(value)
  }
  return arrays
}

function bigSlots(slots: Float64Array): BigInt64Array {
  return new BigInt64Array(slots.buffer, slots.byteOffset, slots.length)
}

function fillArray(
  type: ArrayType,
  slot: number,
  slots: Float64Array,
  value: unknown,
  written: boolean,
): ArrayArgument {
  const size = itemsize(type.storage)
  if (value instanceof NDArray) {
    const { shape, strides } = value
    let before = 0
    let after = 0
    for (let axis = 0; axis < shape.length; axis++) {
      slots[slot + 1 + axis] = shape[axis] as number
      slots[slot + 1 + shape.length + axis] = strides[axis] as number
      const reach = ((shape[axis] as number) - 1) * (strides[axis] as number)
      if (reach < 0) before -= reach
      else after += reach
    }
    const bytes = value.size === 0 ? 0 : (before + after + 1) * size
    return { slot, memory: value.pointer() as ArrayArgument['memory'], bytes, before: before * size, written }
  }
  const data = value as NumericArray
  slots[slot + 1] = data.length
  slots[slot + 2] = 1
  const memory = heap().owns(data.buffer) ? data.byteOffset : { data, at: 0 }
  return { slot, memory, bytes: data.byteLength, before: 0, written }
}

/** What the program returned. An array that is an argument is that argument; others are copies. */
export function results(description: Description, program: Program, args: readonly unknown[]): unknown {
  const slots = program.slots()
  const { result } = description
  if (result.kind === 'none') return undefined
  if (result.kind === 'field' && result.type === 'f64') return slots[description.layout.results[0] as number]
  let next = 0
  const made: Made[] = []
  const read = (shape: Shape): unknown => {
    if (shape.kind === 'none') return undefined
    if (shape.kind === 'field') {
      next++
      return readField(description, program, args, shape.type, next - 1, slots, made)
    }
    const fields = shape.fields.map(read)
    return shape.names === null ? fields : Object.fromEntries(shape.names.map((name, i) => [name, fields[i]]))
  }
  return read(description.result)
}

/** A result that is an array: the same one may be there twice. */
interface Made {
  readonly place: string
  readonly array: unknown
}

function readField(
  { parameters, layout, origins }: Description,
  program: Program,
  args: readonly unknown[],
  type: Type,
  field: number,
  slots: Float64Array,
  made: Made[],
): unknown {
  const slot = layout.results[field] as number
  if (type === 'bool') return slots[slot] !== 0
  if (type === 'big') return bigSlots(slots)[slot]
  if (typeof type === 'string') return slots[slot]
  const { parameters: candidates, made: mayBeNew } = origins[field] as Description['origins'][number]
  const [only, another] = candidates
  if (only !== undefined && another === undefined && !mayBeNew) return args[only]
  const same = candidates.find((i) => {
    const parameter = parameters[i] as ArrayType
    return parameter.storage === type.storage && isSame(slots, layout.parameters[i] as number, slot, type)
  })
  if (same !== undefined) return args[same]
  const place = `${type.form} ${slots.subarray(slot, slot + 1 + type.rank).join(' ')}`
  const known = made.find((candidate) => candidate.place === place)
  if (known) return known.array
  const shape = Array.from(slots.subarray(slot + 1, slot + 1 + type.rank))
  const array = copied(program, type, slots[slot] as number, shape)
  made.push({ place, array })
  return array
}

/** Whether an argument and a result are the same elements in the same order: then nothing tells them apart. */
function isSame(slots: Float64Array, argument: number, result: number, { rank, contiguous }: ArrayType): boolean {
  for (let k = 0; k <= rank; k++) if (slots[argument + k] !== slots[result + k]) return false
  // Of one whose strides are not told they follow from its shape, and so do those of what it may be.
  if (contiguous) return true
  for (let axis = 0; axis < rank; axis++) {
    const stride = 1 + rank + axis
    if ((slots[result + 1 + axis] as number) > 1 && slots[argument + stride] !== slots[result + stride]) return false
  }
  return true
}

const DTYPES = { f8: 'float64', f4: 'float32', i4: 'int32', i8: 'int64' } as const

function copied(program: Program, type: ArrayType, address: number, shape: number[]): unknown {
  const count = shape.reduce((a, b) => a * b, 1)
  const buffer = count === 0 ? new ArrayBuffer(0) : program.read(address, count * itemsize(type.storage))
  const constructors = globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => NumericArray>
  const typed = new (constructors[typedArrayName(type.storage)] as new (buffer: ArrayBuffer) => NumericArray)(buffer)
  if (type.form === 'typed') return typed
  const result = allocate(shape, dtypeInfo(DTYPES[type.storage as keyof typeof DTYPES]))
  const { data, at } = result.elements()
  data.set(typed as never, at)
  return result
}
