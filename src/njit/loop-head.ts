// What functions keep of variables that the head of a `for` declares. JavaScript has a copy of these for each turn, which is
// made before the update; compiled code has one for all. A function sees the copy that it was made with: to call it where
// there is a later one is an error, where the loop assigns the variable.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'
import { reject } from './diagnostic.js'
import type { Local } from './scope.js'

type Phase = 'head' | 'turn' | 'update'

export class LoopHead {
  #phase: Phase = 'head'
  /** Where functions of an earlier copy use a variable. */
  readonly #late = new Map<Local, es.Node>()
  /** Known when the loop is over. */
  #assigned: ReadonlySet<Local> | undefined

  constructor(readonly loop: es.ForStatement) {}

  during(phase: Phase, work: () => void): void {
    const before = this.#phase
    this.#phase = phase
    try {
      work()
    } finally {
      this.#phase = before
    }
  }

  /** A function uses a variable of the head. */
  see(local: Local, at: es.Node, user: es.Node): void {
    const { init, update } = this.loop
    if (!isWithin(user, this.loop) || isWithin(user, update)) return
    if (this.#phase === 'head' || (this.#phase === 'turn' && !isWithin(user, init))) return
    this.#late.set(local, at)
    this.#judge()
  }

  /** With the variables that the loop assigns. */
  end(assigned: ReadonlySet<Local>): void {
    this.#phase = 'turn'
    this.#assigned = assigned
    this.#judge()
  }

  #judge(): void {
    for (const [local, at] of this.#late) {
      if (!this.#assigned?.has(local)) continue
      const { name } = local
      const message = `each turn of the loop has its own '${name}', and this function keeps that of an earlier turn than it is called in.`
      reject('NL2042', at, message, `make the function where it is called, or declare '${name}' before the loop.`)
    }
  }
}

function isWithin(node: es.Node, around: es.Node | null | undefined): boolean {
  return around ? around.start <= node.start && node.end <= around.end : false
}
