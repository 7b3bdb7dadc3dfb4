// Nodes of programs. `t` is the type of an expression: n number, b boolean, g bigint, a array, f function, t tuple.
// SPDX-License-Identifier: MIT

export const constant = (t, text) => ({ k: 'const', t, text: String(text) })
export const variable = (t, name) => ({ k: 'var', t, name })
export const binary = (t, op, a, b) => ({ k: 'bin', t, op, a, b })
/** What shrinking must leave as it is, for the program to mean the same everywhere. */
export const pinned = (node) => ({ ...node, pinned: true })
export const call = (t, fn, ...args) => ({ k: 'call', t, fn, args })
export const masked = (node, mask) => binary('n', '&', node, constant('n', mask))
