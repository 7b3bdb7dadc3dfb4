// Types of programs.mjs, for the tests.
// SPDX-License-Identifier: MIT

export interface Program {
  readonly name: string
  // biome-ignore lint/suspicious/noExplicitAny: each program has arguments, sizes and results of its own
  readonly js: (...args: any[]) => unknown
  readonly options: { readonly parallel?: boolean }
  readonly tests: readonly unknown[]
  readonly complete?: unknown
  readonly make: (size: unknown) => unknown[]
  readonly check: (returned: unknown, args: readonly unknown[], size: unknown) => void
}

export declare const PROGRAMS: readonly Program[]
