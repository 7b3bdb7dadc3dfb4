// One call of a kernel on one backend, with all its arguments in the heap and guarded.
// SPDX-License-Identifier: MIT

import type { BackendName, KernelArgument } from '../../dist/backends/backend.js'
import type { Code, TypedArray } from '../../dist/core/dtype.js'
import { heap } from '../../dist/core/heap.js'
import { withThreads } from '../../dist/core/threads.js'
import { explain } from '../../dist/explain.js'
import type { Argument, Kernel, Pointer, Sizes } from '../../dist/kernel/define.js'
import type { Dispatch } from '../../dist/report/dispatch.js'
import { run, withBackend } from '../../dist/runtime.js'
import type { Case } from './cases.ts'
import { firstChange, gather, layOut, layOutScratch, type Operand } from './operand.ts'
import type { OracleArray, Question } from './oracle.ts'
import type { Random } from './random.ts'
import { ARRAYS, alikeValues, hardFloats, isFloat, moderateValues, valuesWithInfinities } from './values.ts'

/** More operations than any threshold of the plan: whoever has threads uses them. */
export const HUGE_WORK = 1e18

const VALUES = {
  moderate: moderateValues,
  alike: alikeValues,
  hard: hardFloats,
  'with infinities': valuesWithInfinities,
}

export interface Prepared {
  readonly kernel: Kernel
  readonly dtype: Code
  readonly sizes: Sizes
  readonly scalars: Readonly<Record<string, number>>
  /** By the pointers' names; arguments that share an operand share memory. */
  readonly operands: ReadonlyMap<string, Operand>
  readonly question: Question
}

export interface Outcome {
  /** Of each output, in C order. */
  readonly results: readonly TypedArray[]
  /** Writes where nothing may be written, in words. */
  readonly damage: readonly string[]
  readonly dispatch: Dispatch
}

export const pointersOf = (kernel: Kernel): Pointer[] =>
  kernel.args.filter((arg): arg is Pointer => arg.kind === 'pointer')

const scalarsOf = (kernel: Kernel, dtype: Code) =>
  kernel.args.flatMap((arg): [string, number][] => {
    if (arg.kind !== 'scalar') return []
    return [[arg.name, isFloat(dtype) ? arg.sample : Math.trunc(arg.sample)]]
  })

const extentsOf = (pointer: Pointer, sizes: Sizes) =>
  pointer.extents.map((extent) => (typeof extent === 'number' ? extent : (sizes[extent] as number)))

/** Random arguments for a case. The inputs named in `aliases` become the output itself. */
export function prepare(
  kernel: Kernel,
  dtype: Code,
  test: Case,
  random: Random,
  aliases: readonly string[] = [],
): Prepared {
  const operands = new Map<string, Operand>()
  const arrays: OracleArray[] = []
  const outputs: Question['outputs'][number][] = []
  for (const pointer of pointersOf(kernel)) {
    const { name, access } = pointer
    const code = pointer.dtype ?? dtype
    const shape = extentsOf(pointer, test.sizes)
    const length = shape.reduce((a, b) => a * b, 1)
    const written = access !== 'in' || aliases.includes(name)
    const make = isFloat(code) ? VALUES[test.values] : moderateValues
    const data = make(code, length, random)
    const layout = pointer.strided ? test.layout : { ...test.layout, strides: contiguousStrides }
    const operand = layOut(data, code, shape, layout, written)
    operands.set(name, operand)
    // What the memory holds, which for repeated elements is not what was asked for.
    arrays.push({ name, dtype: code, shape, data: gather(operand, operand.image) })
    if (access !== 'in') outputs.push({ dtype: code, shape })
  }
  const { scale = undefined } = kernel.error as { scale?: string }
  const scalars = Object.fromEntries(scalarsOf(kernel, dtype))
  const shared = shareMemory(kernel, operands, arrays, aliases)
  const question = { numpy: kernel.numpy, scale, dtype, sizes: test.sizes, scalars, arrays: shared, outputs }
  return { kernel, dtype, sizes: test.sizes, scalars, operands, question }
}

/** C order. */
const contiguousStrides = (extents: readonly number[]) => (extents.length === 1 ? [1] : [extents[1] as number, 1])

/** Puts the aliased inputs where the output is; all of them hold the values of the first. */
function shareMemory(
  kernel: Kernel,
  operands: Map<string, Operand>,
  arrays: OracleArray[],
  aliases: readonly string[],
) {
  const [first] = aliases
  if (first === undefined) return arrays
  const operand = operands.get(first) as Operand
  const { data } = arrays.find(({ name }) => name === first) as OracleArray
  const names = [
    ...aliases,
    ...pointersOf(kernel)
      .filter(({ access }) => access !== 'in')
      .map(({ name }) => name),
  ]
  for (const name of names) operands.set(name, operand)
  return arrays.map((array) => (names.includes(array.name) ? { ...array, data } : array))
}

/** The arguments in C order, given the address of each operand. */
function argumentsFor(prepared: Prepared, scratch: Operand | undefined, address: (operand: Operand) => number) {
  const { kernel, sizes, scalars, operands } = prepared
  let strides: number[] = []
  const scratchLength = scratch?.places.length ?? 0
  return kernel.args.map((arg: Argument, i): KernelArgument => {
    switch (arg.kind) {
      case 'size':
        return kernel.args[i - 1]?.kind === 'scratch' ? scratchLength : (sizes[arg.name] as number)
      case 'scalar':
        return scalars[arg.name] as number
      case 'stride':
        return strides.shift() as number
      case 'scratch':
        return address(scratch as Operand)
      case 'pointer': {
        const operand = operands.get(arg.name) as Operand
        strides = arg.strided ? [...operand.strides] : []
        return address(operand)
      }
      default:
        return arg satisfies never
    }
  })
}

/** Calls the kernel on a backend with so many threads. */
export function call(prepared: Prepared, backend: BackendName, threads: number): Outcome {
  const { kernel, dtype, sizes, operands } = prepared
  const need = kernel.args.find((arg) => arg.kind === 'scratch')
  const scratch = need && layOutScratch(dtype, need.length(sizes, threads))
  const all = [...new Set([...operands.values(), ...(scratch ? [scratch] : [])])]
  const blocks = all.map((operand) => heap().borrow(operand.image.byteLength))
  try {
    for (const [i, operand] of all.entries()) words(blocks[i]?.address as number, operand).set(operand.image)
    const args = argumentsFor(prepared, scratch, (operand) => {
      const { address } = blocks[all.indexOf(operand)] as { address: number }
      return address + operand.first * ARRAYS[operand.dtype].BYTES_PER_ELEMENT
    })
    const go = () => run(kernel, dtype, HUGE_WORK, args)
    const { calls } = explain(() => withBackend(backend, () => withThreads(threads, go)))
    const memories = all.map((operand, i) => words(blocks[i]?.address as number, operand).slice())
    return { ...inspect(prepared, scratch, all, memories), dispatch: calls[0] as Dispatch }
  } finally {
    for (const { release } of blocks) release()
  }
}

/** Growing replaces the heap's buffer: look at it anew each time. */
const words = (address: number, { image }: Operand) => new Uint32Array(heap().buffer, address, image.length)

function inspect(prepared: Prepared, scratch: Operand | undefined, all: readonly Operand[], memories: Uint32Array[]) {
  const { kernel, operands } = prepared
  const memoryOf = (operand: Operand) => memories[all.indexOf(operand)] as Uint32Array
  const outputs = pointersOf(kernel).filter(({ access }) => access !== 'in')
  const written = new Set(outputs.map(({ name }) => operands.get(name) as Operand))
  const results = outputs.map(({ name }) => {
    const operand = operands.get(name) as Operand
    return gather(operand, memoryOf(operand))
  })
  const damage: string[] = []
  const check = (name: string, operand: Operand, mayChange: boolean) => {
    const word = firstChange(operand, memoryOf(operand), mayChange)
    if (word < 0) return
    const element = Math.floor((word * 4) / ARRAYS[operand.dtype].BYTES_PER_ELEMENT) - operand.first
    damage.push(`${name}: memory ${element} elements from the first was changed`)
  }
  for (const [name, operand] of operands) check(name, operand, written.has(operand))
  if (scratch) check('scratch', scratch, true)
  return { results, damage }
}
