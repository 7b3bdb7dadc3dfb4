// The classic loops by which compilers and threads are compared, written plainly.
// SPDX-License-Identifier: MIT

#include "../core/export.h"
#include "../core/math.h"
#include "../core/parallel.h"
#include "../core/simd.h"

namespace nl {
namespace NL_ISA {

constexpr isize kMaxPartials = 512;

/// Runs body(begin, end) -> partial over at most kMaxPartials ranges of [0, n) and folds the partials in index order.
template <class T, class Body, class Fold>
T fold_ranges(isize n, const Body& body, const Fold& fold) {
  T partial[kMaxPartials];
  const isize grain = (n + kMaxPartials - 1) / kMaxPartials;
  parallel_for(n, grain > 0 ? grain : 1, [&](isize begin, isize end) { partial[begin / grain] = body(begin, end); });
  T result = n > 0 ? partial[0] : T(0);
  for (isize i = 1; i * grain < n; i++) result = fold(result, partial[i]);
  return result;
}

/// The sum of sin(x + h (j + 1/2)) over j in [0, n). In vectors by hand, two at a time, because a sine is a long chain
/// of dependent operations.
template <class T>
T sine_row(isize n, T x, T h) {
  constexpr int lanes = kLanes<T>;
  const math::AbsoluteSinTable& table = math::in_memory(math::kAbsoluteSin);
  Vec<T> position, sums = {}, more_sums = {};
  for (int lane = 0; lane < lanes; lane++) position[lane] = T(lane) + T(0.5);
  const Vec<T> start = broadcast(x), step = broadcast(h);
  isize j = 0;
  for (; j + 2 * lanes <= n; j += 2 * lanes) {
    sums += math::sin_absolute(table, Vec<T>(start + step * position));
    more_sums += math::sin_absolute(table, Vec<T>(start + step * (position + T(lanes))));
    position += T(2 * lanes);
  }
  sums += more_sums;
  T sum = 0;
  for (; j < n; j++) sum += math::sin_absolute(table, x + h * (T(j) + T(0.5)));
  for (int lane = 0; lane < lanes; lane++) sum += sums[lane];
  return sum;
}

/// out[0] = the integral of sin(x + y) over [0, pi]^2 by the midpoint rule on n x n cells; the true value is 0.
/// Every sin has an absolute error below 2.3e-16.
template <class T>
void integral2d(isize n, T* out) {
  const T h = T(3.14159265358979323846) / T(n);
  const T total = fold_ranges<T>(
      n,
      [=](isize begin, isize end) {
        T sum = 0;
        for (isize i = begin; i < end; i++) sum += sine_row(n, h * (T(i) + T(0.5)), h);
        return sum;
      },
      [](T a, T b) { return a + b; });
  *out = total * h * h;
}
NL_KERNEL(integral2d, f64)

/// The mean of the four neighbours, and the larger of `largest` and its distance from the middle.
template <class V>
inline V plate_mean(V above, V below, V left, V right, V here, V& largest) {
  const V mean = (above + below + left + right) / 4;
  const V difference = mean > here ? mean - here : here - mean;
  largest = greatest(largest, difference);
  return mean;
}

/// One row of a sweep: the cells between the first and the last. Returns the larger of `largest` and their changes.
/// In vectors by hand: compilers do not vectorise a maximum of floating-point numbers, because of NaN.
template <class T>
T plate_row(isize n, const T* above, const T* here, const T* below, T* to, T largest) {
  constexpr int lanes = kLanes<T>;
  Vec<T> largests = broadcast(largest);
  isize j = 1;
  for (; j + lanes <= n - 1; j += lanes) {
    const Vec<T> mean =
        plate_mean(load(above + j), load(below + j), load(here + j - 1), load(here + j + 1), load(here + j), largests);
    store(to + j, mean);
  }
  for (; j < n - 1; j++) to[j] = plate_mean(above[j], below[j], here[j - 1], here[j + 1], here[j], largest);
  for (int lane = 0; lane < lanes; lane++) largest = greatest(largest, T(largests[lane]));
  return largest;
}

/// One Jacobi sweep of the heat equation: w[i, j] = the mean of u's four neighbours inside an m x n grid (rows
/// contiguous), the border copied; change[0] = the largest |w - u|.
template <class T>
void plate_sweep(isize m, isize n, const T* u, T* w, T* change) {
  for (isize j = 0; j < n; j++) {
    w[j] = u[j];
    w[(m - 1) * n + j] = u[(m - 1) * n + j];
  }
  *change = fold_ranges<T>(
      m - 2,
      [=](isize begin, isize end) {
        T largest = 0;
        for (isize i = begin + 1; i < end + 1; i++) {
          const T* here = u + i * n;
          w[i * n] = here[0];
          w[i * n + n - 1] = here[n - 1];
          largest = plate_row(n, here - n, here, here + n, w + i * n, largest);
        }
        return largest;
      },
      [](T a, T b) { return greatest(a, b); });
}
NL_KERNEL(plate_sweep, f32)
NL_KERNEL(plate_sweep, f64)

template <class T>
struct Pull {
  T x, y, z;
};

/// What n bodies do to one at (xi, yi, zi). Inside of the loop over the bodies GCC 12 does not vectorise it.
template <class T>
Pull<T> pull_on(isize n, T softening2, const T* mass, const T* x, const T* y, const T* z, T xi, T yi, T zi) {
  T ax = 0, ay = 0, az = 0;
#pragma omp simd reduction(+ : ax, ay, az)
  for (isize j = 0; j < n; j++) {
    const T dx = x[j] - xi, dy = y[j] - yi, dz = z[j] - zi;
    const T r2 = dx * dx + dy * dy + dz * dz + softening2;
    // A body does not pull itself, also where the softening is 0.
    const T pull = r2 > 0 ? mass[j] / (r2 * T(__builtin_sqrt(r2))) : T(0);
    ax += pull * dx;
    ay += pull * dy;
    az += pull * dz;
  }
  return {ax, ay, az};
}

/// One step of n bodies under gravity (G = 1), all pairs, softened: velocities get dt * acceleration, then positions
/// get dt * velocity (symplectic Euler). position and velocity hold n x, then n y, then n z.
template <class T>
void nbody_step(isize n, T dt, T softening, const T* mass, T* position, T* velocity) {
  T *x = position, *y = x + n, *z = y + n;
  T *vx = velocity, *vy = vx + n, *vz = vy + n;
  const T softening2 = softening * softening;
  parallel_for(n, 16, [=](isize begin, isize end) {
    for (isize i = begin; i < end; i++) {
      const Pull<T> a = pull_on(n, softening2, mass, x, y, z, x[i], y[i], z[i]);
      vx[i] += dt * a.x;
      vy[i] += dt * a.y;
      vz[i] += dt * a.z;
    }
  });
  parallel_for(3 * n, 16384, [=](isize begin, isize end) {
#pragma omp simd
    for (isize k = begin; k < end; k++) position[k] += dt * velocity[k];
  });
}
NL_KERNEL(nbody_step, f32)
NL_KERNEL(nbody_step, f64)

}  // namespace NL_ISA
}  // namespace nl
