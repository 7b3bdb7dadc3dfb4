// Writes the npm packages to out/packages: numloom, and for each platform that was built the package with its addon.
//
// Each is staged under build/pack and packed there. The platform packages become optional dependencies of numloom only
// here: they are not published before it, so `npm install` in this repository could not find them.
// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const STAGING = 'build/pack'
const PACKAGES = 'out/packages'
const DOCUMENTS = ['LICENSE', 'README.md', 'CHANGELOG.md']
const COMMANDS = new Set(Object.values(manifest.bin).map((file) => file.replace('./', '')))

/** Node's names for C libraries, as npm's `libc` field has them. */
const LIBC = { gnu: 'glibc', musl: 'musl' }

const LIBGOMP_NOTE = `libgomp.so.1 is the GNU Offloading and Multi Processing Runtime Library, a part of GCC, unchanged.

Copyright (C) Free Software Foundation, Inc. It is free software under the GNU General Public License, version 3 or (at
your option) any later version, with the GCC Runtime Library Exception, version 3.1, which permits its use with and by
programs under other licenses. It comes without any warranty.

The licence, the exception and the source code: https://gcc.gnu.org (libgomp/ in the source tree).
Everything else in this package is under the licence in the file LICENSE.
`

function fail(problem, next) {
  console.error(`pack: ${problem}\nnext: ${next}`)
  process.exit(1)
}

const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()

const json = (value) => `${JSON.stringify(value, null, 2)}\n`

/** What dist holds for a source; CommonJS has declarations for all of them, and code for the entry points alone. */
function builtFrom(source, entries) {
  const stem = source.replace(/\.ts$/, '')
  const built = [`${stem}.js`, `${stem}.d.ts`, `cjs/${stem}.d.ts`]
  return entries.has(`${stem}.js`) ? [...built, `cjs/${stem}.js`] : built
}

/** The files of dist that belong to the package. Stamps of make and leftovers of deleted sources do not. */
function distFiles() {
  const conditions = Object.values(manifest.exports).filter((entry) => typeof entry === 'object')
  const entries = new Set(conditions.map((entry) => entry.default.default.replace('./dist/', '')))
  const sources = filesUnder('src').filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  const code = [
    'build-info.json',
    'cjs/package.json',
    ...filesUnder('src/njit')
      .filter((file) => file.endsWith('.h'))
      .map((file) => `njit/${file}`),
    'njit/generation',
    ...sources.flatMap((source) => builtFrom(source, entries)),
  ]
  const binaries = filesUnder('dist/wasm').filter((file) => /\.(wasm|cjs)$/.test(file))
  return [...code, ...binaries.map((file) => `wasm/${file}`)]
}

/** `files`: paths in the package -> paths here. */
function stage(name, files, contents) {
  const folder = join(STAGING, name)
  const missing = Object.values(files).filter((file) => !existsSync(file))
  if (missing.length > 0) fail(`not there: ${missing.join(', ')}`, 'make build')
  for (const [target, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, target)), { recursive: true })
    copyFileSync(source, join(folder, target))
    chmodSync(join(folder, target), COMMANDS.has(target) ? 0o755 : 0o644)
  }
  for (const [target, text] of Object.entries(contents)) writeFileSync(join(folder, target), text)
  return folder
}

function pack(folder) {
  const options = ['--json', '--ignore-scripts', '--offline', '--loglevel=error', '--no-update-notifier']
  const command = ['pack', `--pack-destination=${resolve(PACKAGES)}`, ...options]
  const report = JSON.parse(execFileSync('npm', command, { cwd: folder, encoding: 'utf8' }))[0]
  const KiB = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`.padStart(9)
  console.log(
    `${join(PACKAGES, report.filename)}\n  ${KiB(report.size)} packed, ${KiB(report.unpackedSize)} unpacked, ` +
      `${report.entryCount} files`,
  )
}

function platformReadme(name, os, cpu, libc) {
  return `# ${name}

The native backend of \`numloom\` for ${os}, ${cpu}, ${libc}: a Node-API addon.
Do not install it by hand: numloom names it as an optional dependency, and works without it on WebAssembly.

- \`numloom.node\`: numloom's kernels for every instruction set that it knows, MIT.
- \`libgomp.so.1\`: GCC's OpenMP runtime, which is under other terms; see NOTICE.
`
}

/** The package with one platform's addon, a folder of build/native. */
function stagePlatform(platform) {
  const name = `@numloom/native-${platform}`
  const [os, cpu, abi] = platform.split('-')
  const files = ['numloom.node', 'libgomp.so.1']
  const { version, license, engines, repository } = manifest
  const described = {
    name,
    version,
    description: `numloom's native backend for ${os} ${cpu} (${LIBC[abi]})`,
    license,
    ...(repository && { repository }),
    os: [os],
    cpu: [cpu],
    libc: [LIBC[abi]],
    engines,
    main: './numloom.node',
    exports: { '.': './numloom.node', './package.json': './package.json' },
    files: [...files, 'NOTICE'],
  }
  const sources = Object.fromEntries(files.map((file) => [file, `build/native/${platform}/${file}`]))
  return stage(
    `native-${platform}`,
    { ...sources, LICENSE: 'LICENSE' },
    { 'package.json': json(described), 'README.md': platformReadme(name, os, cpu, LIBC[abi]), NOTICE: LIBGOMP_NOTE },
  )
}

function stageMain(platforms) {
  const { devDependencies: _, scripts: __, ...published } = manifest
  const addons = platforms.map((platform) => [`@numloom/native-${platform}`, manifest.version])
  const described = { ...published, optionalDependencies: Object.fromEntries(addons) }
  const files = [...distFiles().map((file) => `dist/${file}`), ...DOCUMENTS]
  return stage('numloom', Object.fromEntries(files.map((file) => [file, file])), { 'package.json': json(described) })
}

function builtPlatforms() {
  if (!existsSync('build/native')) return []
  return readdirSync('build/native').filter((platform) => existsSync(`build/native/${platform}/numloom.node`))
}

if (!existsSync('dist/wasm')) fail('there is no dist/wasm', 'make build')
rmSync(STAGING, { recursive: true, force: true })
const platforms = builtPlatforms()
const folders = [stageMain(platforms), ...platforms.map(stagePlatform)]
rmSync(PACKAGES, { recursive: true, force: true })
mkdirSync(PACKAGES, { recursive: true })
for (const folder of folders) pack(folder)
