// Writes a measured plan where numloom finds it, beside those of the file that were not measured anew, and tells how it
// differs from the built-in one.
// SPDX-License-Identifier: MIT

import { accessSync, constants, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Code } from '../core/dtype.js'
import { EnvironmentError, ValueError } from '../core/errors.js'
import { heap } from '../core/heap.js'
import { threadCount } from '../core/threads.js'
import { builtInPlanOf, type Choice, type KernelPlan, type Plans } from '../kernel/plan.js'
import { circumstancesHere, type PlanFile, readPlanFile } from '../kernel/plan-file.js'
import { kernelList } from '../kernel/registry.js'
import { threadsText } from '../report/text.js'
import type { Measured } from './measure.js'

/** What a file holds before some of its kernels are measured anew, or why that is of no use here. */
export interface Earlier {
  readonly plans: Plans
  readonly useless?: string
}

/** Throws ValueError where the plans cannot be mixed with those that are to be measured. */
export function earlierPlans(path: string): Earlier {
  let found: PlanFile
  try {
    found = readPlanFile(path)
  } catch (error) {
    if (error instanceof EnvironmentError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? { plans: {} } : { plans: {}, useless: message }
  }
  const { count } = threadCount()
  if (found.threads === count) return found
  throw new ValueError(
    `--only: the plans in ${path} were measured with ${threadsText(found.threads)}, these would be with ${count}. ` +
      'Set as many, measure all kernels, or remove the file.',
  )
}

/** What the file holds for plans that were measured now, in this process, and those from before. */
export function planFileOf(measured: readonly Measured[], earlier: Plans): PlanFile {
  const plans: Record<string, Partial<Record<Code, KernelPlan>>> = { ...earlier }
  for (const { kernel, dtype, plan } of measured) plans[kernel] = { ...plans[kernel], [dtype]: plan }
  return { ...circumstancesHere(), threads: threadCount().count, date: new Date().toISOString(), plans }
}

/** Throws where the folder cannot be made or written to: better before minutes of measuring than after. */
export function prepareFolder(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  accessSync(dirname(path), constants.W_OK)
}

/** Others that read at the same time see the old file or the new one, never a part of it. */
export function writePlanFile(path: string, file: PlanFile): void {
  const temporary = `${path}.${process.pid}`
  try {
    writeFileSync(temporary, `${JSON.stringify(file, null, 1)}\n`)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** The first backend of each level, and the threads: `as, from 1000 native; threads: native from 100000`. */
function choiceInWords({ levels, threads }: Choice): string {
  const firsts = levels.map(({ work, order }) => (work === 0 ? order[0] : `from ${work} ${order[0]}`))
  const least = Object.entries(threads)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, work]) => `${name} from ${work}`)
  return `${firsts.join(', ')}; threads: ${least.join(', ') || 'never'}`
}

/** The choices of a plan: `...; strided: ...; outside: ...`, the last two where it has them. */
function inWords(plan: KernelPlan): string {
  const others = (['strided', 'outside'] as const).flatMap((placement) => {
    const choice = plan[placement]
    return choice === undefined ? [] : [`${placement}: ${choiceInWords(choice)}`]
  })
  return [choiceInWords(plan), ...others].join('; ')
}

/** Lines about each plan whose first choices or threads differ from the built-in ones, and how many do not. */
export function changesInWords(measured: readonly Measured[]): string[] {
  const lines = measured.flatMap(({ kernel: name, dtype, plan }) => {
    const build = kernelList().find((one) => one.kernel.name === name && one.dtype === dtype)
    const [was, now] = [build ? inWords(builtInPlanOf(build.kernel, dtype)) : 'unknown', inWords(plan)]
    return was === now ? [] : [`${name}_${dtype}`, `  built in  ${was}`, `  measured  ${now}`]
  })
  const changed = lines.length / 3
  const total = `${changed} of ${measured.length} plans differ from the built-in ones`
  return changed === 0 ? [`${total}.`] : [`${total} (numbers are operations of a call):`, ...lines]
}

/** A line where a small heap kept sizes from being measured. */
export function leftOutInWords(measured: readonly Measured[]): string[] {
  const names = measured.flatMap(({ kernel, dtype, fits }) => (fits ? [] : [`${kernel}_${dtype}`]))
  if (names.length === 0) return []
  const mebibytes = heap().choice.maximumBytes / 2 ** 20
  const which = names.length > 5 ? `${names.length} kernels` : names.join(', ')
  return [
    `Not measured: sizes that do not fit into a memory of ${mebibytes} MiB, of ${which}; they run as the largest that fit.`,
  ]
}
