// The typed form of a function between the user's text and C: structured statements over pure expressions.
//
// Expressions have no effects and cannot fail: what may (calls, stores, checks of an index, allocation) is a statement of
// its own, in JavaScript's order of evaluation. Compound values (tuples, objects) are gone: each field is a variable.
// SPDX-License-Identifier: MIT

/** Where something stands in the text of the user's function: an offset into it. */
export type Position = number

/**
 * `f64` is JavaScript's number; `i32` and `i64` are numbers proven to be integers of that width (and not -0); `big` is a
 * BigInt held in 64 bits.
 */
export type Scalar = 'f64' | 'i32' | 'i64' | 'bool' | 'big'

/** How elements are stored: kinds of typed arrays, by size in bytes as in NumPy's codes; `c1` is Uint8ClampedArray. */
export type Storage = 'f8' | 'f4' | 'i8' | 'u8' | 'i4' | 'u4' | 'i2' | 'u2' | 'i1' | 'u1' | 'c1'

export interface ArrayType {
  readonly kind: 'array'
  readonly storage: Storage
  readonly rank: number
  /** Whether the elements are known to lie one behind the other in C order; else there is a stride for each axis. */
  readonly contiguous: boolean
  /** What JavaScript has there. A typed array is contiguous and of rank 1. */
  readonly form: 'typed' | 'ndarray'
}

export type Type = Scalar | ArrayType

export interface Variable {
  readonly id: number
  /** As the user wrote it; empty for a value that has no name. An array has one only after it was made. */
  name: string
  readonly type: Type
  readonly position: Position
}

export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!='
/** `%` is JavaScript's; `/` of i64 cuts to a whole number; `**` is of f64 only; shifts and bit operations of i32 and big. */
export type Arithmetic = '+' | '-' | '*' | '/' | '%' | '**' | '&' | '|' | '^' | '<<' | '>>' | '>>>'

export type Expression =
  | { readonly kind: 'constant'; readonly type: Scalar; readonly value: number | bigint | boolean }
  | { readonly kind: 'variable'; readonly type: Scalar; readonly variable: Variable }
  /** Operands of both kinds have one type; a comparison is a bool. */
  | {
      readonly kind: 'compare'
      readonly type: 'bool'
      readonly op: Comparison
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'arithmetic'
      readonly type: Scalar
      readonly op: Arithmetic
      readonly left: Expression
      readonly right: Expression
    }
  /** Short-circuit or not makes no difference: operands are pure. */
  | {
      readonly kind: 'logic'
      readonly type: 'bool'
      readonly op: '&&' | '||'
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'unary'; readonly type: Scalar; readonly op: '-' | '~' | '!'; readonly operand: Expression }
  /** To another type: exact, but for `wrap`, JavaScript's ToInt32 (i32) or ToUint32 (i64) of any number. */
  | {
      readonly kind: 'convert'
      readonly type: Scalar
      readonly how: 'exact' | 'wrap' | 'unsigned'
      readonly operand: Expression
    }
  /** A function of Math by its name, of f64, or of a few helpers for integers (`imul`, `clz32`). */
  | { readonly kind: 'math'; readonly type: Scalar; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: 'select'
      readonly type: Scalar
      readonly condition: Expression
      readonly yes: Expression
      readonly no: Expression
    }
  /** An element; indices are i32 or i64, one an axis, and in bounds. */
  | {
      readonly kind: 'load'
      readonly type: Scalar
      readonly array: Variable
      readonly indices: readonly Expression[]
      readonly position: Position
    }
  /** Whether two arrays share no memory. */
  | { readonly kind: 'disjoint'; readonly type: 'bool'; readonly left: Variable; readonly right: Variable }
  /** The extent of an axis. */
  | { readonly kind: 'extent'; readonly type: 'i64'; readonly array: Variable; readonly axis: number }

/** How a prange deals its iterations out; without one, as OMP_SCHEDULE or the settings say. */
export interface LoopSchedule {
  readonly kind: 'static' | 'dynamic' | 'guided' | 'auto'
  readonly chunk: number
}

/**
 * `min` and `max` are Math's. A comparison replaces the variable where `value op variable`: it passes NaN by, and of 0 and
 * -0 keeps the one that the order of iterations says. `last` is the last iteration's value.
 */
export type ReductionOp = 'last' | '+' | '*' | 'min' | 'max' | '<' | '<=' | '>' | '>=' | '&' | '|' | '^' | '&&' | '||'

/** A variable outside a prange that its iterations combine into: a scalar, or an array element by element. */
export interface Reduction {
  readonly variable: Variable
  readonly op: ReductionOp
  /** For one that is set where a comparison replaces another one and nowhere else, as the place of the least: which. */
  readonly along?: Variable
  /** Whether something fails where it is replaced: parts of the iterations replace it oftener than all in order. */
  readonly fails?: boolean
  /** What fails where the parts do not fit together in the type. */
  readonly overflow?: { readonly failure: Failed; readonly position: Position } | undefined
}

/** What is known of a prange whose iterations are independent. */
export interface Parallel {
  readonly schedule: LoopSchedule | undefined
  reductions: readonly Reduction[]
  /** Pairs of arrays: where two of them overlap in memory, the loop runs on one thread. */
  distinct: readonly (readonly [Variable, Variable])[]
  /** Whether what fails may not fail in order: then all iterations run once more, on one thread. */
  again: boolean
}

export interface ForLoop {
  readonly kind: 'for'
  /** Counts from `start` while it is before `stop`, by `step`, a constant that is not 0. Nobody else assigns it. */
  readonly variable: Variable
  readonly start: Expression
  readonly stop: Expression
  readonly step: number
  /** For a range whose step varies, so that the loop counts turns: that step, which was seen not to be 0. */
  readonly by?: Expression | undefined
  readonly body: Statement[]
  readonly label: Label
  readonly position: Position
  /** Set where several iterations may be run at a time; their sums to these variables in any order. */
  readonly simd?: { readonly reductions: readonly Reduction[] } | undefined
  /** Set for a prange that runs on the team. */
  parallel: Parallel | undefined
  /** Set for a prange that is checked for races: the outside variables and arrays in which iterations may conflict. */
  watched?: readonly Variable[]
  /** Variables from outside that each iteration sets at its end and does nothing else with. */
  lasts?: Variable[]
  /** Whether the counter can have one value only, so that nothing tells iterations apart: there is at most one. */
  readonly single?: boolean | undefined
  /** For a prange that stands for a nest: how many loops it is, each of which has the next as its whole body. */
  readonly collapse?: number | undefined
  /** Whether the text says prange, also where it does not run on the team (nested, or without `parallel`). */
  readonly prange: boolean
}

/** What `break` and `continue` name. */
export interface Label {
  readonly id: number
}

export type Statement =
  /** A new variable of the block; without a value it is 0 (false) until it is assigned. */
  | { readonly kind: 'let'; readonly variable: Variable; readonly value: Expression | undefined }
  | { readonly kind: 'assign'; readonly variable: Variable; readonly value: Expression; readonly position: Position }
  /** The value is f64 or i32 for storages of numbers (converted as JavaScript does), big for i8 and u8. */
  | {
      readonly kind: 'store'
      readonly array: Variable
      readonly indices: readonly Expression[]
      readonly value: Expression
      readonly position: Position
      /** Adds atomically (atomicAdd) instead of replacing. */
      readonly atomic: boolean
      /** What fails where the sum is no int32: of additions to elements that take nothing else. */
      readonly failure?: number
    }
  /** Fails with a RangeError unless the index is a whole number and 0 <= index < extent of the axis. */
  | {
      readonly kind: 'check'
      readonly array: Variable
      readonly axis: number
      readonly index: Expression
      /** The index before it was counted from the end, for the error. */
      readonly given?: Expression | undefined
      /** The index as a double, where 64 bits may not hold it. */
      readonly guard?: Expression | undefined
      /** Bounds of the index that hold whatever the arguments. */
      readonly range: readonly [lo: number, hi: number]
      readonly position: Position
    }
  /** Fails where the condition holds. */
  | {
      readonly kind: 'fail'
      readonly when: Expression
      readonly failure: Failed
      /** A double that the message names. */
      readonly value?: Expression
      readonly position: Position
    }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly yes: Statement[]
      readonly no: Statement[]
      /** Whether the condition nearly always holds. */
      readonly likely?: boolean
      readonly position: Position
    }
  | ForLoop
  /** Repeats until something leaves it; `continue` of its label goes on at the next turn. */
  | { readonly kind: 'loop'; readonly body: Statement[]; readonly label: Label; readonly position: Position }
  /** Statements that `break` of its label leaves. */
  | { readonly kind: 'block'; readonly body: Statement[]; readonly label: Label }
  | { readonly kind: 'break' | 'continue'; readonly label: Label }
  | { readonly kind: 'return'; readonly values: readonly (Expression | Variable)[]; readonly position: Position }
  /** A new array of zeros, freed when the block that declares the variable is left or the call ends. */
  | {
      readonly kind: 'allocate'
      readonly variable: Variable
      readonly extents: readonly Expression[]
      readonly fill: Expression | undefined
      readonly position: Position
    }
  /** Lets an array variable stand for another array, or for a row of it. `declares`: the variable is new. */
  | {
      readonly kind: 'alias'
      readonly variable: Variable
      readonly source: Variable
      /** Indices of leading axes that are dropped; in bounds. */
      readonly row: readonly Expression[]
      readonly declares: boolean
      readonly position: Position
    }
  /** Statements in which arrays share memory with no other array that is used there. */
  | { readonly kind: 'apart'; readonly arrays: readonly Variable[]; readonly body: Statement[] }
  /** A buffer of doubles in fast memory, of a length that is known. */
  | { readonly kind: 'buffer'; readonly variable: Variable; readonly length: number }
  /** A function of Math over the first elements of buffers, by a kernel: results go to the first one. */
  | {
      readonly kind: 'kernel'
      readonly name: string
      readonly variables: readonly Variable[]
      readonly count: Expression
    }
  /** A call of a function that was not inlined (recursion). */
  | {
      readonly kind: 'call'
      readonly callee: FunctionIr
      readonly args: readonly (Expression | Variable)[]
      readonly results: readonly Variable[]
      readonly position: Position
    }

export interface FunctionIr {
  readonly name: string
  readonly parameters: readonly Variable[]
  /** Types of what it returns, the fields of a compound value one by one. */
  readonly results: Type[]
  readonly body: Statement[]
  /** Which parameters are stored into; before that was found out, any may be. */
  stored?: readonly boolean[]
}

/** How a statement fails: by the number of a Failure, or as an index out of bounds of a tuple of some size. */
export type Failed = number | { readonly tuple: number }

/** What the errors of `throw` statements and failing checks are. */
export interface Failure {
  readonly error: 'Error' | 'RangeError' | 'TypeError' | 'ValueError' | 'ShapeError'
  readonly message: string
  /** Whether the message names the statement's value, in the place of `{}`. */
  readonly named: boolean
}

/** Everything that is compiled into one binary. */
export interface ProgramIr {
  readonly main: FunctionIr
  readonly functions: readonly FunctionIr[]
  /** What `throw` statements and failing checks say, by their codes. */
  readonly failures: readonly Failure[]
}
