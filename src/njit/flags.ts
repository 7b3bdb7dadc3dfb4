// Compiler flags that mean the same to every compiler, and those that give up parts of IEEE 754 where the user says so.
// SPDX-License-Identifier: MIT

import { readVariable } from '../core/env.js'
import { parseWord } from '../omp/parse.js'
import type { FastmathFlag } from './target.js'

/**
 * JavaScript's numbers: no fused multiply-add, no reordering; loops say by `omp simd` where more is meant. Integers were
 * proven to fit, or are cast to be cut.
 */
const COMMON: readonly string[] = [
  ...['-std=gnu11', '-ffp-contract=off', '-fno-math-errno', '-fno-trapping-math'],
  ...['-fno-strict-aliasing', '-fopenmp-simd', '-fPIC', '-fvisibility=hidden'],
]

/** How hard the compiler tries: NUMLOOM_OPT, 3 unless told. Less compiles faster, and runs slower. */
function level(): string {
  return readVariable('NUMLOOM_OPT', parseWord(['0', '1', '2', '3']), '3 is used') ?? '3'
}

export const commonFlags = (): string[] => [`-O${level()}`, ...COMMON]

/**
 * Flags of fastmath. GCC has no flag for NaN alone or infinities alone, so it gets one where the user gives up both; and
 * it reorders only where signs of zeros do not matter. Never -ffast-math itself: linking with it changes how the process
 * treats denormal numbers.
 */
export function fastmathFlags(fastmath: readonly FastmathFlag[], clang: boolean): string[] {
  const has = (flag: FastmathFlag) => fastmath.includes(flag)
  const flags: string[] = []
  if (has('nnan') && has('ninf')) flags.push('-ffinite-math-only')
  else if (clang && has('nnan')) flags.push('-fno-honor-nans')
  else if (clang && has('ninf')) flags.push('-fno-honor-infinities')
  if (has('nsz') || has('reassoc')) flags.push('-fno-signed-zeros')
  if (has('reassoc')) flags.push('-fassociative-math')
  if (has('arcp')) flags.push('-freciprocal-math')
  if (has('contract')) flags.push('-ffp-contract=fast')
  if (has('afn') && clang) flags.push('-fapprox-func')
  return flags
}
