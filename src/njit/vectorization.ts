// Which of the user's loops became SIMD, and why others did not, in terms of the user's text.
//
// That a loop became SIMD only the compiler can tell. Why one did not is seen in the typed form: compilers speak of the C, of
// the last thing that they tried, and each in its own words.
// SPDX-License-Identifier: MIT

import { vectorizable } from './dependence.js'
import { placeOf, placeText } from './diagnostic.js'
import type { WrittenLoop } from './emit.js'
import { IN_LANES } from './hoist.js'
import type { Expression, Position, Reduction, Statement } from './ir.js'
import { extremeIn } from './lanes.js'
import { eachExpression, eachStatement, expressionsOf, readBy, useOf } from './walk.js'

/** What became of a loop. */
export interface LoopRemark {
  /** `file:line:column`. */
  readonly place: string
  readonly line: number
  readonly vectorized: boolean
  /** How many iterations or bytes at a time; or why not. */
  readonly text: string
}

/** What the compiler said, by the numbers of loops: how it became SIMD, undefined where it did not. */
type Said = ReadonlyMap<number, string | undefined>

/** What is combined in any order. */
interface Orders {
  /** All sums. */
  readonly anyOrder: boolean
  /** Those of pranges that run in parallel. */
  readonly reductions: readonly Reduction[]
}

/**
 * A remark for each of the user's loops, in the order of the text. `written`: what they became in C, which may be several:
 * with checks and without, in blocks, in several places.
 */
export function loopRemarks(written: readonly WrittenLoop[], said: Said, orders: Orders): LoopRemark[] {
  const replaced = cutIntoBlocks(written)
  const positions = [...new Set(written.map(({ position }) => position))].sort((a, b) => a - b)
  return positions.map((position) => {
    const numbers = [...written.keys()].filter((i) => {
      const loop = written[i] as WrittenLoop
      return loop.position === position && !replaced.has(loop)
    })
    const width = numbers.map((i) => said.get(i)).find((text) => text !== undefined)
    const text =
      width === undefined
        ? reasonOf(
            numbers.map((i) => written[i] as WrittenLoop),
            numbers.some((i) => said.has(i)),
            orders,
          )
        : `SIMD, ${width} at a time`
    return {
      place: placeText(position),
      line: placeOf(position).line,
      vectorized: width !== undefined,
      text,
    }
  })
}

/** Of a loop that was cut into blocks, all loops but the one that has what the user wrote: it is the last in a block. */
function cutIntoBlocks(written: readonly WrittenLoop[]): Set<WrittenLoop> {
  const found = new Set<WrittenLoop>()
  for (const loop of written) {
    const inner = loopsIn(loop).filter(({ position }) => position === loop.position)
    if (inner.length === 0) continue
    for (const other of [loop, ...inner.slice(0, -1)]) found.add(other)
  }
  return found
}

function loopsIn(loop: WrittenLoop): WrittenLoop[] {
  const found: WrittenLoop[] = []
  eachStatement(loop.body, (s) => {
    if (s.kind === 'for' || s.kind === 'loop') found.push(s)
  })
  return found
}

const at = (position: Position): string => {
  const { line, column } = placeOf(position)
  return `${line}:${column}`
}

/** `there`: whether the compiler met the loop. */
function reasonOf(copies: readonly WrittenLoop[], there: boolean, orders: Orders): string {
  const inner = copies.flatMap(loopsIn)[0]
  if (inner !== undefined) return `only innermost loops become SIMD, and there is one in it at ${at(inner.position)}`
  // A copy without checks is the one that is meant to become SIMD.
  const obstacles = copies.map((loop) => obstacle(loop, orders))
  const best = obstacles.find((one) => !one?.isCheck)
  const found = (best ?? obstacles[0])?.text
  if (found !== undefined) return found
  if (!there) return 'the compiler unrolled it, or took it away'
  return 'the compiler found no way that is faster'
}

/** What stands in the way of SIMD, whatever the compiler. */
function obstacle(loop: WrittenLoop, orders: Orders): { text: string; isCheck: boolean } | undefined {
  let text = loop.kind === 'loop' ? 'how often it runs is not known before it begins' : undefined
  let isCheck = false
  eachStatement(loop.body, (s) => {
    text ??= obstacleIn(s) ?? orderIn(s, loop, orders)
    isCheck ||= s.kind === 'check'
  })
  if (loop.kind === 'for' && !vectorizable(loop).safe) text ??= 'an iteration may need what another one stores'
  const functions = functionsIn(loop)
  if (functions.length > 0) text ??= `there is no SIMD for ${functions.join(', ')} here`
  return text === undefined ? undefined : { text, isCheck }
}

function obstacleIn(s: Statement): string | undefined {
  switch (s.kind) {
    case 'check':
      return `the index at ${at(s.position)} is checked in each iteration: its bounds are not known before`
    case 'fail':
      return `an iteration may throw at ${at(s.position)}`
    case 'allocate':
      return `an array is made at ${at(s.position)} in each iteration`
    case 'call':
      return `a function that calls itself is called at ${at(s.position)}`
    case 'return':
      return `it may be left at ${at(s.position)}`
    case 'store':
      return s.atomic ? `atomicAdd at ${at(s.position)} is for one iteration at a time` : undefined
    default:
      return undefined
  }
}

/** What has an order: sums and the like in doubles, and of a prange that runs in parallel what else it reduces. */
function orderIn(s: Statement, loop: WrittenLoop, { anyOrder, reductions }: Orders): string | undefined {
  if (s.kind !== 'assign' || useOf(loop.body).declared.has(s.variable)) return undefined
  const text = `'${s.variable.name}' at ${at(s.position)} goes from each iteration to the next`
  const reduction = reductions.find(({ variable }) => variable === s.variable)
  if (reduction) return IN_LANES.has(reduction.op) ? undefined : text
  if (s.variable.type !== 'f64' || !readBy(s.value).has(s.variable) || extremeIn(loop.body, s.variable))
    return undefined
  const { value } = s
  const isItself = (e: Expression) => e.kind === 'variable' && e.variable === s.variable
  const sum = value.kind === 'arithmetic' && /^[+*]$/.test(value.op) && [value.left, value.right].some(isItself)
  if (sum && anyOrder) return undefined
  return sum ? `${text}: any order is allowed by { fastmath: ['reassoc'] }, or by a prange that runs in parallel` : text
}

/** Functions of Math that are an instruction or a few. */
const SIMPLE = /^(sqrt|abs|floor|ceil|trunc|round|min|max|sign|fround|imul|clz32)$/

function functionsIn(loop: WrittenLoop): string[] {
  const names = new Set<string>()
  const see = (part: Expression) => {
    if (part.kind === 'math' && !SIMPLE.test(part.name)) names.add(`Math.${part.name}`)
  }
  eachStatement(loop.body, (s) => {
    for (const e of expressionsOf(s)) eachExpression(e, see)
  })
  return [...names]
}
