// Results that are larger than caches, which the addon writes past these: they have the bits of small ones, wherever they
// begin, and nothing around them changes. Small ones are compared with NumPy's (kernels.test.ts).
//
// Like that file, this one runs once for each instruction set.
// SPDX-License-Identifier: MIT

import { expect, test } from 'vitest'
import type { KernelArgument } from '../dist/backends/backend.js'
import type { Code } from '../dist/core/dtype.js'
import { heap } from '../dist/core/heap.js'
import { withThreads } from '../dist/core/threads.js'
import type { Kernel, Pointer } from '../dist/kernel/define.js'
import { kernelList } from '../dist/kernel/registry.js'
import { run, withBackend } from '../dist/runtime.js'
import { HUGE_WORK, pointersOf } from './support/call.ts'
import { isElementwise } from './support/cases.ts'
import { skipReason } from './support/environment.ts'
import { Random } from './support/random.ts'
import { ARRAYS, hardFloats, isFloat, moderateValues } from './support/values.ts'

/** The values of an array repeat; the number is prime, so that each value meets every place in a line. */
const PERIOD = 1009
/** More than is streamed from on. */
const BYTES = 34 * 2 ** 20
const GUARD = 0x7f
const GUARD_BYTES = 64

interface Grid {
  readonly rows: number
  /** Of a row. */
  readonly columns: number
  /** Elements between rows. */
  readonly gap: number
  /** Elements between an aligned address and the first one. */
  readonly skip: number
}

const periods = (itemsize: number, rows: number) => Math.ceil(BYTES / itemsize / rows / PERIOD) * PERIOD

const gridsOf = (itemsize: number): Record<string, Grid> => ({
  'one row, from an aligned address': { rows: 1, columns: periods(itemsize, 1), gap: 0, skip: 0 },
  'rows that begin anywhere': { rows: 3, columns: periods(itemsize, 3), gap: 5, skip: 3 },
})

const SMALL: Grid = { rows: 1, columns: PERIOD, gap: 0, skip: 0 }

const strideOf = ({ columns, gap }: Grid) => columns + gap

/** The array of a pointer, between guards. */
class Memory {
  readonly itemsize: number
  readonly first: number
  readonly #bytes: number
  readonly #block: { address: number; release: () => void }

  constructor(
    readonly code: Code,
    readonly grid: Grid,
  ) {
    this.itemsize = ARRAYS[code].BYTES_PER_ELEMENT
    this.first = GUARD_BYTES + grid.skip * this.itemsize
    this.#bytes = this.first + grid.rows * strideOf(grid) * this.itemsize + GUARD_BYTES
    this.#block = heap().borrow(this.#bytes)
    this.bytes.fill(GUARD)
  }

  get address(): number {
    return this.#block.address + this.first
  }

  get bytes(): Uint8Array {
    return new Uint8Array(heap().buffer, this.#block.address, this.#bytes)
  }

  /** Writes one period after the other into each row. */
  fill(values: Uint8Array): void {
    const { bytes } = this
    this.#eachPeriod((at) => bytes.set(values, at))
  }

  /** The first period. */
  values(): Uint8Array {
    return this.bytes.slice(this.first, this.first + PERIOD * this.itemsize)
  }

  /** Which periods differ from these, and whether a byte changed that is none of the array's. */
  problems(values: Uint8Array): string[] {
    const { bytes } = this
    const found: string[] = []
    const differs = (from: number, to: number, wanted: Uint8Array) =>
      Buffer.compare(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from), wanted) !== 0
    this.#eachPeriod((at) => {
      if (differs(at, at + values.length, values)) found.push(`the values at byte ${at - this.first} differ`)
    })
    const { rows, columns, gap } = this.grid
    const guards = [[0, this.first]]
    for (let row = 0; row < rows; row++) {
      const end = this.first + (row * strideOf(this.grid) + columns) * this.itemsize
      guards.push([end, row === rows - 1 ? this.#bytes : end + gap * this.itemsize])
    }
    for (const [from, to] of guards as [number, number][]) {
      if (differs(from, to, new Uint8Array(to - from).fill(GUARD))) found.push(`bytes ${from} to ${to} changed`)
    }
    return found
  }

  release = () => this.#block.release()

  #eachPeriod(visit: (at: number) => void): void {
    const { rows, columns } = this.grid
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < columns; j += PERIOD) visit(this.first + (row * strideOf(this.grid) + j) * this.itemsize)
    }
  }
}

const codeOf = (pointer: Pointer, dtype: Code) => pointer.dtype ?? dtype

function inputsOf(kernel: Kernel, dtype: Code): Map<string, Uint8Array> {
  const random = new Random(`streamed ${kernel.name}_${dtype}`)
  const inputs = pointersOf(kernel).filter(({ access }) => access === 'in')
  return new Map(
    inputs.map((pointer) => {
      const code = codeOf(pointer, dtype)
      const { buffer } = (isFloat(code) ? hardFloats : moderateValues)(code, PERIOD, random)
      return [pointer.name, new Uint8Array(buffer)]
    }),
  )
}

/** Calls the kernel on a grid and hands out what it wrote. */
function callOn<T>(
  kernel: Kernel,
  dtype: Code,
  grid: Grid,
  inputs: ReadonlyMap<string, Uint8Array>,
  visit: (output: Memory) => T,
): T {
  const memories = new Map(
    pointersOf(kernel).map((pointer) => [pointer.name, new Memory(codeOf(pointer, dtype), grid)]),
  )
  try {
    for (const [name, values] of inputs) memories.get(name)?.fill(values)
    let strides: number[] = []
    const args = kernel.args.map((arg): KernelArgument => {
      if (arg.kind === 'size') return arg.name === 'm' ? grid.rows : grid.columns
      if (arg.kind === 'stride') return strides.shift() as number
      strides = [strideOf(grid), 1]
      return (memories.get(arg.name) as Memory).address
    })
    run(kernel, dtype, HUGE_WORK, args)
    const output = pointersOf(kernel).find(({ access }) => access !== 'in') as Pointer
    return visit(memories.get(output.name) as Memory)
  } finally {
    for (const { release } of memories.values()) release()
  }
}

/** Those that map a grid to another one; what others write is read before. */
const isMap = (kernel: Kernel) => isElementwise(kernel) && pointersOf(kernel).some(({ access }) => access === 'out')

const THREADS = 3

for (const { kernel, dtype, symbol } of kernelList()) {
  if (!kernel.on.includes('native') || !isMap(kernel)) continue
  test(symbol, (context) => {
    if (skipReason(context)) return
    const inputs = inputsOf(kernel, dtype)
    const on = <T>(grid: Grid, visit: (output: Memory) => T) =>
      withBackend('native', () => withThreads(THREADS, () => callOn(kernel, dtype, grid, inputs, visit)))
    const [small, itemsize] = on(SMALL, (output) => [output.values(), output.itemsize])
    for (const [name, grid] of Object.entries(gridsOf(itemsize))) {
      expect(on(grid, (output) => output.problems(small)).slice(0, 5), name).toEqual([])
    }
  })
}
