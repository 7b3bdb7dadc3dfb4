// A compiled function: finds or makes the code for the types of a call's arguments, and runs it.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { warnOnce } from '../core/env.js'
import { NjitError } from '../core/errors.js'
import { heap } from '../core/heap.js'
import { allowedThreads } from '../core/threads.js'
import { observe } from '../report/dispatch.js'
import { reporting } from '../report/events.js'
import { VERSION } from '../version.js'
import { fill, results } from './arguments.js'
import { cacheKey, readEntry, writeEntry } from './cache.js'
import { BLOCKS, OVERLAP } from './emit.js'
import {
  type Compiled,
  compileSource,
  type Definition,
  type Description,
  type Surroundings,
  surroundings,
} from './frontend.js'
import { targetFor } from './libraries.js'
import { noArgument, noSignature } from './mismatch.js'
import { type Placement, placementOf } from './placement.js'
import { type ResultCheck, resultCheck } from './result-check.js'
import { callError, overlapWarning } from './run-errors.js'
import {
  type ArgumentType,
  checkCount,
  defaultTypes,
  isHuge,
  isWithin,
  MISSING,
  matchSignature,
  type Signature,
  typeOf,
} from './signature.js'
import type { Program, Target } from './target.js'
import { compiledCall, plainCall } from './telling.js'

/** The code for one list of argument types. */
export interface Specialisation {
  readonly signature: string
  readonly types: readonly ArgumentType[]
  readonly huge: boolean
  readonly target: Target['name']
  readonly program: Program
  readonly description: Description
  readonly checkResult: ResultCheck | undefined
  readonly compileMs: number
  readonly fromCache: boolean
}

export interface Stats {
  calls: number
  compileMs: number
  cacheHits: number
  cacheMisses: number
  lastThreads: number
  /** Bytes that the last call copied to where compiled code reaches them. */
  lastCopied: number
}

/** A prange that there is no parallel code for, with the arguments of a call. */
export interface Refusal {
  readonly signature: string
  readonly code: string
  /** All that the error said. */
  readonly message: string
  /** The two accesses, where iterations depend on each other. */
  readonly conflict?: readonly { readonly variable: string; readonly write: boolean; readonly line: number }[]
}

const REFUSALS = new Set(['NL4002', 'NL4004'])

let generationRead: string | undefined

/** A sum over the compiler's own sources: what another one made is not for this one. */
function generation(): string {
  generationRead ??= readFileSync(new URL('./generation', import.meta.url), 'utf8')
  return generationRead
}

/** A specialisation on its way. */
interface Job {
  readonly signature: string
  readonly types: readonly ArgumentType[]
  readonly huge: boolean
  readonly target: Target
  readonly key: string | undefined
  readonly started: number
  readonly kept: Uint8Array | undefined
  readonly text: string
  readonly description: Description
  readonly checkResult: ResultCheck | undefined
}

const signatureText = (types: readonly ArgumentType[], huge: boolean) =>
  types.map(({ text }) => text).join(', ') + (huge ? ' huge' : '')

interface Last {
  readonly types: readonly ArgumentType[]
  readonly specialisation: Specialisation
}

function fits({ types, specialisation }: Last, args: readonly unknown[]): boolean {
  if (args.length !== types.length) return false
  for (let i = 0; i < types.length; i++) {
    if (typeOf(args[i]) !== types[i] || isHuge(args[i])) return false
    const compiledFor = specialisation.types[i] as ArgumentType
    if (compiledFor !== types[i] && !isWithin(compiledFor, args[i])) return false
  }
  return true
}

export class Dispatcher {
  readonly stats: Stats = { calls: 0, compileMs: 0, cacheHits: 0, cacheMisses: 0, lastThreads: 1, lastCopied: 0 }
  readonly specialisations = new Map<string, Specialisation>()
  /** The last of each signature, for parallelDiagnostics(). */
  readonly refusals = new Map<string, Refusal>()
  #placement: Placement | undefined
  #around: Surroundings | undefined

  constructor(
    readonly definition: Definition,
    readonly jsFunction: (...args: unknown[]) => unknown,
    /** Those that it may be called with; all, where there are none. */
    readonly signatures: readonly Signature[],
  ) {}

  get name(): string {
    return this.definition.source.name
  }

  get around(): Surroundings {
    this.#around ??= surroundings(this.definition)
    return this.#around
  }

  /** Throws NjitError where compiled code is required and cannot be had; EnvironmentError where NUMLOOM_STRICT_ENV=1. */
  placement(): Placement {
    this.#placement ??= placementOf(this.definition)
    return this.#placement
  }

  call(given: unknown[]): unknown {
    const { runs } = this.placement()
    this.stats.calls++
    if (runs === 'js') return this.#runPlain(given)
    const { length } = this.definition.source.node.params
    const args = given.length > length ? given.slice(0, length) : given
    const last = this.#last
    const isLike = last !== undefined && fits(last, args)
    const specialisation = isLike ? last.specialisation : this.specialise(args)
    if (specialisation === undefined) return this.#runPlain(given)
    if (!isLike && !specialisation.huge) {
      this.#last = { types: args.map((arg) => typeOf(arg) as ArgumentType), specialisation }
    }
    if (reporting) return observe(compiledCall(this, specialisation, args, () => this.#run(specialisation, args)))
    return this.#run(specialisation, args)
  }

  #runPlain(args: unknown[]): unknown {
    if (reporting) return observe(plainCall(this, args, () => this.jsFunction(...args)))
    return this.jsFunction(...args)
  }

  /** The last call's, for more calls with arguments of the same types. */
  #last: Last | undefined

  /** Undefined where it is found out only now that nothing is compiled here. */
  specialise(args: readonly unknown[]): Specialisation | undefined {
    const types = this.typesOf(args)
    const huge = args.some(isHuge)
    return this.specialisationFor(types, huge)
  }

  typesOf(args: readonly unknown[]): ArgumentType[] {
    const { length } = this.definition.source.node.params
    // As in a plain call, undefined at the end is as good as nothing.
    const passed = args.slice(0, length)
    while (passed.length > 0 && passed.at(-1) === undefined) passed.pop()
    const types = passed.map((arg, i) => {
      const takesDefault = arg === undefined && this.definition.source.node.params[i]?.type === 'AssignmentPattern'
      const type = takesDefault ? MISSING : typeOf(arg)
      if (type !== undefined) return type
      throw noArgument(this.name, i, arg)
    })
    return this.#declared(types, passed)
  }

  /** The types that a signature of the function's own, as in compile('(f8)'), is compiled for. */
  typesFor(signature: Signature): readonly ArgumentType[] {
    checkCount(signature, this.name, this.definition.source.node.params.length)
    return this.#declared(defaultTypes(signature), [])
  }

  /** What arguments of such types are converted to. Throws NjitError where no signature takes them. */
  #declared(types: ArgumentType[], passed: readonly unknown[]): ArgumentType[] {
    if (this.signatures.length === 0) return types
    const exact = this.signatures.map((signature) => matchSignature(signature, types, passed))
    const found = exact.find((match) => match?.every((type, i) => type.text === types[i]?.text)) ?? exact.find(Boolean)
    if (found) return found
    throw noSignature(this.name, this.signatures, types, passed)
  }

  specialisationFor(types: readonly ArgumentType[], huge: boolean): Specialisation | undefined {
    const signature = signatureText(types, huge)
    const found = this.specialisations.get(signature) ?? this.#make(signature, types, huge)
    if (found !== undefined) this.specialisations.set(signature, found)
    return found
  }

  compiled(types: readonly ArgumentType[], huge: boolean): Compiled {
    const values = types.map(({ value }) => value)
    return compileSource(this.definition, this.around, values, huge)
  }

  #resultCheck(types: readonly ArgumentType[], { result }: Description): ResultCheck | undefined {
    const used = this.signatures.find((signature) => {
      return matchSignature(signature, types)?.every(({ text }, i) => text === types[i]?.text)
    })
    return used && resultCheck(this.name, used, result)
  }

  get target(): Target {
    const { runs } = this.placement()
    return targetFor(runs === 'js' ? 'native' : runs)
  }

  #key(target: Target, signature: string): string {
    const { settings } = this.definition
    const { parallel, boundsCheck, fastmath, schedule, race } = settings
    // By the name of a type a signature means all its values, and without signatures it is a call's.
    const declared = this.signatures.length > 0
    const options = JSON.stringify({ parallel, boundsCheck, fastmath, schedule, race, declared })
    return cacheKey([VERSION, generation(), target.name, target.identity(), signature, options, ...this.around.key])
  }

  #make(signature: string, types: readonly ArgumentType[], huge: boolean): Specialisation | undefined {
    while (this.placement().runs !== 'js') {
      const job = this.#prepare(signature, types, huge)
      try {
        return this.#finish(job, job.kept ?? job.target.compile(job.text, this.#compileOptions))
      } catch (error) {
        this.#placeAgain(job, error)
      }
    }
    return undefined
  }

  /** The same without blocking. */
  async compileAhead(types: readonly ArgumentType[], huge: boolean): Promise<void> {
    const signature = signatureText(types, huge)
    while (this.placement().runs !== 'js' && !this.specialisations.has(signature)) {
      const job = this.#prepare(signature, types, huge)
      try {
        const binary = job.kept ?? (await job.target.compileAsync(job.text, this.#compileOptions))
        if (!this.specialisations.has(signature)) this.specialisations.set(signature, this.#finish(job, binary))
      } catch (error) {
        this.#placeAgain(job, error)
      }
    }
  }

  /** Where a compiler turned out not to work, calls run elsewhere from now on; other errors are thrown again. */
  #placeAgain({ target }: Job, error: unknown): void {
    if (!(error instanceof NjitError)) throw error
    this.#placement = undefined
    const { runs, reason } = this.placement()
    if (runs === target.name) throw error
    if (runs !== 'js') warnOnce('NUMLOOM_NJIT', `njit: functions run as ${runs}: ${reason}`)
  }

  get #compileOptions() {
    return { fastmath: this.definition.settings.fastmath }
  }

  /** What is kept on disk, or the C to compile. */
  #prepare(signature: string, types: readonly ArgumentType[], huge: boolean): Job {
    const started = performance.now()
    const { target } = this
    const { cache } = this.definition.settings
    const key = cache ? this.#key(target, signature) : undefined
    const entry = key === undefined ? undefined : readEntry(key)
    const common = { signature, types, huge, target, key, started }
    if (entry) {
      this.stats.cacheHits++
      const { description } = entry.meta as { description: Description }
      return {
        ...common,
        kept: entry.binary,
        text: '',
        description,
        checkResult: this.#resultCheck(types, description),
      }
    }
    this.stats.cacheMisses++
    const { text, description } = this.#translated(signature, types, huge)
    return { ...common, kept: undefined, text, description, checkResult: this.#resultCheck(types, description) }
  }

  #translated(signature: string, types: readonly ArgumentType[], huge: boolean): Compiled {
    try {
      return this.compiled(types, huge)
    } catch (error) {
      if (error instanceof NjitError && REFUSALS.has(error.code)) {
        const { code, message, conflict } = error as NjitError & Pick<Refusal, 'conflict'>
        this.refusals.set(signature, { signature, code, message, ...(conflict && { conflict }) })
      }
      throw error
    }
  }

  #finish(
    { signature, types, huge, target, key, started, kept, description, checkResult }: Job,
    binary: Uint8Array,
  ): Specialisation {
    if (!kept && key !== undefined) writeEntry(key, binary, { name: this.name, target: target.name, description })
    const program = target.load(binary, description.layout.count)
    const compileMs = performance.now() - started
    this.stats.compileMs += compileMs
    return {
      signature,
      types,
      huge,
      target: target.name,
      program,
      description,
      checkResult,
      compileMs,
      fromCache: kept !== undefined,
    }
  }

  /** For arrays that a call makes: in the heap, or by the system. */
  #availableBytes(): number {
    return this.placement().runs === 'wasm' ? heap().availableBytes : freemem()
  }

  #run({ program, description, types, checkResult }: Specialisation, given: readonly unknown[]): unknown {
    const { arrays: globals, sources } = this.around
    const isWhole = given.length === types.length && !types.includes(MISSING)
    const args = isWhole ? given : given.filter((arg) => arg !== undefined)
    const all = globals.length > 0 ? [...args, ...globals.map(({ value }) => value)] : args
    const { layout } = description
    const before = program.slots()
    before[layout.error + OVERLAP] = 0
    // A call that the engine ends writes nothing there.
    before[layout.error + BLOCKS] = 0
    const arrays = fill(this.name, given, description, before, all)
    const { threads } = this.definition.settings
    const status = program.call(arrays, threads && allowedThreads(threads))
    this.stats.lastThreads = program.lastThreads()
    this.stats.lastCopied = program.lastCopied()
    const slots = program.slots()
    try {
      if (status !== 0) throw callError(this.name, description, slots, sources, status, this.#availableBytes())
      if (slots[layout.error + OVERLAP] !== 0)
        overlapWarning(this.name, slots[layout.error + OVERLAP] as number, sources)
      const result = results(description, program, all)
      checkResult?.(result)
      return result
    } finally {
      if (slots[layout.error + BLOCKS] !== 0) program.free()
    }
  }
}
