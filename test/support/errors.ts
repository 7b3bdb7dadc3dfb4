// SPDX-License-Identifier: MIT

/** What `fn` throws; an error of its own where it throws nothing. */
export function errorOf<T extends Error>(fn: () => unknown): T {
  try {
    fn()
  } catch (error) {
    return error as T
  }
  throw new Error('it did not throw')
}
