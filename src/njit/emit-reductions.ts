// Reductions of a prange in C.
//
// The iterations are cut into blocks whose number depends on nothing but theirs; each block has a partial result of its own,
// and these are combined in order: the bits depend on neither threads nor schedule.
// SPDX-License-Identifier: MIT

import type { Emitter } from './emit.js'
import { itemsize, storedType, stridesOf } from './emit-expressions.js'
import type { ArrayType, ForLoop, Reduction, Scalar, Storage, Variable } from './ir.js'
import { hasLoops } from './walk.js'

/** Blocks of a loop that reduces scalars; of one that reduces arrays, each of which has a copy a block. */
const BLOCKS = 256
const ARRAY_BLOCKS = 16
/** Iterations of a block at the least, where they have no loops inside. */
const LEAST_LENGTH = 512

const IDENTITY: Readonly<Record<string, string>> = {
  ...{ '*': '1', '&': '-1', '|': '0', '^': '0', '&&': '1', '||': '0' },
}

const LEAST = '(-9223372036854775807LL - 1)'
const GREATEST = '9223372036854775807LL'

const OF_64_BITS = [LEAST, GREATEST] as const
const EXTREME: ReadonlySet<string> = new Set(['min', 'max', '<', '<=', '>', '>='])

/** What the greatest of some values begins with, and the least. */
const EXTREMES: Readonly<Record<Scalar, readonly [string, string]>> = {
  ...{ f64: ['(-__builtin_inf())', '__builtin_inf()'], i32: ['(-2147483647 - 1)', '2147483647'] },
  ...{ i64: OF_64_BITS, big: OF_64_BITS, bool: ['0', '1'] },
}

/**
 * What bit operations of doubles, and of integers of more than 32 bits, begin with: they cut it to their identity, and never
 * have it as a result, so it tells that nothing was combined, and that what there is is not to be cut.
 */
const UNTOUCHED: Readonly<Record<string, readonly [f64: string, i64: string]>> = {
  ...{ '&': ['-1.5', '8589934591LL'], '|': ['0.5', '4294967296LL'], '^': ['0.5', '4294967296LL'] },
}

export function identity(op: string, type: Scalar): string {
  const untouched = UNTOUCHED[op]
  if (untouched && (type === 'f64' || type === 'i64')) return untouched[type === 'f64' ? 0 : 1]
  if (op === '+') return type === 'f64' ? '-0.0' : '0'
  if (EXTREME.has(op)) return EXTREMES[type][op === 'min' || op[0] === '<' ? 1 : 0]
  return IDENTITY[op] ?? '0'
}

/** The least and the greatest element of storages of integers. */
const LIMITS: Readonly<Partial<Record<Storage, readonly [string, string]>>> = {
  ...{ i1: ['-128', '127'], i2: ['-32768', '32767'], i4: ['(-2147483647 - 1)', '2147483647'] },
  ...{ i8: [LEAST, GREATEST], u8: ['0', '18446744073709551615ull'] },
  ...{ u1: ['0', '255'], u2: ['0', '65535'], u4: ['0', '4294967295u'], c1: ['0', '255'] },
}

/** What no place is; those of other types are not asked whether they were set. */
const unset = (type: Scalar) => (type === 'i64' ? LEAST : '0')

function elementIdentity(op: string, storage: Storage): string {
  const [least, greatest] = LIMITS[storage] ?? []
  if (greatest && (op === 'min' || op[0] === '<')) return greatest
  if (least && (op === 'max' || op[0] === '>')) return least
  return identity(op, storage === 'f8' || storage === 'f4' ? 'f64' : 'big')
}

function combined(op: string, type: Scalar, all: string, part: string): string {
  if (op === 'last') return part
  if (op === 'min' || op === 'max') return `nl_${op}${type === 'f64' ? '' : `_${type}`}(${all}, ${part})`
  if (/^[<>]/.test(op)) return `${part} ${op} ${all} ? ${part} : ${all}`
  if (type === 'f64' && UNTOUCHED[op]) {
    return `${part} == ${identity(op, type)} ? ${all} : nl_wrap(${all}) ${op} nl_wrap(${part})`
  }
  if (type === 'i64' && UNTOUCHED[op]) {
    return `${part} == ${identity(op, type)} ? ${all} : (i32)${all} ${op} (i32)${part}`
  }
  if (type === 'big') return `(i64)((u64)${all} ${op} (u64)${part})`
  return `${all} ${op} ${part}`
}

/** Sums of blocks may leave 32 bits where that of all does not, and places are unset where they are no int32. */
function scalarType({ variable, op, along }: Reduction): Scalar {
  const type = variable.type as Scalar
  return type === 'i32' && (along || !EXTREME.has(op)) ? 'i64' : type
}

export function partialType(emitter: Emitter, reduction: Reduction): string {
  const { type } = reduction.variable
  return typeof type === 'string' ? emitter.type(scalarType(reduction)) : storedType(type.storage)
}

export function blockLines(
  emitter: Emitter,
  loop: ForLoop,
  context: string,
  blocks: string,
  reductions: readonly Reduction[],
): void {
  const { names } = emitter
  const arrays = reductions.some(({ variable }) => typeof variable.type !== 'string')
  const loops = hasLoops(loop.body)
  const most = arrays ? ARRAY_BLOCKS : BLOCKS
  emitter.line(`${context}.length = (${context}.turns + ${most - 1}) / ${most};`)
  emitter.line(`if (${context}.length < ${loops ? 1 : LEAST_LENGTH}) ${context}.length = ${loops ? 1 : LEAST_LENGTH};`)
  emitter.line(`${blocks} = (${context}.turns + ${context}.length - 1) / ${context}.length;`)
  for (const reduction of reductions) {
    const { variable } = reduction
    const parts = `${context}.${names.of(variable)}_parts`
    const type = partialType(emitter, reduction)
    const count = typeof variable.type === 'string' ? blocks : `${blocks} * ${elements(emitter, variable)}`
    const size = typeof variable.type === 'string' ? 8 : itemsize(variable.type.storage)
    emitter.line(`${parts} = (${type}*)nl_new(A, ${count}, ${size});`)
    emitter.fail(`!${parts}`, `nl_no_memory(E, ${emitter.position(loop.position)}, (f64)(${count}) * ${size})`)
  }
}

function elements(emitter: Emitter, variable: Variable): string {
  const name = emitter.names.of(variable)
  return Array.from({ length: (variable.type as ArrayType).rank }, (_, axis) => `${name}.n${axis}`).join(' * ') || '1'
}

/** Combines the partial results of all blocks. `fits`: what `overflowLines` looks at is known not to happen. */
export function combineAll(
  emitter: Emitter,
  context: string,
  blocks: string,
  reductions: readonly Reduction[],
  fits: boolean,
): void {
  for (const reduction of reductions) {
    const along = reductions.filter((other) => other.along === reduction.variable)
    if (along.length > 0) combineTogether(emitter, context, blocks, reduction, along)
    else if (!reduction.along) combineLines(emitter, context, blocks, reduction, fits)
  }
}

function combineLines(emitter: Emitter, context: string, blocks: string, reduction: Reduction, fits: boolean): void {
  const { variable, op } = reduction
  const name = emitter.names.of(variable)
  const parts = `${context}.${name}_parts`
  if (typeof variable.type === 'string') {
    const all = combined(op, variable.type, name, `${parts}[k]`)
    emitter.line(`for (i64 k = 0; k < ${blocks}; k++) {`)
    if (!fits) failLine(emitter, reduction, name, `${parts}[k]`)
    emitter.line(`${name} = (${emitter.type(variable.type)})(${all});`)
    emitter.line('}')
    return
  }
  const count = emitter.unique('count')
  const { storage } = variable.type
  emitter.line(`const i64 ${count} = ${elements(emitter, variable)};`)
  emitter.line(`for (i64 k = 0; k < ${blocks}; k++) for (i64 j = 0; j < ${count}; j++) {`)
  const [element, part] = [elementText(emitter, variable), `${parts}[k * ${count} + j]`]
  if (!fits) failLine(emitter, reduction, element, part)
  emitter.line(`${element} = (${storedType(storage)})(${combined(op, combinedType(variable), element, part)});`)
  emitter.line('}')
}

/** What a variable or an element is while parts are combined with it. */
function combinedType({ type }: Variable): Scalar {
  if (typeof type === 'string') return type
  const { storage } = type
  return storage === 'f8' || storage === 'f4' ? 'f64' : storage === 'i8' || storage === 'u8' ? 'big' : 'i64'
}

/** The element of an array that is the `j`-th. */
function elementText({ names }: Emitter, variable: Variable): string {
  const name = names.of(variable)
  const { rank, contiguous } = variable.type as ArrayType
  return contiguous || rank === 0 ? `${name}.p[j]` : `${name}.p[${stridedOffset(name, rank)}]`
}

function overflowText({ variable, op }: Reduction, all: string, part: string): string {
  if (combinedType(variable) === 'big') return `nl_big_${op === '*' ? 'multiply' : 'add'}_overflows(${all}, ${part})`
  return `(i64)${all} + ${part} != (i32)((i64)${all} + ${part})`
}

/** Fails where a sum of parts does not fit: it is one that the iterations in order come to. */
function failLine(emitter: Emitter, reduction: Reduction, all: string, part: string): void {
  const { overflow, variable } = reduction
  if (!overflow) return
  const value = combinedType(variable) === 'big' ? '0' : `(f64)((i64)${all} + ${part})`
  const record = emitter.failed(overflow.failure, overflow.position, value)
  emitter.fail(overflowText(reduction, all, part), record)
}

/** Sets a flag where the parts do not fit together, before anything is changed. */
export function overflowLines(
  emitter: Emitter,
  context: string,
  blocks: string,
  reduction: Reduction,
  flag: string,
): void {
  const { variable, op } = reduction
  const name = emitter.names.of(variable)
  const scalar = typeof variable.type === 'string'
  const [element, at] = scalar
    ? [name, 'k']
    : [elementText(emitter, variable), `k * ${elements(emitter, variable)} + j`]
  const part = `${context}.${name}_parts[${at}]`
  if (!scalar) emitter.line(`for (i64 j = 0; j < ${elements(emitter, variable)}; j++)`)
  const next = `all = ${combined(op, combinedType(variable), 'all', part)}`
  emitter.line(`for (i64 k = 0, all = ${element}; k < ${blocks} && !${flag}; ${next}, k++)`)
  emitter.line(`${flag} = ${overflowText(reduction, 'all', part)};`)
}

function combineTogether(
  emitter: Emitter,
  context: string,
  blocks: string,
  { variable, op }: Reduction,
  along: readonly Reduction[],
): void {
  const part = (of: Variable) => `${context}.${emitter.names.of(of)}_parts[k]`
  const places = along.map((reduction) => reduction.variable)
  // What a block starts with may be equal to the extreme.
  const set = op.endsWith('=') ? `${part(places[0] as Variable)} != ${unset('i64')} && ` : ''
  const lines = [variable, ...places].map((of) => `${emitter.names.of(of)} = (${emitter.type(of.type)})${part(of)};`)
  emitter.line(`for (i64 k = 0; k < ${blocks}; k++)`)
  emitter.line(`if (${set}${part(variable)} ${op} ${emitter.names.of(variable)}) { ${lines.join(' ')} }`)
}

function stridedOffset(name: string, rank: number): string {
  const terms = Array.from({ length: rank }, (_, axis) => {
    const inner = Array.from({ length: rank - axis - 1 }, (_unused, i) => `${name}.n${axis + 1 + i}`).join(' * ') || '1'
    return `(j / (${inner}) % ${name}.n${axis}) * ${name}.s${axis}`
  })
  return terms.join(' + ')
}

export function accumulator(emitter: Emitter, reduction: Reduction): void {
  const { variable, op, along } = reduction
  const name = emitter.names.of(variable)
  if (typeof variable.type === 'string') {
    const type = scalarType(reduction)
    emitter.line(`${emitter.type(type)} ${name} = ${along ? unset(type) : identity(op, type)};`)
    return
  }
  const { storage, rank, contiguous } = variable.type
  emitter.line(`${emitter.type(variable.type)} ${name} = {0};`)
  for (let axis = 0; axis < rank; axis++) emitter.line(`${name}.n${axis} = context->${name}.n${axis};`)
  // The copy's elements lie one behind the other, also where those of the array do not.
  const strides = contiguous ? [] : stridesOf(name, { ...variable.type, contiguous: true })
  for (const [axis, stride] of strides.entries()) emitter.line(`${name}.s${axis} = ${stride};`)
  emitter.line(`${name}.p = context->${name}_parts + block * (${elements(emitter, variable)});`)
  emitter.line(
    `for (i64 j = 0; j < ${elements(emitter, variable)}; j++) ${name}.p[j] = ${elementIdentity(op, storage)};`,
  )
}
