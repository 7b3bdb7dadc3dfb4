// Writes what a suite measured: NAME.json with everything, NAME.md for readers, NAME.svg.
// SPDX-License-Identifier: MIT

import { mkdirSync, writeFileSync } from 'node:fs'
import { panelCard } from './chart.mjs'
import { machineLine } from './machine.mjs'
import { markdownTable } from './table.mjs'

/**
 * @typedef {{ title: string, head: string[], align: string, rows: string[][], note?: string }} Section
 *
 * @typedef {object} Outcome
 * @property {unknown} data for the JSON file
 * @property {Section[]} sections tables
 * @property {object[]} panels of the chart; none, no chart
 * @property {{ name: string, fill: string }[]} entries the chart's legend
 * @property {string[]} [about] lines on what took part
 */

const OUT = new URL('out/', import.meta.url)

const sectionText = ({ title, head, align, rows, note }) =>
  `## ${title}\n\n${markdownTable(head, rows, align)}\n${note ? `\n${note}\n` : ''}`

/** @param {string} name @param {string} title @param {Outcome} outcome @param {ReturnType<import('./machine.mjs').machine>} about */
export function write(name, title, outcome, about) {
  mkdirSync(OUT, { recursive: true })
  const lines = [
    machineLine(about),
    `${about.system}, load ${about.load.toFixed(2)} at the start`,
    ...(outcome.about ?? []),
  ]
  const markdown = `# ${title}\n\n${lines.map((line) => `- ${line}`).join('\n')}\n\n${outcome.sections.map(sectionText).join('\n')}`
  const files = {
    [`${name}.json`]: `${JSON.stringify({ machine: about, data: outcome.data }, undefined, 2)}\n`,
    [`${name}.md`]: markdown,
  }
  if (outcome.panels.length > 0) {
    const head = { title: `numloom: ${title}`, subtitle: machineLine(about), entries: outcome.entries }
    files[`${name}.svg`] = panelCard(head, outcome.panels)
  }
  for (const [file, content] of Object.entries(files)) writeFileSync(new URL(file, OUT), content)
  return Object.keys(files)
}
