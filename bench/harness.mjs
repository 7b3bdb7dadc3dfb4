// benchmark.js for contenders that run in this process: it calibrates how often a short function is called a sample.
// SPDX-License-Identifier: MIT

import Benchmark from 'benchmark'
import { summary } from './stats.mjs'

/**
 * Seconds of a call: summary of the samples.
 * @param {string} name @param {() => void} fn
 * @param {{ seconds?: number, least?: number }} [limits] about how long it is measured, and the least samples
 */
export function measure(name, fn, { seconds = 0.5, least = 5 } = {}) {
  const options = { maxTime: seconds, minTime: Math.min(0.05, seconds / 5), minSamples: least, async: false }
  const benchmark = new Benchmark(name, fn, options)
  benchmark.run()
  if (benchmark.error) throw benchmark.error
  return summary(benchmark.stats.sample)
}
