// Builds the AssemblyScript backend: an entry file made from the kernel definitions, then the module for unshared and
// the one for shared memory. Does nothing where both are newer than everything they are made from.
//
// It needs the definitions as JavaScript (`make typescript`). Kernels are in assembly/, options in asconfig.json.
//
//   node tools/assembly.mjs [DIST]   DIST: the folder with the compiled definitions and for the modules (default: dist)
// SPDX-License-Identifier: MIT

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = resolve(import.meta.dirname, '..')
const dist = resolve(process.argv[2] ?? join(root, 'dist'))
const entry = join(root, 'build/assembly/index.ts')
const modules = { unshared: join(dist, 'wasm/numloom.as.wasm'), shared: join(dist, 'wasm/numloom.as.shared.wasm') }

const { families, kernelList } = await import(pathToFileURL(join(dist, 'kernel/registry.js')).href)

const TYPE = { size: 'isize', stride: 'isize', pointer: 'usize', scratch: 'usize' }

function exportOf(family, { kernel, dtype, symbol }) {
  const parameters = kernel.args.map((arg) => `${arg.name}: ${TYPE[arg.kind] ?? dtype}`).join(', ')
  const values = kernel.args.map((arg) => arg.name).join(', ')
  return `export function ${symbol}(${parameters}): void { ${family}.${kernel.name}<${dtype}>(${values}) }\n`
}

function entryText() {
  const imports = []
  const functions = []
  for (const [family, kernels] of Object.entries(families)) {
    const members = new Set(Object.values(kernels))
    const builds = kernelList().filter(({ kernel }) => members.has(kernel) && kernel.on.includes('as'))
    if (builds.length === 0) continue
    imports.push(`import * as ${family} from '../../assembly/kernels/${family}'\n`)
    functions.push(...builds.map((build) => exportOf(family, build)))
  }
  return [...imports, ...functions].join('')
}

function writeIfChanged(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  mkdirSync(resolve(path, '..'), { recursive: true })
  writeFileSync(path, text)
}

function sources() {
  const kernels = readdirSync(join(root, 'assembly'), { recursive: true }).filter((name) => name.endsWith('.ts'))
  const others = ['asconfig.json', 'tools/assembly.mjs', 'node_modules/assemblyscript/package.json']
  return [entry, ...kernels.map((name) => join(root, 'assembly', name)), ...others.map((name) => join(root, name))]
}

function upToDate() {
  if (!Object.values(modules).every(existsSync)) return false
  const oldest = Math.min(...Object.values(modules).map((path) => statSync(path).mtimeMs))
  return sources().every((path) => statSync(path).mtimeMs < oldest)
}

async function compile(target, path) {
  const { default: asc } = await import('assemblyscript/asc')
  const args = [relative(root, entry), '--baseDir', root, '--config', join(root, 'asconfig.json'), '--target', target]
  const { error, stderr } = await asc.main([...args, '--outFile', relative(root, path)])
  process.stderr.write(stderr.toString())
  if (error) process.exit(1)
}

/**
 * A memory of one page takes only a module that imports nothing else and whose data, which begins at 1024, ends below
 * 64 KiB. (1024 is the compiler's own choice at -O3; told so by `memoryBase`, it would fold fewer offsets into loads.)
 */
function check(path, shared) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared })
  new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), { env: { memory } })
}

writeIfChanged(entry, entryText())
if (!upToDate()) {
  mkdirSync(join(dist, 'wasm'), { recursive: true })
  for (const [target, path] of Object.entries(modules)) {
    await compile(target, path)
    check(path, target === 'shared')
  }
}
