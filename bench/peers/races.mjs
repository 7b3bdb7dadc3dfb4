// The works of the comparison with peers, and who takes part in each. Data, but for thread counts and instruction sets.
// SPDX-License-Identifier: MIT

/**
 * A contender: `family` is what it is compared as; `into` is `out` or `new` where that makes a difference.
 * @typedef {import('../race.mjs').Entry & { family: string, into: string, isa?: string }} Entry
 * @typedef {{ name: string, title: string, work: string, n: number, rounds: number, entries: Entry[] }} Race
 */

const named = ({ family, into, threads, isa, ...rest }) => {
  const details = [isa, into && (into === 'out' ? 'out=' : 'new result')].filter(Boolean).join(', ')
  return { name: details ? `${family} (${details})` : family, family, into, threads, isa, ...rest }
}

const how = (backend, into) => (into === 'new' ? `${backend} new` : backend)

/** numloom on one backend; with `isa`, in the process that is held to it. */
const self = (backend, { threads = 1, into = '', isa } = {}) =>
  named({
    family: `numloom ${backend}`,
    process: isa ? `self ${isa}` : 'self',
    how: how(backend, into),
    threads,
    into,
    isa,
  })

const numpy = ({ threads = 1, into = '' } = {}) =>
  named({ family: 'NumPy', process: `python ${threads}`, how: `numpy ${into || 'out'}`, threads, into })

const numba = (kind, { threads = 1, into = '' } = {}) => {
  const family = { '': 'Numba', fastmath: 'Numba fastmath', parallel: 'Numba parallel fastmath' }[kind]
  return named({ family, process: `python ${threads}`, how: `numba ${kind}`.trim(), threads, into })
}

const numpyTs = (into = '') => named({ family: 'numpy-ts', process: 'numpy-ts', how: into, threads: 1, into })

/** One and more threads of what has them. */
const each = (counts, make) => counts.map((threads) => make({ threads }))

/** An operation that can write to `out`, or make a new array. */
const mapped = (counts, numbaKinds) => [
  ...counts.map((threads) => self('native', { threads, into: 'out' })),
  self('native', { into: 'new' }),
  self('wasm', { into: 'out' }),
  self('wasm', { into: 'new' }),
  ...counts.slice(1).map((threads) => self('wasm-threads', { threads, into: 'out' })),
  numpy({ into: 'out' }),
  numpy({ into: 'new' }),
  ...numbaKinds.map((kind) => numba(kind, { into: 'out' })),
  ...counts.slice(1).map((threads) => numba('parallel', { threads, into: 'out' })),
  numpyTs('new'),
]

const reduced = (counts) => [
  ...each(counts, (options) => self('native', options)),
  self('as'),
  self('wasm'),
  ...each(counts.slice(1), (options) => self('wasm-threads', options)),
  numpy(),
  numba('fastmath'),
  ...each(counts.slice(1), (options) => numba('parallel', options)),
  numpyTs(),
]

const product = (counts) => [
  ...each(counts, (options) => self('native', { ...options, into: 'out' })),
  ...each(counts, (options) => numpy({ ...options, into: 'out' })),
]

/**
 * @param {number[]} counts thread counts, rising from 1
 * @param {string[]} isas the addon's instruction sets, best first
 * @param {Map<string, string>} marks the mark's library for each of them
 * @returns {Race[]}
 */
export function races(counts, isas, marks) {
  const others = isas.slice(1)
  const lesser = (into) => others.map((isa) => self('native', { into, isa }))
  const byHand = [...marks].map(([isa, file]) =>
    named({ family: 'C++ by hand', process: 'python 1', how: `c++ ${file}`, threads: 1, into: '', isa }),
  )
  const integral = [...reduced(counts).filter(({ family }) => family !== 'numpy-ts'), self('js'), numba(''), numpyTs()]
  const wasmProduct = [self('wasm', { into: 'out' }), self('wasm', { into: 'new' }), numpyTs('new')]
  return [
    race('integral2d', 10_000, 7, 'integral2d, n = 10000', [...integral, ...lesser(''), ...byHand]),
    race('sin', 1e5, 15, 'sin, 10^5 float64', [...mapped(counts, ['']), ...lesser('out')]),
    race('sin', 1e7, 9, 'sin, 10^7 float64', [...mapped(counts, ['']), ...lesser('out')]),
    race('add', 1e7, 9, 'add, 10^7 float64', mapped(counts, [''])),
    race('axpy', 1e7, 9, 'axpy, 10^7 float64', reduced(counts)),
    race('sum', 1e7, 9, 'sum, 10^7 float64', reduced(counts)),
    race('matmul', 1000, 9, 'matmul, 1000 x 1000 float64', [...product(counts), ...wasmProduct]),
    race('matmul', 3000, 3, 'matmul, 3000 x 3000 float64', product(counts)),
    race('add', 1, 15, 'add, 1 element', [self('auto', { into: 'new' }), numpy({ into: 'new' }), numpyTs('new')]),
    race('sum', 1, 15, 'sum, 1 element', [self('auto', { into: 'new' }), numpy({ into: 'new' }), numpyTs('new')]),
  ]
}

const race = (work, n, rounds, title, entries) => ({ name: `${work} ${n}`, work, n, rounds, title, entries })
