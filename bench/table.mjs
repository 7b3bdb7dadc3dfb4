// Aligned text tables and markdown tables.
// SPDX-License-Identifier: MIT

/**
 * Lines with aligned columns.
 * @param {readonly (readonly string[])[]} rows
 * @param {string} align one letter a column: l or r
 */
export function aligned(rows, align) {
  const widths = [...align].map((_, column) => Math.max(0, ...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) =>
    row
      .map((cell, column) => (align[column] === 'r' ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd(),
  )
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 * @param {string} align one letter a column: l or r
 */
export function markdownTable(head, rows, align) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = [...align].map((letter) => (letter === 'r' ? '---:' : '---'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
