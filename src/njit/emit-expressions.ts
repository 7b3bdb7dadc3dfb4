// Expressions of the typed form in C.
// SPDX-License-Identifier: MIT

import type { ArrayType, Expression, Scalar, Storage, Type, Variable } from './ir.js'

const STORED: Readonly<Record<Storage, string>> = {
  ...{
    f8: 'f64',
    f4: 'f32',
    i8: 'i64',
    u8: 'u64',
    i4: 'i32',
    u4: 'u32',
    i2: 'i16',
    u2: 'u16',
    i1: 'i8',
    u1: 'u8',
    c1: 'u8',
  },
}

const SIZES: Readonly<Record<Storage, number>> = {
  f8: 8,
  f4: 4,
  i8: 8,
  u8: 8,
  i4: 4,
  u4: 4,
  i2: 2,
  u2: 2,
  i1: 1,
  u1: 1,
  c1: 1,
}

export const storedType = (storage: Storage) => STORED[storage]
export const itemsize = (storage: Storage) => SIZES[storage]

/** `nl_f8_2c`: storage, rank, and whether it is contiguous or strided. */
export function arrayTypeName({ storage, rank, contiguous }: ArrayType): string {
  return `nl_${storage}_${rank}${contiguous ? 'c' : 's'}`
}

export function typeName(type: Type): string {
  if (typeof type !== 'string') return arrayTypeName(type)
  return { f64: 'f64', i32: 'i32', i64: 'i64', bool: '_Bool', big: 'i64' }[type]
}

/** Names of variables in C, counted in the order in which they come up: the same function has the same text again. */
export class Names {
  readonly #names = new Map<Variable, string>()
  /** Pointers of arrays that are known to share no memory with others. */
  readonly apart = new Map<Variable, string>()

  pointer(array: Variable): string {
    return this.apart.get(array) ?? `${this.of(array)}.p`
  }

  of(variable: Variable): string {
    let name = this.#names.get(variable)
    if (name === undefined) {
      const plain = /^[A-Za-z]\w*$/.test(variable.name) ? variable.name : 't'
      name = `${plain}_${this.#names.size}`
      this.#names.set(variable, name)
    }
    return name
  }
}

export function constantText(type: Scalar, value: number | bigint | boolean): string {
  if (type === 'bool') return value ? '1' : '0'
  if (type !== 'f64') return type === 'i32' ? integerText(BigInt(value)) : wideText(BigInt(value))
  const number = Number(value)
  if (Number.isNaN(number)) return '__builtin_nan("")'
  if (!Number.isFinite(number)) return number > 0 ? '__builtin_inf()' : '(-__builtin_inf())'
  const text = Object.is(number, -0) ? '-0' : String(number)
  const decimal = /[.e]/.test(text) ? text : `${text}.0`
  return number < 0 || text === '-0' ? `(${decimal})` : decimal
}

const integerText = (value: bigint) =>
  value === -(2n ** 31n) ? '(-2147483647 - 1)' : value < 0n ? `(${value})` : `${value}`
const wideText = (value: bigint) => {
  const cut = BigInt.asIntN(64, value)
  return cut === -(2n ** 63n) ? '(-9223372036854775807LL - 1)' : `(${cut}LL)`
}

/** Functions of runtime.h and semantics.h that go by another name than that of Math. */
const FUNCTIONS: Readonly<Record<string, string>> = { pow: 'nl_power', cbrt: 'nl_cube_root' }

export function expressionText(names: Names, e: Expression): string {
  const text = (operand: Expression) => expressionText(names, operand)
  switch (e.kind) {
    case 'constant':
      return constantText(e.type, e.value)
    case 'variable':
      return names.of(e.variable)
    case 'compare':
      return `(${text(e.left)} ${e.op} ${text(e.right)})`
    case 'logic':
      return `(${text(e.left)} ${e.op} ${text(e.right)})`
    case 'arithmetic':
      return arithmeticText(e, text(e.left), text(e.right))
    case 'unary':
      if (e.type === 'big' && e.op === '-') return `(i64)(0 - (u64)${text(e.operand)})`
      return `(${e.op}${text(e.operand)})`
    case 'convert':
      return convertText(e, text(e.operand))
    case 'math':
      return mathText(e, e.args.map(text))
    case 'select':
      return `(${text(e.condition)} ? ${text(e.yes)} : ${text(e.no)})`
    case 'load': {
      const load = `${names.pointer(e.array)}[${offsetText(names, e.array, e.indices)}]`
      return e.type === 'big' ? `(i64)${load}` : `(${e.type})${load}`
    }
    case 'disjoint':
      return disjointText(names, e.left, e.right)
    default:
      return `${names.of(e.array)}.n${e.axis}`
  }
}

type Arithmetic = Extract<Expression, { kind: 'arithmetic' }>

/** An integer as a double, or the negative of one. */
function wasInteger(e: Expression): boolean {
  if (e.kind === 'unary' && e.op === '-') return wasInteger(e.operand)
  return e.kind === 'convert' && e.type === 'f64' && e.operand.type !== 'f64'
}

function arithmeticText(e: Arithmetic, left: string, right: string): string {
  const { type, op } = e
  if (type === 'f64') {
    if (op === '%') return `nl_remainder(${left}, ${right})`
    if (op === '-' && wasInteger(e.right)) return `nl_minus(${left}, ${right})`
    if (op === '+' && (wasInteger(e.left) || wasInteger(e.right))) return `nl_plus(${left}, ${right})`
    return `(${left} ${op} ${right})`
  }
  if (type === 'big') {
    if (op === '+' || op === '-' || op === '*') return `(i64)((u64)${left} ${op} (u64)${right})`
    const named = {
      '<<': 'nl_big_shift_left',
      '>>': 'nl_big_shift_right',
      '%': 'nl_big_remainder',
      '/': 'nl_big_divide',
    }[op as '%']
    return named ? `${named}(${left}, ${right})` : `(${left} ${op} ${right})`
  }
  if (op === '<<') return `(i32)((u32)${left} << (${right} & 31))`
  if (op === '>>') return `(${left} >> (${right} & 31))`
  if (op === '>>>') return `(i32)((u32)${left} >> (${right} & 31))`
  return `(${left} ${op} ${right})`
}

function convertText(e: Extract<Expression, { kind: 'convert' }>, operand: string): string {
  if (e.how === 'unsigned') return `(i64)(u32)${operand}`
  if (e.how === 'wrap') return e.operand.type === 'f64' ? `nl_wrap(${operand})` : `(i32)(u32)(u64)${operand}`
  if (e.type === 'big' && e.operand.type === 'f64') return `nl_big_of(${operand})`
  return `(${typeName(e.type)})${operand}`
}

function mathText(e: Extract<Expression, { kind: 'math' }>, args: readonly string[]): string {
  if (e.name === 'hypot') return `nl_hypot_of(${args.length}, (const f64[]){${args.join(', ')}})`
  const integers = (e.name === 'min' || e.name === 'max') && e.type !== 'f64'
  return `${FUNCTIONS[e.name] ?? `nl_${e.name}`}${integers ? `_${e.type}` : ''}(${args.join(', ')})`
}

/** Where an element lies, counted in elements. */
export function offsetText(names: Names, array: Variable, indices: readonly Expression[]): string {
  const name = names.of(array)
  const { contiguous } = array.type as ArrayType
  if (indices.length === 0) return '0'
  const texts = indices.map((index) => `(offset)${expressionText(names, index)}`)
  if (!contiguous) return texts.map((text, axis) => `${text} * (offset)${name}.s${axis}`).join(' + ')
  return texts.reduce(
    (inner, text, axis) => (axis === 0 ? text : `(${inner}) * (offset)${name}.n${axis} + ${text}`),
    '',
  )
}

/** Steps between elements along each axis. */
export function stridesOf(name: string, { rank, contiguous }: ArrayType): string[] {
  return Array.from({ length: rank }, (_, axis) => {
    if (!contiguous) return `${name}.s${axis}`
    const inner = Array.from({ length: rank - axis - 1 }, (_unused, i) => `${name}.n${axis + 1 + i}`)
    return inner.join(' * ') || '1'
  })
}

/** The elements from the lowest to the highest, as `from, to` counted from the first. */
export function hullText(names: Names, array: Variable): [from: string, to: string] {
  const name = names.of(array)
  const { rank, contiguous } = array.type as ArrayType
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  if (contiguous) return ['0', axes.map((axis) => `${name}.n${axis}`).join(' * ') || '1']
  const reach = (axis: number) => `(${name}.n${axis} - 1) * ${name}.s${axis}`
  const from = axes.map((axis) => `(${name}.s${axis} < 0 ? ${reach(axis)} : 0)`).join(' + ')
  const to = axes.map((axis) => `(${name}.s${axis} > 0 ? ${reach(axis)} : 0)`).join(' + ')
  return [from, `${to} + 1`]
}

function disjointText(names: Names, left: Variable, right: Variable): string {
  const part = (array: Variable) => {
    const [from, to] = hullText(names, array)
    return `${names.of(array)}.p, ${from}, ${to}, ${itemsize((array.type as ArrayType).storage)}`
  }
  return `nl_apart(${part(left)}, ${part(right)})`
}
