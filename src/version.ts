// The package's version, which the binaries must have too. `make` checks it against package.json.
// SPDX-License-Identifier: MIT

export const VERSION = '0.1.0'
