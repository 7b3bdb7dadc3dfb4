// A prange in C: its body as a function of a range of iterations, called by the team of the library.
//
// With reductions the iterations are cut into blocks whose number depends on nothing but theirs; each block has a partial
// result of its own, and these are combined in order: the bits depend on neither threads nor schedule.
// SPDX-License-Identifier: MIT

import { type Emitter, OVERLAP } from './emit.js'
import { expressionText, itemsize, storedType } from './emit-expressions.js'
import { iterations } from './emit-iterations.js'
import type { ArrayType, ForLoop, Reduction, Scalar, Storage, Type, Variable } from './ir.js'
import { eachStatement, nestOf, useOf } from './walk.js'

const SCHEDULES = ['static', 'dynamic', 'guided', 'auto']

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

export function identity(op: string, type: Scalar): string {
  if (op === '+') return type === 'f64' ? '-0.0' : '0'
  if (op === 'min' || op === '<' || op === '<=') return type === 'f64' ? '__builtin_inf()' : GREATEST
  if (op === 'max' || op === '>' || op === '>=') return type === 'f64' ? '(-__builtin_inf())' : LEAST
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
  return identity(op, storage === 'f8' || storage === 'f4' ? 'f64' : 'i64')
}

function combined(op: string, type: Scalar, all: string, part: string): string {
  if (op === 'last') return part
  if (op === 'min' || op === 'max') return `nl_${op}${type === 'f64' ? '' : `_${type}`}(${all}, ${part})`
  if (/^[<>]/.test(op)) return `${part} ${op} ${all} ? ${part} : ${all}`
  if (type === 'f64' && /^[&|^]$/.test(op)) return `nl_wrap(${all}) ${op} nl_wrap(${part})`
  if (type === 'i64' && /^[&|^]$/.test(op)) return `(i32)${all} ${op} (i32)${part}`
  if (type === 'big') return `(i64)((u64)${all} ${op} (u64)${part})`
  return `${all} ${op} ${part}`
}

/** Variables that the body takes from outside. */
function captured(nest: readonly ForLoop[]): Variable[] {
  const { used, declared } = useOf((nest.at(-1) as ForLoop).body)
  const counters = new Set(nest.map(({ variable }) => variable))
  return [...used].filter((variable) => !declared.has(variable) && !counters.has(variable))
}

const scalarType = (type: Type) => (type === 'i32' ? 'i64' : type) as Scalar

export function regionText(emitter: Emitter, loop: ForLoop): void {
  const { names } = emitter
  const { reductions, distinct, schedule } = loop.parallel as NonNullable<ForLoop['parallel']>
  const number = emitter.regions.length
  const nest = nestOf(loop)
  const outside = captured(nest)
  const reduced = new Map(reductions.map((reduction) => [reduction.variable, reduction]))
  const struct = `region_${number}`
  const context = emitter.unique('context')
  emitter.regions.push({ number, text: '' })

  const fields = outside.map((variable) => `${emitter.type(variable.type)} ${names.of(variable)};`)
  const partials = reductions.map(({ variable }) => `${partialType(emitter, variable)}* ${names.of(variable)}_parts;`)
  const body = bodyOf(emitter, nest, struct, outside, reduced)
  const loops = `i64 start[${nest.length}], count[${nest.length}];`
  emitter.finished.push(
    `struct ${struct} { struct nl_failure failure; i64 turns, length; ${loops} ${[...fields, ...partials].join(' ')} };`,
    ...body,
  )
  emitter.regions[number] = {
    number,
    text: `case ${number}: region_body_${number}((struct ${struct}*)context, (i64)begin, (i64)end); break;`,
  }

  const type = reductions.length > 0
  const apart = distinct.map(([left, right]) => expressionText(names, { kind: 'disjoint', type: 'bool', left, right }))
  // A copy of an array does not see what is stored by another name: iterations then store into the array itself, in order.
  const inOrder = apart.length > 0 && reductions.some(({ variable }) => typeof variable.type !== 'string')
  const overlap = `E[${OVERLAP}] = ${emitter.position(loop.position)} + 1;`
  const counts = nest.map(({ start, stop, step }) => `nl_turns(${emitter.text(start)}, ${emitter.text(stop)}, ${step})`)
  if (nest.length > 1) {
    // More than can be counted as one loop.
    emitter.line(`if (${counts.map((count) => `(f64)${count}`).join(' * ')} > 0x1p53) {`)
    emitter.for(loop)
    emitter.line('} else')
  }
  if (inOrder) {
    emitter.line(`if (!(${apart.join(' && ')})) {`)
    emitter.line(overlap)
    emitter.for(loop)
    emitter.line('} else')
  }
  emitter.line('{')
  emitter.line(`struct ${struct} ${context} = {.failure = {.at = 9223372036854775807LL}};`)
  for (const [i, { start }] of nest.entries()) {
    emitter.line(`${context}.start[${i}] = ${emitter.text(start)}; ${context}.count[${i}] = ${counts[i]};`)
  }
  emitter.line(`${context}.turns = ${nest.map((_, i) => `${context}.count[${i}]`).join(' * ')};`)
  for (const variable of outside) emitter.line(`${context}.${names.of(variable)} = ${names.of(variable)};`)
  const blocks = emitter.unique('blocks')
  emitter.line(`i64 ${blocks} = ${context}.turns;`)
  if (type) blockLines(emitter, nest.at(-1) as ForLoop, context, blocks, reductions)
  const kind = schedule ? SCHEDULES.indexOf(schedule.kind) : -1
  const chunk =
    schedule && type ? `(i32)((${schedule.chunk} + ${context}.length - 1) / ${context}.length)` : (schedule?.chunk ?? 0)
  const region = `nl_region(${number}, &${context}, (f64)${blocks}, ${kind}, ${chunk});`
  if (apart.length === 0 || inOrder) emitter.line(region)
  else {
    emitter.line(`if (${apart.join(' && ')}) ${region}`)
    emitter.line(`else { ${overlap} nl_body(${number}, &${context}, 0, (f64)${blocks}); }`)
  }
  const failed = `${context}.failure.at != 9223372036854775807LL`
  emitter.fail(failed, `for (i32 k = 0; k < 5; k++) E[k] = ${context}.failure.record[k]`)
  for (const reduction of reductions) {
    const along = reductions.filter((other) => other.along === reduction.variable)
    if (along.length > 0) combineTogether(emitter, context, blocks, reduction, along)
    else if (!reduction.along) combineLines(emitter, context, blocks, reduction)
  }
  emitter.line('}')
}

function partialType(emitter: Emitter, variable: Variable): string {
  if (typeof variable.type !== 'string') return storedType(variable.type.storage)
  return emitter.type(scalarType(variable.type))
}

function blockLines(
  emitter: Emitter,
  loop: ForLoop,
  context: string,
  blocks: string,
  reductions: readonly Reduction[],
): void {
  const { names } = emitter
  const arrays = reductions.some(({ variable }) => typeof variable.type !== 'string')
  let loops = false
  eachStatement(loop.body, (s) => {
    if (s.kind === 'for' || s.kind === 'loop' || s.kind === 'call') loops = true
  })
  const most = arrays ? ARRAY_BLOCKS : BLOCKS
  emitter.line(`${context}.length = (${context}.turns + ${most - 1}) / ${most};`)
  emitter.line(`if (${context}.length < ${loops ? 1 : LEAST_LENGTH}) ${context}.length = ${loops ? 1 : LEAST_LENGTH};`)
  emitter.line(`${blocks} = (${context}.turns + ${context}.length - 1) / ${context}.length;`)
  for (const { variable } of reductions) {
    const parts = `${context}.${names.of(variable)}_parts`
    const type = partialType(emitter, variable)
    const count = typeof variable.type === 'string' ? blocks : `${blocks} * ${elements(emitter, variable)}`
    const size = typeof variable.type === 'string' ? 8 : itemsize(variable.type.storage)
    emitter.line(`${parts} = (${type}*)nl_new(A, ${count}, ${size});`)
    emitter.fail(`!${parts}`, `nl_no_memory(E, ${emitter.position(loop.position)}, (f64)(${count}) * ${size})`)
  }
}

function elements(emitter: Emitter, variable: Variable): string {
  const name = emitter.names.of(variable)
  return Array.from({ length: (variable.type as ArrayType).rank }, (_, axis) => `${name}.n${axis}`).join(' * ')
}

function combineLines(emitter: Emitter, context: string, blocks: string, { variable, op }: Reduction): void {
  const { names } = emitter
  const name = names.of(variable)
  const parts = `${context}.${name}_parts`
  if (typeof variable.type === 'string') {
    const all = combined(op, variable.type, name, `${parts}[k]`)
    emitter.line(`for (i64 k = 0; k < ${blocks}; k++) ${name} = (${emitter.type(variable.type)})(${all});`)
    return
  }
  const count = emitter.unique('count')
  const { storage, rank, contiguous } = variable.type
  emitter.line(`const i64 ${count} = ${elements(emitter, variable)};`)
  emitter.line(`for (i64 k = 0; k < ${blocks}; k++) for (i64 j = 0; j < ${count}; j++) {`)
  const element = contiguous || rank === 0 ? `${name}.p[j]` : `${name}.p[${stridedOffset(name, rank)}]`
  const type: Scalar =
    storage === 'f8' || storage === 'f4' ? 'f64' : storage === 'i8' || storage === 'u8' ? 'big' : 'i64'
  emitter.line(`${element} = (${storedType(storage)})(${combined(op, type, element, `${parts}[k * ${count} + j]`)});`)
  emitter.line('}')
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

/** The function that runs a range of iterations, or of blocks. */
function bodyOf(
  emitter: Emitter,
  nest: readonly ForLoop[],
  struct: string,
  outside: readonly Variable[],
  reduced: ReadonlyMap<Variable, Reduction>,
): string[] {
  const { names, failure } = emitter
  emitter.failure = 'failed'
  const lines = emitter.collect(() => {
    emitter.line(`static void region_body_${struct.slice(7)}(struct ${struct}* context, i64 begin, i64 end) {`)
    emitter.line(
      'f64 record[8]; f64* const E = record; struct nl_block* blocks = 0; struct nl_block** const A = &blocks;',
    )
    for (const variable of outside) {
      if (reduced.has(variable)) continue
      emitter.line(`const ${emitter.type(variable.type)} ${names.of(variable)} = context->${names.of(variable)};`)
    }
    emitter.line('NL_SET_DEPTH(E); (void)A;')
    emitter.line('i64 first = begin, last = end;')
    if (reduced.size === 0) {
      emitter.line('if (first >= last || nl_failed_at(&context->failure) < first) return;')
      iterations(emitter, nest, reduced)
    } else {
      emitter.line('for (i64 block = begin; block < end; block++) {')
      emitter.line('first = block * context->length; last = first + context->length;')
      emitter.line('if (last > context->turns) last = context->turns;')
      emitter.line('if (nl_failed_at(&context->failure) < first) break;')
      for (const reduction of reduced.values()) accumulator(emitter, reduction)
      iterations(emitter, nest, reduced)
      for (const { variable } of reduced.values()) {
        if (typeof variable.type === 'string')
          emitter.line(`context->${names.of(variable)}_parts[block] = ${names.of(variable)};`)
      }
      emitter.line('}')
    }
    emitter.line('nl_release_to(A, 0); return;')
    // Iterations from the first on ran in order: it tells which of several failures comes first.
    emitter.line('failed: __attribute__((unused));')
    emitter.line('nl_region_failed(&context->failure, first, record);')
    emitter.line('nl_release_to(A, 0);')
    emitter.line('}')
  })
  emitter.failure = failure
  return lines
}

function accumulator(emitter: Emitter, { variable, op, along }: Reduction): void {
  const name = emitter.names.of(variable)
  if (typeof variable.type === 'string') {
    const type = scalarType(variable.type)
    emitter.line(`${emitter.type(type)} ${name} = ${along ? unset(type) : identity(op, type)};`)
    return
  }
  const { storage, rank } = variable.type
  const own: Variable['type'] = { ...variable.type, contiguous: true }
  emitter.line(`${emitter.type(own)} ${name} = {0};`)
  for (let axis = 0; axis < rank; axis++) emitter.line(`${name}.n${axis} = context->${name}.n${axis};`)
  emitter.line(`${name}.p = context->${name}_parts + block * (${elements(emitter, variable)});`)
  emitter.line(
    `for (i64 j = 0; j < ${elements(emitter, variable)}; j++) ${name}.p[j] = ${elementIdentity(op, storage)};`,
  )
}
