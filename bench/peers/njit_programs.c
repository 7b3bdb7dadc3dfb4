// The programs of ../njit by hand, in C with OpenMP: the same loops, parallel where those are, with hints where a
// reduction or a library function can be vectorised. An array knows its extents; numbers are returned by `result`.
// SPDX-License-Identifier: MIT

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

// glibc has these for vectors, but says so to the compiler under -ffast-math alone.
#if defined __x86_64__ && defined __GLIBC__
#pragma omp declare simd notinbranch
double sin(double);
#pragma omp declare simd notinbranch
double cos(double);
#pragma omp declare simd notinbranch
double exp(double);
#pragma omp declare simd notinbranch
double log(double);
#if __GLIBC_PREREQ(2, 35)
#pragma omp declare simd notinbranch
double atan2(double, double);
#endif
#endif

typedef struct {
  void* cells;
  int64_t shape[2];
} array;

void integral2d(int64_t n, double* result) {
  const double h = M_PI / n;
  double sum = 0;
#pragma omp parallel for reduction(+ : sum)
  for (int64_t i = 0; i < n; i++) {
    const double x = (i + 0.5) * h;
    double row = 0;
#pragma omp simd reduction(+ : row)
    for (int64_t j = 0; j < n; j++) row += sin(x + (j + 0.5) * h);
    sum += row;
  }
  *result = sum * h * h;
}

static inline double random_at(uint32_t bits) {
  bits = (bits ^ (bits >> 16)) * 0x85ebca6b;
  bits = (bits ^ (bits >> 13)) * 0xc2b2ae35;
  return (bits ^ (bits >> 16)) * (1 / 4294967296.0);
}

void pi(int64_t n, double* result) {
  int64_t inside = 0;
#pragma omp parallel for simd reduction(+ : inside)
  for (int64_t i = 0; i < n; i++) {
    const double x = random_at(2 * i), y = random_at(2 * i + 1);
    inside += x * x + y * y < 1;
  }
  *result = 4.0 * inside / n;
}

static double plate_sweep(int64_t n, const double* restrict from, double* restrict to) {
  double change = 0;
#pragma omp parallel for reduction(max : change)
  for (int64_t i = 1; i < n - 1; i++) {
    const double *above = from + (i - 1) * n, *here = from + i * n, *below = from + (i + 1) * n;
#pragma omp simd reduction(max : change)
    for (int64_t j = 1; j < n - 1; j++) {
      const double mean = (above[j] + below[j] + here[j - 1] + here[j + 1]) / 4;
      const double off = fabs(mean - here[j]);
      change = off > change ? off : change;
      to[i * n + j] = mean;
    }
  }
  return change;
}

void plate(int64_t n, double tolerance, int64_t most, array even, array odd, double* result) {
  int64_t sweeps = 0;
  double change;
  do {
    change = sweeps % 2 == 0 ? plate_sweep(n, even.cells, odd.cells) : plate_sweep(n, odd.cells, even.cells);
    sweeps++;
  } while (change >= tolerance && sweeps < most);
  result[0] = sweeps;
  result[1] = change;
}

static double energy(int64_t n, const double* m, const double* p, const double* v) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    const double vx = v[3 * i], vy = v[3 * i + 1], vz = v[3 * i + 2];
    sum += 0.5 * m[i] * (vx * vx + vy * vy + vz * vz);
    for (int64_t j = i + 1; j < n; j++) {
      const double dx = p[3 * i] - p[3 * j], dy = p[3 * i + 1] - p[3 * j + 1], dz = p[3 * i + 2] - p[3 * j + 2];
      sum -= m[i] * m[j] / sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return sum;
}

void nbody(int64_t steps, double dt, array mass, array position, array velocity, double* result) {
  const int64_t n = mass.shape[0];
  const double* restrict m = mass.cells;
  double* restrict p = position.cells, * restrict v = velocity.cells;
  result[0] = energy(n, m, p, v);
  for (int64_t step = 0; step < steps; step++) {
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = i + 1; j < n; j++) {
        const double dx = p[3 * i] - p[3 * j], dy = p[3 * i + 1] - p[3 * j + 1], dz = p[3 * i + 2] - p[3 * j + 2];
        const double square = dx * dx + dy * dy + dz * dz;
        const double pull = dt / (square * sqrt(square));
        v[3 * i] -= dx * m[j] * pull;
        v[3 * i + 1] -= dy * m[j] * pull;
        v[3 * i + 2] -= dz * m[j] * pull;
        v[3 * j] += dx * m[i] * pull;
        v[3 * j + 1] += dy * m[i] * pull;
        v[3 * j + 2] += dz * m[i] * pull;
      }
    }
    for (int64_t k = 0; k < 3 * n; k++) p[k] += dt * v[k];
  }
  result[1] = energy(n, m, p, v);
}

void gemm(int64_t n, double alpha, double beta, array a, array b, array c, double* result) {
  const double* restrict pa = a.cells, * restrict pb = b.cells;
  double* restrict pc = c.cells;
#pragma omp parallel for
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) pc[i * n + j] *= beta;
    for (int64_t k = 0; k < n; k++) {
      for (int64_t j = 0; j < n; j++) pc[i * n + j] += alpha * pa[i * n + k] * pb[k * n + j];
    }
  }
}

void atax(array a, array x, array y, double* result) {
  const int64_t m = a.shape[0], n = a.shape[1];
  const double* restrict pa = a.cells, * restrict px = x.cells;
  double* restrict py = y.cells;
  for (int64_t j = 0; j < n; j++) py[j] = 0;
#pragma omp parallel for reduction(+ : py[ : n])
  for (int64_t i = 0; i < m; i++) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++) sum += pa[i * n + j] * px[j];
    for (int64_t j = 0; j < n; j++) py[j] += pa[i * n + j] * sum;
  }
}

void lu(int64_t n, array matrix, double* result) {
  double* a = matrix.cells;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) {
      for (int64_t k = 0; k < j; k++) a[i * n + j] -= a[i * n + k] * a[k * n + j];
      a[i * n + j] /= a[j * n + j];
    }
    for (int64_t j = i; j < n; j++) {
      for (int64_t k = 0; k < i; k++) a[i * n + j] -= a[i * n + k] * a[k * n + j];
    }
  }
}

void floyd_warshall(int64_t n, array path, double* result) {
  int32_t* restrict p = path.cells;
  int32_t* restrict row = malloc(n * sizeof *row);
  for (int64_t k = 0; k < n; k++) {
    for (int64_t j = 0; j < n; j++) row[j] = p[k * n + j];
#pragma omp parallel for
    for (int64_t i = 0; i < n; i++) {
      const int32_t first = p[i * n + k];
      for (int64_t j = 0; j < n; j++) {
        const int32_t across = first + row[j];
        p[i * n + j] = across < p[i * n + j] ? across : p[i * n + j];
      }
    }
  }
  free(row);
}

static void jacobi_1d_sweep(int64_t n, const double* restrict from, double* restrict to) {
#pragma omp parallel for simd
  for (int64_t i = 1; i < n - 1; i++) to[i] = 0.33333 * (from[i - 1] + from[i] + from[i + 1]);
}

void jacobi_1d(int64_t n, int64_t steps, array a, array b, double* result) {
  for (int64_t step = 0; step < steps; step++) {
    jacobi_1d_sweep(n, a.cells, b.cells);
    jacobi_1d_sweep(n, b.cells, a.cells);
  }
}

static void jacobi_2d_sweep(int64_t n, const double* restrict from, double* restrict to) {
#pragma omp parallel for
  for (int64_t i = 1; i < n - 1; i++) {
    for (int64_t j = 1; j < n - 1; j++) {
      const int64_t at = i * n + j;
      to[at] = 0.2 * (from[at] + from[at - 1] + from[at + 1] + from[at + n] + from[at - n]);
    }
  }
}

void jacobi_2d(int64_t steps, array a, array b, double* result) {
  for (int64_t step = 0; step < steps; step++) {
    jacobi_2d_sweep(a.shape[0], a.cells, b.cells);
    jacobi_2d_sweep(a.shape[0], b.cells, a.cells);
  }
}

static void heat_3d_step(int64_t n, const double* restrict from, double* restrict to) {
#pragma omp parallel for
  for (int64_t i = 1; i < n - 1; i++) {
    for (int64_t j = 1; j < n - 1; j++) {
      for (int64_t k = 1; k < n - 1; k++) {
        const int64_t at = (i * n + j) * n + k;
        const double here = from[at];
        to[at] = 0.125 * (from[at + n * n] - 2 * here + from[at - n * n]) +
                 0.125 * (from[at + n] - 2 * here + from[at - n]) + 0.125 * (from[at + 1] - 2 * here + from[at - 1]) +
                 here;
      }
    }
  }
}

void heat_3d(int64_t n, int64_t steps, array a, array b, double* result) {
  for (int64_t step = 0; step < steps; step++) {
    heat_3d_step(n, a.cells, b.cells);
    heat_3d_step(n, b.cells, a.cells);
  }
}

static void generation(int64_t n, const uint8_t* restrict from, uint8_t* restrict to) {
#pragma omp parallel for
  for (int64_t i = 0; i < n; i++) {
    const uint8_t *above = from + (i + n - 1) % n * n, *here = from + i * n, *below = from + (i + 1) % n * n;
    for (int64_t j = 0; j < n; j++) {
      const int64_t left = j == 0 ? n - 1 : j - 1, right = j == n - 1 ? 0 : j + 1;
      const int neighbours =
          above[left] + above[j] + above[right] + here[left] + here[right] + below[left] + below[j] + below[right];
      to[i * n + j] = neighbours == 3 || (neighbours == 2 && here[j] == 1);
    }
  }
}

void life(int64_t n, int64_t generations, array cells, array others, double* result) {
  for (int64_t g = 0; g < generations; g += 2) {
    generation(n, cells.cells, others.cells);
    generation(n, others.cells, cells.cells);
  }
}

void mandelbrot(int64_t n, int64_t limit, array counts, double* result) {
  int32_t* restrict out = counts.cells;
#pragma omp parallel for
  for (int64_t row = 0; row < n; row++) {
    const double y = -1.25 + (row + 0.5) * 2.5 / n;
    for (int64_t column = 0; column < n; column++) {
      const double x = -2 + (column + 0.5) * 2.5 / n;
      double re = 0, im = 0;
      int64_t count = 0;
      while (count < limit && re * re + im * im <= 4) {
        const double next = re * re - im * im + x;
        im = 2 * re * im + y;
        re = next;
        count++;
      }
      out[row * n + column] = count;
    }
  }
}

void arc_distance(array latitude1, array longitude1, array latitude2, array longitude2, array angles, double* result) {
  const double* restrict lat1 = latitude1.cells, * restrict lon1 = longitude1.cells;
  const double* restrict lat2 = latitude2.cells, * restrict lon2 = longitude2.cells;
  double* restrict out = angles.cells;
#pragma omp parallel for simd
  for (int64_t i = 0; i < angles.shape[0]; i++) {
    const double down = sin((lat2[i] - lat1[i]) / 2), across = sin((lon2[i] - lon1[i]) / 2);
    const double part = down * down + cos(lat1[i]) * cos(lat2[i]) * across * across;
    out[i] = 2 * atan2(sqrt(part), sqrt(1 - part));
  }
}

static inline double normal(double d) {
  const double k = 1 / (1 + 0.2316419 * fabs(d));
  const double sum = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))));
  const double tail = 0.3989422804014327 * exp(-0.5 * d * d) * sum;
  return d > 0 ? 1 - tail : tail;
}

void black_scholes(double rate, double volatility, array price, array strike, array years, array call, array put,
                   double* result) {
  const double* restrict now = price.cells, * restrict fixed = strike.cells, * restrict time = years.cells;
  double* restrict calls = call.cells, * restrict puts = put.cells;
#pragma omp parallel for simd
  for (int64_t i = 0; i < price.shape[0]; i++) {
    const double spread = volatility * sqrt(time[i]);
    const double d1 = (log(now[i] / fixed[i]) + (rate + 0.5 * volatility * volatility) * time[i]) / spread;
    const double d2 = d1 - spread;
    const double later = fixed[i] * exp(-rate * time[i]);
    calls[i] = now[i] * normal(d1) - later * normal(d2);
    puts[i] = later * normal(-d2) - now[i] * normal(-d1);
  }
}

void softmax(int64_t rows, int64_t columns, array x, array out, double* result) {
#pragma omp parallel for
  for (int64_t i = 0; i < rows; i++) {
    const double* restrict from = (const double*)x.cells + i * columns;
    double* restrict to = (double*)out.cells + i * columns;
    double most = -INFINITY, sum = 0;
#pragma omp simd reduction(max : most)
    for (int64_t j = 0; j < columns; j++) most = from[j] > most ? from[j] : most;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < columns; j++) {
      to[j] = exp(from[j] - most);
      sum += to[j];
    }
    for (int64_t j = 0; j < columns; j++) to[j] /= sum;
  }
}

void azimint(array data, array radius, array means, double* result) {
  const double* restrict values = data.cells, * restrict r = radius.cells;
  double* restrict out = means.cells;
  const int64_t points = radius.shape[0], rings = means.shape[0];
  double outer = 0;
#pragma omp simd reduction(max : outer)
  for (int64_t i = 0; i < points; i++) outer = r[i] > outer ? r[i] : outer;
#pragma omp parallel for
  for (int64_t ring = 0; ring < rings; ring++) {
    const double from = outer * ring / rings, to = outer * (ring + 1) / rings;
    double sum = 0;
    int64_t count = 0;
#pragma omp simd reduction(+ : sum, count)
    for (int64_t i = 0; i < points; i++) {
      const int inside = r[i] >= from && r[i] < to;
      sum += inside ? values[i] : 0;
      count += inside;
    }
    out[ring] = count > 0 ? sum / count : 0;
  }
}

void go_fast(array a, array out, double* result) {
  const int64_t m = a.shape[0], n = a.shape[1];
  const double* restrict from = a.cells;
  double* restrict to = out.cells;
  double trace = 0;
  for (int64_t i = 0; i < m; i++) trace += tanh(from[i * n + i]);
#pragma omp parallel for
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) to[i * n + j] = from[i * n + j] + trace;
  }
}

void crc16(array data, double* result) {
  const uint8_t* bytes = data.cells;
  uint32_t crc = 0xffff;
  for (int64_t i = 0; i < data.shape[0]; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  }
  *result = crc ^ 0xffff;
}

static void sort_between(double* a, int64_t low, int64_t high) {
  if (low >= high) return;
  const double pivot = a[(low + high) >> 1];
  int64_t i = low, j = high;
  while (i <= j) {
    while (a[i] < pivot) i++;
    while (a[j] > pivot) j--;
    if (i <= j) {
      const double left = a[i];
      a[i++] = a[j];
      a[j--] = left;
    }
  }
  sort_between(a, low, j);
  sort_between(a, i, high);
}

void quicksort(array a, int64_t low, int64_t high, double* result) { sort_between(a.cells, low, high); }
