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
 * Child processes inherit NUMLOOM_TRACE. The process that begins to trace leaves its number and the file's name for them:
 * those that find the name of another's file put their own number into it.
 */
function fileOfProcess(file: string): string {
  const own = `${process.pid}:${file}`
  const first = environment('NUMLOOM_TRACED')
  if (first !== own && first?.replace(/^\d+:/, '') === file) return numbered(file, process.pid)
  if (isMainThread) process.env.NUMLOOM_TRACED = own
  return file
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
