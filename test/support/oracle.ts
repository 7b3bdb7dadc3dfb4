// Talks to oracle.py: one persistent Python process for each test file, asked one question at a time.
// SPDX-License-Identifier: MIT

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Code, TypedArray } from '../../dist/core/dtype.js'
import { pythonPath } from './python.ts'

export interface OracleArray {
  readonly name: string
  readonly dtype: Code
  readonly shape: readonly number[]
  /** The elements in C order. */
  readonly data: TypedArray
}

export interface Result {
  readonly dtype: Code
  readonly shape: readonly number[]
  readonly data: TypedArray
}

/** What one output should be. */
export type Expected =
  | { readonly kind: 'integers'; readonly values: TypedArray }
  | {
      readonly kind: 'floats'
      /** The value is high + low * (the unit in the last place of high); `scale` is by the definition. */
      readonly high: Float64Array
      readonly low: Float64Array
      readonly scale: Float64Array
    }

export interface Question {
  readonly numpy: string
  readonly scale: string | undefined
  readonly dtype: Code
  readonly sizes: Readonly<Record<string, number>>
  readonly scalars: Readonly<Record<string, number>>
  readonly arrays: readonly OracleArray[]
  readonly outputs: readonly { readonly dtype: Code; readonly shape: readonly number[] }[]
}

const ARRAYS = { f64: Float64Array, f32: Float32Array, i32: Int32Array, i64: BigInt64Array } as const
const NEWLINE = 10

const bytesOf = (data: TypedArray) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

type Waiting = { resolve(results: Result[]): void; reject(error: Error): void }

export class Oracle {
  #process: ChildProcessByStdio<Writable, Readable, null>
  #chunks: Buffer[] = []
  #length = 0
  #needed = 0
  #waiting: Waiting[] = []

  constructor() {
    const script = fileURLToPath(new URL('./oracle.py', import.meta.url))
    this.#process = spawn(pythonPath(), [script], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#length += chunk.length
      while (this.#length >= this.#needed && this.#takeAnswer());
    })
    this.#process.on('exit', (code) => {
      for (const { reject } of this.#waiting) reject(new Error(`the oracle ended with code ${code}`))
    })
  }

  close(): void {
    this.#process.stdin.end()
  }

  /** What a kernel should give, with more precision than its dtype has. */
  async expect(question: Question): Promise<Expected[]> {
    const { arrays, ...rest } = question
    const parts = await this.#ask({ ...rest, scale: rest.scale ?? null, extended: true }, arrays)
    return question.outputs.map(({ dtype }): Expected => {
      const take = () => (parts.shift() as Result).data
      if (dtype.startsWith('i')) return { kind: 'integers', values: take() }
      const [high, low, scale] = [take(), take(), take()] as [Float64Array, Float64Array, Float64Array]
      return { kind: 'floats', high, low, scale }
    })
  }

  /** The results of a NumPy expression over arrays and other names, in NumPy's own dtypes; booleans come as int32. */
  numpy(expression: string, arrays: readonly OracleArray[], names: object = {}): Promise<Result[]> {
    return this.#ask({ numpy: expression, names, extended: false }, arrays)
  }

  #ask(request: object, arrays: readonly OracleArray[]): Promise<Result[]> {
    const described = arrays.map(({ name, dtype, shape }) => ({ name, dtype, shape }))
    const { stdin } = this.#process
    stdin.write(`${JSON.stringify({ ...request, arrays: described })}\n`)
    // A copy, because the bytes are written later and may be in memory that is reused by then.
    for (const { data } of arrays) if (data.length > 0) stdin.write(Buffer.from(bytesOf(data)))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Whether a whole answer was there. */
  #takeAnswer(): boolean {
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
    this.#chunks = [bytes]
    const end = bytes.indexOf(NEWLINE)
    if (end < 0) return false
    const answer = JSON.parse(bytes.toString('utf8', 0, end)) as { error?: string; results?: Omit<Result, 'data'>[] }
    const results = answer.results ?? []
    const sizes = results.map(({ dtype, shape }) => shape.reduce((a, b) => a * b, 1) * ARRAYS[dtype].BYTES_PER_ELEMENT)
    const total = sizes.reduce((a, b) => a + b, end + 1)
    this.#needed = total
    if (bytes.length < total) return false
    this.#finish(bytes, end + 1, results, sizes, answer.error)
    this.#chunks = [bytes.subarray(total)]
    this.#length = bytes.length - total
    this.#needed = 0
    return this.#length > 0
  }

  #finish(bytes: Buffer, start: number, results: Omit<Result, 'data'>[], sizes: number[], error?: string): void {
    const { resolve, reject } = this.#waiting.shift() as Waiting
    if (error !== undefined) {
      reject(new Error(`the oracle: ${error}`))
      return
    }
    let at = start
    const finished = results.map((result, i) => {
      // A copy that is aligned for its elements.
      const body = Uint8Array.from(bytes.subarray(at, at + (sizes[i] as number)))
      at += sizes[i] as number
      return { ...result, data: new ARRAYS[result.dtype](body.buffer) }
    })
    resolve(finished)
  }
}
