// No random loop is taken for independent whose iterations meet when it runs, with bounds that are 0 and negative too.
// SPDX-License-Identifier: MIT

import { expect, test } from 'vitest'
import { vectorizable } from '../dist/njit/dependence.js'
import { independence } from '../dist/njit/independence.js'
import type { Expression, ForLoop, Statement, Variable } from '../dist/njit/ir.js'
import { eachStatement } from '../dist/njit/walk.js'
import {
  array,
  compare,
  declare,
  extent,
  load,
  loop,
  math,
  minus,
  op,
  plus,
  row,
  scalar,
  select,
  store,
  times,
  type Value,
  value,
  when,
} from './support/ir.ts'
import { Random } from './support/random.ts'
import { conflictIn } from './support/trace.ts'

const LOOPS = 2000
const SIZES = [-2, -1, 0, 1, 2, 3, 5]

class Generator {
  readonly n = scalar('n')
  readonly m = scalar('m')
  readonly line = array('line')
  readonly grid = array('grid', 2)
  readonly #scope: Variable[] = [this.n, this.m]
  readonly #rows: Variable[] = []

  constructor(private readonly random: Random) {}

  nest(): ForLoop {
    return this.#loop(3)
  }

  #leaf(): Value {
    const choice = this.random.below(10)
    if (choice < 2) return this.random.below(5) - 1
    if (choice === 2) return extent(this.grid, this.random.below(2))
    return this.random.pick(this.#scope)
  }

  #expression(depth: number): Expression {
    const choice = depth === 0 ? 0 : this.random.below(12)
    const part = () => this.#expression(depth - 1)
    if (choice < 3) return value(this.#leaf())
    if (choice < 6) return plus(part(), part())
    if (choice < 7) return minus(part(), part())
    if (choice < 10) return times(part(), this.#leaf())
    if (choice === 10) return op(part(), this.random.pick(['&', '%'] as const), this.random.pick([1, 3, 4]))
    return this.random.below(2) ? math(this.random.pick(['min', 'max']), part(), part()) : this.#fromEnd(part())
  }

  #fromEnd(index: Expression): Expression {
    return select(compare(index, '<', 0), plus(index, extent(this.line)), index)
  }

  #bound(): Expression {
    return this.random.below(3) ? value(this.#leaf()) : this.#expression(2)
  }

  #loop(depth: number): ForLoop {
    return this.random.below(6) ? this.#counted(depth) : this.#turns(depth)
  }

  /** A range whose step varies. */
  #turns(depth: number): ForLoop {
    const turn = scalar('turn')
    const moved = scalar('c')
    const by = this.random.pick([this.n, this.m])
    const first = declare(moved, plus(this.#leaf(), times(turn, by)))
    const turns = this.#bound()
    return { ...loop(turn, [0, turns], [first, ...this.#block(depth - 1, moved)]), by: value(by) }
  }

  #counted(depth: number): ForLoop {
    const down = this.random.below(4) === 0
    const low = this.random.below(2) ? value(0) : this.#bound()
    const bounds = down ? [this.#bound(), low] : [low, this.#bound()]
    const counter = scalar('c')
    const step = this.random.pick([1, 1, 1, 2, 3]) * (down ? -1 : 1)
    return loop(counter, [bounds[0] as Expression, bounds[1] as Expression, step], this.#block(depth - 1, counter))
  }

  #block(depth: number, counter?: Variable): Statement[] {
    const [names, rows] = [this.#scope.length, this.#rows.length]
    if (counter) this.#scope.push(counter)
    const body = Array.from({ length: 1 + this.random.below(2) }, () => this.#statement(depth)).flat()
    this.#scope.length = names
    this.#rows.length = rows
    return body
  }

  #statement(depth: number): Statement[] {
    const choice = this.random.below(depth > 0 ? 9 : 5)
    if (choice < 4) return [this.#store()]
    if (choice === 4) return this.#declaration()
    if (choice < 8) return [this.#loop(depth)]
    return [when(compare(this.#expression(1), '<', this.#expression(1)), this.#block(depth - 1))]
  }

  #declaration(): Statement[] {
    if (this.random.below(3) === 0) {
      const view = array('view')
      const statement = row(view, this.grid, [this.#expression(2)])
      this.#rows.push(view)
      return [statement, this.#store()]
    }
    const name = scalar('t')
    const statement = declare(name, this.#expression(2))
    this.#scope.push(name)
    return [statement, this.#store()]
  }

  #place(): [Variable, Expression[]] {
    const to = this.random.pick([this.line, this.line, this.line, this.grid, ...this.#rows, ...this.#rows])
    return [to, to === this.grid ? [this.#expression(2), this.#expression(2)] : [this.#expression(3)]]
  }

  #store(): Statement {
    const [to, at] = this.#place()
    // Often from an element beside the one that is written, which is where mistakes would be.
    const from = this.random.below(3)
    if (from === 0) return store(to, at, 1)
    const [source, place] = from === 1 ? this.#place() : [to, at.map((index) => plus(index, this.random.below(3) - 1))]
    return store(to, at, load(source, ...place))
  }
}

/** The loops of a nest, and those whose iterations are proven to be independent. */
function provenIn(nest: ForLoop): { loops: ForLoop[]; proven: ForLoop[] } {
  const loops: ForLoop[] = []
  eachStatement([nest], (s) => s.kind === 'for' && loops.push(s))
  const proven = loops.filter((over) => {
    const verdict = independence(over, [nest])
    const own = verdict.independent && verdict.reductions.length === 0
    expect(vectorizable(over, [nest]).safe).toBe(own)
    return own
  })
  return { loops, proven }
}

test(`${LOOPS} random nests`, () => {
  let [all, proven, byWhatIsAround, bySteps] = [0, 0, 0, 0]
  for (let seed = 0; seed < LOOPS; seed++) {
    const generator = new Generator(new Random(`loops ${seed}`))
    const nest = generator.nest()
    const found = provenIn(nest)
    all += found.loops.length
    proven += found.proven.length
    byWhatIsAround += found.proven.filter((over) => !independence(over).independent).length
    bySteps += found.proven.filter(({ by }) => by).length
    for (const n of SIZES) {
      for (const m of SIZES) {
        const values = new Map([
          [generator.n.id, n],
          [generator.m.id, m],
        ])
        for (const size of [0, 1, 3]) {
          for (const over of found.proven) {
            const conflict = conflictIn(over, values, size, nest)
            expect(conflict, `seed ${seed}, n ${n}, m ${m}, extents ${size}`).toBeUndefined()
          }
        }
      }
    }
  }
  expect(proven).toBeGreaterThan(all / 20)
  expect(byWhatIsAround).toBeGreaterThan(0)
  expect(bySteps).toBeGreaterThan(20)
})
