// How an error in the user's function is told: a code, the place, the line with a caret, one sentence, one fix.
// SPDX-License-Identifier: MIT

import { NjitError } from '../core/errors.js'
import type { Position } from './ir.js'
import { type Place, sourceOf } from './source.js'

export function placeOf(position: Position): Place {
  return sourceOf(position).place(position)
}

/** The place of a position as `file:line:column`. */
export function placeText(position: Position): string {
  const source = sourceOf(position)
  const { file, line, column } = source.place(position)
  return `${file || source.name}:${line}:${column}`
}

/** The line of a position with its number, and a caret below. */
export function codeFrame(position: Position): string {
  const source = sourceOf(position)
  const { line: text, caret } = source.excerpt(position)
  const margin = `${String(source.place(position).line).padStart(5)} | `
  const blank = `${' '.repeat(margin.length - 2)}| `
  return `${margin}${text}\n${blank}${text.slice(0, caret).replace(/\S/g, ' ')}^`
}

export function problem(code: string, position: Position, message: string, fix: string, extra: object = {}): NjitError {
  const source = sourceOf(position)
  const { file, line, column } = source.place(position)
  const text = `${code} ${placeText(position)}: ${message}\n${codeFrame(position)}\n  Fix: ${fix}`
  return new NjitError(text, { code, function: source.name, file, line, column, ...extra })
}

/** Throws the error of a construct. */
export function reject(code: string, node: { readonly start: Position }, message: string, fix: string): never {
  throw problem(code, node.start, message, fix)
}
