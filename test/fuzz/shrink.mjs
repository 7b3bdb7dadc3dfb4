// Makes a failing program smaller while it fails in the same way. Nodes that are `pinned` keep a program's meaning (stores
// of a prange into its own elements), so they stay.
// SPDX-License-Identifier: MIT

import { constant } from './nodes.mjs'

const isNode = (value) => typeof value === 'object' && value !== null && ('k' in value || 's' in value)
const isStatements = (value) => Array.isArray(value) && value.length > 0 && value.every((one) => one.s && !one.final)

const ZEROS = { n: ['0', '1'], b: ['true', 'false'], g: ['0n', '1n'] }

/** What an expression may become: one of its parts with the same type, or a constant. */
function simpler(node) {
  if (node.pinned || !(node.t in ZEROS)) return []
  const parts = Object.values(node)
    .flat()
    .filter((part) => isNode(part) && part.t === node.t && !part.pinned)
  const constants = node.k === 'const' ? ZEROS[node.t].slice(0, ZEROS[node.t].indexOf(node.text)) : ZEROS[node.t]
  const useful = node.k === 'const' && !ZEROS[node.t].includes(node.text) ? ZEROS[node.t] : constants
  return [...parts, ...useful.map((text) => constant(node.t, text))]
}

/** What a statement may become: the statements in it. */
function opened(node) {
  return Object.values(node).flatMap((part) => {
    if (isStatements(part)) return [part]
    return Array.isArray(part) ? part.flatMap((one) => (isStatements(one?.body) ? [one.body] : [])) : []
  })
}

/** Changes as functions that make one in place; large ones first. */
function changesOf(program) {
  const [removals, openings, simplifications] = [[], [], []]
  const visit = (holder, key) => {
    const value = holder[key]
    if (typeof value !== 'object' || value === null) return
    if (LISTS.has(key)) {
      removals.push(...removalsOf(holder, key))
      openings.push(...openingsOf(holder, key))
    }
    if (value.k) simplifications.push(...simpler(value).map((other) => () => replace(holder, key, other)))
    for (const inner of Object.keys(value)) visit(value, inner)
  }
  for (const key of Object.keys(program)) visit(program, key)
  return [...removals, ...openings, ...simplifications]
}

const LISTS = new Set(['body', 'yes', 'no', 'helpers', 'cases'])

/** Without halves, quarters, ... and single ones of a list. */
function removalsOf(holder, key) {
  const list = holder[key]
  const removals = key === 'no' ? [() => replace(holder, key, undefined)] : []
  for (let size = list.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at + size <= list.length; at += size) {
      if (list.slice(at, at + size).some((one) => one.final)) continue
      removals.push(() => replace(holder, key, [...list.slice(0, at), ...list.slice(at + size)]))
    }
  }
  return removals
}

/** With the statements in a statement instead of it. */
function openingsOf(holder, key) {
  const list = holder[key]
  return list.flatMap((one, i) =>
    opened(one).map((inner) => () => replace(holder, key, [...list.slice(0, i), ...inner, ...list.slice(i + 1)])),
  )
}

function replace(holder, key, value) {
  holder[key] = value
}

/**
 * The smallest program found that fails, by `firstFailing`, which is asked for several programs at once and gives the
 * index of one of them, or -1. It ends when no change helps any more, or so many seconds have passed.
 */
export async function shrink(program, firstFailing, seconds) {
  const end = performance.now() + seconds * 1000
  let best = structuredClone(program)
  let [at, helped] = [0, false]
  while (performance.now() < end) {
    const count = changesOf(best).length
    if (count === 0 || (at >= count && !helped)) return best
    if (at >= count) [at, helped] = [0, false]
    const tries = Array.from({ length: Math.min(16, count - at) }, (_, i) => {
      const copy = structuredClone(best)
      changesOf(copy)[at + i]()
      return copy
    })
    const found = await firstFailing(tries)
    if (found >= 0) [best, helped] = [tries[found], true]
    // What comes next after a success is mostly new; what failed before is tried again at the end.
    at += found >= 0 ? found : tries.length
  }
  return best
}
