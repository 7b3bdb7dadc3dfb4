// Random loops, as methods of the generator.
// SPDX-License-Identifier: MIT

import { LEAST } from './data.mjs'
import { binary, constant, masked, pinned, variable } from './nodes.mjs'

export const LOOPS = {
  /** Counters that are no whole numbers, that the body moves on, or that end by another comparison. */
  otherFor() {
    const { random } = this
    const name = this.name('j')
    const [zero, n] = [constant('n', 0), variable('n', 'n')]
    const heads = {
      fraction: { from: zero, op: '<', to: constant('n', 1 + random.below(3)), update: `${name} += 0.25` },
      upTo: { from: constant('n', 1), op: '<=', to: constant('n', random.below(LEAST)), update: `${name}++` },
      unequal: { from: zero, op: '!==', to: n, update: `${name}++` },
      doubled: { from: constant('n', 1), op: '<', to: n, update: `${name} *= 2` },
      moved: { from: zero, op: '<', to: n, update: `${name}++` },
    }
    const kind = random.pick(Object.keys(heads))
    const small = kind !== 'fraction' && kind !== 'moved'
    return this.leavable('loop', { s: 'for', name, ...heads[kind] }, () => {
      const declare = () => this.declare(name, 'n', { writable: false, small })
      const on = { s: 'assign', op: '+=', name, value: masked(this.expression(), 3) }
      return [...this.body(1 + random.below(2), declare), ...(kind === 'moved' ? [on] : [])]
    })
  },

  for() {
    const { random } = this
    if (random.chance(0.2)) return this.otherFor()
    const name = this.name('j')
    const down = random.chance(0.25)
    const step = random.weighted({ 1: 6, 2: 1, 3: 1 })
    const count = random.chance(0.6) ? variable('n', 'n') : constant('n', random.below(LEAST))
    const first = constant('n', random.weighted({ 0: 6, 1: 1, 2: 1 }))
    const head = down
      ? { from: binary('n', '-', count, constant('n', 1)), op: '>=', to: first }
      : { from: first, op: '<', to: count }
    const update = `${name} ${down ? '-' : '+'}= ${step}`
    const short = step === '1' ? random.pick([`${name}${down ? '--' : '++'}`, update]) : update
    return this.leavable('loop', { s: 'for', name, ...head, update: short }, () =>
      this.body(1 + random.below(3), () => this.declare(name, 'n', { writable: false, small: true })),
    )
  },

  /** `while` and `do` with a counter that nobody else assigns, from 1 on in the body. */
  counted(s) {
    const [name, count] = [this.name('k'), 1 + this.random.below(8)]
    const test = this.random.chance(0.5) ? constant('b', true) : this.expression('b')
    const node = this.leavable('loop', { s, name, count, test }, () =>
      this.body(1 + this.random.below(3), () => this.declare(name, 'n', { writable: false, small: true })),
    )
    this.declare(name, 'n', { writable: false, small: true })
    return node
  },

  while() {
    return this.counted('while')
  },

  do() {
    return this.counted('do')
  },

  forof() {
    const arrays = this.scope.arrays.filter(({ t, readable, own }) => t === 'n' && readable !== false && !own)
    if (arrays.length === 0) return this.for()
    const name = this.name('e')
    return this.leavable('loop', { s: 'forof', name, array: this.random.pick(arrays).name }, () =>
      this.body(1, () => this.declare(name, 'n', { writable: false })),
    )
  },

  /** Of range and prange: within 0 and 15. */
  rangeArguments() {
    const whole = pinned(binary('n', '|', variable('n', 'n'), constant('n', 0)))
    const [n, first, step] = [variable('n', 'n'), constant('n', this.random.below(3)), 1 + this.random.below(3)]
    const down = [binary('n', '-', whole, constant('n', 1)), constant('n', -1), pinned(constant('n', -step))]
    return this.random.pick([[n], [n], [constant('n', 16)], [first, n], [first, n, constant('n', step)], down])
  },

  /** Its bounds come from a variable, which its arguments or its body assign to. */
  movedRange() {
    const { random } = this
    const [name, bound] = [this.name('j'), this.name('b')]
    const [b, number] = [pinned(variable('n', bound)), () => constant('n', random.below(LEAST))]
    const again = pinned({ k: 'assign', t: 'n', name: bound, a: pinned(number()) })
    const args = random.pick([[b], [b], [number(), b], [b, number()], [b, again], [number(), b, constant('n', 2)]])
    const start = { s: 'let', keyword: 'let', name: bound, value: pinned(masked(this.expression(), 15)) }
    const loop = this.leavable('loop', { s: 'range', fn: 'range', name, args }, () =>
      this.body(1 + random.below(2), () => {
        this.declare(name, 'n', { writable: false, small: true })
        this.declare(bound, 'n')
      }),
    )
    loop.body.splice(random.below(loop.body.length + 1), 0, { s: 'assign', op: '=', name: bound, value: number() })
    return [start, loop]
  },

  range() {
    if (this.random.chance(0.4)) return this.movedRange()
    const name = this.name('j')
    const args = this.rangeArguments()
    return this.leavable('loop', { s: 'range', fn: 'range', name, args }, () =>
      this.body(1 + this.random.below(2), () => this.declare(name, 'n', { writable: false, small: true })),
    )
  },
}
