// A call of every public function that takes or makes arrays, for tests that hold for all of them.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import * as classic from 'numloom/classic'

export interface Sample {
  /** The export that is called: `add`, `blas.gemm`, `NDArray.slice`, `classic.nbody`. */
  readonly of: string
  /** What is special about this call. */
  readonly how: string
  inputs(): nl.NDArray[]
  call(...inputs: nl.NDArray[]): unknown
}

/** Exports that neither take nor make arrays. */
export const WITHOUT_ARRAYS = [
  ...['backends', 'getBackend', 'setBackend', 'getNumThreads', 'setNumThreads', 'showConfig', 'version'],
  ...[
    'memory',
    'resetPeakMemory',
    'Explanation',
    'on',
    'trace',
    'showRuntime',
    'omp',
    'reloadEnv',
    'threadpoolInfo',
    'shutdown',
  ],
]

/** Members of an array that tell of its shape alone, also after dispose(). */
export const METADATA = ['constructor', 'dtype', 'ndim', 'nbytes', 'isContiguous', 'disposed', 'dispose']

const f64 = (...shape: number[]) => nl.arange(1, 1 + shape.reduce((a, b) => a * b, 1)).reshape(shape)
const f32 = (...shape: number[]) => nl.array(f64(...shape), { dtype: 'float32' })
const i32 = (...shape: number[]) =>
  nl.array(Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1)).reshape(shape)
/** Memory of the user's, which wasm backends copy. */
const outside = (length: number) => nl.asarray(Float64Array.from({ length }, (_, i) => i + 1))

const list: Sample[] = []
const add = (of: string, how: string, inputs: () => nl.NDArray[], call: Sample['call']) =>
  list.push({ of, how, inputs, call })

for (const [name, fn] of Object.entries({ zeros: nl.zeros, ones: nl.ones })) {
  add(
    name,
    'a block',
    () => [],
    () => fn([40, 50]),
  )
  add(
    name,
    'small',
    () => [],
    () => fn(3),
  )
}
add(
  'empty',
  'a block',
  () => [],
  () => {
    using x = nl.empty([40, 50])
    return x.shape
  },
)
add(
  'full',
  'a block',
  () => [],
  () => nl.full(2000, 3),
)
add(
  'eye',
  'a block',
  () => [],
  () => nl.eye(40),
)
add(
  'arange',
  'a block',
  () => [],
  () => nl.arange(2000),
)
add(
  'linspace',
  'a block',
  () => [],
  () => nl.linspace(0, 1, 2000),
)
add(
  'array',
  'nested',
  () => [],
  () =>
    nl.array([
      [1, 2],
      [3, 4],
    ]),
)
add(
  'array',
  'another dtype',
  () => [i32(2000)],
  (x) => nl.array(x, { dtype: 'float64' }),
)
add(
  'array',
  'a transpose',
  () => [f64(40, 50).T],
  (x) => nl.array(x),
)
add(
  'asarray',
  'another dtype',
  () => [f32(2000)],
  (x) => nl.asarray(x, { dtype: 'float64' }),
)
add(
  'asarray',
  'the same',
  () => [f64(3)],
  (x) => nl.asarray(x).shape,
)

const unary = { negative: nl.negative, abs: nl.abs, sqrt: nl.sqrt, sin: nl.sin, cos: nl.cos, exp: nl.exp, log: nl.log }
for (const [name, fn] of Object.entries(unary)) {
  add(
    name,
    'a block',
    () => [nl.linspace(0.1, 2, 2000)],
    (x) => fn(x),
  )
  add(
    name,
    'out',
    () => [f64(5), f64(5)],
    (x, out) => fn(x, { out }),
  )
  add(
    name,
    'a view',
    () => [f64(40, 50).T],
    (x) => fn(x),
  )
}
const binary = { add: nl.add, subtract: nl.subtract, multiply: nl.multiply, divide: nl.divide }
for (const [name, fn] of Object.entries(binary)) {
  add(
    name,
    'broadcast',
    () => [f64(40, 50), f64(50)],
    (x, y) => fn(x, y),
  )
  add(
    name,
    'dtypes',
    () => [i32(2000), f32(2000)],
    (x, y) => fn(x, y),
  )
  add(
    name,
    'a number',
    () => [f64(3)],
    (x) => fn(x, 2),
  )
  add(
    name,
    'a list',
    () => [f64(3)],
    (x) => fn([1, 2, 3], x),
  )
  add(
    name,
    'out',
    () => [f64(2000), f64(2000), f64(2000)],
    (x, y, out) => fn(x, y, { out }),
  )
  add(
    name,
    'int32',
    () => [i32(2000)],
    (x) => fn(x, 3),
  )
  add(
    name,
    'memory from outside',
    () => [outside(2000), f64(2000)],
    (x, y) => fn(x, y),
  )
  add(
    name,
    'copied for wasm',
    () => [outside(2000), outside(2000)],
    (x, y) => nl.withBackend('wasm', () => fn(x, y)),
  )
}
add(
  'fma',
  'dtypes',
  () => [f64(50), f32(40, 50), i32(40, 1)],
  (x, y, z) => nl.fma(x, y, z),
)
add(
  'fma',
  'numbers',
  () => [f32(2000)],
  (x) => nl.fma(x, 2, 1),
)

for (const [name, fn] of Object.entries({ sum: nl.sum, min: nl.min, max: nl.max })) {
  add(
    name,
    'all',
    () => [f64(2000)],
    (x) => fn(x),
  )
  add(
    name,
    'an axis',
    () => [f64(40, 50)],
    (x) => fn(x, { axis: 0, keepdims: true }),
  )
  add(
    name,
    'a copy',
    () => [f64(20, 30, 40)],
    (x) => fn(x, { axis: [0, 2] }),
  )
  add(
    name,
    'out',
    () => [f64(40, 50), f64(40)],
    (x, out) => fn(x, { axis: 1, out }),
  )
  add(
    name,
    'a list',
    () => [],
    () =>
      fn(
        [
          [1, 2],
          [3, 4],
        ],
        { axis: 0 },
      ),
  )
  add(
    name,
    'copied for as',
    () => [outside(2000)],
    (x) => nl.withBackend('as', () => fn(x)),
  )
}
add(
  'sum',
  'int32',
  () => [i32(40, 50)],
  (x) => nl.sum(x, { axis: 0 }),
)

for (const [name, fn] of Object.entries({ dot: nl.dot, matmul: nl.matmul })) {
  add(
    name,
    'vectors',
    () => [f64(2000), f32(2000)],
    (x, y) => fn(x, y),
  )
  add(
    name,
    'matrices',
    () => [f64(40, 50), f64(50, 30)],
    (x, y) => fn(x, y),
  )
  add(
    name,
    'dtypes',
    () => [i32(40, 50), f64(50, 30)],
    (x, y) => fn(x, y),
  )
  add(
    name,
    'a matrix and a vector',
    () => [f64(400, 50), f64(50)],
    (x, y) => fn(x, y),
  )
  add(
    name,
    'a vector and a matrix',
    () => [f64(400), f64(400, 50)],
    (x, y) => fn(x, y),
  )
  add(
    name,
    'out',
    () => [f64(40, 50), f64(50, 30), f64(40, 30)],
    (x, y, out) => fn(x, y, { out }),
  )
}
add(
  'blas.axpy',
  'in place',
  () => [f64(2000), f64(2000)],
  (x, y) => nl.blas.axpy(2, x, y),
)
add(
  'blas.axpy',
  'copied for wasm',
  () => [outside(2000), outside(2000)],
  (x, y) => nl.withBackend('wasm', () => nl.blas.axpy(2, x, y)),
)
add(
  'blas.gemv',
  'in place',
  () => [f64(40, 50), f64(50), f64(40)],
  (a, x, y) => nl.blas.gemv(2, a, x, 3, y),
)
add(
  'blas.gemm',
  'in place',
  () => [f64(40, 50), f64(50, 30), f64(40, 30)],
  (a, b, c) => nl.blas.gemm(2, a, b, 3, c),
)

add(
  'withBackend',
  'js',
  () => [f64(2000)],
  (x) => nl.withBackend('js', () => nl.add(x, 1)),
)
add(
  'withThreads',
  '1',
  () => [f64(2000)],
  (x) => nl.withThreads(1, () => nl.add(x, 1)),
)
add(
  'threadpoolLimits',
  '1',
  () => [f64(2000)],
  (x) => nl.threadpoolLimits({ limits: 1 }, () => nl.add(x, 1)),
)
add(
  'explain',
  'add',
  () => [f64(2000), f64(2000)],
  (x, out) => nl.explain(() => nl.add(x, 1, { out })).calls.length,
)
add(
  'scope',
  'add',
  () => [f64(2000)],
  (x) => nl.scope(() => [nl.add(nl.add(x, 1), nl.ones(2000))]),
)

add(
  'NDArray.get',
  'get',
  () => [f64(3)],
  (x) => x.get(1),
)
add(
  'NDArray.set',
  'set',
  () => [f64(3)],
  (x) => x.set(1, 5),
)
add(
  'NDArray.item',
  'item',
  () => [f64(1)],
  (x) => x.item(),
)
add(
  'NDArray.slice',
  'slice',
  () => [f64(40, 50)],
  (x) => x.slice('::2', 1),
)
add(
  'NDArray.row',
  'row',
  () => [f64(40, 50)],
  (x) => x.row(1),
)
add(
  'NDArray.T',
  'T',
  () => [f64(40, 50)],
  (x) => x.T,
)
add(
  'NDArray.reshape',
  'a view',
  () => [f64(40, 50)],
  (x) => x.reshape(-1),
)
add(
  'NDArray.reshape',
  'a copy',
  () => [f64(40, 50).T],
  (x) => x.reshape(-1),
)
add(
  'NDArray.data',
  'data',
  () => [f64(3)],
  (x) => [...(x.data as Float64Array)],
)
add(
  'NDArray.toTypedArray',
  'a view',
  () => [f64(40, 50).T],
  (x) => [...(x.toTypedArray() as Float64Array)],
)
add(
  'NDArray.toArray',
  'a view',
  () => [f64(40, 50).T],
  (x) => x.toArray(),
)
add(
  'NDArray.toString',
  'toString',
  () => [f64(3)],
  (x) => String(x),
)

const bodies = () => [nl.ones(4), f64(3, 4), nl.zeros([3, 4])]
add(
  'classic.integral2d',
  'n',
  () => [],
  () => Math.abs(classic.integral2d(50)) < 1e-9,
)
add(
  'classic.heatedPlate',
  'small',
  () => [],
  () => classic.heatedPlate({ rows: 30, maxSweeps: 5 }),
)
add('classic.nbody', 'in place', bodies, (mass, position, velocity) => classic.nbody({ mass, position, velocity }))

export const SAMPLES: readonly Sample[] = list

/** The names of everything public that must have a sample, as the modules export it. */
export function publicNames(): string[] {
  const exported = Object.entries(nl).flatMap(([name, value]) => {
    if (name === 'blas') return Object.keys(value).map((inner) => `blas.${inner}`)
    const isClass = typeof value === 'function' && /^class\s/.test(Function.prototype.toString.call(value))
    return WITHOUT_ARRAYS.includes(name) || isClass ? [] : [name]
  })
  const internal = ['region', 'checkAlive', 'pointer', 'elements', 'view']
  const members = Object.getOwnPropertyNames(nl.NDArray.prototype)
    .filter((name) => !METADATA.includes(name) && !internal.includes(name))
    .map((name) => `NDArray.${name}`)
  return [...exported, ...members, ...Object.keys(classic).map((name) => `classic.${name}`)].sort()
}
