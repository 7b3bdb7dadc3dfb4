// Charts of panels: one a work, one bar for each contender, longer is faster. Also how backends are coloured.
// SPDX-License-Identifier: MIT

import { barPanel, card, legend, panelHeight } from './svg.mjs'
import { counted, digits, duration } from './units.mjs'

/** Full colour, and the paler one of a threaded backend that runs one thread beside one that runs more. */
export const COLOURS = {
  js: ['#9aa7b4', '#9aa7b4'],
  as: ['#e3a535', '#e3a535'],
  wasm: ['#7f8ff0', '#7f8ff0'],
  'wasm-threads': ['#4453d6', '#aab3f5'],
  native: ['#12946b', '#86cfb4'],
}

const WIDTH = 1120
const MARGIN = 32
const GAP = 44
const TOP = 118

/**
 * A card of panels in two columns, each put where there is more room.
 * @param {{ title: string, subtitle: string, entries: { name: string, fill: string }[] }} head
 * @param {Parameters<typeof barPanel>[3][]} panels
 */
export function panelCard({ title, subtitle, entries }, panels) {
  const ends = [TOP, TOP]
  const width = (WIDTH - 2 * MARGIN - GAP) / 2
  const drawn = panels.map((panel) => {
    const column = ends[0] <= ends[1] ? 0 : 1
    const y = ends[column]
    ends[column] += panelHeight(panel) + 18
    return barPanel(MARGIN + column * (width + GAP), y, width, panel)
  })
  const height = Math.max(...ends) + 12
  return card({ width: WIDTH, height, title, subtitle }, [legend(MARGIN, 100, entries), ...drawn])
}

/** @type {(row: import('./compare.mjs').Row, pale: boolean, speed: number | undefined) => import('./svg.mjs').Bar} */
function barOf(row, pale, speed) {
  const [full, paler] = COLOURS[row.backend]
  const label = full === paler ? row.backend : `${row.backend}, ${counted(row.threads, 'thread')}`
  const fill = pale && row.threads === 1 ? paler : full
  if (row.time) return { label, fill, value: speed, strong: `${digits(speed)}×`, note: duration(row.time.median) }
  return { label, fill, note: row.reason.includes('has no kernel') ? 'no kernel' : 'not available' }
}

/** Speeds are relative to js, or to the slowest where js did not take part. */
function panelOf({ work, rows }) {
  const timed = rows.filter(({ time }) => time).sort((a, b) => a.time.median - b.time.median)
  const base = timed.find(({ backend }) => backend === 'js') ?? timed.at(-1)
  const pale = new Set(rows.flatMap(({ backend, threads }) => (backend === 'native' ? [threads] : []))).size > 1
  const bars = rows.map((row) => barOf(row, pale, row.time && base.time.median / row.time.median))
  const subtitle = `speed relative to ${base.backend}; the fastest: ${work.rate(timed[0].time.median)}`
  return { title: work.heading, subtitle, bars, mark: 1 }
}

/**
 * The demo's chart.
 * @param {{ work: import('./works.mjs').Work, rows: import('./compare.mjs').Row[] }[]} results @param {string} subtitle
 */
export function demoChart(results, subtitle) {
  const panels = results.filter(({ rows }) => rows.some(({ time }) => time)).map(panelOf)
  const entries = Object.entries(COLOURS).map(([name, [fill]]) => ({ name, fill }))
  return panelCard({ title: 'numloom: one kernel, five backends', subtitle, entries }, panels)
}
