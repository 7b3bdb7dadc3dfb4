// `numloom cache`: what njit keeps on disk, listed or removed.
// SPDX-License-Identifier: MIT

import { cacheFolder } from '../cache.js'
import { clearEntries, listEntries, type Tell } from './cache.js'

const inMiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`

function listText(tell: Tell): string {
  const entries = listEntries(tell)
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0)
  const lines = entries.map(({ key, name, target, bytes, used }) =>
    [key.slice(0, 12), target.padEnd(6), used.toISOString().slice(0, 19), inMiB(bytes).padStart(10), name].join('  '),
  )
  return [...lines, `${entries.length} compiled functions, ${inMiB(total)}, in ${cacheFolder()}`].join('\n')
}

function clearText(tell: Tell): string {
  const { files, bytes } = clearEntries(tell)
  return `Removed ${files} files, ${inMiB(bytes)}`
}

const COMMANDS: ReadonlyMap<string, (tell: Tell) => string> = new Map([
  ['ls', listText],
  ['ls --json', (tell) => JSON.stringify(listEntries(tell), null, 2)],
  ['clear', clearText],
])

/** What to print for `ls`, `ls --json` or `clear`, and what they could not do; undefined where it is none of them. */
export function cacheCommand(args: readonly string[]): { text: string; problems: string[] } | undefined {
  const command = COMMANDS.get(args.join(' '))
  if (command === undefined) return undefined
  const paths = new Map<string, string[]>()
  const text = command((what, path, error) => {
    const { code } = error as NodeJS.ErrnoException
    const problem = `cannot be ${what} (${code ?? 'it is damaged'})`
    const known = paths.get(problem)
    if (known) known.push(path)
    else paths.set(problem, [path])
  })
  const problems = [...paths].map(([problem, [first, ...others]]) =>
    others.length === 0 ? `${first} ${problem}` : `${first} and ${others.length} others ${problem}`,
  )
  return { text, problems }
}
