// The sun and its four large planets, step by step. What is checked is the energy, which should not drift.
// SPDX-License-Identifier: MIT

import { near } from './near.mjs'

function nbody(steps, dt, mass, position, velocity) {
  const n = mass.length
  const energy = () => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const vx = velocity[3 * i]
      const vy = velocity[3 * i + 1]
      const vz = velocity[3 * i + 2]
      sum += 0.5 * mass[i] * (vx * vx + vy * vy + vz * vz)
      for (let j = i + 1; j < n; j++) {
        const dx = position[3 * i] - position[3 * j]
        const dy = position[3 * i + 1] - position[3 * j + 1]
        const dz = position[3 * i + 2] - position[3 * j + 2]
        sum -= (mass[i] * mass[j]) / Math.sqrt(dx * dx + dy * dy + dz * dz)
      }
    }
    return sum
  }
  const before = energy()
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const dx = position[3 * i] - position[3 * j]
        const dy = position[3 * i + 1] - position[3 * j + 1]
        const dz = position[3 * i + 2] - position[3 * j + 2]
        const square = dx * dx + dy * dy + dz * dz
        const pull = dt / (square * Math.sqrt(square))
        velocity[3 * i] -= dx * mass[j] * pull
        velocity[3 * i + 1] -= dy * mass[j] * pull
        velocity[3 * i + 2] -= dz * mass[j] * pull
        velocity[3 * j] += dx * mass[i] * pull
        velocity[3 * j + 1] += dy * mass[i] * pull
        velocity[3 * j + 2] += dz * mass[i] * pull
      }
    }
    for (let k = 0; k < 3 * n; k++) position[k] += dt * velocity[k]
  }
  return { before, after: energy() }
}

const SOLAR_MASS = 4 * Math.PI ** 2
const DAYS = 365.24

/** Sun, Jupiter, Saturn, Uranus, Neptune: parts of the solar mass, astronomical units, and these a day. */
const MASSES = [1, 9.547919384243266e-4, 2.858859806661308e-4, 4.366244043351563e-5, 5.1513890204661145e-5]
const POSITIONS = [
  [0, 0, 0],
  [4.841431442464721, -1.1603200440274284, -1.0362204447112311e-1],
  [8.34336671824458, 4.124798564124305, -4.035234171143214e-1],
  [12.894369562139131, -15.111151401698631, -2.2330757889265573e-1],
  [15.379697114850917, -25.919314609987964, 1.7925877295037118e-1],
]
const VELOCITIES = [
  [0, 0, 0],
  [1.660076642744037e-3, 7.699011184197404e-3, -6.90460016972063e-5],
  [-2.767425107264119e-3, 4.998528012349172e-3, 2.3041729757376393e-5],
  [2.964601375647616e-3, 2.3784717395948095e-3, -2.9658956854023756e-5],
  [2.6806777249038932e-3, 1.628241700382423e-3, -9.515922545197159e-5],
]

function make(steps) {
  const mass = Float64Array.from(MASSES, (part) => part * SOLAR_MASS)
  const velocity = Float64Array.from(VELOCITIES.flat(), (speed) => speed * DAYS)
  // The sun moves so that the whole is at rest.
  for (let axis = 0; axis < 3; axis++) {
    for (let i = 1; i < 5; i++) velocity[axis] -= velocity[3 * i + axis] * MASSES[i]
  }
  return [steps, 0.01, mass, new Float64Array(POSITIONS.flat()), velocity]
}

/** The published energies of this problem, by steps. */
const ENERGIES = { 0: -0.169075164, 1000: -0.169087605, 500000: -0.169096567 }

/** @type {import('./programs.mjs').Program} */
export default {
  name: 'nbody',
  about: (steps) => `the solar system, five bodies, ${steps} steps`,
  js: nbody,
  options: {},
  tests: [0, 1000],
  bench: 500_000,
  make,
  outputs: [3, 4],
  check({ before, after }, [, , mass, , velocity], steps) {
    near('the energy at the start', before, ENERGIES[0], 5e-10)
    near('the energy at the end', after, ENERGIES[steps], 5e-10)
    for (let axis = 0; axis < 3; axis++) {
      const momentum = mass.reduce((sum, m, i) => sum + m * velocity[3 * i + axis], 0)
      near('the momentum', momentum, 0, 1e-11)
    }
  },
  // Bodies that attract each other enlarge each rounding; half a million steps of them.
  tolerance: 1e-5,
}
