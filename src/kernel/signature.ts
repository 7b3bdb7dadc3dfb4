// Signatures as the binaries state them (cpp/core/export.h), made from definitions, and in words for error messages.
// SPDX-License-Identifier: MIT

import type { Code } from '../core/dtype.js'
import type { Kernel } from './define.js'

const LETTER: Record<Code, string> = { f32: 's', f64: 'd', i32: 'i', i64: 'l' }
const WORD: Record<string, string> = { n: 'size', s: 'f32', d: 'f64', i: 'i32', l: 'i64' }

/** The signature of a kernel's build for a dtype: a token for each C argument. */
export function signatureOf(kernel: Kernel, dtype: Code): string {
  const own = LETTER[dtype]
  return kernel.args
    .map((arg) => {
      switch (arg.kind) {
        case 'size':
        case 'stride':
          return 'n'
        case 'scalar':
          return own
        case 'scratch':
          return `*${own}`
        case 'pointer':
          return `${arg.access === 'in' ? '&' : '*'}${arg.dtype ? LETTER[arg.dtype] : own}`
        default:
          return arg satisfies never
      }
    })
    .join('')
}

/** `(size, const f64*, f64*)` for `n&d*d`. */
export function signatureInWords(signature: string): string {
  const words = signature.match(/[&*]?[nsdil]/g) ?? []
  const spell = (token: string) => {
    const word = WORD[token.slice(-1)] as string
    if (token.startsWith('&')) return `const ${word}*`
    return token.startsWith('*') ? `${word}*` : word
  }
  return `(${words.map(spell).join(', ')})`
}
