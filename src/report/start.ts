// Starts what the environment asks for, when numloom is imported: NUMLOOM_LOG and NUMLOOM_TRACE.
// SPDX-License-Identifier: MIT

import { isMainThread } from 'node:worker_threads'
import { atImport, complain, environment, readVariable } from '../core/env.js'
import { NumloomError } from '../core/errors.js'
import { parseWord } from '../omp/parse.js'
import { LOG_LEVELS, startLog } from './log.js'
import { numbered, trace } from './trace.js'

atImport(() => startLog(readVariable('NUMLOOM_LOG', parseWord(LOG_LEVELS), 'off is used') ?? 'off'))

/**
 * Child processes inherit NUMLOOM_TRACE, and with it the number of the process that began to trace: all others put their
 * own number into the name of the file.
 */
function fileOfProcess(file: string): string {
  const first = environment('NUMLOOM_TRACE_PID')
  if (first === undefined && isMainThread) process.env.NUMLOOM_TRACE_PID = String(process.pid)
  return first === undefined || first === String(process.pid) ? file : numbered(file, process.pid)
}

atImport(() => {
  const file = environment('NUMLOOM_TRACE')
  if (file === undefined) return
  try {
    trace(fileOfProcess(file))
  } catch (error) {
    if (!(error instanceof NumloomError)) throw error
    complain('NUMLOOM_TRACE', file, error.message, 'no trace is written')
  }
})
