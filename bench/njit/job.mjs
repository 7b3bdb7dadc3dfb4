// A program's arguments and results as files, for contenders in other languages: NAME.json says what NAME.bin holds, and
// NAME.ID.out gets what contender ID returned and wrote, all as float64.
// SPDX-License-Identifier: MIT

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const OUT = new URL('../out/njit/', import.meta.url)

/** NumPy's names of element types. */
const DTYPES = { Float64Array: 'f8', Int32Array: 'i4', Uint8Array: 'u1' }

/** A typed array, or an NDArray's elements. */
export const cellsOf = (array) => (ArrayBuffer.isView(array) ? array : array.data)

const numbersOf = (returned) => (typeof returned === 'object' ? Object.values(returned) : [returned ?? []].flat())

/** What a call returned and wrote. @param {import('./programs.mjs').Program} program */
export function resultOf(program, returned, args) {
  const parts = [numbersOf(returned), ...program.outputs.map((i) => cellsOf(args[i]))]
  const result = new Float64Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  return result
}

/** How many numbers it returns, by trying. */
const returnsOf = ({ js, make, tests }) => numbersOf(js(...make(tests[0]))).length

/** Writes the arguments. Returns the path to which contenders add `.json`, `.bin` and `.ID.out`. */
export function writeJob(program, size) {
  mkdirSync(OUT, { recursive: true })
  const path = fileURLToPath(new URL(program.name, OUT))
  const chunks = []
  let offset = 0
  const args = program.make(size).map((arg) => {
    if (typeof arg === 'number') return arg
    const cells = cellsOf(arg)
    const entry = { dtype: DTYPES[cells.constructor.name], shape: [...(arg.shape ?? [arg.length])], offset }
    // Copied, because an NDArray's memory may be shared, which files are not written from.
    chunks.push(new Uint8Array(new cells.constructor(cells).buffer))
    offset += cells.byteLength
    return entry
  })
  const job = { name: program.name, args, outputs: program.outputs, returns: returnsOf(program) }
  writeFileSync(`${path}.json`, JSON.stringify(job))
  writeFileSync(`${path}.bin`, Buffer.concat(chunks))
  return path
}

export const writeResult = (path, id, result) => writeFileSync(`${path}.${id}.out`, new Uint8Array(result.buffer))

export function readResult(path, id) {
  const { buffer, byteOffset, length } = readFileSync(`${path}.${id}.out`)
  return new Float64Array(buffer.slice(byteOffset, byteOffset + length))
}

/** What two results differ in, or undefined. @param {import('./programs.mjs').Program} program */
export function difference({ tolerance = 1e-9, outliers = 0 }, result, reference) {
  if (result.length !== reference.length) return `${result.length} numbers instead of ${reference.length}`
  const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  const isFar = (value, i) => !(Math.abs(value - reference[i]) <= tolerance * largest)
  const far = result.reduce((count, value, i) => count + (isFar(value, i) ? 1 : 0), 0)
  if (far <= outliers * result.length) return undefined
  const first = result.findIndex(isFar)
  return `${far} of ${result.length} numbers differ from the first contender's; [${first}] is ${result[first]} instead of ${reference[first]}`
}
