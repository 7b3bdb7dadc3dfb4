// The plain loops of elementwise references: out[i, j] = f(...) over an m x n grid.
// SPDX-License-Identifier: MIT

import type { Ref } from './define.js'

export function unaryLoop(f: (x: number) => number) {
  return (m: number, n: number, x: Ref, x0: number, x1: number, out: Ref, out0: number, out1: number): void => {
    const from = x.data
    const to = out.data
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        to[out.at + i * out0 + j * out1] = f(from[x.at + i * x0 + j * x1] as number)
      }
    }
  }
}

export function binaryLoop(f: (x: number, y: number) => number) {
  return (
    m: number,
    n: number,
    x: Ref,
    x0: number,
    x1: number,
    y: Ref,
    y0: number,
    y1: number,
    out: Ref,
    out0: number,
    out1: number,
  ): void => {
    const to = out.data
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const left = x.data[x.at + i * x0 + j * x1] as number
        to[out.at + i * out0 + j * out1] = f(left, y.data[y.at + i * y0 + j * y1] as number)
      }
    }
  }
}
