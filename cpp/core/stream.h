// Stores past the caches, for results that are larger than these: a line that will be overwritten as a whole is not
// read from memory first, a third of what an addition moves. SPDX-License-Identifier: MIT
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "types.h"

namespace nl {
namespace NL_ISA {

constexpr int kLineBytes = 64;

/// Smaller results may be found in the last cache by who reads them next.
constexpr isize kStreamedBytes = 32 << 20;

/// Shorter rows take less time than waiting for the end of what they streamed.
constexpr isize kStreamedRowBytes = 4096;

#if defined(__x86_64__)
constexpr bool kCanStream = true;

/// Both addresses are multiples of `bytes`.
template <int bytes>
inline void stream(void* to, const void* from) {
#if defined(__AVX512F__)
  if constexpr (bytes == 64) return _mm512_stream_si512(static_cast<__m512i*>(to), _mm512_load_si512(from));
#endif
#if defined(__AVX__)
  if constexpr (bytes == 32) {
    return _mm256_stream_si256(static_cast<__m256i*>(to), _mm256_load_si256(static_cast<const __m256i*>(from)));
  }
#endif
  if constexpr (bytes == 16) {
    _mm_stream_si128(static_cast<__m128i*>(to), _mm_load_si128(static_cast<const __m128i*>(from)));
  } else {
    constexpr int half = bytes / 2;
    stream<half>(to, from);
    stream<half>(static_cast<char*>(to) + half, static_cast<const char*>(from) + half);
  }
}

/// What was streamed before is written for other threads, too, when what is stored after is.
inline void end_stream() { _mm_sfence(); }
#else
constexpr bool kCanStream = false;
template <int bytes>
inline void stream(void*, const void*) {}
inline void end_stream() {}
#endif

/// Whether a result of m x n elements is. Where an input is the result, its lines are in the cache already.
template <class Out, class... Inputs>
inline bool is_streamed(isize m, isize n, const Out* out, const Inputs*... inputs) {
  const isize row_bytes = n * isize(sizeof(Out));
  return kCanStream && m * row_bytes >= kStreamedBytes && row_bytes >= kStreamedRowBytes &&
         ((static_cast<const void*>(inputs) != static_cast<const void*>(out)) && ...);
}

template <class T>
inline bool begins_line(const T* p) {
  return reinterpret_cast<uintptr_t>(p) % kLineBytes == 0;
}

/// out[j] = f(j) for n elements, with the bits of a plain loop, but where two NaNs meet, either of which may be the
/// result; end_stream() has to follow.
template <class T, class F>
inline void stream_row(isize n, T* out, F f) {
  constexpr isize length = kLineBytes / isize(sizeof(T));
  isize at = 0;
  for (; at < n && !begins_line(out + at); at++) out[at] = f(at);
  for (; at + length <= n; at += length) {
    alignas(kLineBytes) T line[length];
#pragma omp simd
    for (isize j = 0; j < length; j++) line[j] = f(at + j);
    stream<kLineBytes>(out + at, line);
  }
  for (; at < n; at++) out[at] = f(at);
}

}  // namespace NL_ISA
}  // namespace nl
