// A call of a function of njit, as explain() and the handlers of on() are told of it.
// SPDX-License-Identifier: MIT

import { NDArray } from '../core/array.js'
import { heap } from '../core/heap.js'
import { countOf, type ThreadCount, threadCount, withinCap } from '../core/threads.js'
import { type ArrayReport, type Dispatch, layoutOf, type Observed } from '../report/dispatch.js'
import type { Dispatcher, Specialisation } from './dispatcher.js'
import type { Storage } from './ir.js'
import { TARGET_NAMES, targetFor } from './libraries.js'
import { typeOf } from './signature.js'
import type { NumericArray } from './target.js'
import type { FunctionNode } from './value.js'

/** How many threads a call may have, and who said so. */
function threadsOf({ definition }: Dispatcher): ThreadCount {
  const { threads } = definition.settings
  return threads === undefined ? threadCount() : withinCap(countOf(threads, 'njit'))
}

/** A call of compiled code. */
export function compiledCall<T>(
  dispatcher: Dispatcher,
  { target, signature, description }: Specialisation,
  args: readonly unknown[],
  run: () => T,
): Observed<T> {
  const { arrays } = dispatcher.around
  const all = [...args, ...arrays.map(({ value }) => value)]
  const names = [...namesOf(dispatcher.definition.source.node, args.length), ...arrays.map(({ local }) => local.name)]
  const access = (i: number) => (description.written[i] ? 'inout' : 'in')
  const { isa } = targetFor(target)
  return {
    op: dispatcher.name,
    backend: target,
    run,
    team: () => dispatcher.stats.lastThreads,
    describe: (ran) => ({
      ...about(dispatcher, signature, arraysOf(all, names, access)),
      backend: target,
      isa,
      ...ran,
    }),
  }
}

/** A call of the function as it was given. What it does with its arrays is not known. */
export function plainCall<T>(dispatcher: Dispatcher, args: readonly unknown[], run: () => T): Observed<T> {
  const names = namesOf(dispatcher.definition.source.node, args.length)
  const signature = args.map((arg) => typeOf(arg)?.text ?? typeof arg).join(', ')
  return {
    op: dispatcher.name,
    backend: 'js',
    run,
    team: () => 1,
    describe: (ran) => {
      const arrays = arraysOf(args, names, () => 'inout')
      return { ...about(dispatcher, signature, arrays), backend: 'js', isa: '', ...ran }
    },
  }
}

function about(dispatcher: Dispatcher, signature: string, arrays: ArrayReport[]) {
  const { runs, reason } = dispatcher.placement()
  const { source } = dispatcher.definition
  const others: Dispatch['others'] = Object.fromEntries(
    TARGET_NAMES.filter((name) => name !== runs).map((name) => [name, reason]),
  )
  const file = source.place(source.node.start).file
  return { op: dispatcher.name, signature, arrays, file, threadSetting: threadsOf(dispatcher), others }
}

/** By their order; of a pattern there is no better name. */
function namesOf({ params }: FunctionNode, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const param = params[i]
    const target = param?.type === 'AssignmentPattern' ? param.left : param
    return target?.type === 'Identifier' ? target.name : `argument ${i + 1}`
  })
}

const ELEMENTS: Readonly<Record<Storage, ArrayReport['dtype']>> = {
  ...({ f8: 'float64', f4: 'float32', i8: 'int64', u8: 'uint64', i4: 'int32', u4: 'uint32' } as const),
  ...({ i2: 'int16', u2: 'uint16', i1: 'int8', u1: 'uint8', c1: 'uint8clamped' } as const),
}

function arraysOf(
  args: readonly unknown[],
  names: readonly string[],
  access: (i: number) => ArrayReport['access'],
): ArrayReport[] {
  return args.flatMap((arg, i) => {
    const type = typeOf(arg)?.value
    if (type?.kind !== 'array') return []
    const common = { name: names[i] as string, access: access(i), dtype: ELEMENTS[type.storage] }
    if (arg instanceof NDArray) {
      const { shape, strides } = arg
      // A function in plain JavaScript may have disposed of it.
      const outside = !arg.disposed && typeof arg.pointer() !== 'number'
      return { ...common, shape, layout: layoutOf(shape, strides), outside }
    }
    const { length, buffer } = arg as NumericArray
    return { ...common, shape: [length], layout: 'C', outside: buffer !== heap().buffer }
  })
}
