// Where the text of a function stands in the file that it comes from. SPDX-License-Identifier: MIT

export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

interface Call {
  readonly line: number
  readonly column: number
}

/** Inside of the call of njit, or else nearest to it. */
export function findText(file: string, name: string, text: string, call: Call): number | undefined {
  const found = occurrences(file, text, /\.[mc]?ts$/.test(name))
  const from = offsetOf(file, call)
  const inside = found.find((at) => isInside(file, from, at))
  if (inside !== undefined) return inside
  const distance = (at: number) => Math.abs(lineAndColumn(file, at).line - call.line)
  return found.sort((a, b) => distance(a) - distance(b))[0]
}

function offsetOf(file: string, { line, column }: Call): number {
  let offset = 0
  for (let i = 1; i < line; i++) offset = file.indexOf('\n', offset) + 1
  return offset + column - 1
}

/** Whether a text is in the parentheses of a call, of which `(0, numloom.njit)(...)` has two pairs. */
function isInside(file: string, from: number, at: number): boolean {
  let depth = 0
  for (let i = from; i < at; i++) {
    if (file[i] === '(') depth++
    else if (file[i] === ')' && (--depth < 0 || (depth === 0 && !/^\s*\(/.test(file.slice(i + 1, at + 1)))))
      return false
  }
  return depth > 0
}

function occurrences(file: string, text: string, isTypeScript: boolean): number[] {
  const found: number[] = []
  const [head = ''] = text.split(' ', 1)
  for (let at = file.indexOf(head); at >= 0; at = file.indexOf(head, at + 1)) {
    if (isAt(file, at, text, isTypeScript) && isWhole(file, at, text)) found.push(at)
  }
  return found
}

/** Node runs TypeScript with blanks in the place of types, which leaves everything where it is. */
function isAt(file: string, at: number, text: string, isTypeScript: boolean): boolean {
  if (!isTypeScript) return file.startsWith(text, at)
  for (let i = 0; i < text.length; i++) if (text[i] !== file[at + i] && text[i] !== ' ') return false
  return true
}

/** What may stand behind an expression. */
const BEHIND = /^(?:\s*(?:[,;)\]}]|$|\/[/*]|(?:as|satisfies)\b)|!(?!=)|[ \t]*\r?\n\s*[\w$])/

/** Whether it is not a part of a longer function: of `(x) => Math.sin(x)` the text `(x) => Math` is one. */
function isWhole(file: string, at: number, text: string): boolean {
  if (/[\p{ID_Continue}$.]/u.test(file[at - 1] ?? ' ') && /^[\p{ID_Start}$_]/u.test(text)) return false
  return text.endsWith('}') || BEHIND.test(file.slice(at + text.length, at + text.length + 200))
}
