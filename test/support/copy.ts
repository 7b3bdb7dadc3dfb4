// A copy of what is built, in a temporary folder, whose files a test may damage.
// SPDX-License-Identifier: MIT

import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './child.ts'

export interface Copy {
  readonly root: string
  readonly path: (...parts: string[]) => string
  readonly remove: () => void
}

/** dist, the addon with its libraries, and package.json, laid out as in the repository. */
export function copyOfBuild(): Copy {
  const root = mkdtempSync(join(tmpdir(), 'numloom-test-'))
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'))
  cpSync(join(ROOT, 'dist'), join(root, 'dist'), { recursive: true })
  const native = join(ROOT, 'build', 'native')
  if (existsSync(native)) {
    const wanted = (path: string) => !path.endsWith('.o') && !path.endsWith('.d')
    cpSync(native, join(root, 'build', 'native'), { recursive: true, filter: wanted })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  return {
    root,
    path: (...parts) => join(root, ...parts),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}
