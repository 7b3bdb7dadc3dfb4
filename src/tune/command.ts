// `numloom tune`: measures the plan of this machine and writes it into the cache folder, where the next process that
// uses numloom finds it.
// SPDX-License-Identifier: MIT

import { backends } from '../backends/load.js'
import { NumloomError, ValueError } from '../core/errors.js'
import { threadCount } from '../core/threads.js'
import { planPath } from '../kernel/plan-file.js'
import { kernelList, type Registered } from '../kernel/registry.js'
import { variables } from '../omp/variables.js'
import { threadsText } from '../report/text.js'
import { type Measured, measurePlans } from './measure.js'
import {
  changesInWords,
  type Earlier,
  earlierPlans,
  leftOutInWords,
  planFileOf,
  prepareFolder,
  writePlanFile,
} from './write.js'

export interface TuneOptions {
  readonly dryRun: boolean
  /** Symbols, such as `add_f64`; all kernels where there are none. */
  readonly only: readonly string[]
}

/** The options of the command line; undefined where they are none. */
export function tuneOptions(args: readonly string[]): TuneOptions | undefined {
  let dryRun = false
  const only: string[] = []
  for (const arg of args) {
    if (arg === '--dry-run') dryRun = true
    else if (/^--only=[^,]/.test(arg)) only.push(...arg.slice('--only='.length).split(',').filter(Boolean))
    else return undefined
  }
  return { dryRun, only }
}

/** The builds of symbols, all where there are none. Throws ValueError. */
export function chosen(only: readonly string[]): readonly Registered[] {
  const all = kernelList()
  if (only.length === 0) return all
  const unknown = only.filter((name) => !all.some(({ symbol }) => symbol === name))
  if (unknown.length > 0) throw new ValueError(`--only: there is no kernel ${unknown.join(', ')}`)
  return all.filter(({ symbol }) => only.includes(symbol))
}

/** On a terminal one line that changes, else a line for every tenth kernel. */
function progress(symbol: string, done: number, of: number): void {
  const text = `${String(done + 1).padStart(3)} of ${of}  ${symbol}`
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(40)}${done + 1 === of ? '\n' : ''}`)
  else if (done % 10 === 0) process.stderr.write(`${text}\n`)
}

/** Where it went, and what became of the plans that the file held. */
function destination(path: string, measured: readonly Measured[], { plans, useless }: Earlier): string {
  if (useless !== undefined) return `Wrote ${path}; what it held is gone: ${useless}`
  const isNew = (name: string, code: string) => measured.some(({ kernel, dtype }) => kernel === name && dtype === code)
  const others = Object.entries(plans).flatMap(([name, all]) => Object.keys(all).filter((code) => !isNew(name, code)))
  return others.length === 0 ? `Wrote ${path}` : `Wrote ${path}; other plans in it that stay: ${others.length}`
}

/** A plan does not hold where calls may use more threads than it was measured with. */
function aboutThreads(): string[] {
  const { count, source } = threadCount()
  if (count >= variables().detected.count) return []
  return [`Measured with ${threadsText(count)} (${source}): it holds where calls may use no more.`]
}

function report(measured: readonly Measured[], end: string): string {
  const absent = backends().flatMap(({ available, reason }) => (available ? [] : [`Not measured: ${reason}`]))
  return [...changesInWords(measured), ...absent, ...leftOutInWords(measured), ...aboutThreads(), end]
    .map((line) => `${line}\n`)
    .join('')
}

/** What is not a mistake of this program: its message says all. */
function isExpected(error: unknown): error is Error {
  return error instanceof NumloomError || (error instanceof Error && 'syscall' in error)
}

/** Measures, writes and reports. Returns the exit status. */
export function tune({ dryRun, only }: TuneOptions): number {
  try {
    const builds = chosen(only)
    const path = dryRun ? undefined : planPath()
    if (path === undefined) {
      process.stdout.write(report(measurePlans({ builds, progress }), 'Nothing is written: --dry-run.'))
      return 0
    }
    prepareFolder(path)
    const earlier = only.length > 0 ? earlierPlans(path) : { plans: {} }
    const measured = measurePlans({ builds, progress })
    writePlanFile(path, planFileOf(measured, earlier.plans))
    process.stdout.write(report(measured, destination(path, measured, earlier)))
    return 0
  } catch (error) {
    if (!isExpected(error)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}
