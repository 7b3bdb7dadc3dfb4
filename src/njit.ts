// numloom/njit: the user's own loops, compiled.
// SPDX-License-Identifier: MIT

export { type NjitFunction, njit } from './njit/function.js'
export type { NjitOptions } from './njit/options.js'
export { atomicAdd, prange, range } from './njit/plain.js'
