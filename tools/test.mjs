// Runs all tests: everything in this Node, then the wasm kernels once more in Node 26, which has relaxed SIMD; meanwhile the
// random programs, on what the others leave of the processors.
//
// Says why tests were skipped, and ends with one line of counts. Arguments go to vitest: `node tools/test.mjs test/ops`.
// SPDX-License-Identifier: MIT

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { constants, homedir, setPriority, tmpdir } from 'node:os'
import { join, relative } from 'node:path'

const VITEST = 'node_modules/vitest/vitest.mjs'
const RELAXED = ['wasm-relaxed', 'unshared-relaxed']
/** Where relaxed SIMD is refused, the default project already runs the plain builds. */
const PLAIN = ['default', 'native-x86-64-v2', 'native-avx2', 'unshared']

const folder = mkdtempSync(join(tmpdir(), 'numloom-tests-'))

/** Runs vitest and counts by its JSON report; a run that ends without one has failed. Its words go to `output`. */
async function run(name, node, projects, args, output = 'inherit') {
  if (output === 'inherit') console.log(`\n== ${name}`)
  const report = join(folder, `${name.replace(/\W+/g, '-')}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const chosen = projects.flatMap((project) => ['--project', project])
  const command = [VITEST, 'run', '--passWithNoTests', ...reporters, ...chosen, ...args]
  const child = spawn(node, command, { stdio: ['inherit', output, output] })
  if (output !== 'inherit') setPriority(child.pid, constants.priority.PRIORITY_LOW)
  const [status] = await once(child, 'close')
  const counts = existsSync(report) ? countsOf(JSON.parse(readFileSync(report, 'utf8'))) : nothing()
  // Errors outside any test end vitest with a code alone.
  if (status !== 0 && counts.failed === 0) {
    counts.failed = 1
    counts.failures.push(`${name}: ended with ${status ?? 'a signal'}, and no test says why`)
  }
  return counts
}

const nothing = () => ({ passed: 0, failed: 0, skipped: 0, reasons: new Map(), failures: [] })

const LINES_OF_A_FAILURE = 12

/** Who failed, and the head of the reason: the end of a long log is what people see. */
function failureOf(file, { fullName, failureMessages }) {
  const lines = failureMessages.join('\n').split('\n').slice(0, LINES_OF_A_FAILURE)
  return [`${relative('.', file)}: ${fullName}`, ...lines].join('\n    ')
}

function countsOf({ testResults }) {
  const counts = nothing()
  for (const file of testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed')
    // A file that does not load has no test that could fail.
    if (file.status === 'failed' && failed.length === 0) {
      failed.push({ fullName: 'does not load', failureMessages: [file.message] })
    }
    counts.failed += failed.length
    counts.failures.push(...failed.map((test) => failureOf(file.name, test)))
    for (const { status, meta } of file.assertionResults) {
      if (status === 'passed') counts.passed++
      else if (status !== 'failed') {
        counts.skipped++
        const reason = meta?.skipped ?? 'left out by the arguments'
        counts.reasons.set(reason, (counts.reasons.get(reason) ?? 0) + 1)
      }
    }
  }
  return counts
}

function runInNode26(args) {
  const { NUMLOOM_CACHE, XDG_CACHE_HOME } = process.env
  const cache = NUMLOOM_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'numloom')
  const node = join(cache, 'node26', 'bin', 'node')
  if (existsSync(node)) return run('Node 26, relaxed SIMD', node, RELAXED, args)
  console.log(`\n${node} is missing, so relaxed SIMD cannot be tested; run: make setup`)
  return { ...nothing(), failed: 1, failures: ['Node 26 is missing'] }
}

async function runInBackground(name, projects, args) {
  const log = join(folder, 'background.log')
  const counts = await run(name, process.execPath, projects, args, openSync(log, 'w'))
  return { ...counts, log: `\n== ${name}\n${readFileSync(log, 'utf8')}` }
}

async function main(args) {
  const hasRelaxed = Number(process.versions.node.split('.')[0]) >= 22
  const projects = hasRelaxed ? [...PLAIN, ...RELAXED, 'wasm-simd128'] : PLAIN
  const background = runInBackground('Random programs', ['fuzz'], args)
  const runs = [await run(`Node ${process.version}`, process.execPath, projects, args)]
  if (!hasRelaxed) runs.push(await runInNode26(args))
  const random = await background
  console.log(random.log)
  runs.push(random)
  for (const [reason, count] of runs.flatMap(({ reasons }) => [...reasons])) console.log(`${count} skipped: ${reason}`)
  for (const failure of runs.flatMap(({ failures }) => failures)) console.log(`failed: ${failure}`)
  const total = (key) => runs.reduce((sum, counts) => sum + counts[key], 0)
  const skipped = total('skipped')
  console.log(`${total('passed')} passed, ${total('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return total('failed') > 0 ? 1 : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
