// Two copies of numloom in one thread that find the same addon. SPDX-License-Identifier: MIT

import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { jsonOf, ROOT } from './support/child.ts'
import { copyOfBuild } from './support/copy.ts'

const copy = copyOfBuild()
afterAll(copy.remove)

test('have arrays, functions, threads and dead arrays of their own', async () => {
  const native = copy.path('build', 'native')
  rmSync(native, { recursive: true })
  symlinkSync(join(ROOT, 'build', 'native'), native)
  const files = ['index.js', 'njit.js'].map((file) => pathToFileURL(copy.path('dist', file)).href)
  const found = await jsonOf(
    `import * as A from 'numloom'
    import { njit as njitA } from 'numloom/njit'
    import * as B from '${files[0]}'
    import { njit as njitB } from '${files[1]}'
    for (const nl of [A, B]) nl.setBackend('native')
    const [a, b] = [A.full(4, 2), B.full(4, 30)]
    A.multiply(a, 7, { out: a })
    B.add(b, 1, { out: b })
    const first = (x) => x.get(0)
    const results = [a.toArray(), b.toArray(), njitA(first)(a), njitB(first)(b)]
    A.setNumThreads(4)
    B.setNumThreads(1)
    const threads = [A, B, A].map((nl) => nl.explain(() => nl.exp(nl.ones(3e6))).calls.at(-1).threads)
    for (let i = 0; i < 60; i++) { A.ones(1e6); B.ones(1e6) }
    console.log(JSON.stringify({ results, threads, kept: [A, B].map((nl) => nl.memory().bytesInUse < 3e8) }))`,
  )
  const results = [Array(4).fill(14), Array(4).fill(31), 14, 31]
  expect(found).toEqual({ results, threads: [4, 1, 4], kept: [true, true] })
})
