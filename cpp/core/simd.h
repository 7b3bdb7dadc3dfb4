// How a vector is spelled: the compilers' vector extensions, one source for 128 to 512 bits.
//
// Loops over contiguous elements need none of this: `#pragma omp simd` vectorises them. Vec<T> is for code that must
// hold its accumulators in registers (reductions, gemm).
// SPDX-License-Identifier: MIT
#pragma once

#include "types.h"

namespace nl {
namespace NL_ISA {

// NL_HALF_WIDTH: for code that waits for memory, which 256 bits read faster (Makefile).
#if defined(__AVX512F__) && !defined(NL_HALF_WIDTH)
constexpr int kVectorBytes = 64;
constexpr int kVectorRegisters = 32;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
constexpr int kVectorRegisters = 16;
#else
constexpr int kVectorBytes = 16;
#if defined(__aarch64__)
constexpr int kVectorRegisters = 32;
#else
constexpr int kVectorRegisters = 16;
#endif
#endif

template <class T>
struct VecOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};
/// A register full of T.
template <class T>
using Vec = typename VecOf<T>::type;

template <class T>
constexpr int kLanes = kVectorBytes / int(sizeof(T));

template <class T>
inline Vec<T> load(const T* p) {
  Vec<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
inline void store(T* p, Vec<T> v) {
  __builtin_memcpy(p, &v, sizeof v);
}
template <class T>
inline Vec<T> broadcast(T x) {
  return x - Vec<T>{};
}

/// a * b + c: fused where the build has an instruction for it, in which case the last bit may differ.
template <class T>
inline Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
#if defined(__wasm_relaxed_simd__)
  if constexpr (sizeof(T) == 8 && T(0.5) != 0) return Vec<T>(__builtin_wasm_relaxed_madd_f64x2(a, b, c));
  if constexpr (sizeof(T) == 4 && T(0.5) != 0) return Vec<T>(__builtin_wasm_relaxed_madd_f32x4(a, b, c));
#endif
  return a * b + c;
}

/// The smaller and the larger of two scalars or, lane by lane, vectors. A NaN on either side wins, as in NumPy.
template <class V>
inline V least(V a, V b) {
  return ((a < b) | (a != a)) ? a : b;
}
template <class V>
inline V greatest(V a, V b) {
  return ((a > b) | (a != a)) ? a : b;
}

}  // namespace NL_ISA
}  // namespace nl
