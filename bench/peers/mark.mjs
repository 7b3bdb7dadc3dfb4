// Compiles vector-sin.cpp, the mark by hand, for the instruction sets that the addon picks from.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** As the Makefile compiles the addon's kernels. */
const FLAGS = {
  avx512: ['-march=x86-64-v4', '-mprefer-vector-width=512'],
  avx2: ['-march=x86-64-v3'],
  'x86-64-v2': ['-march=x86-64-v2'],
  neon: [],
}
const COMMON = ['-std=c++17', '-O3', '-fno-math-errno', '-fno-trapping-math', '-fopenmp-simd', '-shared', '-fPIC']

/** The instruction sets that this CPU has, given the best one. @param {string} best */
export const isasUpTo = (best) => {
  if (best === 'neon') return ['neon']
  const x86 = ['avx512', 'avx2', 'x86-64-v2']
  return x86.slice(x86.indexOf(best))
}

/** The compiler's version, for the report. */
export const compilerVersion = () =>
  (spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout ?? '').split('\n', 1)[0] || `no ${compiler}`

const compiler = process.env.CXX ?? 'g++'

/** The shared library for an instruction set. Throws where it cannot be compiled. @param {string} isa */
export function compileMark(isa) {
  const out = new URL('../out/', import.meta.url)
  mkdirSync(out, { recursive: true })
  const library = fileURLToPath(new URL(`vector-sin.${isa}.so`, out))
  const source = fileURLToPath(new URL('vector-sin.cpp', import.meta.url))
  const { status, stderr, error } = spawnSync(compiler, [...COMMON, ...FLAGS[isa], source, '-o', library], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${compiler} cannot compile ${source}: ${stderr || error?.message}`)
  return library
}
