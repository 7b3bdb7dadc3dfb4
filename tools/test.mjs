// Runs all tests: everything in this Node, then the wasm kernels once more in Node 26, which has relaxed SIMD.
//
// Prints why tests were skipped, and ends with one line of counts. Arguments go to vitest: `node tools/test.mjs test/ops`.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const VITEST = 'node_modules/vitest/vitest.mjs'
const RELAXED_PROJECTS = ['wasm-relaxed', 'unshared-relaxed']
/** Where relaxed SIMD is refused, the default project already runs the plain builds. */
const OTHER_PROJECTS = ['default', 'native-x86-64-v2', 'native-avx2', 'unshared']

const { NUMLOOM_CACHE, XDG_CACHE_HOME } = process.env
const cache = NUMLOOM_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'numloom')
const node26 = join(cache, 'node26', 'bin', 'node')
const folder = mkdtempSync(join(tmpdir(), 'numloom-tests-'))

/** The counts of one vitest run; a run without a report is a failure. */
function run(name, node, projects, args) {
  console.log(`\n== ${name}`)
  const report = join(folder, `${name.replace(/\W+/g, '-')}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const chosen = projects.flatMap((project) => ['--project', project])
  const { status } = spawnSync(node, [VITEST, 'run', ...reporters, ...chosen, ...args], { stdio: 'inherit' })
  if (!existsSync(report))
    return { passed: 0, failed: 1, skipped: 0, reasons: new Set([`${name}: vitest ended with ${status}`]) }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const tests = testResults.flatMap((file) => file.assertionResults)
  const count = (...states) => tests.filter((test) => states.includes(test.status)).length
  // A file that does not load, or an error outside any test, has no test that could fail.
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = count('failed') + broken.length
  const skipped = tests.filter((test) => ['skipped', 'pending', 'todo', 'disabled'].includes(test.status))
  return {
    passed: count('passed'),
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: skipped.length,
    reasons: new Set(skipped.map((test) => `${name}: ${test.meta?.skipped ?? test.fullName}`)),
  }
}

function main(args) {
  const here = `Node ${process.version}`
  const relaxedHere = Number(process.versions.node.split('.')[0]) >= 22
  const runs = [
    run(
      here,
      process.execPath,
      relaxedHere ? [...OTHER_PROJECTS, ...RELAXED_PROJECTS, 'wasm-simd128'] : OTHER_PROJECTS,
      args,
    ),
  ]
  if (!relaxedHere) {
    if (!existsSync(node26)) {
      console.error(`${node26} is missing: relaxed SIMD cannot be tested. Run: make setup`)
      runs.push({ passed: 0, failed: 1, skipped: 0, reasons: new Set() })
    } else runs.push(run('Node 26, relaxed SIMD', node26, RELAXED_PROJECTS, args))
  }
  const total = (key) => runs.reduce((sum, counts) => sum + counts[key], 0)
  console.log()
  for (const reason of runs.flatMap(({ reasons }) => [...reasons])) console.log(`skipped or broken: ${reason}`)
  const skipped = total('skipped')
  console.log(`${total('passed')} passed, ${total('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return total('failed') > 0 ? 1 : 0
}

try {
  process.exitCode = main(process.argv.slice(2))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
