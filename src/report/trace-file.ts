// The file of a trace. It is written in pieces, and whole after each: so a trace takes little memory however long it
// gets, and that of a process which is killed can be read. The format leaves the order of events open.
// SPDX-License-Identifier: MIT

import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { ValueError } from '../core/errors.js'
import { VERSION } from '../version.js'

export class TraceFile {
  /** Where the last event ends, and the file. */
  #at = 0
  #size = 0

  /** A new file with events, of which there is at least one. Throws ValueError where it cannot be written. */
  constructor(
    readonly path: string,
    events: readonly object[],
  ) {
    this.#write('w', `{"traceEvents":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}`, 0)
  }

  /** Adds events; `dropped` tells how many were left out so far. Throws ValueError where that cannot be written. */
  add(events: readonly object[], dropped: number): void {
    this.#write('r+', events.map((event) => `,\n${JSON.stringify(event)}`).join(''), dropped)
  }

  /** Writes over the end of the file, which follows anew. */
  #write(flags: 'w' | 'r+', text: string, dropped: number): void {
    const end = { displayTimeUnit: 'ns', otherData: { numloom: VERSION, droppedEvents: dropped } }
    const piece = Buffer.from(text)
    const bytes = Buffer.concat([piece, Buffer.from(`\n],${JSON.stringify(end).slice(1)}\n`)])
    try {
      const file = openSync(this.path, flags)
      try {
        this.#check(file)
        for (let done = 0; done < bytes.length; ) {
          done += writeSync(file, bytes, done, bytes.length - done, this.#at + done)
        }
      } finally {
        closeSync(file)
      }
    } catch (error) {
      throw new ValueError(`trace: ${this.path} cannot be written: ${(error as Error).message}`, { file: this.path })
    }
    this.#size = this.#at + bytes.length
    this.#at += piece.length
  }

  /** Two traces in one file would be none. */
  #check(file: number): void {
    const stat = fstatSync(file)
    if (!stat.isFile()) throw new Error('it is not a regular file')
    if (stat.size !== this.#size) throw new Error('something else writes to it; give each trace a file of its own')
  }
}
