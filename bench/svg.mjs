// A small SVG writer: elements, text, a white card that stays readable in dark viewers, and panels of horizontal bars.
// It knows nothing of what is measured.
// SPDX-License-Identifier: MIT

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
export const INK = '#16202c'
export const QUIET = '#5d6b7a'
const FAINT = '#e6eaef'

const escapeXml = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])

const rounded = (value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value)

/** @param {string} name @param {Record<string, string | number | undefined>} attributes @param {string} [content] */
export function element(name, attributes, content = '') {
  const list = Object.entries(attributes).filter(([, value]) => value !== undefined)
  const inside = list.map(([key, value]) => ` ${key}="${escapeXml(rounded(value))}"`).join('')
  return content === '' ? `<${name}${inside}/>` : `<${name}${inside}>${content}</${name}>`
}

/** @param {number} x @param {number} y @param {string} content */
export const text = (x, y, content, { size = 12, fill = INK, weight = 400, anchor = 'start', style } = {}) =>
  element(
    'text',
    { x, y, 'font-size': size, fill, 'font-weight': weight, 'text-anchor': anchor, 'font-style': style },
    escapeXml(content),
  )

export const rectangle = (x, y, width, height, fill, radius = 0) =>
  element('rect', { x, y, width: Math.max(0, width), height, fill, rx: radius || undefined })

/** About how wide a text is: fonts differ, so layouts leave room. */
export const textWidth = (content, size = 12, weight = 400) => content.length * size * (weight > 500 ? 0.6 : 0.56)

/** A drawing on a white card with a title and a subtitle. @param {string[]} parts */
export function card({ width, height, title, subtitle }, parts) {
  const background = element('rect', {
    x: 0.5,
    y: 0.5,
    width: width - 1,
    height: height - 1,
    rx: 14,
    fill: '#ffffff',
    stroke: FAINT,
  })
  const head = [text(32, 48, title, { size: 22, weight: 700 }), text(32, 72, subtitle, { size: 12.5, fill: QUIET })]
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'font-family': FONT,
    style: 'font-variant-numeric: tabular-nums',
  }
  const body = [element('title', {}, escapeXml(title)), background, ...head, ...parts]
  return `${element('svg', attributes, `\n${body.join('\n')}\n`)}\n`
}

/** Swatches with names, in a line. @param {{ name: string, fill: string }[]} entries */
export function legend(x, y, entries) {
  const parts = []
  let at = x
  for (const { name, fill } of entries) {
    parts.push(rectangle(at, y - 10, 12, 12, fill, 3), text(at + 18, y, name, { fill: QUIET }))
    at += 18 + textWidth(name) + 22
  }
  return parts.join('\n')
}

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number} [value] its length; without one, `note` says why
 * @property {string} fill
 * @property {string} [strong] the first, dark part of the value's label
 * @property {string} [note] the second, quiet part
 */

const ROW = 22
const PANEL_HEAD = 46

/** @param {{ bars: Bar[] }} panel */
export const panelHeight = ({ bars }) => PANEL_HEAD + bars.length * ROW + 8

/** Room at the left for labels, and at the right for what stands behind the longest bar. */
function columns(panel, width) {
  const behind = ({ strong = '', note = '' }) => textWidth(strong, 12, 650) + textWidth(note, 11.5) + 20
  const left = Math.max(...panel.bars.map(({ label }) => textWidth(label))) + 10
  const right = Math.max(...panel.bars.map((bar) => (bar.value === undefined ? 0 : behind(bar))))
  return { left, room: width - left - right }
}

/**
 * A titled group of horizontal bars on one linear scale from 0.
 * @param {{ title: string, subtitle?: string, bars: Bar[], mark?: number }} panel `mark`: a value to draw a line at
 */
export function barPanel(x, y, width, panel) {
  const { left, room } = columns(panel, width)
  const scale = room / Math.max(...panel.bars.map(({ value = 0 }) => value), panel.mark ?? 0)
  const top = y + PANEL_HEAD - 4
  const bottom = top + panel.bars.length * ROW
  const parts = [text(x, y + 14, panel.title, { size: 14, weight: 650 })]
  if (panel.subtitle) parts.push(text(x, y + 31, panel.subtitle, { size: 11.5, fill: QUIET }))
  parts.push(element('line', { x1: x + left, x2: x + left, y1: top - 2, y2: bottom, stroke: '#c4ccd5' }))
  const mark = (panel.mark ?? 0) * scale
  if (mark > 0) {
    const at = x + left + mark
    const line = { x1: at, x2: at, y1: top - 2, y2: bottom, stroke: QUIET, 'stroke-dasharray': '2 3', opacity: 0.7 }
    parts.push(element('line', line))
  }
  panel.bars.forEach((bar, i) => {
    parts.push(barLine(bar, x, top + i * ROW, left, scale, mark))
  })
  return parts.join('\n')
}

function barLine({ label, value, fill, strong = '', note = '' }, x, y, left, scale, mark) {
  const base = y + ROW / 2 + 4
  const parts = [text(x + left - 8, base, label, { anchor: 'end', fill: value === undefined ? QUIET : INK })]
  const length = value === undefined ? 0 : Math.max(1.5, value * scale)
  if (value !== undefined) parts.push(rectangle(x + left, y + 3, length, ROW - 6, fill, Math.min(3, length / 2)))
  // The mark's line shall not cross a text: one that would begin just before it begins behind it.
  const near = length + 7 <= mark + 3 && mark - length < 90
  const at = x + left + (near ? mark : length) + 7
  const spans = [
    strong && element('tspan', { fill: INK, 'font-weight': 650 }, escapeXml(strong)),
    note && element('tspan', { fill: QUIET, 'font-size': 11.5, dx: strong ? 6 : 0 }, escapeXml(note)),
  ].filter(Boolean)
  if (spans.length > 0) parts.push(element('text', { x: at, y: base, 'font-size': 12 }, spans.join('')))
  return parts.join('')
}
