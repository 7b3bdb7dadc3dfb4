// Reading what compilers say of loops. SPDX-License-Identifier: MIT

import type { LoopRemark } from './target.js'

export const GCC_REMARKS = ['-fopt-info-vec-optimized-missed']
export const CLANG_REMARKS = ['-Rpass=loop-vectorize', '-Rpass-missed=loop-vectorize', '-Rpass-analysis=loop-vectorize']

const LINE = /^[^\s:]+:(\d+):\d+: (?:(optimized|missed|remark): )?\s*(.*)$/

/** One remark a line: that it became SIMD goes before the reasons why one of its copies did not. */
export function parseRemarks(log: string): LoopRemark[] {
  const byLine = new Map<number, LoopRemark>()
  let failed: number | undefined
  for (const row of log.split('\n')) {
    const match = LINE.exec(row)
    if (match === null) continue
    const line = Number(match[1])
    const text = (match[3] as string).replace(/ \[-R[^\]]*\]$/, '')
    const known = byLine.get(line)
    if (/^(loop vectorized|vectorized loop)/.test(text)) byLine.set(line, { line, vectorized: true, text })
    else if (/^(couldn't vectorize loop|loop not vectorized)/.test(text)) {
      // Clang's bare line comes after the one with the reason.
      if (known === undefined) byLine.set(line, { line, vectorized: false, text })
      failed = line
      continue
    } else if (failed !== undefined && text.startsWith('not vectorized: ')) {
      // GCC tells the reason in the next line, at the statement that is at fault.
      const loop = byLine.get(failed)
      if (loop?.text === "couldn't vectorize loop") byLine.set(failed, { ...loop, text })
    }
    failed = undefined
  }
  return [...byLine.values()].sort((a, b) => a.line - b.line)
}
