// The typed form in C: functions, statements, and the head that takes arguments out of slots and puts results there.
// SPDX-License-Identifier: MIT

import { expressionText, itemsize, Names, offsetText, storedType, stridesOf, typeName } from './emit-expressions.js'
import { checkedLoop, isWatched, Recorder } from './emit-races.js'
import { regionText } from './emit-regions.js'
import { type Accumulators, hoist, withoutChecks } from './hoist.js'
import type {
  ArrayType,
  Expression,
  Failed,
  ForLoop,
  FunctionIr,
  Label,
  Position,
  ProgramIr,
  Statement,
  Type,
  Variable,
} from './ir.js'
import { combinedWith, type Lane, lanesOf, pragma } from './lanes.js'
import { loopComment } from './remarks.js'
import { verifyStatements } from './verify.js'
import { hasLoops, mayFail, nestOf, readBy, useOf } from './walk.js'

/** Where what lies in the slots. */
export interface Layout {
  /** The first slot of each parameter and result; an array takes an address, then extents, then strides. */
  readonly parameters: readonly number[]
  readonly results: readonly number[]
  /**
   * Where the record begins: what failed, the position, index, axis, extent, whether a loop ran alone because arrays overlap;
   * what was allocated, how deep calls may go; and where loops are checked for races, what races.h has there.
   */
  readonly error: number
  readonly count: number
}

export const slotsOf = (type: Type) => (typeof type === 'string' ? 1 : 1 + 2 * type.rank)

export function layoutOf(main: FunctionIr, raceSlots: number): Layout {
  let at = 0
  const place = (type: Type) => {
    const slot = at
    at += slotsOf(type)
    return slot
  }
  const parameters = main.parameters.map(({ type }) => place(type))
  const results = main.results.map(place)
  const error = at
  return { parameters, results, error, count: at + 8 + raceSlots }
}

/** Within the slots of the error: a flag, and the list of what was allocated. */
export const OVERLAP = 5
export const BLOCKS = 6

/** A region of a prange, as it is dispatched by number. */
export interface Region {
  readonly number: number
  readonly text: string
}

/** A loop as it is written; one of the user's may be written several times. */
export type WrittenLoop = ForLoop | Extract<Statement, { kind: 'loop' }>

export class Emitter {
  readonly names = new Names()
  readonly arrays = new Map<string, ArrayType>()
  readonly functions = new Map<FunctionIr, string>()
  readonly regions: Region[] = []
  /** By the numbers in the comments above them. */
  readonly loops: WrittenLoop[] = []
  /** Checks of indices that are taken out of loops. */
  readonly hoisted = new Set<Statement>()
  /** Lines of the functions that are finished. */
  readonly finished: string[] = []
  #lines: string[] = []
  #labels = new Map<number, { leave: string; again: string; used: Set<string> }>()
  #count = 0
  /** The label that failures jump to. */
  failure = ''
  /** A line for turns of the loop with a label, where these take long and may fail: another member's may have failed. */
  stops: { readonly label: Label; readonly line: string } | undefined
  /** Writes down accesses, where loops are checked for races. */
  readonly recorder: Recorder | undefined
  /** The body of the function that is written. */
  #around: readonly Statement[] = []
  #results: readonly Type[] = []

  constructor(
    readonly program: ProgramIr,
    /** A position in the user's text as it stands in the C. */
    readonly position: (position: Position) => number,
    readonly boundsCheck: boolean,
    race: boolean,
  ) {
    this.recorder = race ? new Recorder(this) : undefined
  }

  /** Statements as they are written: with checks taken out of loops, or all of them left out. */
  prepared(list: readonly Statement[], accumulators: Accumulators): Statement[] {
    const checked = this.boundsCheck ? list : withoutChecks(list)
    // Accesses are written down as the user has them.
    if (this.recorder) return [...checked]
    const hoisted = hoist(checked, accumulators, this.#around, this.hoisted)
    verifyStatements('hoist', this.#results, hoisted)
    return hoisted
  }

  line(text: string) {
    this.#lines.push(text)
  }

  unique(stem: string): string {
    this.#count++
    return `${stem}_${this.#count}`
  }

  type(type: Type): string {
    const name = typeName(type)
    if (typeof type !== 'string') this.arrays.set(name, type)
    return name
  }

  text(e: Expression): string {
    return expressionText(this.names, e)
  }

  lines(texts: readonly string[]) {
    for (const text of texts) this.line(text)
  }

  /** The lines that `work` writes, apart. */
  collect(work: () => void): string[] {
    const before = this.#lines
    this.#lines = []
    work()
    const lines = this.#lines
    this.#lines = before
    return lines
  }

  declare(variable: Variable, value?: string) {
    const zero = typeof variable.type === 'string' ? '0' : '{0}'
    this.line(`${this.type(variable.type)} ${this.names.of(variable)} = ${value ?? zero};`)
  }

  statements(list: readonly Statement[]) {
    for (const statement of list) this.statement(statement)
  }

  statement(s: Statement) {
    this.recorder?.statement(s)
    switch (s.kind) {
      case 'let':
        return this.declare(s.variable, s.value && this.text(s.value))
      case 'assign':
        return this.#assign(s)
      case 'store':
        return this.#store(s)
      case 'check':
        return this.#check(s)
      case 'fail':
        return this.fail(this.text(s.when), this.failed(s.failure, s.position, s.value ? this.text(s.value) : '0'))
      case 'if':
        return this.#if(s)
      case 'for':
        if (s.parallel) return regionText(this, s)
        return this.recorder && isWatched(s) ? checkedLoop(this, this.recorder, s) : this.for(s)
      case 'loop':
        return this.labelled(s.label, (again) => {
          this.#comment(s)
          this.line('for (;;) {')
          this.body(s.body, () => {
            again()
            for (const variable of carriedDoubles(s.body)) this.line(`NL_CARRIED(${this.names.of(variable)});`)
          })
          this.line('}')
        })
      case 'block':
        return this.labelled(s.label, () => {
          this.line('{')
          this.statements(s.body)
          this.line('}')
        })
      case 'break':
      case 'continue':
        return this.#jump(s.kind, s.label)
      case 'return':
        return this.#return(s.values)
      case 'allocate':
        return this.#allocate(s)
      case 'alias':
        return this.#alias(s)
      case 'apart':
        return this.#apart(s)
      case 'buffer':
        return this.#buffer(s)
      case 'kernel': {
        const buffers = s.variables.map((variable) => `${this.names.of(variable)}.p`)
        return this.line(`nl_block_${s.name}(${[...buffers, buffers[0], this.text(s.count)].join(', ')});`)
      }
      default:
        return this.#call(s)
    }
  }

  #assign(s: Extract<Statement, { kind: 'assign' }>): void {
    const lane = this.#lanes.get(s.variable)
    if (lane) {
      const { op, name } = lane
      for (const part of combinedWith(s) ?? [])
        this.line(`${name} = nl_${op}_lanes(${name}, nl_${op}_lane(${this.text(part)}));`)
    } else this.line(`${this.names.of(s.variable)} = ${this.text(s.value)};`)
  }

  /** Records what went wrong, and where. */
  failed(failure: Failed, position: Position, value: string): string {
    const at = this.position(position)
    if (typeof failure === 'number') return `nl_failed(E, ${failure}, ${at}, ${value})`
    return `nl_out_of_bounds(E, ${at}, ${value}, 0, ${failure.tuple})`
  }

  fail(condition: string, record: string): void {
    this.line(`if (NL_UNLIKELY(${condition})) { ${record}; goto ${this.failure}; }`)
  }

  #check({ array, axis, index, given, guard, position }: Extract<Statement, { kind: 'check' }>): void {
    const extent = `${this.names.of(array)}.n${axis}`
    const text = this.text(index)
    const named = guard ? this.text(guard) : `(f64)${this.text(given ?? index)}`
    const record = `nl_out_of_bounds(E, ${this.position(position)}, ${named}, ${axis}, (f64)${extent})`
    const beyond = guard ? `!(nl_abs(${named}) < 0x1p62) || ` : ''
    if (index.type !== 'f64') this.fail(`${beyond}(u64)(i64)${text} >= (u64)${extent}`, record)
    else this.fail(`!(${text} >= 0 && ${text} < (f64)${extent} && nl_trunc(${text}) == ${text})`, record)
  }

  #store(s: Extract<Statement, { kind: 'store' }>): void {
    const { array, indices, value } = s
    const { storage } = array.type as ArrayType
    const place = `${this.names.pointer(array)}[${offsetText(this.names, array, indices)}]`
    const stored = storedType(storage)
    const cut = value.type === 'f64' || storage === 'i8' || storage === 'u8' ? '' : '(u64)(i64)'
    const text = `(${stored})${cut}${this.text(value)}`
    if (!s.atomic) this.line(`${place} = ${text};`)
    else if (s.failure !== undefined) {
      const sum = this.unique('sum')
      this.line(`f64 ${sum} = 0;`)
      const record = this.failed(s.failure, s.position, sum)
      this.fail(`!nl_add_int32(&${place}, ${this.text(value)}, &${sum})`, record)
    } else if (value.type === 'f64') this.line(`nl_add_${stored}(&${place}, ${this.text(value)});`)
    else this.line(`nl_add_integer_${stored}(&${place}, ${text});`)
  }

  #if({ condition, yes, no, likely }: Extract<Statement, { kind: 'if' }>): void {
    const text = this.text(condition)
    this.line(`if (${likely ? `NL_LIKELY(${text})` : text}) {`)
    if (no.length === 0 && !this.#simd && yes.some(accumulates)) this.line('NL_BRANCH;')
    this.statements(yes)
    if (no.length > 0) {
      this.line('} else {')
      this.statements(no)
    }
    this.line('}')
  }

  // ---- loops and jumps ----------------------------------------------------------------------------------------------

  labelled(label: Label, work: (again: () => void) => void): void {
    const names = { leave: this.unique('leave'), again: this.unique('again'), used: new Set<string>() }
    const before = this.#labels.get(label.id)
    this.#labels.set(label.id, names)
    work(() => {
      if (names.used.has(names.again)) this.line(`${names.again}:;`)
    })
    if (names.used.has(names.leave)) this.line(`${names.leave}:;`)
    if (before) this.#labels.set(label.id, before)
  }

  #jump(kind: 'break' | 'continue', label: Label): void {
    const names = this.#labels.get(label.id)
    const name = kind === 'break' ? names?.leave : names?.again
    if (names === undefined || name === undefined) throw new Error('njit: a jump to a label that is not there')
    names.used.add(name)
    this.line(`goto ${name};`)
  }

  /** The body of a loop; arrays that it allocates live for one turn. `again` writes the label of `continue`. */
  body(list: readonly Statement[], again: () => void): void {
    const frees = list.some((statement) => statement.kind === 'allocate') && !keepsArrays(list)
    const mark = frees ? this.unique('mark') : ''
    if (frees) this.line(`struct nl_block* const ${mark} = *A;`)
    this.statements(list)
    again()
    if (frees) this.line(`nl_release_to(A, ${mark});`)
  }

  #comment(loop: WrittenLoop): void {
    this.line(loopComment(this.loops.push(loop) - 1))
  }

  /** `first`: what every turn begins with, of a nest those of the innermost loop. */
  for(loop: ForLoop, first?: string): void {
    const name = this.names.of(loop.variable)
    const type = this.type(loop.variable.type)
    const { step } = loop
    const compare = step > 0 ? '<' : '>'
    const [start, stop] = [this.text(loop.start), this.text(loop.stop)]
    this.labelled(loop.label, (again) => {
      const lanes = lanesOf(this.names, loop)
      if (lanes.size > 0) this.line('{')
      for (const [variable, { op, name: lane }] of lanes) {
        this.line(`nl_lane ${lane} = nl_${op}_lane(${this.names.of(variable)});`)
      }
      this.#comment(loop)
      if (loop.simd) this.line(pragma(this.names, loop.simd.reductions, lanes))
      this.line(`for (${type} ${name} = ${start}; ${name} ${compare} ${stop}; ${name} += ${step}) {`)
      const [, inner] = nestOf(loop)
      if (first && !inner) this.line(first)
      if (this.stops?.label === loop.label && mayFail(loop.body) && hasLoops(loop.body)) this.line(this.stops.line)
      const [outer, outerLanes] = [this.#simd, this.#lanes]
      this.#simd = loop.simd !== undefined
      this.#lanes = lanes
      if (first && inner) this.for(inner, first)
      else this.body(loop.body, again)
      this.#simd = outer
      this.#lanes = outerLanes
      this.line('}')
      for (const [variable, { name: lane }] of lanes) this.line(`${this.names.of(variable)} = nl_of_lane(${lane});`)
      if (lanes.size > 0) this.line('}')
    })
  }

  /** Whether the innermost loop around here is to become SIMD. */
  #simd = false
  #lanes: ReadonlyMap<Variable, Lane> = new Map()

  // ---- arrays -------------------------------------------------------------------------------------------------------

  #allocate({ variable, extents, fill, position }: Extract<Statement, { kind: 'allocate' }>): void {
    const type = variable.type as ArrayType
    const name = this.names.of(variable)
    this.declare(variable)
    const count = this.unique('count')
    for (const [axis, extent] of extents.entries()) this.line(`${name}.n${axis} = ${this.text(extent)};`)
    this.line(`const f64 ${count} = ${extents.map((_, axis) => `(f64)${name}.n${axis}`).join(' * ') || '1'};`)
    const size = itemsize(type.storage)
    this.line(`${name}.p = ${count} > 0x1p46 ? 0 : nl_new(A, (i64)${count}, ${size});`)
    this.fail(`!${name}.p`, `nl_no_memory(E, ${this.position(position)}, ${count} * ${size})`)
    if (fill) {
      const index = this.unique('i')
      const value = `(${storedType(type.storage)})${this.text(fill)}`
      this.line(`for (i64 ${index} = 0; ${index} < (i64)${count}; ${index}++) ${name}.p[${index}] = ${value};`)
    } else this.line(`__builtin_memset(${name}.p, 0, (u64)${count} * ${size});`)
  }

  #alias({ variable, source, row, declares }: Extract<Statement, { kind: 'alias' }>) {
    if (declares) this.declare(variable)
    const name = this.names.of(variable)
    const from = this.names.of(source)
    const to = variable.type as ArrayType
    const type = source.type as ArrayType
    if (row.length === 0 && to.contiguous === type.contiguous && !this.names.apart.has(source))
      return this.line(`${name} = ${from};`)
    const strides = stridesOf(from, type)
    const skip = row.map((index, axis) => `(offset)${this.text(index)} * (offset)(${strides[axis]})`).join(' + ')
    this.line(`${name}.p = ${this.names.pointer(source)}${skip && ` + ${skip}`};`)
    for (let axis = 0; axis < to.rank; axis++) {
      this.line(`${name}.n${axis} = ${from}.n${axis + row.length};`)
      if (!to.contiguous) this.line(`${name}.s${axis} = ${strides[axis + row.length]};`)
    }
  }

  #apart({ arrays, body }: Extract<Statement, { kind: 'apart' }>): void {
    const { apart } = this.names
    this.line('{')
    for (const array of arrays) {
      const pointer = this.unique('apart')
      this.line(`${storedType((array.type as ArrayType).storage)}* __restrict ${pointer} = ${this.names.of(array)}.p;`)
      apart.set(array, pointer)
    }
    this.statements(body)
    for (const array of arrays) apart.delete(array)
    this.line('}')
  }

  #buffer({ variable, length }: Extract<Statement, { kind: 'buffer' }>): void {
    const memory = this.unique('memory')
    this.line(`f64 ${memory}[${length}] __attribute__((aligned(64)));`)
    this.declare(variable, `{${memory}, ${length}}`)
  }

  // ---- functions ----------------------------------------------------------------------------------------------------

  #call({ callee, args, results }: Extract<Statement, { kind: 'call' }>): void {
    const values = args.map((arg) => ('id' in arg ? this.names.of(arg) : this.text(arg)))
    const outs = results.map((variable) => `&${this.names.of(variable)}`)
    this.line(
      `if (NL_UNLIKELY(${this.functions.get(callee)}(${['E', 'A', ...values, ...outs].join(', ')}))) goto ${this.failure};`,
    )
  }

  #return(values: readonly (Expression | Variable)[]): void {
    for (const [i, value] of values.entries()) {
      this.line(`*result${i} = ${'id' in value ? this.names.of(value) : this.text(value)};`)
    }
    this.line('goto done;')
  }

  signature(f: FunctionIr): string {
    const parameters = f.parameters.map((variable) => `${this.type(variable.type)} ${this.names.of(variable)}`)
    const results = f.results.map((type, i) => `${this.type(type)}* result${i}`)
    return `static i32 ${this.functions.get(f)}(${['f64* E', 'struct nl_block** A', ...parameters, ...results].join(', ')})`
  }

  function(f: FunctionIr, keepsBlocks: boolean): void {
    this.failure = 'failed'
    this.#around = f.body
    this.#results = f.results
    this.recorder?.enter(!keepsBlocks)
    const lines = this.collect(() => {
      this.line(`${this.signature(f)} {`)
      if (!keepsBlocks) {
        this.line('struct nl_block* const entry = *A;')
        this.line('i32 status = 0;')
        this.fail('NL_TOO_DEEP(E)', 'nl_too_deep(E)')
      } else this.line('i32 status = 0;')
      this.statements(this.prepared(f.body, new Map()))
      this.line('goto done;')
      this.line('failed: __attribute__((unused));')
      this.line('status = 1;')
      this.line('done:')
      if (!keepsBlocks) this.line('NL_LEAVE(E); nl_release_to(A, entry);')
      this.line('return status;')
      this.line('}')
    })
    this.finished.push(...lines)
  }
}

/** Whether a sum in doubles goes on, which has an order: it is faster to pass it by than to add 0. */
function accumulates(s: Statement): boolean {
  return s.kind === 'assign' && s.variable.type === 'f64' && readBy(s.value).has(s.variable)
}

/** Each wants a register for itself. */
const MOST_CARRIED = 4

/** Doubles that one turn of a loop takes over from the one before; none where there are many. */
function carriedDoubles(body: readonly Statement[]): Variable[] {
  const { declared, assigned } = useOf(body)
  const carried = [...assigned].filter((variable) => variable.type === 'f64' && !declared.has(variable))
  return carried.length > MOST_CARRIED ? [] : carried
}

/** Whether arrays made in a loop may outlive a turn: a variable from outside comes to stand for one. */
function keepsArrays(list: readonly Statement[]): boolean {
  return list.some((statement) => {
    if (statement.kind === 'alias') return !statement.declares
    if (statement.kind === 'if') return keepsArrays(statement.yes) || keepsArrays(statement.no)
    return 'body' in statement && keepsArrays(statement.body)
  })
}

export function arrayStruct(name: string, { storage, rank, contiguous }: ArrayType): string {
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  const extents = axes.map((axis) => ` i64 n${axis};`).join('')
  const strides = contiguous ? '' : axes.map((axis) => ` i64 s${axis};`).join('')
  return `typedef struct { ${storedType(storage)}* p;${extents}${strides} } ${name};`
}
