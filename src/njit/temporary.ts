// Folders for the length of one compilation or load. SPDX-License-Identifier: MIT

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from '../cache.js'
import { NjitError } from '../core/errors.js'

/** Folders that refused, though they seemed to be ones that can be written to. */
const refused = new Map<string, string>()

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message

function problemOf(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return refused.get(folder)
  } catch (error) {
    return codeOf(error)
  }
}

/** Where they are made: in the cache's folder, where there is none for temporary files. Throws NjitError. */
export function temporaryRoot(): string {
  const folders = [tmpdir(), cacheFolder()]
  const problems = folders.map(problemOf)
  const usable = folders[problems.indexOf(undefined)]
  if (usable !== undefined) return usable
  const what = `no file can be written to ${folders[0]} (${problems[0]})`
  throw new NjitError(`njit cannot run native code: ${what}. Set TMPDIR to a folder where it can.`)
}

/** Throws NjitError where none can be made. */
export function temporaryFolder(): { path: string; remove(): void } {
  for (;;) {
    const root = temporaryRoot()
    try {
      const path = mkdtempSync(join(root, 'numloom-'))
      return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
    } catch (error) {
      refused.set(root, codeOf(error))
    }
  }
}
