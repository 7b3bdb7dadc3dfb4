// What compiled functions need of the library: the head of every source that njit compiles.
//
// A source exports
//   int nl_main(double* slots)                              0, or 1 where the record of an error is filled
//   void nl_body(int which, void* context, double begin, double end)   iterations (or blocks) of a parallel loop
//   void nl_free(double* slots)                             frees what nl_main allocated for its results
// and calls what is declared here. Addresses and sizes are exact as f64, so that no call needs 64-bit integers of
// JavaScript. SPDX-License-Identifier: MIT

typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;
typedef float f32;
typedef double f64;

void nl_body(i32 which, void* context, f64 begin, f64 end);

#if defined(__wasm__)
#define NL_EXPORT __attribute__((visibility("default")))
#define NL_IMPORT(module, name) __attribute__((import_module(module), import_name(name))) extern
typedef u32 word;
// Of the library: a parallel loop on the team (kind -1: the schedule in force), memory (0 where there is none).
NL_IMPORT("env", "nl_region") void nl_region(i32 which, void* context, f64 items, i32 kind, i32 chunk);
NL_IMPORT("env", "nl_allocate") void* nl_allocate(f64 bytes);
NL_IMPORT("env", "nl_release") void nl_release(void* memory);
NL_IMPORT("env", "nl_random") f64 nl_random(void);
// Kernels over n elements; y may be x.
NL_IMPORT("env", "nl_block_sin") void nl_block_sin(const f64* x, f64* y, i32 n);
NL_IMPORT("env", "nl_block_cos") void nl_block_cos(const f64* x, f64* y, i32 n);
NL_IMPORT("env", "nl_block_exp") void nl_block_exp(const f64* x, f64* y, i32 n);
NL_IMPORT("env", "nl_block_log") void nl_block_log(const f64* x, f64* y, i32 n);
// JavaScript's %, under the name by which the compiler calls it too.
extern f64 fmod(f64 x, f64 y);
static inline f64 nl_fmod(f64 x, f64 y) { return fmod(x, y); }
// The engine's own Math.
#define NL_MATH1(name) NL_IMPORT("Math", #name) f64 nl_##name(f64 x);
#define NL_MATH2(name) NL_IMPORT("Math", #name) f64 nl_##name(f64 x, f64 y);
#else
#define NL_EXPORT __attribute__((visibility("default")))
typedef u64 word;
struct nl_library {
  void (*region)(void (*body)(i32, void*, f64, f64), i32 which, void* context, f64 items, i32 kind, i32 chunk);
  void* (*allocate)(f64 bytes);
  void (*release)(void* memory);
  f64 (*random)(void);
  void (*block_sin)(const f64* x, f64* y, i32 n);
  void (*block_cos)(const f64* x, f64* y, i32 n);
  void (*block_exp)(const f64* x, f64* y, i32 n);
  void (*block_log)(const f64* x, f64* y, i32 n);
};
static const struct nl_library* nl_library;
NL_EXPORT void nl_attach(const struct nl_library* library) { nl_library = library; }
#define nl_region(which, context, items, kind, chunk) nl_library->region(nl_body, which, context, items, kind, chunk)
#define nl_allocate(bytes) nl_library->allocate(bytes)
#define nl_release(memory) nl_library->release(memory)
#define nl_random() nl_library->random()
#define nl_block_sin(x, y, n) nl_library->block_sin(x, y, n)
#define nl_block_cos(x, y, n) nl_library->block_cos(x, y, n)
#define nl_block_exp(x, y, n) nl_library->block_exp(x, y, n)
#define nl_block_log(x, y, n) nl_library->block_log(x, y, n)
// The C library's.
#define NL_MATH1(name) \
  extern f64 name(f64); \
  static inline f64 nl_##name(f64 x) { return name(x); }
#define NL_MATH2(name) \
  extern f64 name(f64, f64); \
  static inline f64 nl_##name(f64 x, f64 y) { return name(x, y); }
NL_MATH2(fmod)
#endif

NL_MATH1(sin) NL_MATH1(cos) NL_MATH1(tan) NL_MATH1(exp) NL_MATH1(log) NL_MATH2(pow)
// What the C library has further from V8's or slower, and what V8 calls slowly from wasm, is in exponentials.h,
// logarithms.h and angles.h.
#define NL_OWN1(name) \
  static __attribute__((noinline, unused)) f64 nl_##name(f64 x) { return nl_fdlibm_##name(0, x); }
#define NL_OWN2(name) \
  static __attribute__((noinline, unused)) f64 nl_##name(f64 x, f64 y) { return nl_fdlibm_##name(0, x, y); }
#if defined(__wasm__)
NL_MATH1(asin) NL_MATH1(acos) NL_MATH1(atan) NL_MATH2(atan2)
#else
NL_MATH1(expm1) NL_MATH1(log2) NL_MATH1(asinh) NL_MATH1(acosh) NL_MATH1(atanh)
#endif
