// The cases of a kernel, made from its definition alone: sizes by how many there are, layouts by its pointers' strides.
// SPDX-License-Identifier: MIT

import type { Kernel, Pointer, Sizes } from '../../dist/kernel/define.js'

export interface Layout {
  readonly name: string
  /** Strides in elements for the extents of a pointer. Steps of 0 are for inputs alone. */
  strides(extents: readonly number[], output: boolean): number[]
  /** Elements between an aligned address and the first one. */
  readonly skip: number
}

export interface Case {
  readonly name: string
  readonly sizes: Sizes
  readonly layout: Layout
  /** What floats are like: see values.ts. */
  readonly values: 'moderate' | 'alike' | 'hard' | 'with infinities'
}

const LENGTHS = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 1000, 4097]
const LARGE = 100_003
/** More operations than this take the oracle too long. */
const MOST_WORK = 5e7

const rowMajor = (extents: readonly number[]) => (extents.length === 1 ? [1] : [extents[1] as number, 1])

/** Strides of C order, multiplied: the last by `step`, rows kept apart by `gap` more elements. */
function spaced(step: number, gap: number, rowSign = 1): Layout['strides'] {
  return (extents) => {
    const columns = extents[extents.length - 1] as number
    if (extents.length === 1) return [step]
    return [rowSign * (Math.abs(step) * Math.max(columns, 1) + gap), step]
  }
}

const transposed: Layout['strides'] = (extents) => (extents.length === 1 ? [1] : [1, Math.max(extents[0] as number, 1)])

/** An input repeats along some axes; an output does not. */
function repeated(axes: readonly number[]): Layout['strides'] {
  return (extents, output) => {
    const strides = rowMajor(extents)
    if (output) return strides
    return strides.map((stride, axis) => (axes.includes(axis - extents.length + 2) ? 0 : stride))
  }
}

const layout = (name: string, strides: Layout['strides'], skip = 0): Layout => ({ name, strides, skip })

export const CONTIGUOUS = layout('contiguous', spaced(1, 0))

/** Axis 1 is the last one, also that of vectors. */
const LAYOUTS: readonly Layout[] = [
  layout('contiguous, from element 1', spaced(1, 0), 1),
  layout('rows apart, from element 3', spaced(1, 5), 3),
  layout('column-major', transposed, 1),
  layout('steps of 2', spaced(2, 3), 1),
  layout('steps of 3', spaced(3, 0)),
  layout('steps of -1', spaced(-1, 2)),
  layout('steps of -2, rows in reverse', spaced(-2, 1, -1), 3),
  layout('rows in reverse', spaced(1, 4, -1)),
  layout('repeated along rows', repeated([1])),
  layout('repeated rows', repeated([0])),
  layout('one element repeated', repeated([0, 1]), 1),
]

function sizeCombinations(count: number): number[][] {
  if (count === 1) return [...LENGTHS, LARGE].map((n) => [n])
  if (count === 2) {
    const rows = LENGTHS.map((n) => [1, n])
    const columns = [0, 2, 17, 65, 1000].map((m) => [m, 1])
    const mixed = [
      [0, 0],
      [2, 2],
      [7, 0],
      [3, 17],
      [65, 33],
      [17, 1000],
      [8, 8],
      [64, 16],
      [5, 63],
      [300, 200],
      [1000, 7],
    ]
    return [...rows, ...columns, ...mixed, [1, LARGE]]
  }
  const extents = [0, 1, 2, 7, 8, 17, 64, 65, 100]
  // Each extent meets each other one in every place, without all 729 triples.
  const triples = extents.flatMap((m, i) => extents.map((n, j) => [m, n, extents[(i + 2 * j) % 9] as number]))
  return [...triples, [300, 200, 100], [31, 1000, 257]]
}

/** The names of a kernel's sizes; the length of scratch space is no size of the problem. */
const sizeNames = (kernel: Kernel) =>
  kernel.args.flatMap((arg, i) => (arg.kind === 'size' && kernel.args[i - 1]?.kind !== 'scratch' ? [arg.name] : []))

/** Those of the combinations that a kernel with so many sizes takes, and that are not too much work. */
export function namedSizes(kernel: Kernel, combinations: readonly number[][], mostWork = MOST_WORK): Sizes[] {
  const names = sizeNames(kernel)
  return combinations
    .filter((values) => values.length === names.length)
    .map((values) => Object.fromEntries(names.map((name, i) => [name, values[i] as number])))
    .filter((sizes) => names.every((name) => (sizes[name] as number) >= (kernel.minimum?.[name] ?? 0)))
    .filter((sizes) => kernel.flops(sizes) <= mostWork)
}

const hasStrides = (kernel: Kernel) => kernel.args.some((arg) => arg.kind === 'pointer' && arg.strided)

const nameOf = (sizes: Sizes) =>
  Object.entries(sizes)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')

/** Sizes for special values: large enough for vector loops and their tails. */
const ALIKE = [[LARGE], [1, LARGE], [65, 33]]
const HARD = [[20_000], [1, 20_000], [97, 17], [1, 4001]]
const WITH_INFINITIES = [[33], [400], [3, 17], [65, 33], [17, 9, 8], [20, 65, 33]]

/** All sizes contiguous and in one other layout in turn, some sizes in every layout; then special values. */
export function casesOf(kernel: Kernel): Case[] {
  const others = hasStrides(kernel) ? LAYOUTS : LAYOUTS.slice(0, 1)
  const cases: Case[] = []
  const add = (sizes: Sizes, layout: Layout, values: Case['values'] = 'moderate') =>
    cases.push({ name: `${nameOf(sizes)}, ${layout.name}, ${values} values`, sizes, layout, values })
  const combinations = sizeCombinations(sizeNames(kernel).length)
  namedSizes(kernel, combinations).forEach((sizes, i) => {
    add(sizes, CONTIGUOUS)
    const everyLayout = Object.values(sizes).every((size) => [3, 17, 33, 65].includes(size))
    if (everyLayout) for (const other of others) add(sizes, other)
    else add(sizes, others[i % others.length] as Layout)
  })
  for (const sizes of namedSizes(kernel, ALIKE)) add(sizes, CONTIGUOUS, 'alike')
  const [values, special] =
    'ulp' in kernel.error ? (['hard', HARD] as const) : (['with infinities', WITH_INFINITIES] as const)
  for (const sizes of namedSizes(kernel, special)) {
    add(sizes, CONTIGUOUS, values)
    if (hasStrides(kernel)) add(sizes, LAYOUTS[3] as Layout, values)
  }
  return cases
}

/** Whether the output has an element for each of every input's, and lies as the caller says: then it may be an input. */
export function isElementwise(kernel: Pick<Kernel, 'args'>): boolean {
  const pointers = kernel.args.filter((arg): arg is Pointer => arg.kind === 'pointer')
  const extents = String(pointers[0]?.extents)
  return pointers.every((pointer) => pointer.strided && String(pointer.extents) === extents)
}
