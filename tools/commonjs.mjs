// Writes dist/cjs: what `require('numloom')` loads. It is the same module, by require(esm), so that a program which
// imports numloom in both ways has one heap and one thread team; only the types exist twice, because TypeScript's
// node16 resolution wants CommonJS declarations behind `require`.
// SPDX-License-Identifier: MIT

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))

rmSync('dist/cjs', { recursive: true, force: true })
mkdirSync('dist/cjs', { recursive: true })
cpSync('dist', 'build/declarations', {
  recursive: true,
  filter: (path) => !/\.(js|cjs|wasm|json|h)$|^dist\/(cjs|wasm)/.test(path),
})
cpSync('build/declarations', 'dist/cjs', { recursive: true, filter: (path) => !/\/\.\w+$/.test(path) })
rmSync('build/declarations', { recursive: true })
writeFileSync('dist/cjs/package.json', `${JSON.stringify({ type: 'commonjs' })}\n`)
for (const entry of Object.values(exports)) {
  if (typeof entry === 'string') continue
  const name = entry.require.default.replace('./dist/cjs/', '')
  writeFileSync(`dist/cjs/${name}`, `module.exports = require('../${name}')\n`)
}
