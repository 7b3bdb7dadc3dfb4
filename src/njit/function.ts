// njit: what it returns, and how it is called.
// SPDX-License-Identifier: MIT

import { NjitError } from '../core/errors.js'
import { Dispatcher, type Refusal, type Stats } from './dispatcher.js'
import { definitions } from './frontend.js'
import {
  assembly,
  compileAhead,
  cText,
  diagnostics,
  explanation,
  typesText,
  vectorization,
  webAssembly,
} from './inspect.js'
import { isRecord, type NjitOptions, readOptions } from './options.js'
import type { LoopReport } from './parallel.js'
import type { Placement } from './placement.js'
import { checkCount, parseSignature } from './signature.js'
import { callerPlace, Source } from './source.js'
import type { LoopRemark } from './vectorization.js'

// biome-ignore lint/suspicious/noExplicitAny: parameters of functions are contravariant; unknown[] would refuse them all.
type AnyFunction = (...args: any[]) => any

/** A function that compiles itself for the types that it is called with. */
export type NjitFunction<F extends AnyFunction> = F & {
  /** The function as it was given. */
  readonly jsFunction: F
  /** The types that there is code for. */
  readonly signatures: readonly string[]
  readonly stats: Readonly<Stats>
  /** Compiles for the types of such arguments, or for the signatures that were given, without running it. */
  compile(...args: unknown[]): Promise<void>
  /** Where calls run and why, with each specialisation. Prints well. */
  explain(): Explanation
  /** The types of variables, by line. */
  inspectTypes(): string
  /** The C that was made of it. */
  inspectC(): string
  /** The WebAssembly that it is for the target wasm, in WebAssembly's text format. The packages @yowasp/clang and wabt are needed. */
  inspectWat(): string
  /** The assembler that it is for the target that it runs on: the processor's, or LLVM's for WebAssembly. */
  inspectAsm(): string
  /** Which loops became SIMD, and why others did not. Prints well. */
  vectorizationReport(): VectorizationReport
  /** Every prange: whether it runs in parallel, reductions, private and shared variables, checks of indices. Prints well. */
  parallelDiagnostics(): ParallelDiagnostics
}

export interface Explanation {
  /** 'none' where calls throw for that reason. */
  readonly runs: Placement['runs'] | 'none'
  readonly reason: string
  readonly function: string
  readonly specialisations: readonly { signature: string; target: string; compileMs: number; fromCache: boolean }[]
}

/** A remark for each loop, for each list of argument types. */
export type VectorizationReport = readonly (LoopRemark & { readonly signature: string })[]

export interface ParallelDiagnostics {
  readonly loops: readonly (Omit<LoopReport, 'position' | 'loop'> & {
    readonly signature: string
    readonly place: string
    /** Places of indices that are checked once before a loop, and of those that every iteration checks. */
    readonly hoisted: readonly string[]
    readonly checked: readonly string[]
  })[]
  /** Argument types that there is no code for, because iterations of a prange depend on each other or do not collapse. */
  readonly refusals: readonly Refusal[]
}

/**
 * Makes a function that is compiled when it is called: once for each list of argument types, as fast code for this machine
 * (a C compiler is needed) or as WebAssembly (with the package @yowasp/clang). It computes what the function would in plain
 * JavaScript; functions of Math may differ in the last bit. docs/njit.md says which JavaScript it understands.
 *
 * Throws NjitError for options and signatures that are not valid, and at the first call for what it cannot compile.
 */
export function njit<F extends AnyFunction>(fn: F): NjitFunction<F>
export function njit<F extends AnyFunction>(options: NjitOptions, fn: F): NjitFunction<F>
export function njit<F extends AnyFunction>(signature: string | readonly string[], fn: F): NjitFunction<F>
export function njit<F extends AnyFunction>(
  signature: string | readonly string[],
  options: NjitOptions,
  fn: F,
): NjitFunction<F>
export function njit<F extends AnyFunction>(...args: unknown[]): NjitFunction<F> {
  const fn = args.at(-1) as F
  const rest = args.slice(0, -1)
  const signatures = typeof rest[0] === 'string' || Array.isArray(rest[0]) ? [rest.shift()].flat() : []
  const [options = {}] = rest.splice(0, 1)
  if (typeof fn !== 'function')
    throw new NjitError('NL5007: the last argument of njit must be a function.', { code: 'NL5007' })
  if (rest.length > 0 || !isRecord(options)) {
    const text =
      'NL5001: njit takes a signature or a list of them, then options, then the function; the first two may be left out.'
    throw new NjitError(text, { code: 'NL5001' })
  }
  if (definitions.has(fn)) {
    throw new NjitError(`NL5007: '${fn.name}' is compiled already; pass its jsFunction.`, { code: 'NL5007' })
  }
  const settings = readOptions(options)
  const source = new Source(fn, callerPlace(1), settings.name ?? '')
  const parsed = signatures.map((text) => parseSignature(text as string))
  for (const signature of parsed) checkCount(signature, source.name, source.node.params.length)
  const dispatcher = new Dispatcher({ source, settings }, fn, parsed)
  return decorate<F>(dispatcher, fn)
}

function decorate<F extends AnyFunction>(dispatcher: Dispatcher, fn: F): NjitFunction<F> {
  const compiled = (...args: unknown[]) => dispatcher.call(args)
  const { definition } = dispatcher
  definitions.set(compiled, definition)
  const members = {
    jsFunction: fn,
    stats: dispatcher.stats,
    compile: async (...args: unknown[]) => compileAhead(dispatcher, args),
    explain: () => explanation(dispatcher),
    inspectTypes: () => typesText(dispatcher),
    inspectC: () => cText(dispatcher),
    inspectWat: () => webAssembly(dispatcher),
    inspectAsm: () => assembly(dispatcher),
    vectorizationReport: () => vectorization(dispatcher),
    parallelDiagnostics: () => diagnostics(dispatcher),
  }
  Object.defineProperties(compiled, {
    name: { value: dispatcher.name },
    length: { value: fn.length },
    signatures: { get: () => [...dispatcher.specialisations.keys()] },
    ...Object.fromEntries(Object.entries(members).map(([name, value]) => [name, { value, enumerable: true }])),
  })
  return compiled as unknown as NjitFunction<F>
}
