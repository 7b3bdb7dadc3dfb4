// The file of a plan that `numloom tune` measured on the user's machine: where it is, what it holds, and whether it
// fits what runs here. A plan of another machine or version is worse than the built-in one, so all of it must fit.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { BACKEND_NAMES, type BackendName } from '../backends/backend.js'
import { backends } from '../backends/load.js'
import { cacheFolder } from '../cache.js'
import { threadCount } from '../core/threads.js'
import { variables } from '../omp/variables.js'
import { threadsText } from '../report/text.js'
import { VERSION } from '../version.js'
import type { Choice, KernelPlan, Level, Plans } from './plan.js'

/** Changes with the meaning of what the file holds. */
const FORMAT = 2

/** What a plan holds for. */
interface Circumstances {
  readonly format: number
  readonly numloom: string
  readonly cpu: string
  /** The instruction set of each backend that worked. */
  readonly isas: Partial<Record<BackendName, string>>
}

export interface PlanFile extends Circumstances {
  /** The size of the team that it was measured with. */
  readonly threads: number
  /** When, by ISO 8601. */
  readonly date: string
  readonly plans: Plans
}

/** The file in the cache folder: one for each platform, because home folders are shared between machines. */
export const planPath = (): string => join(cacheFolder(), `plan-${process.platform}-${process.arch}.json`)

/** What a plan that is measured now holds for. Loads all backends. */
export function circumstancesHere(): Circumstances {
  const isas = Object.fromEntries(backends().flatMap(({ name, isa }) => (isa === undefined ? [] : [[name, isa]])))
  return { format: FORMAT, numloom: VERSION, cpu: cpus()[0]?.model.trim() ?? 'unknown', isas }
}

/**
 * Reads a plan. Throws an Error that says why it cannot be used, also where it does not fit; ENOENT as its code. Throws
 * EnvironmentError where the number of threads cannot be told.
 */
export function readPlanFile(path: string): PlanFile {
  const text = readFileSync(path, 'utf8')
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    throw new Error('it is not JSON')
  }
  if (!isRecord(found)) throw new Error('it holds no plan')
  checkFits(found)
  checkContents(found)
  checkThreads(found.threads as number)
  return found as unknown as PlanFile
}

type Unknown = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A backend that is not there now does no harm: it is passed over, as in the built-in plan. */
function checkFits(found: Unknown): void {
  if (found.format !== FORMAT) throw new Error(`its format is ${String(found.format)}, this numloom reads ${FORMAT}`)
  if (found.numloom !== VERSION) throw new Error(`it is of numloom ${String(found.numloom)}, this is ${VERSION}`)
  const { cpu, isas } = circumstancesHere()
  if (found.cpu !== cpu) throw new Error(`it is of the CPU '${String(found.cpu)}', this is '${cpu}'`)
  if (!isRecord(found.isas)) throw new Error('it names no instruction sets')
  for (const [name, isa] of Object.entries(isas)) {
    const measured = found.isas[name]
    if (measured === isa) continue
    const then = measured === undefined ? 'was not there' : `was ${String(measured)}`
    throw new Error(`backend ${name} ${then} when it was measured, and is ${isa}`)
  }
}

/** More threads than were measured might pay where the plan knows of none that do; with fewer it errs by little. */
function checkThreads(measured: number): void {
  const usable = Math.min(variables().detected.count, threadCount('openmp', {}).count)
  if (measured >= usable) return
  throw new Error(`it was measured with ${threadsText(measured)}, and calls may use ${usable} here`)
}

const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 1

function checkContents(found: Unknown): void {
  if (!isCount(found.threads) || typeof found.date !== 'string') {
    throw new Error('it does not say when and with how many threads it was measured')
  }
  if (!isRecord(found.plans)) throw new Error('it holds no plans')
  for (const [kernel, plans] of Object.entries(found.plans)) {
    const each = isRecord(plans) ? Object.entries(plans) : [['', undefined]]
    for (const [dtype, plan] of each) if (!isPlan(plan)) throw new Error(`its plan of ${kernel} ${dtype} is no plan`)
  }
}

const isWork = (value: unknown) => typeof value === 'number' && value >= 0
const isBackend = (value: unknown) => (BACKEND_NAMES as readonly unknown[]).includes(value)

function isLevel(value: unknown): value is Level {
  if (!isRecord(value) || !isWork(value.work) || !Array.isArray(value.order)) return false
  return value.order.length > 0 && value.order.every(isBackend)
}

function isPlan(value: unknown): value is KernelPlan {
  if (!isRecord(value) || !isChoice(value)) return false
  return [value.strided, value.outside].every((choice) => choice === undefined || isChoice(choice))
}

function isChoice(value: unknown): value is Choice {
  if (!isRecord(value) || !Array.isArray(value.levels) || !isRecord(value.threads)) return false
  const { levels, threads } = value
  if (!levels.every(isLevel) || levels[0]?.work !== 0) return false
  const rising = levels.every(({ work }, i) => i === 0 || work > (levels[i - 1] as Level).work)
  return rising && Object.keys(threads).every(isBackend) && Object.values(threads).every(isWork)
}
