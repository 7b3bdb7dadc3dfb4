// The exported functions of a wasm binary with their parameter types, read from its sections: an AssemblyScript build
// has no table of its own, but its binary still says what every export takes.
// SPDX-License-Identifier: MIT

const TYPE_SECTION = 1
const IMPORT_SECTION = 2
const FUNCTION_SECTION = 3
const EXPORT_SECTION = 7
const FUNCTION_KIND = 0
const MEMORY_KIND = 2

/** Value types in the letters of signatures. */
const LETTER: Record<number, string> = { 127: 'i', 126: 'l', 125: 's', 124: 'd' }

class Reader {
  at = 0
  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    return this.bytes[this.at++] as number
  }

  /** An unsigned LEB128 number. */
  number(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }

  name(): string {
    const length = this.number()
    this.at += length
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at))
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.number() }, item)
  }
}

/** A signature as far as wasm types tell: sizes and pointers are i32. */
export const loweredSignature = (signature: string): string => signature.replace(/[&*]./g, 'i').replace(/n/g, 'i')

/** The parameters of every exported function of a valid module that imports nothing but memories. */
export function exportedSignatures(bytes: Uint8Array): Map<string, string> {
  const reader = new Reader(bytes)
  reader.at = 8
  let types: string[] = []
  let functions: number[] = []
  const result = new Map<string, string>()
  while (reader.at < bytes.length) {
    const section = reader.byte()
    const end = reader.number() + reader.at
    if (section === TYPE_SECTION) types = reader.list(() => readType(reader))
    else if (section === IMPORT_SECTION) reader.list(() => skipMemoryImport(reader))
    else if (section === FUNCTION_SECTION) functions = reader.list(() => reader.number())
    else if (section === EXPORT_SECTION) {
      reader.list(() => {
        const name = reader.name()
        const kind = reader.byte()
        const index = reader.number()
        if (kind === FUNCTION_KIND) result.set(name, types[functions[index] as number] as string)
      })
    }
    reader.at = end
  }
  return result
}

function readType(reader: Reader): string {
  reader.byte()
  const parameters = reader.list(() => LETTER[reader.byte()] ?? '?')
  reader.list(() => reader.byte())
  return parameters.join('')
}

function skipMemoryImport(reader: Reader): void {
  const name = `${reader.name()}.${reader.name()}`
  if (reader.byte() !== MEMORY_KIND) throw new Error(`unexpected import ${name}`)
  const hasMaximum = (reader.byte() & 1) === 1
  reader.number()
  if (hasMaximum) reader.number()
}
