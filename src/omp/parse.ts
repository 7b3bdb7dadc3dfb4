// The values that OpenMP's environment variables may have, by the grammar of the OpenMP specification 5.2, part 21.
//
// All or nothing: a parser returns a value, or the problem; both where a value was brought into the allowed range.
// Blanks around tokens and the case of letters do not count. Nothing here reads the environment or warns.
// SPDX-License-Identifier: MIT

export interface Parsed<T> {
  readonly value?: T
  /** What is wrong with the text. */
  readonly problem?: string
}

export const SCHEDULE_KINDS = ['static', 'dynamic', 'guided', 'auto'] as const
export type ScheduleKind = (typeof SCHEDULE_KINDS)[number]

/** How the iterations of a loop are dealt out to threads. */
export interface Schedule {
  readonly kind: ScheduleKind
  /** Iterations dealt at a time; 0 leaves it to the kind: equal shares for static and auto, else 1. */
  readonly chunk: number
  readonly monotonic: boolean
}

/** As many nesting levels as libgomp supports. */
export const SUPPORTED_LEVELS = 255
/** What a process can address on x86-64; no more than that on other machines. */
const MAX_STACK_BYTES = 2 ** 47
/** Kernels put tens of KB there; compiled functions that call themselves leave the last 256 KB alone. */
const MIN_STACK_BYTES = 512 * 1024
const LARGEST_CHUNK = 2 ** 31 - 1
/** What OMP_THREAD_LIMIT is where nothing limits threads. */
export const NO_LIMIT = 2 ** 31 - 1

const tokens = (text: string) => text.split(',').map((token) => token.trim())
const isWhole = (text: string) => /^\+?\d+$/.test(text)

/** positive-int ("," positive-int)*, each at most `cap`. */
export function parseThreadCounts(text: string, cap: number): Parsed<readonly number[]> {
  const counts = tokens(text)
  const wrong = counts.find((count) => !isWhole(count) || Number(count) === 0)
  if (wrong !== undefined) return { problem: `${quoted(wrong)} is not a positive integer` }
  const value = counts.map((count) => Math.min(Number(count), cap))
  if (counts.every((count) => Number(count) <= cap)) return { value }
  return { value, problem: `more than ${cap} threads` }
}

const quoted = (text: string) => (text === '' ? 'an empty item' : `'${text}'`)

/** A positive integer, at most NO_LIMIT. */
export function parseLimit(text: string): Parsed<number> {
  if (!isWhole(text) || Number(text) === 0) return { problem: 'not a positive integer' }
  const limit = Number(text)
  return limit <= NO_LIMIT ? { value: limit } : { value: NO_LIMIT, problem: `more than ${NO_LIMIT}` }
}

/** A non-negative integer, at most SUPPORTED_LEVELS. */
export function parseLevels(text: string): Parsed<number> {
  if (!isWhole(text)) return { problem: 'not a non-negative integer' }
  const levels = Number(text)
  if (levels <= SUPPORTED_LEVELS) return { value: levels }
  return { value: SUPPORTED_LEVELS, problem: `more than the ${SUPPORTED_LEVELS} levels supported` }
}

/** [("monotonic" | "nonmonotonic") ":"] kind ["," positive-int] */
export function parseSchedule(text: string): Parsed<Schedule> {
  const match = /^(?:(monotonic|nonmonotonic)\s*:\s*)?([a-z]+)\s*(?:,\s*(\S+))?$/i.exec(text)
  const kind = match?.[2]?.toLowerCase() as ScheduleKind | undefined
  if (kind === undefined || !SCHEDULE_KINDS.includes(kind)) {
    return { problem: `expected ${SCHEDULE_KINDS.join(', ')}, and a chunk after a comma` }
  }
  const monotonic = match?.[1] === undefined ? kind === 'static' : match[1].toLowerCase() === 'monotonic'
  const chunk = match?.[3]
  if (chunk === undefined) return { value: { kind, chunk: 0, monotonic } }
  if (!isWhole(chunk) || Number(chunk) > LARGEST_CHUNK) {
    return { problem: `the chunk '${chunk}' is not an integer from 1 to ${LARGEST_CHUNK}` }
  }
  if (kind === 'auto') return { value: { kind, chunk: 0, monotonic }, problem: 'auto takes no chunk' }
  if (Number(chunk) === 0) return { value: { kind, chunk: 1, monotonic }, problem: 'the chunk must be at least 1' }
  return { value: { kind, chunk: Number(chunk), monotonic } }
}

const TRUE = ['true', '1', 'yes', 'on', 't', '.true.']
const FALSE = ['false', '0', 'no', 'off', 'f', '.false.']

/** true or false, and the words that other runtimes take for them. */
export function parseBoolean(text: string): Parsed<boolean> {
  const word = text.toLowerCase()
  if (TRUE.includes(word)) return { value: true }
  if (FALSE.includes(word)) return { value: false }
  return { problem: 'expected true or false' }
}

/** One of a few words. */
export function parseWord<W extends string>(words: readonly W[]): (text: string) => Parsed<W> {
  return (text) => {
    const word = words.find((candidate) => candidate === text.toLowerCase())
    return word === undefined
      ? { problem: `expected ${[words.slice(0, -1).join(', '), words.at(-1)].filter(Boolean).join(' or ')}` }
      : { value: word }
  }
}

/** How waiting threads wait. */
export const parseWaitPolicy = parseWord(['active', 'passive'])

/** true, false or verbose. */
export function parseDisplay(text: string): Parsed<boolean | 'verbose'> {
  if (text.toLowerCase() === 'verbose') return { value: 'verbose' }
  const { value } = parseBoolean(text)
  return value === undefined ? { problem: 'expected true, false or verbose' } : { value }
}

/** size ["B" | "K" | "M" | "G"], in KiB where no unit is given; in bytes. KB, MB, GB and KiB, ... are taken too. */
export function parseStackSize(text: string): Parsed<number> {
  const match = /^\+?(\d+)\s*(?:(B)|([KMG])(?:i?B)?)?$/i.exec(text)
  if (!match) return { problem: 'expected a whole number and B, K, M or G' }
  const exponent = match[2] ? 0 : { K: 1, M: 2, G: 3 }[(match[3] ?? 'K').toUpperCase() as 'K' | 'M' | 'G']
  const bytes = Number(match[1]) * 1024 ** exponent
  if (bytes > MAX_STACK_BYTES)
    return { problem: `more than the ${MAX_STACK_BYTES / 1024 ** 3}G that a process can address` }
  if (bytes >= MIN_STACK_BYTES) return { value: bytes }
  return { value: MIN_STACK_BYTES, problem: `less than the minimum of ${MIN_STACK_BYTES / 1024}K` }
}

const BINDINGS = ['primary', 'master', 'close', 'spread']

/** true, false, or a list of primary (once called master), close and spread, one a nesting level. */
export function parseProcBind(text: string): Parsed<string> {
  const words = tokens(text.toLowerCase())
  const single = words.length === 1 && (words[0] === 'true' || words[0] === 'false')
  if (single || words.every((word) => BINDINGS.includes(word))) return { value: words.join(',') }
  return { problem: `expected true, false, or a list of ${BINDINGS.join(', ')}` }
}
