// The environment while a library is loaded that reads it: what the library is to find is put in place for that moment.
//
// Only the main thread changes it: most workers have a copy, which no library sees, and those with SHARE_ENV would take
// each other's variables for the user's. They do share it with the main thread, and wait until it is the user's again.
// SPDX-License-Identifier: MIT

import { isMainThread } from 'node:worker_threads'

/** Set while other variables are not the user's. */
const MARK = 'NUMLOOM_LOADING'
/** A copy that was made in between has the mark for good. */
const PATIENCE_MS = 2000

type Values = Readonly<Record<string, string | undefined>>

function assign(values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

/** Runs `fn` with variables of the process set, or unset where undefined; in a worker, as they are. */
export function withEnvironment<T>(values: Values, fn: () => T): T {
  if (!isMainThread) return fn()
  const before = Object.fromEntries(Object.keys(values).map((name) => [name, process.env[name]]))
  process.env[MARK] = '1'
  assign(values)
  try {
    return fn()
  } finally {
    assign(before)
    delete process.env[MARK]
  }
}

/** A copy of the environment as the user has it. */
export function environmentCopy(): NodeJS.ProcessEnv {
  const { env } = process
  if (isMainThread) return { ...env }
  const bell = new Int32Array(new SharedArrayBuffer(4))
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const copy = { ...env }
    if ((copy[MARK] === undefined && env[MARK] === undefined) || performance.now() > deadline) return copy
    Atomics.wait(bell, 0, 0, 1)
  }
}
