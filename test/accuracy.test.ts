// The elementary functions against NumPy's accuracy tables, as a column, tiled, and strided, on every backend.
//
// A table is data/umath/<kernel>.csv: a new file there is a new test.
// SPDX-License-Identifier: MIT

import { readdirSync, readFileSync } from 'node:fs'
import * as nl from 'numloom'
import { describe, expect, test } from 'vitest'
import type { Code } from '../dist/core/dtype.js'
import type { Kernel } from '../dist/kernel/define.js'
import { kernelList } from '../dist/kernel/registry.js'
import { errorInUlp } from './support/compare.ts'
import { environment } from './support/environment.ts'

const FOLDER = new URL('./data/umath/', import.meta.url)
const TILED = 100_000
/** The tables' outputs are rounded: half a unit more than the exact values of which definitions speak. */
const ROUNDED = 0.5
const ARRAYS = { f64: Float64Array, f32: Float32Array } as const

interface Table {
  readonly inputs: Float64Array | Float32Array
  readonly outputs: Float64Array | Float32Array
}

function readTable(name: string, dtype: 'f64' | 'f32'): Table {
  const numpyName = dtype === 'f64' ? 'np.float64' : 'np.float32'
  const rows = readFileSync(new URL(`${name}.csv`, FOLDER), 'utf8')
    .split('\n')
    .map((line) => line.split(','))
    .filter(([type]) => type === numpyName)
  const column = (index: number) => {
    const bits = rows.map((row) => BigInt(row[index] as string))
    const buffer = dtype === 'f64' ? BigUint64Array.from(bits).buffer : Uint32Array.from(bits, Number).buffer
    return new ARRAYS[dtype](buffer)
  }
  return { inputs: column(1), outputs: column(2) }
}

/** The worst error in ULP, and where it is. */
function worst(dtype: Code, table: Table, got: ArrayLike<number | bigint>): { ulp: number; input: number | undefined } {
  let found = { ulp: 0, input: undefined as number | undefined }
  for (let i = 0; i < got.length; i++) {
    const row = i % table.inputs.length
    const ulp = errorInUlp(dtype, got[i] as number, table.outputs[row] as number, 0)
    if (!(ulp <= found.ulp)) found = { ulp, input: table.inputs[row] }
  }
  return found
}

const tables = readdirSync(FOLDER).flatMap((file) => (file.endsWith('.csv') ? [file.slice(0, -4)] : []))

describe('NumPy accuracy tables', () => {
  test('there are tables, and a kernel for each', () => {
    expect(tables.length).toBeGreaterThanOrEqual(4)
    for (const name of tables) expect(kernelList().map(({ kernel }) => kernel.name)).toContain(name)
  })

  for (const { kernel, dtype } of kernelList().filter(({ kernel }) => tables.includes(kernel.name))) {
    const table = readTable(kernel.name, dtype as 'f64' | 'f32')
    const bound = boundOf(kernel, dtype) + ROUNDED
    const apply = (nl as unknown as Record<string, (x: nl.ArrayLike) => nl.NDArray>)[kernel.name]
    for (const backend of environment.backends.filter((name) => name === 'js' || kernel.on.includes(name))) {
      test(`${kernel.name} ${dtype} on ${backend}: ${table.inputs.length} rows`, () => {
        expect(table.inputs.length).toBeGreaterThan(dtype === 'f64' ? 20 : 100)
        const tiled = table.inputs.slice().fill(0)
        const many = new ARRAYS[dtype as 'f64'](TILED).map((_, i) => table.inputs[i % tiled.length] as number)
        const apart = new ARRAYS[dtype as 'f64'](3 * TILED).fill(0.5)
        many.forEach((value, i) => {
          apart[3 * i + 1] = value
        })
        for (const [layout, x] of [
          ['column', nl.array(table.inputs)],
          ['tiled', nl.array(many)],
          ['strided', nl.array(apart).slice('1::3')],
          [
            'reversed',
            nl
              .array(Float64Array.from(many).reverse(), { dtype: dtype === 'f64' ? 'float64' : 'float32' })
              .slice('::-1'),
          ],
        ] as const) {
          const got = nl.withBackend(backend, () => (apply as (x: nl.ArrayLike) => nl.NDArray)(x)).toTypedArray()
          const { ulp, input } = worst(dtype, table, got)
          expect(ulp, `${layout}, at ${input}`).toBeLessThanOrEqual(bound)
        }
      })
    }
  }
})

function boundOf(kernel: Kernel, dtype: Code): number {
  return 'ulp' in kernel.error ? (kernel.error.ulp[dtype] as number) : Number.NaN
}
