// `numloom cache`: what njit keeps on disk, listed or removed.
// SPDX-License-Identifier: MIT

import { cacheFolder } from '../cache.js'
import { clearEntries, listEntries } from './cache.js'

const inMiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`

function listText(): string {
  const entries = listEntries()
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0)
  const lines = entries.map(({ key, name, target, bytes, used }) =>
    [key.slice(0, 12), target.padEnd(6), used.toISOString().slice(0, 19), inMiB(bytes).padStart(10), name].join('  '),
  )
  return [...lines, `${entries.length} compiled functions, ${inMiB(total)}, in ${cacheFolder()}`].join('\n')
}

/** What to print for `ls`, `ls --json` or `clear`; undefined where it is none of them. */
export function cacheCommand(args: readonly string[]): string | undefined {
  const asked = args.join(' ')
  if (asked === 'ls') return listText()
  if (asked === 'ls --json') return JSON.stringify(listEntries(), null, 2)
  if (asked !== 'clear') return undefined
  const { files, bytes } = clearEntries()
  return `Removed ${files} files, ${inMiB(bytes)}`
}
