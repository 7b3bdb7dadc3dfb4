// Where lines of a file come from, by the source map that the file names. A map that is missing, broken or of another file
// is as good as none: places are then those in the file itself.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

export interface Original {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The line itself, where the source can be had. */
  readonly text: string | undefined
}

interface Mapped {
  readonly map: SourceMap
  /** Lines of a source by its URL. */
  linesOf(url: string): readonly string[] | undefined
}

const maps = new Map<string, Mapped | undefined>()

/** `text`: what the file holds. Lines and columns are counted from 1. */
export function originalPlace(file: string, text: string, line: number, column: number): Original | undefined {
  if (!maps.has(file))
    maps.set(
      file,
      attempt(() => readMap(file, text)),
    )
  const mapped = maps.get(file)
  return mapped && attempt(() => find(mapped, line, column))
}

/** Parsing a broken map throws errors of any kind, sometimes only where it is asked. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function find({ map, linesOf }: Mapped, line: number, column: number): Original | undefined {
  const entry = map.findEntry(line - 1, column - 1)
  // The last entry before the place: of another line where this one has none.
  if (!('originalSource' in entry) || !entry.originalSource || entry.generatedLine !== line - 1) return undefined
  const { originalSource: url, originalLine, originalColumn } = entry
  const lines = linesOf(url)
  const text = lines?.[originalLine]
  if (lines !== undefined && (text === undefined || originalColumn > text.length)) return undefined
  const file = url.startsWith('file:') ? fileURLToPath(url) : url
  return { file, line: originalLine + 1, column: originalColumn + 1, text }
}

const COMMENT = /^[ \t]*\/\/[#@] sourceMappingURL=(\S+)[ \t]*$/gm
const DATA = /^data:application\/json[^,]*?(;base64)?,(.*)$/s

/** A first line that keeps others from running the map. */
const GUARD = /^\)\]\}.*\n/

function readMap(file: string, text: string): Mapped | undefined {
  const named = [...text.matchAll(COMMENT)].at(-1)?.[1]
  if (named === undefined) return undefined
  const url = new URL(named, pathToFileURL(file))
  const data = DATA.exec(named)
  // Sources are named from the map, or where the map has no place of its own, from the file.
  const base = data ? pathToFileURL(file) : url
  const json = data ? decoded(data[2] as string, data[1] !== undefined) : readFileSync(url, 'utf8')
  const contents = new Map<string, string>()
  const map = new SourceMap(located(JSON.parse(json.replace(GUARD, '')), base, contents) as SourceMapPayload)
  const kept = new Map<string, readonly string[] | undefined>()
  const linesOf = (source: string) => {
    if (!kept.has(source)) {
      const content = contents.get(source) ?? attempt(() => readFileSync(new URL(source), 'utf8'))
      kept.set(source, content?.split(/\r?\n/))
    }
    return kept.get(source)
  }
  return { map, linesOf }
}

/** As the specification has it: a source that is null has no name, and bundlers make maps of sections. */
interface Payload {
  readonly sections?: readonly { readonly map: Payload }[]
  readonly sources?: readonly (string | null)[]
  readonly sourceRoot?: string
  readonly sourcesContent?: readonly (string | null)[]
}

/** A map whose sources are URLs; what they hold is added to `contents`. */
function located(payload: Payload, base: URL, contents: Map<string, string>): Payload {
  if (payload.sections !== undefined) {
    const sections = payload.sections.map((section) => ({ ...section, map: located(section.map, base, contents) }))
    return { ...payload, sections }
  }
  const { sourceRoot = '', sourcesContent } = payload
  const root = sourceRoot === '' || sourceRoot.endsWith('/') ? sourceRoot : `${sourceRoot}/`
  const sources = (payload.sources ?? []).map((source, i) => {
    if (source === null) return null
    const { href } = new URL(root + source, base)
    const content = sourcesContent?.[i]
    if (typeof content === 'string') contents.set(href, content)
    return href
  })
  return { ...payload, sources }
}

const decoded = (text: string, base64: boolean): string =>
  base64 ? Buffer.from(text, 'base64').toString('utf8') : decodeURIComponent(text)
