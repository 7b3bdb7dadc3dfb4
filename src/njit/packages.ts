// Packages that users install beside numloom where they want them: where they are. SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NjitError } from '../core/errors.js'

export interface Package {
  readonly name: string
  /** The URL of its module. */
  readonly url: string
  readonly version: string
}

/** The user's own project comes first: numloom may be linked into it from elsewhere. */
function resolve(name: string): string | undefined {
  for (const from of [pathToFileURL(join(process.cwd(), 'index.js')), import.meta.url]) {
    try {
      return createRequire(from).resolve(name)
    } catch {
      // The other place may have it.
    }
  }
  return undefined
}

function versionOf(name: string, file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (manifest.name === name) return manifest.version
    } catch {
      // Not the package's own folder.
    }
  }
  return file
}

const found = new Map<string, Package>()

/** Throws NjitError where it is not installed; `purpose` is what njit cannot do without it. */
export function findPackage(name: string, purpose: string): Package {
  const known = found.get(name)
  if (known !== undefined) return known
  const file = resolve(name)
  if (file === undefined) {
    throw new NjitError(`njit cannot ${purpose}: there is no package ${name}. Install it: npm install ${name}`)
  }
  const there = { name, url: pathToFileURL(file).href, version: versionOf(name, file) }
  found.set(name, there)
  return there
}
