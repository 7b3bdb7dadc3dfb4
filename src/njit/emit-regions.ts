// A prange in C: its body as a function of a range of iterations, called by the team of the library.
// With reductions it is called for blocks of iterations.
// SPDX-License-Identifier: MIT

import { type Emitter, OVERLAP } from './emit.js'
import { expressionText } from './emit-expressions.js'
import { iterations } from './emit-iterations.js'
import { accumulator, blockLines, combineAll, overflowLines, partialType } from './emit-reductions.js'
import type { ForLoop, Reduction, Variable } from './ir.js'
import { nestOf, useOf } from './walk.js'

const SCHEDULES = ['static', 'dynamic', 'guided', 'auto']

/** The most iterations between two looks at whether an earlier one has failed; those with loops in them look each time. */
const PIECE = 1 << 15
const STOP = 'if (NL_UNLIKELY(nl_failed_at(&context->failure) < first)) goto stopped;'

/** Variables that the body takes from outside. */
function captured(nest: readonly ForLoop[]): Variable[] {
  const { used, declared } = useOf((nest.at(-1) as ForLoop).body)
  const counters = new Set(nest.map(({ variable }) => variable))
  return [...used].filter((variable) => !declared.has(variable) && !counters.has(variable))
}

export function regionText(emitter: Emitter, loop: ForLoop): void {
  const { names } = emitter
  const { reductions, distinct, schedule, again } = loop.parallel as NonNullable<ForLoop['parallel']>
  const number = emitter.regions.length
  const nest = nestOf(loop)
  const outside = captured(nest)
  const reduced = new Map(reductions.map((reduction) => [reduction.variable, reduction]))
  const struct = `region_${number}`
  const context = emitter.unique('context')
  emitter.regions.push({ number, text: '' })

  const fields = outside.map((variable) => `${emitter.type(variable.type)} ${names.of(variable)};`)
  const partials = reductions.map((one) => `${partialType(emitter, one)}* ${names.of(one.variable)}_parts;`)
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
  // A copy of an array does not see what is stored by another name, nor may iterations run once more that read what they
  // store: they then run as they are, in order.
  const inOrder = apart.length > 0 && (again || reductions.some(({ variable }) => typeof variable.type !== 'string'))
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
  if (again) {
    const flag = emitter.unique('again')
    emitter.line(`_Bool ${flag} = ${failed};`)
    for (const reduction of reductions.filter(({ overflow }) => overflow))
      overflowLines(emitter, context, blocks, reduction, flag)
    emitter.line(`if (${flag})`)
    emitter.for(loop)
    emitter.line('else {')
  } else emitter.fail(failed, `for (i32 k = 0; k < 5; k++) E[k] = ${context}.failure.record[k]`)
  combineAll(emitter, context, blocks, reductions, again)
  if (again) emitter.line('}')
  emitter.line('}')
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
    if (reduced.size === 0) pieces(emitter, nest)
    else blocks(emitter, nest, reduced)
    emitter.line('stopped: __attribute__((unused));')
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

function pieces(emitter: Emitter, nest: readonly ForLoop[]): void {
  const { lines, fails } = iterations(emitter, nest, new Map(), STOP)
  emitter.line('for (; first < end; first = last) {')
  if (fails) emitter.line(`last = end - first > ${PIECE} ? first + ${PIECE} : end;`)
  emitter.line(STOP)
  emitter.lines(lines)
  emitter.line('}')
}

function blocks(emitter: Emitter, nest: readonly ForLoop[], reduced: ReadonlyMap<Variable, Reduction>): void {
  emitter.line('for (i64 block = begin; block < end; block++) {')
  emitter.line('first = block * context->length; last = first + context->length;')
  emitter.line('if (last > context->turns) last = context->turns;')
  emitter.line(STOP)
  for (const reduction of reduced.values()) accumulator(emitter, reduction)
  emitter.lines(iterations(emitter, nest, reduced, STOP).lines)
  for (const { variable } of reduced.values()) {
    const name = emitter.names.of(variable)
    if (typeof variable.type === 'string') emitter.line(`context->${name}_parts[block] = ${name};`)
  }
  emitter.line('}')
}
