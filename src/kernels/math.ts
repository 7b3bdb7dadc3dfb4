// Elementary functions, element by element, over the whole range; IEEE 754 special values.
// SPDX-License-Identifier: MIT

import { defineKernel, grid, size } from '../kernel/define.js'
import { unaryLoop } from '../kernel/loops.js'

const elementary = (name: string, bound: { f64: number; f32: number }, f: (x: number) => number) =>
  defineKernel({
    name,
    args: [size('m'), size('n'), ...grid('x', 'in', 'm', 'n'), ...grid('out', 'out', 'm', 'n')],
    dtypes: ['f64', 'f32'],
    on: ['as', 'wasm', 'wasm-threads', 'native'],
    error: { ulp: bound },
    numpy: `np.${name}(x)`,
    // About what a polynomial of degree 12 with its reduction takes.
    flops: (sizes) => 32 * (sizes.m as number) * (sizes.n as number),
    reference: unaryLoop(f),
  })

export const sin = elementary('sin', { f64: 1, f32: 2 }, Math.sin)
export const cos = elementary('cos', { f64: 1, f32: 2 }, Math.cos)
export const exp = elementary('exp', { f64: 1, f32: 1 }, Math.exp)
export const log = elementary('log', { f64: 1, f32: 1 }, Math.log)
