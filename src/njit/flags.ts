// Compiler flags that mean the same to every compiler, and those that give up parts of IEEE 754 where the user says so.
// SPDX-License-Identifier: MIT

import { complain, environment } from '../core/env.js'
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
  const text = environment('NUMLOOM_OPT')
  if (text === undefined || /^[0-3]$/.test(text)) return text ?? '3'
  complain('NUMLOOM_OPT', text, 'expected 0, 1, 2 or 3', '3 is used')
  return '3'
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
