// Level 1 BLAS beyond dot. Level 2 and 3 are in gemm.cpp.
// SPDX-License-Identifier: MIT

#include "../core/export.h"
#include "../core/map.h"

namespace nl {
namespace NL_ISA {

/// y <- alpha * x + y, with strides in elements; x may be y, with its stride.
template <class T>
void axpy(isize n, T alpha, const T* x, isize xs, T* y, isize ys) {
  parallel_for(n, kMapGrain, [=](isize begin, isize end) {
    const T* from = x + begin * xs;
    T* to = y + begin * ys;
    map_row(Row{end - begin, ys, false}, from, xs, to, ys, to, [=](T xj, T yj) { return alpha * xj + yj; });
  });
}
NL_KERNEL(axpy, f32)
NL_KERNEL(axpy, f64)
NL_KERNEL(axpy, i32)

}  // namespace NL_ISA
}  // namespace nl
