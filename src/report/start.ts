// Starts what the environment asks for, when numloom is imported: NUMLOOM_LOG and NUMLOOM_TRACE.
// SPDX-License-Identifier: MIT

import { atImport, complain, environment, readVariable } from '../core/env.js'
import { NumloomError } from '../core/errors.js'
import { parseWord } from '../omp/parse.js'
import { LOG_LEVELS, startLog } from './log.js'
import { trace } from './trace.js'

atImport(() => startLog(readVariable('NUMLOOM_LOG', parseWord(LOG_LEVELS), 'off is used') ?? 'off'))

atImport(() => {
  const file = environment('NUMLOOM_TRACE')
  if (file === undefined) return
  try {
    trace(file)
  } catch (error) {
    if (!(error instanceof NumloomError)) throw error
    complain('NUMLOOM_TRACE', file, error.message, 'no trace is written')
  }
})
