// The packed tarballs, installed by npm into folders outside the repository, and programs run there.
//
// Nothing touches a network: numloom, its platform package and what it depends on are all installed from tarballs, with
// an empty npm cache and without this machine's npm settings.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))
const PACKAGES = join(REPOSITORY, 'out/packages')

/** All files under a folder, as paths relative to it. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(folder, file)).isFile())
    .sort()
}

export interface Node {
  readonly name: string
  readonly path: string | undefined
}

function cacheFolder(): string {
  return process.env.NUMLOOM_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'numloom')
}

/** The Node that runs the tests, and the newest that numloom supports. */
export function nodes(): Node[] {
  const newest = join(cacheFolder(), 'node26/bin/node')
  if (existsSync(newest)) return [running(), { name: 'Node 26', path: newest }]
  console.warn(`skipped: the tests under Node 26; there is no ${newest} (tools/toolchain.sh node26 makes it)`)
  return [running(), { name: 'Node 26', path: undefined }]
}

export const running = (): Node => ({ name: `Node ${process.versions.node.split('.')[0]}`, path: process.execPath })

/** The environment without what npm, vitest or the user's settings and plan of numloom put there. */
function environment(changes: Record<string, string> = {}): NodeJS.ProcessEnv {
  const foreign = /^(npm_|NUMLOOM_|OMP_|GOMP_|NODE_|VITEST|TEST$|FORCE_COLOR)/i
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name))
  return { ...Object.fromEntries(kept), NO_COLOR: '1', NUMLOOM_PLAN: 'default', ...changes }
}

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly cwd: string
  readonly env?: Record<string, string>
}

/** Runs a command to its end. A command that does not end by itself within a minute is killed and has no status. */
export function run(command: string, args: readonly string[], { cwd, env }: RunOptions): Outcome {
  const result = spawnSync(command, args, { cwd, env: environment(env), encoding: 'utf8', timeout: 60_000 })
  const { status, stdout, stderr } = result
  return { status, stdout: stdout ?? '', stderr: stderr || String(result.error ?? '') }
}

/** The environment in which `node` is the given one: what a `#!/usr/bin/env node` finds. */
export const withNode = (node: Node) => ({
  PATH: `${dirname(node.path as string)}${delimiter}${process.env.PATH}`,
})

function check(what: string, { status, stdout, stderr }: Outcome): string {
  if (status === 0) return stdout
  throw new Error(`${what} failed (${status}):\n${stderr}\n${stdout}`)
}

/** Where the tests' folders go: outside the repository, so that nothing is found in a folder above. */
export const workFolder = (): string => mkdtempSync(join(tmpdir(), 'numloom-package-'))

const npmSettings = (work: string) => ({
  npm_config_cache: join(work, 'npm-cache'),
  npm_config_userconfig: join(work, 'npmrc'),
  npm_config_offline: 'true',
  npm_config_update_notifier: 'false',
})

export function npx(work: string, folder: string, ...args: string[]): Outcome {
  return run('npx', ['--no', '--', ...args], { cwd: folder, env: npmSettings(work) })
}

const modified = (file: string) => statSync(file).mtimeMs

function newestInput(): number {
  const folders = ['dist', 'build/native'].map((name) => join(REPOSITORY, name)).filter((folder) => existsSync(folder))
  const built = folders.flatMap((folder) => filesUnder(folder).map((file) => join(folder, file)))
  const others = ['package.json', 'README.md', 'tools/pack.mjs'].map((name) => join(REPOSITORY, name))
  return Math.max(...[...built, ...others.filter((file) => existsSync(file))].map(modified))
}

export interface Tarballs {
  readonly main: string
  readonly platform: string
  readonly dependencies: readonly string[]
}

/** The tarballs of `make pack`, packed anew where they are older than what they hold. */
export function tarballs(work: string): Tarballs {
  const packed = () => (existsSync(PACKAGES) ? readdirSync(PACKAGES).map((file) => join(PACKAGES, file)) : [])
  if (packed().length < 2 || Math.min(...packed().map(modified)) < newestInput()) {
    check('tools/pack.mjs', run(process.execPath, ['tools/pack.mjs'], { cwd: REPOSITORY }))
  }
  const platform = packed().find((file) => basename(file).startsWith('numloom-native-'))
  const main = packed().find((file) => /^numloom-\d/.test(basename(file)))
  if (main === undefined || platform === undefined) throw new Error(`out/packages holds ${packed().join(', ')}`)
  return { main, platform, dependencies: dependencies(work) }
}

/** numloom's own dependencies, packed from this repository's node_modules: the tests need no registry. */
function dependencies(work: string): string[] {
  const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'))
  return Object.keys(manifest.dependencies ?? {}).map((name) => {
    const source = join(REPOSITORY, 'node_modules', name)
    const command = ['pack', source, `--pack-destination=${work}`, '--silent', '--ignore-scripts']
    return join(work, check('npm pack', run('npm', command, { cwd: work, env: npmSettings(work) })).trim())
  })
}

/** Installs tarballs into an empty project beside the fixtures, and gives its folder. */
export function install(work: string, name: string, files: readonly string[]): string {
  const folder = join(work, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const command = ['install', '--no-audit', '--no-fund', ...files]
  check('npm install', run('npm', command, { cwd: folder, env: npmSettings(work) }))
  for (const file of readdirSync(FIXTURES)) copyFileSync(join(FIXTURES, file), join(folder, file))
  return folder
}

/** Runs a fixture that prints one line of JSON; nothing may stand on stderr. */
export function runFixture<T>(node: Node, folder: string, fixture: string, env: Record<string, string> = {}): T {
  const { status, stdout, stderr } = run(node.path as string, [fixture], { cwd: folder, env })
  if (status === 0 && stderr === '') return JSON.parse(stdout) as T
  throw new Error(`${node.name}, ${fixture}: exit status ${status}\n${stderr}\n${stdout}`)
}
