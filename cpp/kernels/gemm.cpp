// gemm: C <- alpha * A * B + beta * C. gemv: y <- alpha * A * x + beta * y. Any strides; C (y) overlaps no operand.
//
// beta == 0: C is not read. alpha == 0: A and B are not read. Sums are plain within kDepth steps of k, then added in
// order: |error| <= about (kDepth + k / kDepth) eps |A| |B|. C's bits depend neither on threads nor on scratch_size.
// gemm packs B and blocks of A into `scratch` (64-byte aligned) or, where that does not pay, B alone onto the stack.
// min(k, 256) * (120 * t + 32) elements suffice for t threads; with less fewer take part, with less than one thread's
// all is packed onto the stack. Best is min(k, 256) * (120 * t + min(32 * ceil(max(m, n) / 32), 4096)).
// SPDX-License-Identifier: MIT
#include "../core/export.h"
#include "../core/gemm_tile.h"
#include "../core/gemm_vector.h"
#include "../core/parallel.h"

namespace nl {
namespace NL_ISA {

// Steps of k in one block: a panel of B (8 to 32 KB) stays in the first-level cache while the panels of A pass by, and
// there are enough steps to make reading and writing a tile of C cheap.
constexpr isize kDepth = 256;
// Rows of A in one block: 240 KB of f64, half of the second-level cache of the smaller machines. A multiple of every
// kTileRows.
constexpr isize kBlockRows = 120;
static_assert(kBlockRows % kTileRows == 0);

template <class T>
struct Product {
  isize m, n, k;
  T alpha;
  Lines<T> a, b;
  bool add;  // to C, which has been multiplied by beta
  T* c;
  isize cs0, cs1;

  double multiplications() const { return double(m) * double(n) * double(k); }
  Lines<T> rows(isize i, isize p) const { return {a.data + i * a.line + p * a.step, a.line, a.step}; }
  Lines<T> columns(isize j, isize p) const { return {b.data + j * b.line + p * b.step, b.line, b.step}; }
  T* result(isize i, isize j) const { return c + i * cs0 + j * cs1; }
  Target target(isize p) const { return {add || p > 0, cs0, cs1}; }
};

inline isize smaller(isize a, isize b) { return a < b ? a : b; }
inline isize round_up(isize n, isize unit) { return (n + unit - 1) / unit * unit; }
/// The first of `parts` near-equal parts of n starts at share(n, 0, parts), the next at share(n, 1, parts), ...
inline isize share(isize n, isize part, isize parts) { return n / parts * part + smaller(part, n % parts); }

// Multiplications per thread of gemm, and elements of A per chunk of gemv: 5 to 10 microseconds of work, for which it
// is worth waking a thread.
constexpr double kWorkPerThread = 1 << 17;
constexpr isize kElementsPerChunk = 1 << 15;

/// Packing A pays from about 100 x 100 x 100 on, if there are columns enough to use a packed row more than twice.
template <class T>
bool pays_to_pack(const Product<T>& g) {
  return g.n > 2 * kTileColumns<T> && g.multiplications() > double(1 << 20);
}

/// Rows [begin, end) times one panel of columns, with A as it lies in memory.
template <class T, int V>
void multiply_panel_in_place(const Product<T>& g, isize begin, isize end, isize j) {
  alignas(64) T panel[kDepth * kTileColumns<T, V>];
  alignas(64) T last_rows[kDepth * kTileRows];
  const isize columns = smaller(g.n - j, kTileColumns<T, V>);
  for (isize p = 0; p < g.k; p += kDepth) {
    const isize depth = smaller(g.k - p, kDepth);
    pack_columns<T, V>(depth, columns, g.columns(j, p), g.alpha, panel);
    for (isize i = begin; i < end; i += kTileRows) {
      Lines<T> a = g.rows(i, p);
      const isize rows = smaller(end - i, kTileRows);
      if (rows < kTileRows) {
        pack_panel<T, kTileRows>(depth, rows, a, last_rows);
        a = {last_rows, 1, kTileRows};
      }
      multiply_tile<T, V>(depth, a, panel, rows, columns, g.result(i, j), g.target(p));
    }
  }
}

template <class T>
void multiply_in_place(const Product<T>& g, isize i_begin, isize i_end, isize j_begin, isize j_end) {
  for (isize j = j_begin; j < j_end; j += kTileColumns<T>) {
    if (g.n - j <= kLanes<T>) {
      multiply_panel_in_place<T, 1>(g, i_begin, i_end, j);
    } else {
      multiply_panel_in_place<T, kTileVectors>(g, i_begin, i_end, j);
    }
  }
}

/// For products that are small, or so thin that a packed element would be used only once or twice.
template <class T>
void multiply_in_place(const Product<T>& g) {
  if (g.m > g.n) {
    const isize grain = round_up(1 + isize(kWorkPerThread / (double(g.n) * double(g.k))), kTileRows);
    parallel_for(g.m, grain, [&](isize begin, isize end) { multiply_in_place(g, begin, end, 0, g.n); });
  } else {
    const isize grain = round_up(1 + isize(kWorkPerThread / (double(g.m) * double(g.k))), kTileColumns<T>);
    parallel_for(g.n, grain, [&](isize begin, isize end) { multiply_in_place(g, 0, g.m, begin, end); });
  }
}

/// The caller's scratch, divided up: packed panels of B for all, then a block of A for each worker.
template <class T>
struct Workspace {
  isize workers, block_rows, columns;
  T *panels, *blocks;
};

template <class T>
Workspace<T> divide(const Product<T>& g, T* scratch, isize size) {
  constexpr isize kPanel = kTileColumns<T>;
  const isize depth = smaller(g.k, kDepth), capacity = size / depth;
  const isize block_rows = smaller(round_up(g.m, kTileRows), kBlockRows);
  const double useful = 1 + g.multiplications() / kWorkPerThread;
  isize workers = region_threads();
  if (double(workers) > useful) workers = isize(useful);
  workers = smaller(workers, (capacity - kPanel) / block_rows);
  const isize columns = smaller(round_up(g.n, kPanel), (capacity - workers * block_rows) / kPanel * kPanel);
  return {workers, block_rows, columns, scratch, scratch + depth * columns};
}

/// The part of B that is packed at a time, and how the workers share the tiles of C that it contributes to: a grid,
/// because a C of few rows has to be cut by columns as well.
template <class T>
struct Pass {
  const Product<T>& g;
  const Workspace<T>& work;
  isize j, columns, p, depth;
  isize grid_rows, grid_columns;

  isize row_tiles() const { return (g.m + kTileRows - 1) / kTileRows; }
  isize panels() const { return (columns + kTileColumns<T> - 1) / kTileColumns<T>; }
};

/// Chooses the grid with the least work for the busiest worker; among equals the one with most rows: it packs A least.
template <class T>
void choose_grid(Pass<T>& pass) {
  isize least = 0;
  for (isize rows = smaller(pass.work.workers, pass.row_tiles()); rows > 0; rows--) {
    const isize columns = smaller(pass.work.workers / rows, pass.panels());
    const isize most = (1 + (pass.row_tiles() - 1) / rows) * (1 + (pass.panels() - 1) / columns);
    if (least != 0 && most >= least) continue;
    least = most;
    pass.grid_rows = rows;
    pass.grid_columns = columns;
  }
}

template <class Body>
void each_worker(isize workers, const Body& body) {
  if (workers == 1) return body(0);
  parallel_members(workers, [&](isize begin, isize end, int) {
    for (isize worker = begin; worker < end; worker++) body(worker);
  });
}

template <class T>
void pack_panels(const Pass<T>& pass, isize begin, isize end) {
  for (isize q = begin * kTileColumns<T>; q < smaller(end * kTileColumns<T>, pass.columns); q += kTileColumns<T>) {
    const Lines<T> source = pass.g.columns(pass.j + q, pass.p);
    const isize columns = smaller(pass.columns - q, kTileColumns<T>);
    T* panel = pass.work.panels + q * pass.depth;
    if (columns <= kLanes<T>) {
      pack_columns<T, 1>(pass.depth, columns, source, pass.g.alpha, panel);
    } else {
      pack_columns<T, kTileVectors>(pass.depth, columns, source, pass.g.alpha, panel);
    }
  }
}

/// A packed block of A, rows from i on, times one packed panel of B, columns from q on.
template <class T, int V>
void multiply_block(const Pass<T>& pass, isize i, isize rows, const T* block, isize q) {
  const T* panel = pass.work.panels + q * pass.depth;
  const isize columns = smaller(pass.columns - q, kTileColumns<T, V>);
  const Target target = pass.g.target(pass.p);
  for (isize r = 0; r < rows; r += kTileRows) {
    const Lines<T> a = {block + r * pass.depth, 1, kTileRows};
    T* c = pass.g.result(i + r, pass.j + q);
    multiply_tile<T, V>(pass.depth, a, panel, smaller(rows - r, kTileRows), columns, c, target);
  }
}

template <class T>
void multiply_share(const Pass<T>& pass, isize worker) {
  const isize row = worker % pass.grid_rows, column = worker / pass.grid_rows;
  if (column >= pass.grid_columns) return;
  const isize end = smaller(share(pass.row_tiles(), row + 1, pass.grid_rows) * kTileRows, pass.g.m);
  const isize first = share(pass.panels(), column, pass.grid_columns) * kTileColumns<T>;
  const isize last = smaller(share(pass.panels(), column + 1, pass.grid_columns) * kTileColumns<T>, pass.columns);
  T* block = pass.work.blocks + worker * pass.work.block_rows * pass.depth;
  for (isize i = share(pass.row_tiles(), row, pass.grid_rows) * kTileRows; i < end; i += pass.work.block_rows) {
    const isize rows = smaller(end - i, pass.work.block_rows);
    for (isize r = 0; r < rows; r += kTileRows) {
      const isize count = smaller(rows - r, kTileRows);
      pack_panel<T, kTileRows>(pass.depth, count, pass.g.rows(i + r, pass.p), block + r * pass.depth);
    }
    for (isize q = first; q < last; q += kTileColumns<T>) {
      if (pass.columns - q <= kLanes<T>) {
        multiply_block<T, 1>(pass, i, rows, block, q);
      } else {
        multiply_block<T, kTileVectors>(pass, i, rows, block, q);
      }
    }
  }
}

template <class T>
void multiply_packed(const Product<T>& g, const Workspace<T>& work) {
  for (isize j = 0; j < g.n; j += work.columns) {
    for (isize p = 0; p < g.k; p += kDepth) {
      Pass<T> pass = {g, work, j, smaller(g.n - j, work.columns), p, smaller(g.k - p, kDepth), 1, 1};
      choose_grid(pass);
      each_worker(work.workers, [&](isize worker) {
        pack_panels(pass, share(pass.panels(), worker, work.workers), share(pass.panels(), worker + 1, work.workers));
      });
      each_worker(work.workers, [&](isize worker) { multiply_share(pass, worker); });
    }
  }
}

template <class T>
void scale(const Product<T>& g, T beta) {
  parallel_for(g.m, 1 + kElementsPerChunk / g.n, [&](isize begin, isize end) {
    for (isize i = begin; i < end; i++) scale(g.result(i, 0), g.n, g.cs1, beta);
  });
}

template <class T>
void gemv(isize m, isize n, T alpha, const T* a, isize as0, isize as1, const T* x, isize xs, T beta, T* y, isize ys) {
  if (m <= 0) return;
  const Gemv<T> g = {n, alpha, a, as0, as1, x, xs, beta, y, ys};
  if (n <= 0 || alpha == T(0)) return scale(y, m, ys, beta);
  const bool along_rows = prefers_rows(g, m);
  const isize grain = round_up(1 + kElementsPerChunk / n, along_rows ? kDotRows : kSumRows);
  parallel_for(m, grain, [&](isize begin, isize end) {
    along_rows ? multiply_along_rows(g, begin, end) : multiply_along_columns(g, begin, end);
  });
}

template <class T>
void gemm(isize m, isize n, isize k, T alpha, const T* a, isize as0, isize as1, const T* b, isize bs0, isize bs1,
          T beta, T* c, isize cs0, isize cs1, T* scratch, isize scratch_size) {
  if (m <= 0 || n <= 0) return;
  if (n == 1) return gemv(m, k, alpha, a, as0, as1, b, bs0, beta, c, cs0);
  if (m == 1) return gemv(n, k, alpha, b, bs1, bs0, a, as1, beta, c, cs1);
  Product<T> g = {m, n, k, alpha, {a, as0, as1}, {b, bs1, bs0}, beta != T(0), c, cs0, cs1};
  // Tiles are written row by row: a C that lies column by column is computed as its transpose, B^T * A^T.
  if (cs0 == 1 && cs1 != 1) g = {n, m, k, alpha, g.b, g.a, g.add, c, cs1, cs0};
  const bool product = k > 0 && alpha != T(0);
  if (beta == T(0) ? !product : beta != T(1)) scale(g, beta);
  if (!product) return;
  if (pays_to_pack(g)) {
    const Workspace<T> work = divide(g, scratch, scratch_size);
    if (work.workers > 0) return multiply_packed(g, work);
  }
  multiply_in_place(g);
}

NL_KERNEL(gemm, f32)
NL_KERNEL(gemm, f64)
NL_KERNEL(gemm, i32)
NL_KERNEL(gemv, f32)
NL_KERNEL(gemv, f64)
NL_KERNEL(gemv, i32)

}  // namespace NL_ISA
}  // namespace nl
