// The checksum CRC-16/X-25 of bytes, bit by bit.
// SPDX-License-Identifier: MIT

import { near } from './near.mjs'

function crc16(bytes) {
  let crc = 0xffff
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i]
    for (let bit = 0; bit < 8; bit++) {
      if ((crc & 1) === 1) crc = (crc >> 1) ^ 0x8408
      else crc >>= 1
    }
  }
  return crc ^ 0xffff
}

/** Remainders of the polynomial for each byte: eight bits in one step. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest % 2 === 1 ? ((rest - 1) / 2) ^ 0x8408 : rest / 2
  return rest
})

const byTable = (bytes) => bytes.reduce((crc, byte) => (crc >> 8) ^ TABLE[(crc ^ byte) & 255], 0xffff) ^ 0xffff

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'crc16',
  about: (n) => `CRC-16 of ${n} bytes`,
  js: crc16,
  options: {},
  tests: [0, 9, 1000],
  bench: 4_000_000,
  make: (n) => [
    // Nine bytes are the standard's example.
    n === 9 ? new TextEncoder().encode('123456789') : Uint8Array.from({ length: n }, (_, i) => (i * i * 31 + i) >> 3),
  ],
  outputs: [],
  check(value, [bytes]) {
    near('crc', value, byTable(bytes), 0)
    if (bytes.length === 9) near('crc of 123456789', value, 0x906e, 0)
  },
}
