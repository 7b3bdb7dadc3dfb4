// From a function and the types of its arguments to C.
// SPDX-License-Identifier: MIT

import { NjitError } from '../core/errors.js'
import { empty, full, ones, zeros } from '../ops/create.js'
import { buildProgram } from './build.js'
import { problem } from './diagnostic.js'
import type { Layout, WrittenLoop } from './emit.js'
import type { Watch } from './emit-races.js'
import { type Env, Inference } from './infer.js'
import * as number from './interval.js'
import type { Position, ProgramIr, Statement, Type } from './ir.js'
import type { Settings } from './options.js'
import { type LoopReport, parallelize } from './parallel.js'
import { atomicAdd, prange, range } from './plain.js'
import { privatize } from './privatize.js'
import { programSource } from './program.js'
import { type ResultOrigin, Roots } from './roots.js'
import { type Local, Scope } from './scope.js'
import { SMALL, typeOf } from './signature.js'
import { Source } from './source.js'
import { BIG, BOOL, type Closure, type Value } from './value.js'
import { verify } from './verify.js'

/** A function as njit was given it. */
export interface Definition {
  readonly source: Source
  readonly settings: Settings
}

/** How a definition is found behind a compiled function. */
export const definitions = new WeakMap<object, Definition>()

/** What a function returns, with the types of its fields. */
export type Shape =
  | { readonly kind: 'none' }
  | { readonly kind: 'field'; readonly type: Type }
  | { readonly kind: 'compound'; readonly names: readonly string[] | null; readonly fields: readonly Shape[] }

/** All that a call needs besides the binary; it is kept with it. */
export interface Description {
  readonly layout: Layout
  readonly parameters: readonly Type[]
  readonly result: Shape
  /** Of each field of the result. */
  readonly origins: readonly ResultOrigin[]
  /** Which parameters are stored into. */
  readonly written: readonly boolean[]
  readonly failures: ProgramIr['failures']
  /** Set where loops are checked for races. */
  readonly watch: Watch | undefined
}

export interface Compiled {
  readonly text: string
  readonly own: number
  readonly description: Description
  readonly program: ProgramIr
  /** What the pranges became. */
  readonly loops: readonly LoopReport[]
  /** Checks of indices that are taken out of loops. */
  readonly hoisted: ReadonlySet<Statement>
  /** The loops of the C, by their numbers. */
  readonly writtenLoops: readonly WrittenLoop[]
  readonly types: readonly { name: string; type: Value; position: Position }[]
}

/** The functions and arrays that a definition uses by way of globals, itself first. */
export interface Surroundings {
  readonly sources: readonly Source[]
  readonly arrays: readonly { local: Local; value: unknown }[]
  readonly scope: Scope
  readonly env: Env
  /** A text that is the same only where all of it is the same. */
  readonly key: readonly string[]
}

/** What numloom exports and compiled functions know by name. */
const LIBRARY = new Map<unknown, string>(
  Object.entries({ prange, range, atomicAdd, zeros, ones, full, empty }).map(([name, value]) => [value, name]),
)

const GLOBALS =
  'Pass numbers, booleans, bigints of 64 bits, typed arrays, NDArrays and functions; Math, nl.zeros and prange need no global.'

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function badGlobal({ source }: Definition, name: string, what: string, fix: string): NjitError {
  const text = `NL5003: the global '${name}' of '${source.name}' is ${what}, which compiled code cannot use. ${fix}`
  return new NjitError(text, { code: 'NL5003', function: source.name })
}

export function surroundings(definition: Definition): Surroundings {
  const sources: Source[] = [definition.source]
  const arrays: { local: Local; value: unknown }[] = []
  const env: Env = new Map()
  const key: string[] = [definition.source.text]
  const scopes = new Map<Definition, Scope>()

  const scopeOf = (owner: Definition): Scope => {
    const known = scopes.get(owner)
    if (known) return known
    const scope = new Scope(undefined)
    scopes.set(owner, scope)
    for (const [name, value] of Object.entries(owner.settings.globals)) declare(owner, scope, name, value)
    return scope
  }
  const declare = (owner: Definition, scope: Scope, name: string, value: unknown) => {
    const own = LIBRARY.get(value)
    // The same names and values may be among the globals of another function.
    key.push(String([...scopes.keys()].indexOf(owner)))
    if (own === name) {
      scope.declareLibrary(name)
      key.push(`numloom's ${name}`)
      return
    }
    if (own !== undefined) throw badGlobal(owner, name, `numloom's ${own}`, `Call it '${own}'.`)
    const local = scope.declare(name, true, owner.source.base)
    key.push(name)
    const known = typeof value === 'function' ? functionOf(owner, value, name) : valueOfGlobal(local, value)
    if (known === undefined) throw badGlobal(owner, name, kindOf(value), GLOBALS)
    if (known.kind === 'array') arrays.push({ local, value })
    local.value = known
    local.assignments.add(local)
    env.set(local, known)
  }
  /** One that njit made has globals of its own; a plain one sees those that it is among. */
  const functionOf = (owner: Definition, value: object, name: string): Closure => {
    const definedAs = definitions.get(value)
    const source = definedAs?.source ?? new Source(value as () => unknown, owner.source.caller, name)
    if (!sources.includes(source)) sources.push(source)
    // Two functions with one text are told apart where an error names its place.
    key.push(definedAs ? 'compiled' : 'plain', String(sources.indexOf(source)), source.text)
    return { kind: 'function', name, node: source.node, scope: scopeOf(definedAs ?? owner) }
  }
  const valueOfGlobal = (local: Local, value: unknown): Value | undefined => {
    const type = typeOf(value)
    if (type?.value.kind === 'array') {
      key.push(type.text)
      return type.value
    }
    if (typeof value !== 'number' && typeof value !== 'boolean' && typeof value !== 'bigint') return undefined
    key.push(`${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`)
    if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) return undefined
    local.literal = value
    if (typeof value === 'number') return number.constant(value)
    return typeof value === 'boolean' ? BOOL : BIG
  }
  const scope = scopeOf(definition)
  return { sources, arrays, scope, env, key }
}

/** Positions in C are small where the text is short: the number of the source, and the offset in it. */
const SOURCE_STEP = 2 ** 32

export function encodePosition(sources: readonly Source[], position: Position): number {
  const at = sources.findIndex((source) => position >= source.base && position < source.base + source.text.length + 16)
  return at < 0 ? 0 : at * SOURCE_STEP + (position - (sources[at] as Source).base)
}

export function decodePosition(sources: readonly Source[], encoded: number): Position {
  const source = sources[Math.floor(encoded / SOURCE_STEP)] ?? (sources[0] as Source)
  return source.base + (encoded % SOURCE_STEP)
}

export function compileSource(
  definition: Definition,
  around: Surroundings,
  params: readonly Value[],
  huge: boolean,
): Compiled {
  const { source, settings } = definition
  const inference = new Inference(around.scope, huge ? number.MAX_EXACT : SMALL)
  inference.env = new Map(around.env)
  const closure: Closure = { kind: 'function', name: source.name, node: source.node, scope: around.scope }
  const expansion = inference.run(closure, params)
  const program = buildProgram(
    inference,
    closure,
    params,
    around.arrays.map(({ local }) => local),
  )
  verify('build', program)
  const roots = new Roots(program)
  roots.markStored()
  const row = roots.returnedRow()
  if (row !== undefined) {
    const fix = 'return the whole array, or copy the row into a new one.'
    throw problem('NL2039', row, 'a row of an argument is returned: it would be a copy, not a view.', fix)
  }
  const origins = roots.origins()
  privatize(program)
  verify('privatize', program)
  const loops = parallelize(program, settings)
  verify('parallelize', program)
  const position = (at: Position) => encodePosition(around.sources, at)
  const made = programSource(program, position, { ...settings, huge })
  const { text, own, layout, written: writtenLoops, hoisted, watch } = made
  const { parameters } = program.main
  return {
    ...{ text, own, program, loops, hoisted, writtenLoops },
    description: {
      layout,
      parameters: parameters.map(({ type }) => type),
      result: shapeOf(expansion.result),
      origins,
      written: program.main.stored ?? [],
      failures: program.failures,
      watch,
    },
    types: [...inference.notes.locals].flatMap(([node, { name, value }]) =>
      value ? [{ name, type: value, position: node.start }] : [],
    ),
  }
}

function shapeOf(value: Value | undefined): Shape {
  if (value === undefined || value.kind === 'unset' || value.kind === 'function') return { kind: 'none' }
  if (value.kind === 'compound') {
    return { kind: 'compound', names: value.names ?? null, fields: value.fields.map(shapeOf) }
  }
  return {
    kind: 'field',
    type: value.kind === 'array' ? value : value.kind === 'number' ? number.representation(value) : value.kind,
  }
}
