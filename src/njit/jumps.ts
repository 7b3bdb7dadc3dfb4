// Where break and continue lead.
// SPDX-License-Identifier: MIT

import type * as es from 'acorn'

/** A statement that they may leave, and the labels before it. */
export interface Leavable {
  readonly names: readonly string[]
  readonly kind: 'loop' | 'switch' | 'block'
}

/** Which of the statements around, the outermost first. */
export function targetOf<T extends Leavable>(
  around: readonly T[],
  { type, label }: es.BreakStatement | es.ContinueStatement,
): T | undefined {
  return around.findLast(({ names, kind }) => {
    if (label) return names.includes(label.name)
    return kind === 'loop' || (type === 'BreakStatement' && kind === 'switch')
  })
}
