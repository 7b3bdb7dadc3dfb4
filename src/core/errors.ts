// The errors that numloom throws. Each has a stable `code` and carries what was at fault as fields.
// SPDX-License-Identifier: MIT

export class NumloomError extends Error {
  readonly code: string

  constructor(code: string, message: string, fields: object = {}) {
    super(message, fields)
    this.name = new.target.name
    this.code = code
    Object.assign(this, fields)
  }
}

/** Shapes that do not fit each other, or a size that is not a non-negative integer. */
export class ShapeError extends NumloomError {
  declare readonly shapes: readonly (readonly number[])[]

  constructor(message: string, fields: { shapes: readonly (readonly number[])[] }) {
    super('NUMLOOM_SHAPE', message, fields)
  }
}

/** An unknown dtype, dtypes that cannot be mixed, or an operation that has no kernel for a dtype. */
export class DTypeError extends NumloomError {
  declare readonly dtypes: readonly string[]

  constructor(message: string, fields: { dtypes: readonly string[] }) {
    super('NUMLOOM_DTYPE', message, fields)
  }
}

/** An axis that the array does not have. */
export class AxisError extends NumloomError {
  declare readonly axis: number
  declare readonly shape: readonly number[]

  constructor(message: string, fields: { axis: number; shape: readonly number[] }) {
    super('NUMLOOM_AXIS', message, fields)
  }
}

/** An index outside the array, or something that is no index. */
export class IndexError extends NumloomError {
  declare readonly shape: readonly number[]

  constructor(message: string, fields: { shape: readonly number[] }) {
    super('NUMLOOM_INDEX', message, fields)
  }
}

/** A value that an argument does not allow. */
export class ValueError extends NumloomError {
  constructor(message: string, fields: object = {}) {
    super('NUMLOOM_VALUE', message, fields)
  }
}

/** An environment variable whose value is not valid, where NUMLOOM_STRICT_ENV=1. */
export class EnvironmentError extends NumloomError {
  declare readonly variable: string
  declare readonly value: string

  constructor(message: string, fields: { variable: string; value: string }) {
    super('NUMLOOM_ENV', message, fields)
  }
}

/** A backend that is unknown or cannot be used, or that lacks a kernel that it was forced to run. */
export class BackendError extends NumloomError {
  declare readonly backend: string

  constructor(message: string, fields: { backend: string; kernel?: string; file?: string; cause?: unknown }) {
    super('NUMLOOM_BACKEND', message, fields)
  }
}

/** An array whose memory is gone: freed by dispose(), scope() or shutdown(), or with the buffer of the user's typed array. */
export class DisposedError extends NumloomError {
  constructor(message: string) {
    super('NUMLOOM_DISPOSED', message)
  }
}

/** No memory for a new array. Everything made before still works. */
export class OutOfMemoryError extends NumloomError {
  /** Bytes asked for. */
  declare readonly wanted: number
  /** Bytes of the array heap that no array uses, in pieces; outside the heap there may be more. */
  declare readonly available: number

  constructor(message: string, fields: { wanted: number; available: number }) {
    super('NUMLOOM_OUT_OF_MEMORY', message, fields)
  }
}

/**
 * A function that njit cannot compile or serve, or a compiler that is missing or failed. `code` is NL and four digits for
 * what is in the user's function (docs/njit.md lists them), else NUMLOOM_NJIT.
 */
export class NjitError extends NumloomError {
  /** Name, file, line and column (from 1) of the user's function, where the fault is in it. */
  declare readonly function?: string
  declare readonly file?: string
  declare readonly line?: number
  declare readonly column?: number
  /** What a compiler said, in its own words. */
  declare readonly details?: string

  constructor(
    message: string,
    fields: { code?: string; function?: string; file?: string; line?: number; column?: number; details?: string } = {},
  ) {
    super('NUMLOOM_NJIT', message, fields)
  }
}
