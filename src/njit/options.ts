// The options of njit, checked.
// SPDX-License-Identifier: MIT

import { readVariable } from '../core/env.js'
import { NjitError } from '../core/errors.js'
import { countOf } from '../core/threads.js'
import { parseBoolean, parseSchedule, SCHEDULE_KINDS } from '../omp/parse.js'
import type { LoopSchedule } from './ir.js'
import type { FastmathFlag } from './target.js'

const FLAGS: readonly FastmathFlag[] = ['nnan', 'ninf', 'nsz', 'arcp', 'contract', 'afn', 'reassoc']
const TARGETS = ['auto', 'native', 'wasm', 'js'] as const

export interface NjitOptions {
  /** Runs pranges on the team; without it they are ordinary loops. */
  parallel?: boolean
  /** Where the compiled function runs; `auto`: native where there is a C compiler, else wasm. */
  target?: (typeof TARGETS)[number]
  /** Whether an index outside of an array is a RangeError (default), or undefined behaviour. */
  boundsCheck?: boolean
  /** All ('fast') or some of LLVM's flags, which let results differ from JavaScript's. */
  fastmath?: boolean | readonly (FastmathFlag | 'fast')[]
  /** What the free names of the function stand for: numbers, booleans, bigints, arrays and functions. */
  globals?: Readonly<Record<string, unknown>>
  /** Whether compiled code is kept on disk (default). */
  cache?: boolean
  /** How pranges deal out their iterations, where they do not say so themselves: 'dynamic' or 'dynamic,16'. */
  schedule?: string
  /** The most threads of a call. */
  threads?: number
  /** An error instead of a warning where the function cannot be compiled and would run as plain JavaScript. */
  require?: 'compiled'
  /** In messages and reports; the function's own name by default. */
  name?: string
  /**
   * Runs every prange on one thread and looks at what its iterations touch, also where they cannot be shown to be
   * independent. Where two of them touch an element or a variable and one writes it, the call throws NjitError NL4003 after
   * the loop, with `conflicts`; reductions and atomicAdd are none. It takes several times as long, and 32 bytes for each
   * element of arrays that are written.
   */
  race?: 'check'
}

export interface Settings {
  readonly parallel: boolean
  readonly target: (typeof TARGETS)[number]
  readonly boundsCheck: boolean
  readonly fastmath: readonly FastmathFlag[]
  readonly globals: Readonly<Record<string, unknown>>
  readonly cache: boolean
  readonly schedule: LoopSchedule | undefined
  readonly threads: number | undefined
  readonly required: boolean
  readonly name: string | undefined
  readonly race: boolean
}

function invalid(option: string, value: unknown, valid: string): never {
  const shown = typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : JSON.stringify(value)
  const text = `NL5001: njit's option ${option} is ${shown ?? typeof value}; valid are ${valid}.`
  throw new NjitError(text, { code: 'NL5001' })
}

function flag(options: NjitOptions, name: 'parallel' | 'boundsCheck' | 'cache', otherwise: boolean): boolean {
  const value = options[name] ?? otherwise
  return typeof value === 'boolean' ? value : invalid(name, value, 'true and false')
}

const KNOWN = new Set([
  ...[
    'parallel',
    'target',
    'boundsCheck',
    'fastmath',
    'globals',
    'cache',
    'schedule',
    'threads',
    'require',
    'name',
    'race',
  ],
])

/** Whether names and values are all that an object is: of a Map they would not be found. Modules are such objects. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Throws NjitError NL5001 for an option that is unknown or wrong, ValueError for a wrong thread count. */
export function readOptions(options: NjitOptions): Settings {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name))
      throw new NjitError(`NL5001: njit has no option '${name}'; it has ${[...KNOWN].join(', ')}.`, { code: 'NL5001' })
  }
  const { target = 'auto', fastmath = false, globals = {}, threads, name, race } = options
  if (!TARGETS.includes(target)) invalid('target', target, TARGETS.join(', '))
  if (options.require !== undefined && options.require !== 'compiled') invalid('require', options.require, "'compiled'")
  if (race !== undefined && race !== 'check') invalid('race', race, "'check'")
  if (name !== undefined && (typeof name !== 'string' || name === '')) invalid('name', name, 'names')
  if (!isRecord(globals)) {
    invalid('globals', globals, 'objects of names and values, as in { g: 9.81 }')
  }
  if (threads !== undefined) countOf(threads, 'njit')
  const checks = readVariable('NUMLOOM_BOUNDSCHECK', parseBoolean, "the options' are used")
  return {
    parallel: flag(options, 'parallel', false),
    target,
    boundsCheck: checks ?? flag(options, 'boundsCheck', true),
    fastmath: fastmathFlags(fastmath),
    globals,
    cache: flag(options, 'cache', true),
    schedule: options.schedule === undefined ? undefined : scheduleOf(options.schedule),
    threads,
    required: options.require === 'compiled',
    name,
    race: race === 'check',
  }
}

function fastmathFlags(value: unknown): readonly FastmathFlag[] {
  if (typeof value === 'boolean') return value ? FLAGS : []
  if (Array.isArray(value) && value.every((item) => item === 'fast' || FLAGS.includes(item)))
    return value.includes('fast') ? FLAGS : value
  return invalid('fastmath', value, `true, false and lists of fast, ${FLAGS.join(', ')}`)
}

function scheduleOf(text: unknown): LoopSchedule {
  const { value, problem } = parseSchedule(String(text))
  if (value === undefined || problem !== undefined)
    return invalid('schedule', text, `${SCHEDULE_KINDS.join(', ')}, with a chunk as in 'dynamic,16'`)
  const { kind, chunk } = value
  return { kind, chunk }
}
