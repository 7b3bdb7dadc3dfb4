// What njit compiled, kept on disk for later processes: one file for each key, in the folder `njit` of the cache folder.
//
// Any number of processes read and write it at once without locks: a file appears under its name all at once, by a
// rename, never changes, and is checked when it is read. Nothing here is needed: every problem is as good as a miss.
// SPDX-License-Identifier: MIT

import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../cache.js'
import { complain, environment, parseBytes, warnOnce } from '../core/env.js'

export interface Entry {
  readonly binary: Uint8Array
  /** What was given to writeEntry, by way of JSON. */
  readonly meta: object
}

export interface ListedEntry {
  readonly key: string
  /** As in `meta`. */
  readonly name: string
  readonly target: string
  /** Of the file. */
  readonly bytes: number
  /** When it was written or read last. */
  readonly used: Date
}

// A file: the magic, the format and the length of the meta data (both 32 bits, little-endian), a checksum, the meta data
// as JSON, the binary up to the end.
const MAGIC = Buffer.from('\x7fNLJIT\r\n', 'latin1')
const FORMAT = 1
const LENGTHS_AT = MAGIC.length
const SUM_AT = LENGTHS_AT + 8
const HEADER_BYTES = SUM_AT + 32

const NAME = /^([0-9a-f]{64})\.bin$/
/** A writer that was killed leaves one. */
const TEMPORARY_NAME = /^[0-9a-f]{64}\.bin\.[0-9a-f-]+$/
const STALE_MS = 3600_000
/** Whoever wrote or read a file so recently may be about to load it once more. */
const RECENT_MS = 60_000
const DEFAULT_LIMIT = 512 * 2 ** 20

const folder = () => join(cacheFolder(), 'njit')
const pathOf = (key: string) => join(folder(), `${key}.bin`)

/** sha256 in hex of the parts; lists that differ have different ones, also where their texts joined are the same. */
export function cacheKey(parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  return hash.digest('hex')
}

/** The most bytes to keep; 0: nothing is read or written. */
function limit(): number {
  const text = environment('NUMLOOM_NJIT_CACHE_SIZE')
  if (text === undefined) return DEFAULT_LIMIT
  const bytes = parseBytes(text)
  if (bytes === undefined) {
    complain('NUMLOOM_NJIT_CACHE_SIZE', text, 'expected a size, such as 512MB, or 0', '512MB is used')
  }
  return bytes ?? DEFAULT_LIMIT
}

function warnUnusable(error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException
  warnOnce('NUMLOOM_CACHE', `${folder()} cannot be used (${code ?? message}): compiled functions are not kept there`)
}

/** Runs `fn`; undefined where it throws, as for a file that another process has removed. */
function attempt<T>(fn: () => T): T | undefined {
  try {
    return fn()
  } catch {
    return undefined
  }
}

/**
 * With those above it. Not by the `recursive` of mkdirSync: in Node 20 that never ends where a folder refuses new ones
 * with ENOENT, as /proc does.
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  try {
    // What is in there is run: nobody else may write it.
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Over all that the file says, and its name: a file that was copied to another key is none of its. */
function checksum(key: string, file: Buffer): Buffer {
  const hash = createHash('sha256').update(key)
  return hash.update(file.subarray(0, SUM_AT)).update(file.subarray(HEADER_BYTES)).digest()
}

function isIntact(key: string, file: Buffer): boolean {
  if (file.length < HEADER_BYTES || !file.subarray(0, LENGTHS_AT).equals(MAGIC)) return false
  if (file.readUInt32LE(LENGTHS_AT) !== FORMAT) return false
  return checksum(key, file).equals(file.subarray(SUM_AT, HEADER_BYTES))
}

function encode(key: string, binary: Uint8Array, meta: object): Buffer {
  const text = Buffer.from(JSON.stringify(meta))
  const file = Buffer.concat([Buffer.alloc(HEADER_BYTES), text, binary])
  MAGIC.copy(file)
  file.writeUInt32LE(FORMAT, LENGTHS_AT)
  file.writeUInt32LE(text.length, LENGTHS_AT + 4)
  checksum(key, file).copy(file, SUM_AT)
  return file
}

/** What was written under a key; undefined where nothing was, or it is damaged. */
export function readEntry(key: string): Entry | undefined {
  if (limit() === 0) return undefined
  const path = pathOf(key)
  let file: Buffer
  try {
    file = readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') warnUnusable(error)
    return undefined
  }
  if (!isIntact(key, file)) {
    attempt(() => rmSync(path, { force: true }))
    warnOnce('NUMLOOM_CACHE', `${path} is damaged; what it held is compiled again`)
    return undefined
  }
  const now = new Date()
  attempt(() => utimesSync(path, now, now))
  const end = HEADER_BYTES + file.readUInt32LE(LENGTHS_AT + 4)
  return { binary: file.subarray(end), meta: JSON.parse(file.toString('utf8', HEADER_BYTES, end)) as object }
}

/** Keeps a binary, and removes those not used for the longest time where all take more than the limit. */
export function writeEntry(key: string, binary: Uint8Array, meta: object): void {
  const most = limit()
  const file = encode(key, binary, meta)
  if (file.length > most) return
  const path = pathOf(key)
  const temporary = `${path}.${randomUUID()}`
  try {
    makeFolder(folder())
    writeFileSync(temporary, file, { mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    attempt(() => rmSync(temporary, { force: true }))
    warnUnusable(error)
    return
  }
  evict(most)
}

interface Kept {
  readonly path: string
  /** Undefined for a file that a writer has not renamed. */
  readonly key: string | undefined
  readonly bytes: number
  readonly mtimeMs: number
}

/** Is told what cannot be done with which path. */
export type Tell = (what: 'read' | 'removed', path: string, error: unknown) => void

/** Runs `fn`; undefined where it throws. What is not there, or no more, is not told. */
function attemptWith<T>(tell: Tell, what: 'read' | 'removed', path: string, fn: () => T): T | undefined {
  try {
    return fn()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') tell(what, path, error)
    return undefined
  }
}

const SILENT: Tell = () => {}

/** All files of the cache, the last used first. */
function keptFiles(tell: Tell): Kept[] {
  const names = attemptWith(tell, 'read', folder(), () => readdirSync(folder())) ?? []
  const kept = names.flatMap((name): Kept[] => {
    const key = NAME.exec(name)?.[1]
    if (key === undefined && !TEMPORARY_NAME.test(name)) return []
    const path = join(folder(), name)
    const found = attemptWith(tell, 'read', path, () => statSync(path))
    return found === undefined ? [] : [{ path, key, bytes: found.size, mtimeMs: found.mtimeMs }]
  })
  return kept.sort((a, b) => b.mtimeMs - a.mtimeMs)
}

const isStale = ({ key, mtimeMs }: Kept) => key === undefined && Date.now() - mtimeMs > STALE_MS

/** Whether it was there and could be removed. */
function remove({ path }: Kept, tell: Tell): boolean {
  const removed = () => {
    rmSync(path)
    return true
  }
  return attemptWith(tell, 'removed', path, removed) === true
}

function evict(most: number): void {
  let total = 0
  for (const file of keptFiles(SILENT)) {
    if (file.key !== undefined) total += file.bytes
    const excess = file.key !== undefined && total > most && Date.now() - file.mtimeMs > RECENT_MS
    if (excess || isStale(file)) remove(file, SILENT)
  }
}

/** The meta data of a file. Binaries are not read: that takes long for many. */
function metaOf(path: string, bytes: number): { name?: unknown; target?: unknown } {
  const descriptor = openSync(path, 'r')
  try {
    const header = Buffer.alloc(HEADER_BYTES)
    readSync(descriptor, header)
    const text = Buffer.alloc(Math.min(bytes, header.readUInt32LE(LENGTHS_AT + 4)))
    readSync(descriptor, text, 0, text.length, HEADER_BYTES)
    return Object(JSON.parse(text.toString()))
  } finally {
    closeSync(descriptor)
  }
}

/** What is kept, the last used first. Of files that are damaged, those are told whose meta data is. */
export function listEntries(tell: Tell = SILENT): ListedEntry[] {
  return keptFiles(tell).flatMap(({ path, key, bytes, mtimeMs }) => {
    const meta = key === undefined ? undefined : attemptWith(tell, 'read', path, () => metaOf(path, bytes))
    if (key === undefined || meta === undefined) return []
    return [{ key, name: String(meta.name), target: String(meta.target), bytes, used: new Date(mtimeMs) }]
  })
}

/** Removes everything that no process is writing. */
export function clearEntries(tell: Tell = SILENT): { files: number; bytes: number } {
  const unused = keptFiles(tell).filter((file) => file.key !== undefined || isStale(file))
  const removed = unused.filter((file) => remove(file, tell))
  return { files: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) }
}
