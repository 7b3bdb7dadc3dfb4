// Arithmetic, element by element, correctly rounded by the hardware (0.5 ULP). Integers wrap.
//
// Every kernel: out[i, j] = op(...) over an m x n grid; strides, aliasing: core/map.h.
// SPDX-License-Identifier: MIT

#include "../core/export.h"
#include "../core/map.h"

namespace nl {
namespace NL_ISA {

// A unary or binary kernel is its formula. NL_UNARY(negative, -x) defines negative<T>, to be listed by NL_KERNEL.
#define NL_UNARY(kernel, formula)                                                                 \
  struct kernel##_formula {                                                                       \
    template <class T>                                                                            \
    T operator()(T x) const {                                                                     \
      return formula;                                                                             \
    }                                                                                             \
  };                                                                                              \
  template <class T>                                                                              \
  void kernel(isize m, isize n, const T* x, isize xs0, isize xs1, T* out, isize os0, isize os1) { \
    map_unary<kernel##_formula>(m, n, Strided<T>{x, xs0, xs1}, out, os0, os1);                    \
  }

#define NL_BINARY(kernel, formula)                                                                                     \
  struct kernel##_formula {                                                                                            \
    template <class T>                                                                                                 \
    T operator()(T x, T y) const {                                                                                     \
      return formula;                                                                                                  \
    }                                                                                                                  \
  };                                                                                                                   \
  template <class T>                                                                                                   \
  void kernel(isize m, isize n, const T* x, isize xs0, isize xs1, const T* y, isize ys0, isize ys1, T* out, isize os0, \
              isize os1) {                                                                                             \
    map_binary<kernel##_formula>(m, n, Strided<T>{x, xs0, xs1}, Strided<T>{y, ys0, ys1}, out, os0, os1);               \
  }

inline f32 absolute(f32 x) { return __builtin_fabsf(x); }
inline f64 absolute(f64 x) { return __builtin_fabs(x); }
inline i32 absolute(i32 x) { return x < 0 ? -x : x; }
inline f32 square_root(f32 x) { return __builtin_sqrtf(x); }
inline f64 square_root(f64 x) { return __builtin_sqrt(x); }

NL_UNARY(copy, x)
NL_KERNEL(copy, f32)
NL_KERNEL(copy, f64)
NL_KERNEL(copy, i32)

NL_UNARY(negative, -x)
NL_KERNEL(negative, f32)
NL_KERNEL(negative, f64)
NL_KERNEL(negative, i32)

NL_UNARY(abs, absolute(x))
NL_KERNEL(abs, f32)
NL_KERNEL(abs, f64)
NL_KERNEL(abs, i32)

NL_UNARY(sqrt, square_root(x))
NL_KERNEL(sqrt, f32)
NL_KERNEL(sqrt, f64)

NL_BINARY(add, x + y)
NL_KERNEL(add, f32)
NL_KERNEL(add, f64)
NL_KERNEL(add, i32)

NL_BINARY(subtract, x - y)
NL_KERNEL(subtract, f32)
NL_KERNEL(subtract, f64)
NL_KERNEL(subtract, i32)

NL_BINARY(multiply, x* y)
NL_KERNEL(multiply, f32)
NL_KERNEL(multiply, f64)
NL_KERNEL(multiply, i32)

NL_BINARY(divide, x / y)
NL_KERNEL(divide, f32)
NL_KERNEL(divide, f64)

struct fma_formula {
  template <class T>
  T operator()(T x, T y, T z) const {
    return x * y + z;
  }
};
/// out = x * y + z: fused where the instruction set has it (0.5 ULP of the exact value), else rounded twice.
template <class T>
void fma(isize m, isize n, const T* x, isize xs0, isize xs1, const T* y, isize ys0, isize ys1, const T* z, isize zs0,
         isize zs1, T* out, isize os0, isize os1) {
  map_ternary<fma_formula>(m, n, Strided<T>{x, xs0, xs1}, Strided<T>{y, ys0, ys1}, Strided<T>{z, zs0, zs1}, out, os0,
                           os1);
}
NL_KERNEL(fma, f32)
NL_KERNEL(fma, f64)
NL_KERNEL(fma, i32)

template <class To>
struct Convert {
  template <class T>
  To operator()(T x) const {
    return To(x);
  }
};
/// out = x as float64, exact.
template <class T>
void to_f64(isize m, isize n, const T* x, isize xs0, isize xs1, f64* out, isize os0, isize os1) {
  map_unary<Convert<f64>>(m, n, Strided<T>{x, xs0, xs1}, out, os0, os1);
}
NL_KERNEL(to_f64, f32)
NL_KERNEL(to_f64, i32)

/// out = x rounded to float32.
template <class T>
void to_f32(isize m, isize n, const T* x, isize xs0, isize xs1, f32* out, isize os0, isize os1) {
  map_unary<Convert<f32>>(m, n, Strided<T>{x, xs0, xs1}, out, os0, os1);
}
NL_KERNEL(to_f32, f64)
NL_KERNEL(to_f32, i32)

}  // namespace NL_ISA
}  // namespace nl
