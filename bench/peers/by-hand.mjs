// Compiles njit_programs.c, the programs by hand, for this machine.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const compiler = process.env.CC ?? 'gcc'
const FLAGS = ['-std=gnu11', '-O3', '-march=native', '-fno-math-errno', '-fno-trapping-math', '-fopenmp']

/** glibc's functions for vectors, where it has them. */
const VECTORS = process.arch === 'x64' ? ['-lmvec'] : []

/** Compiler and flags, for the report. */
export function compilerLine() {
  const { stdout } = spawnSync(compiler, ['--version'], { encoding: 'utf8' })
  return `${(stdout ?? '').split('\n', 1)[0]}, ${FLAGS.join(' ')}`
}

/** The shared library, and the seconds that compiling all programs took. Throws where they cannot be compiled. */
export function compileByHand() {
  const out = new URL('../out/', import.meta.url)
  mkdirSync(out, { recursive: true })
  const library = fileURLToPath(new URL('njit_programs.so', out))
  const source = fileURLToPath(new URL('njit_programs.c', import.meta.url))
  const begin = performance.now()
  const args = [...FLAGS, '-shared', '-fPIC', source, '-o', library, ...VECTORS, '-lm']
  const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${compiler} cannot compile ${source}: ${stderr || error?.message}`)
  return { library, seconds: (performance.now() - begin) / 1000 }
}
