// The text of a user's function, and where it stands.
// SPDX-License-Identifier: MIT

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as acorn from 'acorn'
import { NjitError } from '../core/errors.js'
import { isPure } from './build-elements.js'
import type { Position } from './ir.js'
import { findText, lineAndColumn } from './locate.js'
import { type Original, originalPlace } from './source-maps.js'
import type { FunctionNode } from './value.js'

export interface Place {
  /** Empty where the function does not come from a file that can be read. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Positions of all sources are numbers of one line, so that a position tells its source. */
let end = 0
const sources: Source[] = []

const LONGEST = 120

export class Source {
  readonly base: Position
  readonly text: string
  readonly node: FunctionNode
  readonly name: string
  /** Where njit was called with it, or with a function that has it among its globals. */
  readonly caller: Place | undefined
  #origin: { text: string; file: string; offset: number } | undefined

  constructor(fn: (...args: never[]) => unknown, caller: Place | undefined, name: string) {
    this.text = fn.toString()
    this.name = name || fn.name || variableAt(caller) || 'anonymous'
    this.caller = caller
    this.base = end
    end += this.text.length + 16
    sources.push(this)
    this.node = this.#parse()
  }

  #parse(): FunctionNode {
    // A method's text is one only inside of an object.
    const forms = [`(${this.text})`, `({${this.text}})`]
    for (const [i, form] of forms.entries()) {
      try {
        const program = acorn.parse(form, { ecmaVersion: 'latest', allowImportExportEverywhere: true })
        spellOut(program)
        takeNamesOff(program)
        shift(program, this.base - 1 - i)
        const { expression } = program.body[0] as acorn.ExpressionStatement
        if (i === 0) return functionOf(expression)
        return functionOf(((expression as acorn.ObjectExpression).properties[0] as acorn.Property).value)
      } catch {}
    }
    const native = this.text.includes('[native code]')
    throw new NjitError(
      native
        ? `NL1001: the text of '${this.name}' is not there: it is a native or bound function. Write one in its place: (x) => Math.sin(x).`
        : `NL1001: the text of '${this.name}' is not that of a function. Pass a function or an arrow function to njit.`,
      { code: 'NL1001', function: this.name },
    )
  }

  /** Where a position is in the user's file, as far as that can be found out. */
  place(position: Position): Place {
    const origin = this.#locate()
    if (origin === undefined) return { file: '', ...lineAndColumn(this.text, position - this.base) }
    const original = this.#original(position)
    if (original !== undefined) return { file: original.file, line: original.line, column: original.column }
    return { file: origin.file, ...lineAndColumn(origin.text, origin.offset + position - this.base) }
  }

  /** Where it comes from, if the file was made of another one. */
  #original(position: Position): Original | undefined {
    const origin = this.#locate()
    if (origin === undefined) return undefined
    const { line, column } = lineAndColumn(origin.text, origin.offset + position - this.base)
    return originalPlace(origin.file, origin.text, line, column)
  }

  /** The line of a position, as the user sees it, with the column of the caret in it. */
  excerpt(position: Position): { line: string; caret: number } {
    const original = this.#original(position)
    if (original?.text !== undefined) return cut(original.text.trimEnd(), original.column - 1)
    const origin = this.#locate()
    // As it is in the file: types may have been taken out of the text.
    const text = origin ? origin.text.slice(origin.offset, origin.offset + this.text.length) : this.text
    const offset = position - this.base
    const from = text.lastIndexOf('\n', offset - 1) + 1
    const to = text.indexOf('\n', offset)
    return cut(text.slice(from, to < 0 ? undefined : to).trimEnd(), offset - from)
  }

  #locate() {
    if (this.#origin || !this.caller || !existsSync(this.caller.file)) return this.#origin
    const { file } = this.caller
    const text = readFileSync(file, 'utf8')
    const offset = findText(text, file, this.text, this.caller)
    if (offset !== undefined) this.#origin = { text, file, offset }
    return this.#origin
  }
}

/** The source that a position belongs to. */
export function sourceOf(position: Position): Source {
  const found = sources.findLast((source) => source.base <= position)
  return found as Source
}

/** Of a line that a minifier made, the part around. */
function cut(line: string, caret: number): { line: string; caret: number } {
  const skip = line.length > LONGEST ? Math.max(0, caret - LONGEST / 2) : 0
  return { line: line.slice(skip, skip + LONGEST), caret: caret - skip }
}

function functionOf(node: acorn.Node): FunctionNode {
  const { type } = node
  if (type === 'ArrowFunctionExpression' || type === 'FunctionExpression') return node as FunctionNode
  throw new SyntaxError(type)
}

/**
 * Writes `a ||= b` as `a = a || b`, `x[i] ||= b` as `x[i] || (x[i] = b)` where x and i may be read twice, and minifiers' `void 0`
 * as `undefined`.
 */
function spellOut(node: object): void {
  for (const value of Object.values(node).flat()) if (value !== null && typeof value === 'object') spellOut(value)
  const { operator: sign, argument } = node as acorn.UnaryExpression
  if (sign === 'void' && argument.type === 'Literal')
    become(node, { type: 'Identifier', name: 'undefined' }, 'argument', 'operator')
  const { type, operator, left, right } = node as acorn.AssignmentExpression
  if (type !== 'AssignmentExpression' || (operator !== '||=' && operator !== '&&=')) return
  const read = structuredClone(left) as acorn.Expression
  const { start, end } = node as acorn.Node
  const logical = { type: 'LogicalExpression', operator: operator.slice(0, 2), left: read, start, end }
  if (left.type === 'Identifier') Object.assign(node, { operator: '=', right: { ...logical, right } })
  else if (isPure(left)) Object.assign(node, { ...logical, right: { type, operator: '=', left, right, start, end } })
}

/** esbuild keeps names by `__name(f, 'f')`, which is f: as a value, and as a statement behind a declaration. */
function takeNamesOff(node: object): void {
  const { type, expression } = node as acorn.ExpressionStatement
  if (type === 'ExpressionStatement' && namedBy(expression))
    become(node, { ...node, type: 'EmptyStatement' }, 'expression')
  const value = namedBy(node)
  if (value) become(node, value, 'callee', 'arguments', 'optional')
  for (const part of Object.values(node).flat()) if (part !== null && typeof part === 'object') takeNamesOff(part)
}

function namedBy(node: object): object | undefined {
  const { type, callee, arguments: args } = node as acorn.CallExpression
  const isName = type === 'CallExpression' && callee.type === 'Identifier' && /^__name\d*$/.test(callee.name)
  return isName ? args[0] : undefined
}

function become(node: object, other: object, ...without: string[]): void {
  Object.assign(node, other)
  for (const field of without) Reflect.deleteProperty(node, field)
}

/** Moves the positions of all nodes. */
function shift(node: object, by: number): void {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const item of value) item !== null && typeof item === 'object' && shift(item, by)
    else if (value !== null && typeof value === 'object' && 'type' in value) shift(value, by)
  }
  if ('start' in node && 'end' in node) {
    const at = node as { start: number; end: number }
    at.start += by
    at.end += by
  }
}

/** `const f = njit(...)`, or what compilers make of it for CommonJS. */
const NAMED =
  /(?:(?:const|let|var)\s+|exports\.)([\p{ID_Start}$_][\p{ID_Continue}$]*)(?:\s*:[^=;]*)?\s*=\s*(?:\(0,\s*)?(?:[\w$]+\.)?njit\b\)?/gu

/** The variable that a call's value goes to, by its line. */
function variableAt(place: Place | undefined): string | undefined {
  if (!place || !existsSync(place.file)) return undefined
  const line = readFileSync(place.file, 'utf8').split('\n')[place.line - 1] ?? ''
  const named = [...line.matchAll(NAMED)]
  // Where it is the only call, the column does not matter, which tools that change a file as it is loaded may move.
  if (line.split(/\bnjit\b/).length === 2) return named[0]?.[1]
  const at = place.column - 1
  return named.find(({ 0: text, index }) => index <= at && at <= index + text.length)?.[1]
}

/** Where the function that is `depth` calls above the caller of this one was called from. */
export function callerPlace(depth: number): Place | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error
  Error.stackTraceLimit = depth + 2
  Error.prepareStackTrace = (_error, sites) => sites[depth + 1]
  const site = (new Error() as unknown as { stack: NodeJS.CallSite | undefined }).stack
  Error.prepareStackTrace = prepareStackTrace
  Error.stackTraceLimit = stackTraceLimit
  const name = site?.getFileName()
  if (!site || !name) return undefined
  const file = name.startsWith('file:') ? fileURLToPath(name) : name
  return { file, line: site.getLineNumber() ?? 1, column: site.getColumnNumber() ?? 1 }
}
