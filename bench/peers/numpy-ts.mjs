// numpy-ts as a contender: see ../serve.mjs. Every call makes a new array, which is freed at once; it has no `out`.
// Its heap of 256 MB is too small for arrays of 10^7 elements, so it gets the most that its own option allows.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import * as np from 'numpy-ts'
import { SharedArrays, serve } from '../serve.mjs'

const MAX_MEMORY = 2 ** 31
np.configureWasm({ maxMemory: MAX_MEMORY })

const { version } = JSON.parse(readFileSync(new URL('node_modules/numpy-ts/package.json', import.meta.url)))

const arrays = new SharedArrays()

/** The same numbers as spread() in ../works.mjs. */
function input(shape, high, seed) {
  return arrays.get(`${shape} ${high} ${seed}`, () => {
    const length = shape.reduce((a, b) => a * b, 1)
    const values = Float64Array.from({ length }, (_, i) => high * (((i + seed) * 0.6180339887498949) % 1))
    return np.array(values, 'float64').reshape(shape)
  })
}

function freed(operation, inputs) {
  const value = (result) => Number(typeof result === 'number' ? result : np.sum(result))
  return { run: () => operation(...inputs).dispose?.(), checksum: () => value(operation(...inputs)) }
}

/** Row by row: the whole grid would take 800 MB. */
function integral2d(n) {
  const h = Math.PI / n
  const grid = arrays.get(`grid ${n}`, () => np.multiply(np.add(np.arange(n), 0.5), h))
  let value = 0
  const run = () => {
    let total = 0
    for (let i = 0; i < n; i++) {
      const shifted = np.add(grid, h * (i + 0.5))
      const row = np.sin(shifted)
      total += np.sum(row)
      shifted.dispose()
      row.dispose()
    }
    value = total * h * h
  }
  return { run, checksum: () => value }
}

function axpy(n) {
  const x = input([n], 1, 0)
  let y = np.full([n], 0.7)
  const run = () => {
    const product = np.multiply(x, 1.5)
    const next = np.add(product, y)
    product.dispose()
    y.dispose()
    y = next
  }
  return { run, checksum: () => Number(np.sum(y)) }
}

const works = {
  integral2d,
  axpy,
  sin: (n) => freed(np.sin, [input([n], 10, 0)]),
  add: (n) => freed(np.add, [input([n], 1, 0), input([n], 1, 1)]),
  sum: (n) => freed(np.sum, [input([n], 1, 0)]),
  matmul: (n) => freed(np.matmul, [input([n, n], 1, 1), input([n, n], 1, 2)]),
}

serve({
  about: () => ({ 'numpy-ts': version, node: process.versions.node, maxMemoryMiB: MAX_MEMORY / 2 ** 20 }),
  prepare: ({ work, n }) => works[work](n),
  release: () => arrays.disposeAll(),
})
