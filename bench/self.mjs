// numloom as a contender in a process of its own, so that it is measured as its peers are: see serve.mjs.
// `how` is a backend (or auto), and `new` where each call makes a new array: 'native', 'wasm new'.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { integral2d } from 'numloom/classic'
import { SharedArrays, serve } from './serve.mjs'
import { spread } from './works.mjs'

const arrays = new SharedArrays()
const input = (shape, high, seed) => arrays.get(`${shape} ${high} ${seed}`, () => spread(shape, high, seed))
const output = (shape) => arrays.get(`out ${shape}`, () => nl.empty(shape))

/**
 * An operation on arrays: into `out`, or into a new array. A large one is freed at once; small ones share pages, which
 * the collector frees.
 */
function intoOutOrNew(operation, inputs, shape, isNew) {
  const out = output(shape)
  const isLarge = out.size > 1000
  const makeNew = isLarge ? () => operation(...inputs).dispose() : () => operation(...inputs)
  return {
    run: isNew ? makeNew : () => operation(...inputs, { out }),
    checksum() {
      if (isNew) operation(...inputs, { out })
      return nl.sum(out).item()
    },
  }
}

const works = {
  integral2d(n) {
    let value = 0
    return { run: () => (value = integral2d(n)), checksum: () => value }
  },
  sin: (n, isNew) => intoOutOrNew(nl.sin, [input([n], 10, 0)], [n], isNew),
  add: (n, isNew) => intoOutOrNew(nl.add, [input([n], 1, 0), input([n], 1, 1)], [n], isNew),
  sum: (n, isNew) => intoOutOrNew(nl.sum, [input([n], 1, 0)], [], isNew),
  matmul: (n, isNew) => intoOutOrNew(nl.matmul, [input([n, n], 1, 1), input([n, n], 1, 2)], [n, n], isNew),
  axpy(n) {
    const x = input([n], 1, 0)
    const y = output([n])
    y.data.fill(0.7)
    return { run: () => nl.blas.axpy(1.5, x, y), checksum: () => nl.sum(y).item() }
  },
}

serve({
  about() {
    const { numloom, node, backends } = nl.showRuntime()
    return { numloom, node, backends, isa: process.env.NUMLOOM_ISA }
  },
  prepare({ work, n, how, threads = 1 }) {
    const [backend, into] = how.split(' ')
    const within = (fn) => nl.withBackend(backend, () => nl.withThreads(threads, fn))
    return { ...works[work](n, into === 'new'), within }
  },
  release: () => arrays.disposeAll(),
})
