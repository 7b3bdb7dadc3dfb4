// Prices of European options by Black and Scholes; the normal distribution by a polynomial that is right to 7.5e-8.
// SPDX-License-Identifier: MIT

import { prange } from 'numloom/njit'
import { numbers } from './inputs.mjs'
import { allNear, near } from './near.mjs'

function black_scholes(rate, volatility, price, strike, years, call, put) {
  const normal = (d) => {
    const k = 1 / (1 + 0.2316419 * Math.abs(d))
    const sum = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    const tail = 0.3989422804014327 * Math.exp(-0.5 * d * d) * sum
    return d > 0 ? 1 - tail : tail
  }
  for (const i of prange(price.length)) {
    const spread = volatility * Math.sqrt(years[i])
    const d1 = (Math.log(price[i] / strike[i]) + (rate + 0.5 * volatility * volatility) * years[i]) / spread
    const d2 = d1 - spread
    const later = strike[i] * Math.exp(-rate * years[i])
    call[i] = price[i] * normal(d1) - later * normal(d2)
    put[i] = later * normal(-d2) - price[i] * normal(-d1)
  }
}

/**
 * What the option is worth on average: Simpson's rule over the normal distribution of the logarithm of the last price,
 * from the one at which it is worth something on.
 */
function expectedCall(rate, volatility, price, strike, years) {
  const spread = volatility * Math.sqrt(years)
  const last = (z) => price * Math.exp((rate - 0.5 * volatility ** 2) * years + spread * z)
  const value = (z) => ((last(z) - strike) * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI)
  const from = Math.max(-10, (Math.log(strike / price) - (rate - 0.5 * volatility ** 2) * years) / spread)
  const [to, steps] = [from + 20, 1000]
  const h = (to - from) / steps
  let sum = value(from) + value(to)
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * value(from + i * h)
  return (Math.exp(-rate * years) * sum * h) / 3
}

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'black_scholes',
  about: (n) => `prices of ${n} options`,
  js: black_scholes,
  options: { parallel: true },
  tests: [1, 1001],
  bench: 1_000_000,
  make: (n) => [
    0.02,
    0.3,
    numbers(n, 5, 30, 1),
    numbers(n, 1, 100, 20),
    numbers(n, 0.25, 10, 300),
    new Float64Array(n),
    new Float64Array(n),
  ],
  outputs: [5, 6],
  check(_, [rate, volatility, price, strike, years, call, put]) {
    for (let i = 0; i < call.length; i += Math.ceil(call.length / 500)) {
      near(`call[${i}]`, call[i], expectedCall(rate, volatility, price[i], strike[i], years[i]), 1e-5)
    }
    const parity = (i) => price[i] - strike[i] * Math.exp(-rate * years[i])
    allNear(
      'call - put',
      call.map((value, i) => value - put[i]),
      parity,
      1e-12,
    )
  },
}
