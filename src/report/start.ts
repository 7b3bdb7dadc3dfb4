// Starts what the environment asks for, when numloom is imported: NUMLOOM_LOG and NUMLOOM_TRACE.
// SPDX-License-Identifier: MIT

import { environment, warnOnce } from '../core/env.js'
import { LOG_LEVELS, type LogLevel, startLog } from './log.js'
import { trace } from './trace.js'

const level = environment('NUMLOOM_LOG')
if ((LOG_LEVELS as readonly (string | undefined)[]).includes(level)) startLog(level as LogLevel)
else if (level !== undefined) {
  warnOnce('NUMLOOM_LOG', `NUMLOOM_LOG='${level}' is ignored; valid are ${LOG_LEVELS.join(', ')}`)
}

const file = environment('NUMLOOM_TRACE')
if (file !== undefined) {
  try {
    trace(file)
  } catch (error) {
    warnOnce('NUMLOOM_TRACE', `NUMLOOM_TRACE is ignored: ${(error as Error).message}`)
  }
}
