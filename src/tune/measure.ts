// Measures what auto chooses by: every kernel on every backend over sizes, thread counts and placements of arrays.
//
// Kernels are called bound, as the runtime calls them once it has chosen, without the plan that is to be made.
// SPDX-License-Identifier: MIT

import type { Backend, BackendName, KernelArgument } from '../backends/backend.js'
import type { Code } from '../core/dtype.js'
import { environment } from '../core/env.js'
import { NumloomError, OutOfMemoryError } from '../core/errors.js'
import { heap } from '../core/heap.js'
import { threadCount } from '../core/threads.js'
import type { KernelPlan, Placement } from '../kernel/plan.js'
import { kernelList, type Registered } from '../kernel/registry.js'
import { integral2d } from '../kernels/classic.js'
import { argumentsFor, placementsOf, sizeForWork, sizesFor } from './arguments.js'
import { boundCall, loadedBackends } from './bound.js'
import { leastTimes, SAMPLE } from './least.js'
import { median, type Point } from './levels.js'
import { planFrom } from './placements.js'

/** From 1 to 10^7 operations, two steps a decade. */
const WORKS = Array.from({ length: 15 }, (_, i) => 10 ** (i / 2))
/** A backend whose calls take longer is measured at no greater size. */
const LONGEST = 0.05
/** Nor is one this many times slower than the best at two sizes running, once that costs time. */
const HOPELESS = 5
/** How often a build is measured, at most, until it was quiet. */
const ATTEMPTS = 3

/** The plan measured for one build of a kernel. */
export interface Measured {
  readonly kernel: string
  readonly dtype: Code
  readonly plan: KernelPlan
  /** Whether its arrays fitted into the heap at all sizes; what did not is as if it had not been measured. */
  readonly fits: boolean
}

/** Others use the cores: what would be measured now would say for good that threads do not pay. */
export class BusyError extends NumloomError {
  constructor(message: string) {
    super('NUMLOOM_BUSY', message)
  }
}

interface Machine {
  readonly backends: ReadonlyMap<BackendName, Backend>
  readonly teamSize: number
}

/** What was dropped from greater sizes, and how often running each backend was far behind. */
interface Race {
  readonly placement: Placement
  readonly out: Set<BackendName>
  readonly behind: Map<BackendName, number>
}

/** Every backend that is still in, with one thread and with the team. `wasm-threads` alone is `wasm`. */
function contendersFor(machine: Machine, build: Registered, args: KernelArgument[], out: ReadonlySet<BackendName>) {
  return [...machine.backends.values()].flatMap((backend) => {
    const counts = new Set(backend.maxThreads > 1 ? [1, machine.teamSize] : [1])
    return [...counts].flatMap((threads) => {
      if (out.has(backend.name) || (backend.name === 'wasm-threads' && threads === 1)) return []
      const call = boundCall(backend, build.kernel, build.dtype, args, threads)
      return call ? [{ name: backend.name, threads, call }] : []
    })
  })
}

function measurePoint(machine: Machine, build: Registered, n: number, { placement, out }: Race): Point {
  const { kernel, dtype } = build
  const sizes = sizesFor(kernel, n)
  const { args, release } = argumentsFor(kernel, dtype, sizes, machine.teamSize, placement)
  const point = { work: kernel.flops(sizes), single: {} as Point['single'], team: {} as Point['team'] }
  try {
    const timed = leastTimes(contendersFor(machine, build, args, out))
    for (const { name, threads, least } of timed) point[threads === 1 ? 'single' : 'team'][name] = least
    return point
  } finally {
    release()
  }
}

/** Drops those that are not worth their time at greater sizes. */
function dropHopeless({ single }: Point, { out, behind }: Race): void {
  const times = Object.entries(single) as [BackendName, number][]
  const best = Math.min(...times.map(([, time]) => time))
  for (const [name, time] of times) {
    const running = time > HOPELESS * best ? (behind.get(name) ?? 0) + 1 : 0
    behind.set(name, running)
    const costs = time > 2 * SAMPLE
    if (time > LONGEST || (running > 1 && costs)) out.add(name)
  }
}

/** The same, but undefined where the arrays, or the copies that wasm makes of them, do not fit into the heap. */
function measureFitting(machine: Machine, build: Registered, n: number, race: Race): Point | undefined {
  try {
    return measurePoint(machine, build, n, race)
  } catch (error) {
    if (error instanceof OutOfMemoryError) return undefined
    throw error
  }
}

interface Series {
  readonly points: Point[]
  /** False where greater sizes did not fit into the heap. */
  readonly fits: boolean
}

function measureBuild(machine: Machine, build: Registered, placement: Placement): Series {
  const points: Point[] = []
  const race: Race = { placement, out: new Set(), behind: new Map() }
  const lengths = new Set(WORKS.map((work) => sizeForWork(build.kernel, work)))
  // The first point would pay for what the engine compiles on the way.
  measurePoint(machine, build, Math.min(...lengths), race)
  for (const n of lengths) {
    const point = measureFitting(machine, build, n, race)
    if (point === undefined) return { points, fits: false }
    if (Object.keys(point.single).length === 0) break
    points.push(point)
    dropHopeless(point, race)
  }
  return { points, fits: true }
}

/** How many times as fast the team is on a loop that scales: less than it should be where others use the cores. */
function scaling({ backends, teamSize }: Machine): number {
  const threaded = backends.get('native') ?? backends.get('wasm-threads')
  if (teamSize === 1 || threaded === undefined) return teamSize
  const { args, release } = argumentsFor(integral2d, 'f64', { n: 2000 }, teamSize)
  const contenders = [1, teamSize].flatMap((threads) => {
    const call = boundCall(threaded, integral2d, 'f64', args, threads)
    return call ? [{ call }] : []
  })
  const [alone, team] = leastTimes(contenders).map(({ least }) => least)
  release()
  return alone === undefined || team === undefined ? teamSize : alone / team
}

const isQuietEnough = (speedup: number, teamSize: number) =>
  speedup > 1 + 0.6 * (teamSize - 1) || environment('TUNE_ANYWAY') === '1'

function refuseIfBusy(scalings: readonly number[], teamSize: number): void {
  const speedup = median(scalings)
  if (isQuietEnough(speedup, teamSize)) return
  throw new BusyError(
    `${teamSize} threads are only ${speedup.toFixed(2)} times as fast as 1 on a loop that scales: the machine is busy. ` +
      'Nothing is written. Try again when it is quiet, or set TUNE_ANYWAY=1.',
  )
}

/** The points of a build, measured again where others used the cores by the end of it, and the scaling at the last end. */
function measureQuietly(machine: Machine, build: Registered, placement: Placement): Series & { speedup: number } {
  for (let attempt = 1; ; attempt++) {
    const series = measureBuild(machine, build, placement)
    const speedup = scaling(machine)
    if (isQuietEnough(speedup, machine.teamSize) || attempt === ATTEMPTS) return { ...series, speedup }
  }
}

/** What to measure; `progress` hears of each build before it is measured. */
export interface MeasureOptions {
  readonly builds?: readonly Registered[]
  readonly progress?: (symbol: string, done: number, of: number) => void
}

function refuseWithoutHeap(): void {
  const { maximumBytes, reasons } = heap().choice
  if (maximumBytes > 0) return
  throw new OutOfMemoryError(
    `${reasons[0]}. A plan is measured with arrays in it. Nothing is written. Tune where there is one, with 1 GiB or more: ` +
      'that plan holds also without.',
    { wanted: 2 ** 30, available: 0 },
  )
}

/**
 * Measures a plan for each build, on all backends that work here. Throws BusyError where it would be worth nothing, and
 * OutOfMemoryError where there is no heap.
 */
export function measurePlans({ builds = kernelList(), progress }: MeasureOptions = {}): Measured[] {
  refuseWithoutHeap()
  const machine: Machine = { backends: loadedBackends(), teamSize: threadCount().count }
  const scalings = [scaling(machine)]
  refuseIfBusy(scalings, machine.teamSize)
  const plans = builds.map((build, i) => {
    const { kernel, dtype, symbol } = build
    progress?.(symbol, i, builds.length)
    const all = new Map<Placement, readonly Point[]>()
    let fits = true
    for (const placement of placementsOf(kernel)) {
      const series = measureQuietly(machine, build, placement)
      all.set(placement, series.points)
      scalings.push(series.speedup)
      fits &&= series.fits
    }
    return { kernel: kernel.name, dtype, plan: planFrom(all, ['js', ...kernel.on]), fits }
  })
  refuseIfBusy(scalings, machine.teamSize)
  return plans
}
