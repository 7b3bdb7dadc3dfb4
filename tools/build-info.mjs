// Writes dist/build-info.json: which compilers, with which flags, made what lies in dist/ and build/. showConfig reads it.
// The Makefile passes what only it knows as variables BUILD_...; nothing of the machine's paths goes in.
//
//   make dist/build-info.json
// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = 'dist/build-info.json'
/** How ISAS of the Makefile are called in the addon. */
const ISA = { v2: 'x86-64-v2' }

const environment = (name) => process.env[`BUILD_${name}`] ?? ''
const words = (name) => environment(name).split(/\s+/).filter(Boolean)
const firstLine = (command) => execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0].trim()
const packageVersion = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version

/** Without the version, which is told by itself, and quoted for a shell at that. */
const flags = (...names) => names.flatMap(words).filter((flag) => !flag.startsWith('-DNL_VERSION'))

const nativeIsas = words('ISAS')
const isaFlags = nativeIsas.map((isa) => [ISA[isa] ?? isa, words(`FLAGS_${isa}`)])

const info = {
  platform: environment('PLATFORM'),
  compilers: {
    native: firstLine(environment('CXX')),
    wasm: `Emscripten ${/\d+\.\d+\.\d+/.exec(firstLine(environment('EMXX')))[0]}`,
    as: `AssemblyScript ${packageVersion('assemblyscript')}`,
    typescript: `TypeScript ${packageVersion('typescript')}`,
  },
  flags: {
    native: flags('CXXFLAGS'),
    nativeIsas: Object.fromEntries(isaFlags),
    avx512For: Object.fromEntries(words('STREAMING').map((family) => [family, words('HALF_WIDTH')])),
    wasm: flags('WASM_FLAGS'),
    wasmLink: flags('THREADS_LINK'),
    as: JSON.parse(readFileSync('asconfig.json', 'utf8')).options,
  },
  isas: {
    native: isaFlags.map(([name]) => name),
    wasm: ['simd128', 'relaxed-simd'],
    'wasm-threads': ['simd128', 'relaxed-simd'],
    as: ['simd128'],
    js: [],
  },
}

writeFileSync(FILE, `${JSON.stringify(info, null, 2)}\n`)
