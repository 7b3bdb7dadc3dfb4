// The tests' projects: everything in the default environment, and the kernels once more for each binary that the
// default does not choose. tools/test.mjs runs them.
// SPDX-License-Identifier: MIT

import { defineConfig } from 'vitest/config'

/**
 * `numloom` and what lies under dist are the same modules, loaded by Node itself, as users load them. So are the programs
 * that njit compiles: it reads their text, which vitest would change.
 */
const server = { deps: { external: [/\/dist\//, /\/bench\/njit\//] } }

// What the shell that runs the tests has set does not steer them: workers inherit this process's environment.
for (const name of Object.keys(process.env)) {
  if (/^(NUMLOOM_(?!CACHE|TEST)|OMP_)/.test(name)) delete process.env[name]
}
// Nor does a plan that was measured on this machine.
process.env.NUMLOOM_PLAN = 'default'

/** It takes minutes, and no time matters to it. */
const FUZZ = 'test/njit-fuzz.test.ts'

const common = { pool: 'forks' as const, server, testTimeout: 120_000, hookTimeout: 60_000 }

const KERNELS = ['test/kernels.test.ts']

const kernels = (name: string, env: Record<string, string>, NUMLOOM_TEST: object, include = KERNELS) => ({
  test: {
    ...common,
    name,
    include,
    env: { ...env, NUMLOOM_TEST: JSON.stringify(NUMLOOM_TEST) },
  },
})

const native = (isa: string) =>
  kernels(`native-${isa}`, { NUMLOOM_ISA: isa }, { backends: ['native'], isas: { native: isa } }, [
    ...KERNELS,
    'test/streamed.test.ts',
  ])

const WASM = ['wasm', 'wasm-threads']
const NOT_SHARED = { 'wasm-threads': 'NUMLOOM_SHARED_MEMORY=0' }
const wasm = (isa: string) => ({ NUMLOOM_WASM_ISA: isa })
const unshared = { NUMLOOM_SHARED_MEMORY: '0' }

export default defineConfig({
  test: {
    projects: [
      { test: { ...common, name: 'default', include: ['test/**/*.test.ts'], exclude: [FUZZ] } },
      { test: { ...common, name: 'fuzz', include: [FUZZ] } },
      native('x86-64-v2'),
      native('avx2'),
      kernels(
        'unshared',
        { ...unshared, ...wasm('simd128') },
        {
          backends: ['as', 'wasm'],
          isas: { wasm: 'simd128' },
          unavailable: NOT_SHARED,
        },
      ),
      kernels('wasm-simd128', wasm('simd128'), {
        backends: WASM,
        isas: { wasm: 'simd128', 'wasm-threads': 'simd128' },
      }),
      kernels('wasm-relaxed', {}, { backends: WASM, isas: { wasm: 'relaxed-simd', 'wasm-threads': 'relaxed-simd' } }),
      kernels('unshared-relaxed', unshared, {
        backends: ['wasm'],
        isas: { wasm: 'relaxed-simd' },
        unavailable: NOT_SHARED,
      }),
    ],
  },
})
