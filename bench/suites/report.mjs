// Suite `report`: what it costs to be told, and that it costs nothing not to be. On one element, where it shows most.
// SPDX-License-Identifier: MIT

import * as nl from 'numloom'
import { measure } from '../harness.mjs'
import { duration, percent, ratio } from '../units.mjs'

export const title = 'Reports'

/** Measures while a handler listens. */
function listening(event, handler, measured) {
  const remove = nl.on(event, handler)
  try {
    return measured()
  } finally {
    remove()
  }
}

/** In this order: what is never used must not have been used before. */
export function measureReports() {
  const [a, b, out] = [nl.array([1]), nl.array([2]), nl.empty(1)]
  const add = () => nl.add(a, b, { out })
  const time = (name, fn = add) => ({ name, time: measure(name, fn, { seconds: 1, least: 20 }) })
  const kept = { event: undefined }
  const keep = (event) => {
    kept.event = event
  }
  return [
    time('nl.add, reports never used'),
    listening('memory', keep, () => time("nl.add, a handler on 'memory'")),
    listening('dispatch', keep, () => time("nl.add, a handler on 'dispatch'")),
    listening(
      'dispatch',
      ({ others }) => keep(others),
      () => time("nl.add, a handler that reads 'others'"),
    ),
    time('nl.explain of nl.add', () => keep(nl.explain(add))),
    time('nl.add, all handlers removed'),
  ]
}

export async function run() {
  const calls = measureReports()
  const never = calls[0].time.median
  return {
    data: { calls },
    sections: [
      {
        title: 'nl.add of two 1-element arrays, out',
        head: ['what', 'time', 'spread', 'to never used'],
        align: 'lrrr',
        rows: calls.map(({ name, time }) => [
          name,
          duration(time.median),
          `±${percent(time.spread / 2)}`,
          ratio(time.median / never),
        ]),
      },
    ],
    panels: [],
    entries: [],
  }
}
