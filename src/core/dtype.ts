// Element types: NumPy's names for users, short codes for kernels, and the promotion between them.
// SPDX-License-Identifier: MIT

import { DTypeError } from './errors.js'

export type DType = 'float64' | 'float32' | 'int32' | 'int64'

/** The code of a dtype in kernel definitions and symbols (`add_f64`). */
export type Code = 'f64' | 'f32' | 'i32' | 'i64'

export type TypedArray = Float64Array | Float32Array | Int32Array | BigInt64Array

export interface DTypeInfo {
  readonly name: DType
  readonly code: Code
  /** Bytes an element. */
  readonly itemsize: number
  readonly Array: {
    new (length: number): TypedArray
    new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray
  }
}

const ALL: readonly DTypeInfo[] = [
  { name: 'float64', code: 'f64', itemsize: 8, Array: Float64Array },
  { name: 'float32', code: 'f32', itemsize: 4, Array: Float32Array },
  { name: 'int32', code: 'i32', itemsize: 4, Array: Int32Array },
  { name: 'int64', code: 'i64', itemsize: 8, Array: BigInt64Array },
]

const BY_NAME = new Map<string, DTypeInfo>(ALL.map((info) => [info.name, info]))
const BY_CODE = new Map<string, DTypeInfo>(ALL.map((info) => [info.code, info]))

/** The description of a dtype. Throws DTypeError for an unknown name. */
export function dtypeInfo(name: string): DTypeInfo {
  const info = BY_NAME.get(name)
  if (info === undefined) {
    throw new DTypeError(`unknown dtype '${String(name)}'; valid are ${[...BY_NAME.keys()].join(', ')}`, {
      dtypes: [String(name)],
    })
  }
  return info
}

export function codeInfo(code: Code): DTypeInfo {
  return BY_CODE.get(code) as DTypeInfo
}

/** The dtype of a typed array, or undefined for a kind that has none here. */
export function typedArrayInfo(value: unknown): DTypeInfo | undefined {
  return ALL.find((info) => value instanceof info.Array)
}

/** The dtype that holds the results of both, as in NumPy 2: float64 also for int32 with float32. */
export function promote(a: DTypeInfo, b: DTypeInfo): DTypeInfo {
  if (a === b) return a
  const integers = [a, b].filter((info) => info.code === 'i32' || info.code === 'i64')
  return dtypeInfo(integers.length === 2 ? 'int64' : 'float64')
}
