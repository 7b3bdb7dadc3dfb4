// Reading what compilers say of loops: a comment above each tells which it is. SPDX-License-Identifier: MIT

export const GCC_REMARKS = ['-fopt-info-vec-optimized-missed']
export const CLANG_REMARKS = ['-Rpass=loop-vectorize', '-Rpass-missed=loop-vectorize']

/** What stands in C above a loop of the user's. */
export const loopComment = (loop: number): string => `// loop ${loop}`

export const LOOP_COMMENT = /^\/\/ loop (\d+)$/gm

/** Loops by the lines of C where they begin; one with a pragma begins at either line. */
function loopsByLine(source: string): Map<number, number> {
  const loops = new Map<number, number>()
  for (const { 0: comment, 1: loop, index } of source.matchAll(LOOP_COMMENT)) {
    const line = source.slice(0, index).split('\n').length + 1
    loops.set(line, Number(loop))
    if (!source.startsWith('\nfor', index + comment.length)) loops.set(line + 1, Number(loop))
  }
  return loops
}

const ROW = /^[^\s:]+:(\d+):\d+: (?:optimized|missed|remark): +(.*)$/

/**
 * How loops became SIMD, by their numbers; undefined for those that did not. Of one that was unrolled or left out nothing is
 * said. One of several inlined copies is enough, and the first width, before those of loops for what is left over.
 */
export function parseRemarks(log: string, source: string): Map<number, string | undefined> {
  const loops = loopsByLine(source)
  const remarks = new Map<number, string | undefined>()
  for (const row of log.split('\n')) {
    const [, line, text = ''] = ROW.exec(row) ?? []
    const loop = loops.get(Number(line))
    if (loop === undefined || remarks.get(loop) !== undefined) continue
    const [, bytes, iterations] =
      /^(?:loop vectorized using (\d+)|vectorized loop \(vectorization width: (\d+))/.exec(text) ?? []
    if (bytes !== undefined) remarks.set(loop, `${bytes} bytes`)
    else if (iterations !== undefined) remarks.set(loop, `${iterations} iterations`)
    else if (/^(couldn't vectorize loop|loop not vectorized)/.test(text)) remarks.set(loop, undefined)
  }
  return remarks
}
