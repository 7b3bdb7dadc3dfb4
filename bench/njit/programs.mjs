// The programs that users write as loops: what `njit` is tested and measured by. Each file has one as plain JavaScript
// with its inputs and a check that knows the result from elsewhere; ../peers has the same for Numba and in C.
// SPDX-License-Identifier: MIT

import arcDistance from './arc_distance.mjs'
import atax from './atax.mjs'
import azimint from './azimint.mjs'
import blackScholes from './black_scholes.mjs'
import crc16 from './crc16.mjs'
import floydWarshall from './floyd_warshall.mjs'
import gemm from './gemm.mjs'
import goFast from './go_fast.mjs'
import heat3d from './heat_3d.mjs'
import integral2d from './integral2d.mjs'
import jacobi1d from './jacobi_1d.mjs'
import jacobi2d from './jacobi_2d.mjs'
import life from './life.mjs'
import lu from './lu.mjs'
import mandelbrot from './mandelbrot.mjs'
import nbody from './nbody.mjs'
import pi from './pi.mjs'
import plate from './plate.mjs'
import quicksort from './quicksort.mjs'
import softmax from './softmax.mjs'

/**
 * @typedef {object} Program
 * @property {string} name also of the peers' functions
 * @property {(size: any) => string} about
 * @property {(...args: any[]) => unknown} js
 * @property {{ parallel?: boolean }} options of njit
 * @property {readonly unknown[]} tests sizes for tests
 * @property {unknown} bench the size for measuring
 * @property {number} [rounds] how often it is measured, where that is less than usual
 * @property {unknown} [complete] a size with a known result that plain JavaScript takes too long for
 * @property {(size: any) => unknown[]} make arguments
 * @property {readonly number[]} outputs which arguments it writes to
 * @property {(returned: any, args: any[], size: any) => void} check of the arguments after the call, too; throws
 * @property {number} [tolerance] how far apart contenders' results may be, as a part of the largest element
 * @property {number} [outliers] the part of elements that may be farther apart
 */

/** @type {readonly Program[]} */
export const PROGRAMS = [
  integral2d,
  pi,
  plate,
  nbody,
  gemm,
  atax,
  lu,
  floydWarshall,
  jacobi1d,
  jacobi2d,
  heat3d,
  life,
  mandelbrot,
  arcDistance,
  blackScholes,
  softmax,
  azimint,
  goFast,
  crc16,
  quicksort,
]
