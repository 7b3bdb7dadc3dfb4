// OMP_PLACES: the sets of CPUs to which libgomp binds threads.
//
// It is told of those places and CPUs alone that there are: what it cannot use it would report by messages of its own.
// SPDX-License-Identifier: MIT

import type { Parsed } from './parse.js'

const ABSTRACT = /^(threads|cores|sockets|ll_caches|numa_domains)(?:\(\+?0*([1-9]\d*)\))?$/
const NUMBERS = '!?\\d+(:\\d+(:-?\\d+)?)?'
const PLACE = `!?(\\{${NUMBERS}(,${NUMBERS})*\\}(:\\d+(:-?\\d+)?)?|${NUMBERS})`
const PLACES = new RegExp(`^${PLACE}(,${PLACE})*$`)
/** More CPUs than any machine has: a list may write so many. */
const MOST = 65536

/** What makes a list of places impossible, in words. */
class Impossible {
  constructor(readonly problem: string) {}
}

/** How many CPUs a list may still write. */
class Room {
  #left = MOST

  take(count: number): void {
    this.#left -= count
    if (this.#left < 0) throw new Impossible(`it has more than ${MOST} CPUs`)
  }
}

/** first, first + stride, ..., as in first:length:stride, each of so many CPUs. */
function series(room: Room, each: number, first: number, length = '1', stride = '1'): number[] {
  if (Number(length) === 0) throw new Impossible('a length must be at least 1')
  room.take(each * Number(length))
  return Array.from({ length: Number(length) }, (_, i) => first + i * Number(stride))
}

/** The CPUs of {...}. */
function placeOf(room: Room, text: string): number[] {
  const cpus = new Set<number>()
  for (const part of text.split(',')) {
    const without = part.startsWith('!')
    const [first, length, stride] = part.slice(without ? 1 : 0).split(':') as [string, string?, string?]
    for (const cpu of series(room, 1, Number(first), length, stride)) {
      if (!without) cpus.add(cpu)
      else if (!cpus.delete(cpu)) throw new Impossible(`${part} leaves out a CPU that its place does not have`)
    }
  }
  return [...cpus]
}

/** The places of a list that PLACES matches. */
function expand(text: string): number[][] {
  const found = new Map<string, number[]>()
  const room = new Room()
  // A comma within braces is followed by a closing brace before the next opening one.
  for (const item of text.split(/,(?![^{]*\})/)) {
    const [, without, inner, bare, length, stride] = /^(!?)(?:\{(.*)\}|!?(\d+))(?::(\d+)(?::(-?\d+))?)?$/.exec(
      item,
    ) as unknown as string[]
    const place = placeOf(room, (inner ?? bare) as string)
    for (const shift of series(room, place.length, 0, length, stride)) {
      const cpus = place.map((cpu) => cpu + shift).sort((a, b) => a - b)
      if ((cpus[0] ?? 0) < 0) throw new Impossible(`${item} has a CPU below 0`)
      if (without === '') found.set(cpus.join(), cpus)
      else if (!found.delete(cpus.join())) throw new Impossible(`${item} leaves out a place that is not there`)
    }
  }
  return [...found.values()]
}

/**
 * An abstract name with a number in parentheses, or a list of places as {lower:length:stride} with CPUs of `allowed`,
 * which is undefined where nobody knows.
 */
export function parsePlaces(text: string, allowed: readonly number[] | undefined): Parsed<string> {
  const compact = text.toLowerCase().replace(/\s+/g, '')
  const abstract = ABSTRACT.exec(compact)
  if (Number(abstract?.[2] ?? 1) > MOST)
    return { value: `${abstract?.[1]}(${MOST})`, problem: `more than ${MOST} places` }
  if (abstract) return { value: compact }
  if (!PLACES.test(compact)) {
    return { problem: 'expected threads, cores, sockets, ll_caches, numa_domains, or a list of places' }
  }
  try {
    if (usablePlaces(compact, allowed) !== '') return { value: compact }
    return { problem: 'it has no CPU that this process may use' }
  } catch (error) {
    if (error instanceof Impossible) return { problem: error.problem }
    throw error
  }
}

/** What parsePlaces() took, without the CPUs that are not in `allowed` and the places that have no others. */
export function usablePlaces(places: string, allowed: readonly number[] | undefined): string {
  if (allowed === undefined || ABSTRACT.test(places)) return places
  const usable = expand(places).map((cpus) => cpus.filter((cpu) => allowed.includes(cpu)))
  return usable
    .filter((cpus) => cpus.length > 0)
    .map((cpus) => `{${cpus.join()}}`)
    .join()
}
