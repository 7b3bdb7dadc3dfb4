// Arithmetic, element by element. IEEE 754 rounds each operation once; integers wrap.
// SPDX-License-Identifier: MIT

import type { Code } from '../core/dtype.js'
import { defineKernel, grid, type Sizes, size } from '../kernel/define.js'
import { binaryLoop, unaryLoop } from '../kernel/loops.js'

const m = size('m')
const n = size('n')
const x = grid('x', 'in', 'm', 'n')
const y = grid('y', 'in', 'm', 'n')
const z = grid('z', 'in', 'm', 'n')
const out = grid('out', 'out', 'm', 'n')
const everywhere = ['as', 'wasm', 'wasm-threads', 'native'] as const
const numbers: readonly Code[] = ['f64', 'f32', 'i32']
const floats: readonly Code[] = ['f64', 'f32']
const onePerElement = (sizes: Sizes) => (sizes.m as number) * (sizes.n as number)
const rounded = { ulp: { f64: 0.5, f32: 0.5 } }

const unary = (name: string, dtypes: readonly Code[], numpy: string, f: (x: number) => number) =>
  defineKernel({
    name,
    args: [m, n, ...x, ...out],
    dtypes,
    on: everywhere,
    error: rounded,
    numpy,
    flops: onePerElement,
    reference: unaryLoop(f),
  })

const binary = (name: string, dtypes: readonly Code[], numpy: string, f: (x: number, y: number) => number) =>
  defineKernel({
    name,
    args: [m, n, ...x, ...y, ...out],
    dtypes,
    on: everywhere,
    error: rounded,
    numpy,
    flops: onePerElement,
    reference: binaryLoop(f),
  })

const multiplyFloat = binaryLoop((a, b) => a * b)
const multiplyInt32 = binaryLoop(Math.imul)

const conversion = (name: string, to: Code, dtypes: readonly Code[]) =>
  defineKernel({
    name,
    args: [m, n, ...x, ...grid('out', 'out', 'm', 'n', to)],
    dtypes,
    on: everywhere,
    error: rounded,
    numpy: 'x',
    flops: onePerElement,
    reference: unaryLoop((v) => v),
  })

export const copy = unary('copy', numbers, 'x', (v) => v)
export const negative = unary('negative', numbers, '-x', (v) => -v)
export const abs = unary('abs', numbers, 'np.abs(x)', Math.abs)
export const sqrt = unary('sqrt', floats, 'np.sqrt(x)', Math.sqrt)

export const add = binary('add', numbers, 'x + y', (a, b) => a + b)
export const subtract = binary('subtract', numbers, 'x - y', (a, b) => a - b)
export const multiply = defineKernel({
  ...binary('multiply', numbers, 'x * y', (a, b) => a * b),
  reference(...args) {
    // The product of two int32 may have more than 53 bits before it wraps.
    const wraps = (args[2].data as unknown) instanceof Int32Array
    return (wraps ? multiplyInt32 : multiplyFloat)(...args)
  },
})
export const divide = binary('divide', floats, 'x / y', (a, b) => a / b)

export const to_f64 = conversion('to_f64', 'f64', ['f32', 'i32'])
export const to_f32 = conversion('to_f32', 'f32', ['f64', 'i32'])

/** x * y + z, rounded once where the instruction set fuses, else twice. */
export const fma = defineKernel({
  name: 'fma',
  args: [m, n, ...x, ...y, ...z, ...out],
  dtypes: numbers,
  on: everywhere,
  error: { eps: () => 1, scale: 'np.abs(x * y) + np.abs(z)' },
  numpy: 'x * y + z',
  flops: (sizes) => 2 * onePerElement(sizes),
  reference(rows, columns, a, a0, a1, b, b0, b1, c, c0, c1, to, to0, to1) {
    const times = (to.data as unknown) instanceof Int32Array ? Math.imul : (u: number, v: number) => u * v
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const product = times(a.data[a.at + i * a0 + j * a1] as number, b.data[b.at + i * b0 + j * b1] as number)
        to.data[to.at + i * to0 + j * to1] = product + (c.data[c.at + i * c0 + j * c1] as number)
      }
    }
  },
})
