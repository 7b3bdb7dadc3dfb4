// Every kernel, for each dtype, on each backend that its definition names, against extended-precision NumPy.
//
// The definitions say what there is to test: no kernel is named here. vitest.config.ts runs this file once for each
// instruction set and kind of memory, so that every binary that ships is run.
// SPDX-License-Identifier: MIT

import { backends } from 'numloom'
import { afterAll, describe, expect, test } from 'vitest'
import type { BackendName } from '../dist/backends/backend.js'
import type { Code, TypedArray } from '../dist/core/dtype.js'
import type { Kernel } from '../dist/kernel/define.js'
import { kernelList } from '../dist/kernel/registry.js'
import { call, type Prepared, pointersOf, prepare } from './support/call.ts'
import { type Case, casesOf, isElementwise } from './support/cases.ts'
import { problemsWith } from './support/compare.ts'
import { environment, skipReason } from './support/environment.ts'
import { type Expected, Oracle } from './support/oracle.ts'
import { Random } from './support/random.ts'

/** Odd, and more than the cores of a small machine. */
const THREADS = 3
const ALIASED_SIZES = 12

interface Exercise {
  readonly name: string
  readonly prepared: Prepared
  readonly expected: Expected[]
}

const oracle = new Oracle()
afterAll(() => oracle.close())

/** The inputs that may be the output, each alone and all together. */
function aliasesOf(kernel: Kernel, dtype: Code): string[][] {
  if (!isElementwise(kernel)) return []
  const pointers = pointersOf(kernel)
  const output = pointers.find(({ access }) => access !== 'in')
  const code = output?.dtype ?? dtype
  const inputs = pointers.filter((pointer) => pointer.access === 'in' && (pointer.dtype ?? dtype) === code)
  const names = inputs.map(({ name }) => name)
  return names.length > 1 ? [...names.map((name) => [name]), names] : names.map((name) => [name])
}

async function makeExercises(kernel: Kernel, dtype: Code): Promise<Exercise[]> {
  const make = async (test: Case, aliases: readonly string[]): Promise<Exercise> => {
    const random = new Random(`${kernel.name}_${dtype} ${test.name}`)
    const prepared = prepare(kernel, dtype, test, random, aliases)
    const name = aliases.length > 0 ? `${test.name}, ${aliases.join(' and ')} being the output` : test.name
    return { name, prepared, expected: await oracle.expect(prepared.question) }
  }
  const cases = casesOf(kernel)
  const aliased = cases.filter((_, i) => i % Math.ceil(cases.length / ALIASED_SIZES) === 0)
  const work = cases.map((test) => make(test, []))
  for (const aliases of aliasesOf(kernel, dtype)) work.push(...aliased.map((test) => make(test, aliases)))
  return Promise.all(work)
}

/** The exercises of the kernel that is being tested: every backend gets the same. */
let current: { symbol: string; exercises: Promise<Exercise[]> } | undefined

function exercisesOf(kernel: Kernel, dtype: Code, symbol: string): Promise<Exercise[]> {
  if (current?.symbol !== symbol) current = { symbol, exercises: makeExercises(kernel, dtype) }
  return current.exercises
}

function runExercise({ name, prepared, expected }: Exercise, backend: BackendName): string[] {
  const { results, damage, dispatch } = call(prepared, backend, THREADS)
  const problems = [...damage]
  const { kernel, sizes, question } = prepared
  question.outputs.forEach((output, i) => {
    problems.push(...problemsWith(kernel, output.dtype, sizes, results[i] as TypedArray, expected[i] as Expected))
  })
  if (dispatch.backend !== backend) problems.push(`it ran on ${dispatch.backend}`)
  return problems.map((problem) => `${name}: ${problem}`)
}

test('the environment that this project asks for is in force', (context) => {
  const reason = skipReason(context)
  if (reason) return
  for (const [name, isa] of Object.entries(environment.isas)) {
    expect(backends().find((status) => status.name === name)).toMatchObject({ available: true, isa })
  }
  for (const [name, reason] of Object.entries(environment.unavailable)) {
    expect(backends().find((status) => status.name === name)).toMatchObject({ available: false })
    expect(backends().find((status) => status.name === name)?.reason).toMatch(reason)
  }
})

for (const { kernel, dtype, symbol } of kernelList()) {
  describe(symbol, () => {
    const named: readonly BackendName[] = ['js', ...kernel.on]
    for (const backend of named.filter((name) => environment.backends.includes(name))) {
      test(`${symbol} on ${backend}`, async (context) => {
        if (skipReason(context)) return
        const exercises = await exercisesOf(kernel, dtype, symbol)
        const problems = exercises.flatMap((exercise) => runExercise(exercise, backend))
        expect(problems.slice(0, 12), `${problems.length} problems in ${exercises.length} cases`).toEqual([])
      })
    }
  })
}
