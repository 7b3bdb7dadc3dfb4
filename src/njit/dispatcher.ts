// A compiled function: finds or makes the code for the types of a call's arguments, and runs it.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { environment, warnOnce } from '../core/env.js'
import { NjitError } from '../core/errors.js'
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
import { available, targetFor } from './libraries.js'
import { callError, overlapWarning } from './run-errors.js'
import {
  type ArgumentType,
  isHuge,
  isWithin,
  MISSING,
  matchSignature,
  returns,
  type Signature,
  typeOf,
} from './signature.js'
import type { Program, Target } from './target.js'
import { describe, type Value } from './value.js'

/** The code for one list of argument types. */
export interface Specialisation {
  readonly signature: string
  readonly types: readonly ArgumentType[]
  readonly huge: boolean
  readonly target: Target['name']
  readonly program: Program
  readonly description: Description
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

/** Where calls run, and why. */
export interface Placement {
  readonly runs: Target['name'] | 'js'
  readonly reason: string
}

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

  /** Throws NjitError where compiled code is required and cannot be had. */
  placement(): Placement {
    this.#placement ??= this.#place()
    return this.#placement
  }

  #place(): Placement {
    const { target, required } = this.definition.settings
    if (target === 'js') return { runs: 'js', reason: "{ target: 'js' }" }
    if (environment('NUMLOOM_DISABLE_JIT') === '1') return this.#plain('NUMLOOM_DISABLE_JIT=1', required)
    const usable = available()
    const lacks = (name: Target['name']) => usable[name].runs ?? usable[name].compiles
    if (target !== 'auto') {
      const problem = lacks(target)
      if (problem !== undefined)
        throw new NjitError(`NL5004: njit cannot compile '${this.name}' for ${target}: ${problem}`, { code: 'NL5004' })
      return { runs: target, reason: `{ target: '${target}' }` }
    }
    const native = lacks('native')
    if (native === undefined) return { runs: 'native', reason: 'there is a C compiler' }
    const wasm = lacks('wasm')
    if (wasm === undefined) return { runs: 'wasm', reason: native }
    return this.#plain(`${native} ${wasm}`, required)
  }

  #plain(reason: string, required: boolean): Placement {
    const text = `njit: '${this.name}' runs as plain JavaScript: ${reason}`
    if (required) throw new NjitError(`NL5004: ${text}`, { code: 'NL5004' })
    warnOnce('NUMLOOM_NJIT', text)
    return { runs: 'js', reason }
  }

  call(given: unknown[]): unknown {
    const { runs } = this.placement()
    this.stats.calls++
    if (runs === 'js') return this.jsFunction(...given)
    const { length } = this.definition.source.node.params
    const args = given.length > length ? given.slice(0, length) : given
    const last = this.#last
    if (last !== undefined && fits(last, args)) return this.#run(last.specialisation, args)
    const specialisation = this.specialise(args)
    if (!specialisation.huge) this.#last = { types: args.map((arg) => typeOf(arg) as ArgumentType), specialisation }
    return this.#run(specialisation, args)
  }

  /** The last call's, for more calls with arguments of the same types. */
  #last: Last | undefined

  specialise(args: readonly unknown[]): Specialisation {
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
      const what =
        arg === null || typeof arg !== 'object'
          ? arg === null
            ? 'null'
            : typeof arg
          : (arg.constructor?.name ?? 'an object')
      const fix = Array.isArray(arg) ? ' Pass Float64Array.from(...).' : ''
      const text = `NL5005: argument ${i + 1} of '${this.name}' is ${what}; compiled functions take numbers, booleans, bigints, typed arrays and NDArrays.${fix}`
      throw new NjitError(text, { code: 'NL5005', function: this.name })
    })
    if (this.signatures.length === 0) return types
    const exact = this.signatures.map((signature) => matchSignature(signature, types, passed))
    const found = exact.find((match) => match?.every((type, i) => type.text === types[i]?.text)) ?? exact.find(Boolean)
    if (found) return found
    const given = types.map(({ text }) => text).join(', ')
    const valid = this.signatures.map(({ text }) => text).join('; ')
    const text = `NL5006: '${this.name}' has no signature for (${given}); njit was given ${valid}. Convert the arguments, or add a signature.`
    throw new NjitError(text, { code: 'NL5006', function: this.name })
  }

  specialisationFor(types: readonly ArgumentType[], huge: boolean): Specialisation {
    const signature = signatureText(types, huge)
    let found = this.specialisations.get(signature)
    if (found === undefined) {
      found = this.#make(signature, types, huge)
      this.specialisations.set(signature, found)
    }
    return found
  }

  compiled(types: readonly ArgumentType[], huge: boolean): Compiled {
    const values = types.map(({ value }) => value)
    const compiled = compileSource(this.definition, this.around, values, huge)
    this.#checkResult(types, compiled.result)
    return compiled
  }

  #checkResult(types: readonly ArgumentType[], result: Value | undefined): void {
    const used = this.signatures.find((signature) => {
      return matchSignature(signature, types)?.every(({ text }, i) => text === types[i]?.text)
    })
    if (used === undefined || returns(used, result)) return
    const found = result === undefined ? 'nothing' : describe(result)
    const text = `NL5009: '${this.name}' returns ${found}, and its signature says ${used.result}. Correct one of them; without a result the signature takes any.`
    throw new NjitError(text, { code: 'NL5009', function: this.name })
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

  #make(signature: string, types: readonly ArgumentType[], huge: boolean): Specialisation {
    const job = this.#prepare(signature, types, huge)
    const binary = job.kept ?? job.target.compile(job.text, this.#compileOptions)
    return this.#finish(job, binary)
  }

  /** The same without blocking. */
  async compileAhead(types: readonly ArgumentType[], huge: boolean): Promise<void> {
    const signature = signatureText(types, huge)
    if (this.specialisations.has(signature)) return
    const job = this.#prepare(signature, types, huge)
    const binary = job.kept ?? (await job.target.compileAsync(job.text, this.#compileOptions))
    if (!this.specialisations.has(signature)) this.specialisations.set(signature, this.#finish(job, binary))
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
      return {
        ...common,
        kept: entry.binary,
        text: '',
        description: (entry.meta as { description: Description }).description,
      }
    }
    this.stats.cacheMisses++
    const { text, description } = this.compiled(types, huge)
    return { ...common, kept: undefined, text, description }
  }

  #finish(
    { signature, types, huge, target, key, started, kept, description }: Job,
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
      compileMs,
      fromCache: kept !== undefined,
    }
  }

  #run({ program, description, types }: Specialisation, given: readonly unknown[]): unknown {
    const { arrays: globals, sources } = this.around
    const isWhole = given.length === types.length && !types.includes(MISSING)
    const args = isWhole ? given : given.filter((arg) => arg !== undefined)
    const all = globals.length > 0 ? [...args, ...globals.map(({ value }) => value)] : args
    const { layout } = description
    const before = program.slots()
    before[layout.error + OVERLAP] = 0
    const arrays = fill(description, before, all)
    const status = program.call(arrays, this.definition.settings.threads)
    this.stats.lastThreads = program.lastThreads()
    this.stats.lastCopied = program.lastCopied()
    const slots = program.slots()
    try {
      if (status !== 0) throw callError(this.name, description, slots, sources, status)
      if (slots[layout.error + OVERLAP] !== 0)
        overlapWarning(this.name, slots[layout.error + OVERLAP] as number, sources)
      return results(description, program, all)
    } finally {
      if (slots[layout.error + BLOCKS] !== 0) program.free()
    }
  }
}
