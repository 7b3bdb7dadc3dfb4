// A whole program in C.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { arrayStruct, BLOCKS, Emitter, type Layout, layoutOf, type WrittenLoop } from './emit.js'
import { storedType, typeName } from './emit-expressions.js'
import { mostAxes, raceSlots, type Watch } from './emit-races.js'
import type { ArrayType, Position, ProgramIr, Statement, Type } from './ir.js'

const texts = new Map<string, string>()

/** A header beside this file. */
export function header(name: string): string {
  const text = texts.get(name) ?? readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')
  texts.set(name, text)
  return text
}

/** Functions of Math that have C of their own. Reading it takes the compiler as long as the rest of the head. */
const OWN = /\bnl_(a?(sin|cos|tan)h|asin|acos|atan2?|expm1|log1p|log2|log10|block_(?!(sin|cos|exp|log)\()\w+)\(/
const OWN_HEADERS = ['exponentials.h', 'logarithms.h', 'angles.h', 'power.h']

export interface Source {
  readonly text: string
  /** Where the text that is the user's begins: what comes before is the same for all. */
  readonly own: number
  readonly layout: Layout
  readonly written: readonly WrittenLoop[]
  /** Checks of indices that are taken out of loops. */
  readonly hoisted: ReadonlySet<Statement>
  /** Set where loops are checked for races. */
  readonly watch: Watch | undefined
}

export function programSource(
  program: ProgramIr,
  position: (position: Position) => number,
  { huge, boundsCheck, race }: { readonly huge: boolean; readonly boundsCheck: boolean; readonly race: boolean },
): Source {
  const emitter = new Emitter(program, position, boundsCheck, race)
  const axes = mostAxes(program)
  const layout = layoutOf(program.main, race ? raceSlots(axes) : 0)
  for (const [i, f] of program.functions.entries()) emitter.functions.set(f, `function_${i}`)
  emitter.functions.set(program.main, 'function_main')
  const prototypes = program.functions.map((f) => `${emitter.signature(f)};`)
  for (const f of program.functions) emitter.function(f, false)
  emitter.function(program.main, true)
  const entry = emitter.collect(() => entryLines(emitter, program, layout))
  const structs = [...emitter.arrays].map(([name, type]) => arrayStruct(name, type))
  const text = [...structs, ...prototypes, ...emitter.finished, ...entry].join('\n')
  const races = race ? `#define NL_AXES ${axes}\n${header('races.h')}` : ''
  const own = OWN.test(text) ? OWN_HEADERS.map(header).join('') : ''
  const recurses = program.functions.length > 0 ? '#define NL_RECURSES 1\n' : ''
  const start = `${huge ? '#define NL_HUGE 1\n' : ''}${recurses}${header('runtime.h')}${header('semantics.h')}${own}${races}`
  const { recorder, loops, hoisted } = emitter
  const watch = recorder && { axes, accesses: recorder.accesses, watched: recorder.watched }
  return { text: `${start}${text}\n`, own: start.length, layout, written: loops, hoisted, watch }
}

function entryLines(emitter: Emitter, program: ProgramIr, layout: Layout): void {
  const { main } = program
  emitter.line('NL_EXPORT i32 nl_main(f64* S) {')
  emitter.line(`f64* const E = S + ${layout.error}; struct nl_block* blocks = 0; struct nl_block** const A = &blocks;`)
  const args = main.parameters.map(({ type }, i) => argument(emitter, type, layout.parameters[i] as number, i))
  const results = main.results.map((type, i) => {
    emitter.line(`${emitter.type(type)} r${i}${typeof type === 'string' ? ' = 0' : ' = {0}'};`)
    return `&r${i}`
  })
  emitter.line('NL_SET_DEPTH_OF_CALL(E);')
  if (emitter.recorder) emitter.line('E[8] = 0;')
  emitter.line(`const i32 status = function_main(${['E', 'A', ...args, ...results].join(', ')});`)
  for (const [i, type] of main.results.entries()) result(emitter, type, layout.results[i] as number, `r${i}`)
  emitter.line(`E[${BLOCKS}] = (f64)(word)blocks;`)
  emitter.line('return status;')
  emitter.line('}')
  emitter.line(`NL_EXPORT void nl_free(f64* S) {`)
  emitter.line(`struct nl_block* blocks = (struct nl_block*)(word)S[${layout.error + BLOCKS}];`)
  emitter.line('nl_release_to(&blocks, 0);')
  emitter.line(`S[${layout.error + BLOCKS}] = 0;`)
  emitter.line('}')
  emitter.line('NL_EXPORT void nl_body(i32 which, void* context, f64 begin, f64 end) {')
  emitter.line('(void)context; (void)begin; (void)end;')
  emitter.line('switch (which) {')
  for (const region of emitter.regions) emitter.line(region.text)
  emitter.line('default: break;')
  emitter.line('}')
  emitter.line('}')
}

function argument(emitter: Emitter, type: Type, slot: number, i: number): string {
  if (typeof type === 'string') {
    if (type === 'big') return `(i64)nl_bits(S[${slot}])`
    return `(${typeName(type)})S[${slot}]`
  }
  const name = `a${i}`
  emitter.line(`${emitter.type(type)} ${name};`)
  emitter.line(`${name}.p = (${storedType(type.storage)}*)(word)S[${slot}];`)
  for (let axis = 0; axis < type.rank; axis++) {
    emitter.line(`${name}.n${axis} = (i64)S[${slot + 1 + axis}];`)
    if (!type.contiguous) emitter.line(`${name}.s${axis} = (i64)S[${slot + 1 + type.rank + axis}];`)
  }
  return name
}

function result(emitter: Emitter, type: Type, slot: number, name: string): void {
  if (typeof type === 'string') {
    emitter.line(`S[${slot}] = ${type === 'big' ? `nl_of_bits((u64)${name})` : `(f64)${name}`};`)
    return
  }
  const { rank, contiguous }: ArrayType = type
  emitter.line(`S[${slot}] = (f64)(word)${name}.p;`)
  for (let axis = 0; axis < rank; axis++) {
    emitter.line(`S[${slot + 1 + axis}] = (f64)${name}.n${axis};`)
    if (!contiguous) emitter.line(`S[${slot + 1 + rank + axis}] = (f64)${name}.s${axis};`)
  }
}
