// Brings the peers here: the Python environment with NumPy and Numba, and numpy-ts. Starts a process for each contender.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ContenderProcess } from '../contender.mjs'

const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const repository = path('../..')

const cache = () =>
  process.env.NUMLOOM_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'numloom')

/** Runs one of the repository's own scripts; it says itself what went wrong. */
function script(...args) {
  const { status } = spawnSync('bash', args, { cwd: repository, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`bash ${args.join(' ')} failed`)
}

const readJson = (name) => JSON.parse(readFileSync(path(name), 'utf8'))

/** Whether the packages that package.json names are there, in its versions. */
function isInstalled() {
  return Object.entries(readJson('package.json').dependencies).every(([name, version]) => {
    const file = `node_modules/${name}/package.json`
    return existsSync(path(file)) && readJson(file).version === version
  })
}

/** Python with NumPy and Numba. Quick when it is in place. */
export const installPython = () => script('tools/toolchain.sh', 'peers')

/** Quick when everything is in place. */
export function installPeers() {
  installPython()
  if (!isInstalled()) script('tools/install.sh', path('.'))
}

/** numloom in a process of its own. @param {Record<string, string>} [environment] */
export const startSelf = (environment) => new ContenderProcess(process.execPath, [path('../self.mjs')], environment)

/** Python with a thread count, which its libraries read when they are loaded. @param {number} threads @param {string} [file] */
export function startPython(threads, file = 'peer.py') {
  const variables = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMBA_NUM_THREADS']
  const environment = Object.fromEntries(variables.map((name) => [name, String(threads)]))
  return new ContenderProcess(join(cache(), 'peers/bin/python'), [path(file)], environment)
}

/** The programs of ../njit in Python, with a thread count. @param {number} threads */
export const startPrograms = (threads) => startPython(threads, 'njit_peer.py')

export const startNumpyTs = () => new ContenderProcess(process.execPath, [path('numpy-ts.mjs')])
