// The classic loops by which compilers and threads are compared.
// SPDX-License-Identifier: MIT

import { block, defineKernel, scalar, size } from '../kernel/define.js'

const n = size('n')
const everywhere = ['as', 'wasm', 'wasm-threads', 'native'] as const

/** out[0] = the integral of sin(x + y) over [0, pi]^2 by the midpoint rule on n x n cells. The true value is 0. */
export const integral2d = defineKernel({
  name: 'integral2d',
  args: [n, block('out', 'out', [1])],
  dtypes: ['f64'],
  on: everywhere,
  // The arguments, up to 2 pi, are rounded to 2 to 4 eps, and every sin to 1.
  error: { eps: () => 8, scale: 'np.pi ** 2' },
  numpy:
    '(lambda h: (lambda t: np.sum(np.sin(t[:, None] + t)) * h * h)(h * (np.arange(n) + 0.5)))(LONG_PI / n) if n else 0.0',
  minimum: { n: 1 },
  flops: (sizes) => 24 * (sizes.n as number) ** 2,
  reference(count, out) {
    const h = Math.PI / count
    let total = 0
    for (let i = 0; i < count; i++) {
      const x = h * (i + 0.5)
      let row = 0
      for (let j = 0; j < count; j++) row += Math.sin(x + h * (j + 0.5))
      total += row
    }
    out.data[out.at] = total * h * h
  },
})

/** One Jacobi sweep on a plate: inside, w is the mean of u's four neighbours; change[0] = the largest |w - u|. */
export const plate_sweep = defineKernel({
  name: 'plate_sweep',
  args: [size('m'), n, block('u', 'in', ['m', 'n']), block('w', 'out', ['m', 'n']), block('change', 'out', [1])],
  dtypes: ['f64', 'f32'],
  on: everywhere,
  error: { eps: () => 4, scale: 'np.max(np.abs(u))' },
  numpy:
    '(lambda w: (w, np.max(np.abs(w - u)[1:-1, 1:-1], initial=0)))(np.where(np.pad(np.ones((m - 2, n - 2), bool), 1),' +
    ' np.pad(0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]), 1), u))',
  minimum: { m: 2, n: 2 },
  flops: (sizes) => 6 * (sizes.m as number) * (sizes.n as number),
  reference(rows, columns, u, w, change) {
    let largest = 0
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const at = i * columns + j
        const here = u.data[u.at + at] as number
        const inside = i > 0 && i < rows - 1 && j > 0 && j < columns - 1
        let next = here
        if (inside) {
          const above = u.data[u.at + at - columns] as number
          const below = u.data[u.at + at + columns] as number
          next = 0.25 * (above + below + (u.data[u.at + at - 1] as number) + (u.data[u.at + at + 1] as number))
        }
        w.data[w.at + at] = next
        if (inside) largest = Math.max(largest, Math.abs(next - here))
      }
    }
    change.data[change.at] = largest
  },
})

/**
 * One step of n bodies under gravity (G = 1), softened, by the symplectic Euler method: velocities get dt times the
 * acceleration, then positions dt times the velocity. Rows of position and velocity are x, y and z.
 */
export const nbody_step = defineKernel({
  name: 'nbody_step',
  args: [
    n,
    scalar('dt', 0.125),
    scalar('softening', 0.5),
    block('mass', 'in', ['n']),
    block('position', 'inout', [3, 'n']),
    block('velocity', 'inout', [3, 'n']),
  ],
  dtypes: ['f64', 'f32'],
  on: everywhere,
  error: {
    eps: (sizes) => (sizes.n as number) + 16,
    scale: '(1 + np.max(np.abs(position))) * (1 + np.sum(np.abs(mass)) / softening**3) if n else 0.0',
  },
  numpy:
    '(lambda d: (lambda r2: (lambda v: (position + dt * v, v))(velocity + dt * np.sum(d * np.where(r2 > 0,' +
    ' mass / (r2 * np.sqrt(np.where(r2 > 0, r2, 1))), 0), axis=2)))(np.sum(d * d, axis=0) + softening**2))' +
    '(position[:, None, :] - position[:, :, None])',
  flops: (sizes) => 20 * (sizes.n as number) ** 2,
  reference(count, dt, softening, mass, position, velocity) {
    const p = position.data.subarray(position.at, position.at + 3 * count)
    const v = velocity.data.subarray(velocity.at, velocity.at + 3 * count)
    for (let i = 0; i < count; i++) {
      const xi = p[i] as number
      const yi = p[count + i] as number
      const zi = p[2 * count + i] as number
      let ax = 0
      let ay = 0
      let az = 0
      for (let j = 0; j < count; j++) {
        const dx = (p[j] as number) - xi
        const dy = (p[count + j] as number) - yi
        const dz = (p[2 * count + j] as number) - zi
        const r2 = dx * dx + dy * dy + dz * dz + softening * softening
        // A body does not pull itself, also where the softening is 0.
        const pull = r2 > 0 ? (mass.data[mass.at + j] as number) / (r2 * Math.sqrt(r2)) : 0
        ax += pull * dx
        ay += pull * dy
        az += pull * dz
      }
      v[i] = (v[i] as number) + dt * ax
      v[count + i] = (v[count + i] as number) + dt * ay
      v[2 * count + i] = (v[2 * count + i] as number) + dt * az
    }
    for (let c = 0; c < 3 * count; c++) p[c] = (p[c] as number) + dt * (v[c] as number)
  },
})
