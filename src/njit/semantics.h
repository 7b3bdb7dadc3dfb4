// JavaScript's arithmetic where C's differs. SPDX-License-Identifier: MIT

#define NL_INLINE static inline __attribute__((always_inline, unused))
#define NL_COLD static __attribute__((noinline, cold, unused))

#if defined(__clang__)
#define NL_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define NL_INDEPENDENT _Pragma("GCC ivdep")
#endif

// A branch that stays one.
#define NL_BRANCH __asm__ volatile("")

// A double that a loop carries from turn to turn. GCC ends turns by copying registers, with an instruction that makes the
// next turn wait; what it must take for changed by the assembler it computes where it stays.
#if defined(__x86_64__) && !defined(__clang__)
#define NL_CARRIED(x) __asm__("" : "+x"(x))
#else
#define NL_CARRIED(x) (void)0
#endif

// GCC 12 takes 0 - x for -x where the text says that x was an integer, which it is not for 0; not in functions.
NL_INLINE f64 nl_plus(f64 x, f64 y) { return x + y; }
NL_INLINE f64 nl_minus(f64 x, f64 y) { return x - y; }

// Whether loops that seldom do something go through all turns: two lanes are no faster at looking for those that do.
#if defined(__wasm__)
#define nl_goes_through() 1
#else
#define nl_goes_through() 0
#endif

// Offsets of elements: memory is at most 2^32 bytes for wasm.
#if !defined(__wasm__)
typedef i64 offset;
#elif defined(NL_HUGE)
typedef u32 offset;
#else
typedef i32 offset;
#endif

#define floor __builtin_floor
#define fabs __builtin_fabs
#define trunc __builtin_trunc
#define copysign __builtin_copysign

#define NL_TWO32 4294967296.0
#define NL_EXACT 9007199254740992.0

NL_INLINE u64 nl_bits(f64 x) {
  u64 bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}
NL_INLINE f64 nl_of_bits(u64 bits) {
  f64 x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

// ToInt32.
NL_COLD i32 nl_wrap_far(f64 x) { return x - x == 0 ? (i32)(u32)(i64)nl_fmod(trunc(x), NL_TWO32) : 0; }
NL_INLINE i32 nl_wrap(f64 x) { return fabs(x) < 0x1p62 ? (i32)(u32)(u64)(i64)x : nl_wrap_far(x); }

// x % y: whole numbers by the integer unit.
NL_INLINE f64 nl_remainder(f64 x, f64 y) {
  if (x >= 0 && x <= NL_EXACT && y >= 1 && y <= NL_EXACT && (f64)(i64)x == x && (f64)(i64)y == y && nl_bits(x) >> 63 == 0)
    return (f64)((i64)x % (i64)y);
  return nl_fmod(x, y);
}

NL_INLINE f64 nl_abs(f64 x) { return fabs(x); }
NL_INLINE f64 nl_floor(f64 x) { return floor(x); }
NL_INLINE f64 nl_ceil(f64 x) { return __builtin_ceil(x); }
NL_INLINE f64 nl_trunc(f64 x) { return trunc(x); }
NL_INLINE f64 nl_sqrt(f64 x) { return __builtin_sqrt(x); }
NL_INLINE f64 nl_fround(f64 x) { return (f64)(f32)x; }
NL_INLINE f64 nl_sign(f64 x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }
NL_INLINE i32 nl_clz32(i32 x) { return x == 0 ? 32 : __builtin_clz((u32)x); }
NL_INLINE i32 nl_imul(i32 x, i32 y) { return (i32)((u32)x * (u32)y); }
// Halves go up.
NL_INLINE f64 nl_round(f64 x) {
  const f64 low = floor(x);
  return copysign(x - low >= 0.5 ? low + 1 : low, x);
}
// NaN wins, and -0 is below 0.
#if defined(__wasm__)
NL_INLINE f64 nl_min(f64 x, f64 y) { return __builtin_wasm_min_f64(x, y); }
NL_INLINE f64 nl_max(f64 x, f64 y) { return __builtin_wasm_max_f64(x, y); }
typedef f64 nl_lane;
NL_INLINE nl_lane nl_min_lane(f64 x) { return x; }
NL_INLINE nl_lane nl_max_lane(f64 x) { return x; }
NL_INLINE nl_lane nl_min_lanes(nl_lane x, nl_lane y) { return nl_min(x, y); }
NL_INLINE nl_lane nl_max_lanes(nl_lane x, nl_lane y) { return nl_max(x, y); }
NL_INLINE f64 nl_of_lane(nl_lane x) { return x; }
#define NL_LEAST_LANE nl_min
#define NL_MOST_LANE nl_max
#else
NL_INLINE f64 nl_min(f64 x, f64 y) {
  const f64 less = x < y ? x : y, equal = x == y ? nl_of_bits(nl_bits(x) | nl_bits(y)) : less;
  return x != x ? x : equal;
}
NL_INLINE f64 nl_max(f64 x, f64 y) {
  const f64 more = x > y ? x : y, equal = x == y ? nl_of_bits(nl_bits(x) & nl_bits(y)) : more;
  return x != x ? x : equal;
}
// Integers in the order of doubles, NaN before or behind all: a loop that looks for an extreme waits for one comparison a
// turn, not for all of the above.
typedef i64 nl_lane;
#define NL_FLIPPED(x) ((x) ^ (i64)((u64)((x) >> 63) >> 1))
NL_INLINE nl_lane nl_min_lane(f64 x) { return x == x ? NL_FLIPPED((i64)nl_bits(x)) : (i64)0x8007ffffffffffffULL; }
NL_INLINE nl_lane nl_max_lane(f64 x) { return x == x ? NL_FLIPPED((i64)nl_bits(x)) : 0x7ff8000000000000LL; }
NL_INLINE nl_lane nl_min_lanes(nl_lane x, nl_lane y) { return x < y ? x : y; }
NL_INLINE nl_lane nl_max_lanes(nl_lane x, nl_lane y) { return x > y ? x : y; }
NL_INLINE f64 nl_of_lane(nl_lane x) { return nl_of_bits((u64)NL_FLIPPED(x)); }
#define NL_LEAST_LANE min
#define NL_MOST_LANE max
#endif
// A sum of nothing but -0 is -0.
_Pragma("omp declare reduction(nl_sum : f64 : omp_out += omp_in) initializer(omp_priv = -0.0)")
_Pragma("omp declare reduction(nl_min : f64 : omp_out = nl_min(omp_out, omp_in)) initializer(omp_priv = __builtin_inf())")
_Pragma("omp declare reduction(nl_max : f64 : omp_out = nl_max(omp_out, omp_in)) initializer(omp_priv = -__builtin_inf())")
NL_INLINE i32 nl_min_i32(i32 x, i32 y) { return x < y ? x : y; }
NL_INLINE i32 nl_max_i32(i32 x, i32 y) { return x > y ? x : y; }
NL_INLINE i64 nl_min_i64(i64 x, i64 y) { return x < y ? x : y; }
NL_INLINE i64 nl_max_i64(i64 x, i64 y) { return x > y ? x : y; }
// To the last bit but one, which not every C library keeps: Halley's method, then a last step from 26 bits, whose square
// is exact.
NL_COLD f64 nl_cube_root(f64 x) {
  if (x == 0 || x - x != 0) return x;
  f64 size = fabs(x), scale = 1;
  if (size < 0x1p-1000) {
    size *= 0x1p54;
    scale = 0x1p-18;
  } else if (size > 0x1p1000) {
    size *= 0x1p-54;
    scale = 0x1p18;
  }
  f64 t = nl_of_bits(nl_bits(size) / 3 + 0x2a9f7893782da1ceULL);
  for (i32 i = 0; i < 3; i++) {
    const f64 cube = t * t * t;
    t *= (cube + 2 * size) / (2 * cube + size);
  }
  t = nl_of_bits((nl_bits(t) + 0x4000000) & ~0x7ffffffULL);
  const f64 rest = size / (t * t);
  return copysign((t + t * ((rest - t) / (t + t + rest))) * scale, x);
}

// LLVM takes a power of 64 for one of 2, whose exponent it rounds, unless it does not see that the base is 64.
#if defined(__clang__) && !defined(__wasm__)
NL_INLINE f64 nl_unseen(f64 x) {
  u64 bits = nl_bits(x);
  __asm__("" : "+r"(bits));
  return nl_of_bits(bits);
}
#else
#define nl_unseen(x) (x)
#endif
// C's pow has 1 where JavaScript has NaN.
NL_INLINE f64 nl_power(f64 x, f64 y) {
  return y != y || (fabs(x) == 1 && y - y != 0) ? __builtin_nan("") : nl_pow(nl_unseen(x), y);
}
// By the largest, with compensated sums: nothing overflows.
NL_INLINE f64 nl_hypot_of(i32 n, const f64* x) {
  f64 most = 0, sum = 0, lost = 0;
  i32 nan = 0;
  for (i32 i = 0; i < n; i++) {
    if (fabs(x[i]) == __builtin_inf()) return __builtin_inf();
    if (x[i] != x[i]) nan = 1;
    if (fabs(x[i]) > most) most = fabs(x[i]);
  }
  if (nan) return __builtin_nan("");
  if (most == 0) return 0;
  for (i32 i = 0; i < n; i++) {
    const f64 part = fabs(x[i]) / most, term = part * part - lost, next = sum + term;
    lost = (next - sum) - term;
    sum = next;
  }
  return nl_sqrt(sum) * most;
}
// To a byte of a Uint8ClampedArray: halves go to the even neighbour.
NL_INLINE i32 nl_clamp(f64 x) {
  if (!(x > 0)) return 0;
  if (x >= 255) return 255;
  const f64 low = floor(x), rest = x - low;
  const i32 whole = (i32)low;
  return rest < 0.5 || (rest == 0.5 && whole % 2 == 0) ? whole : whole + 1;
}

// The first whole number that a counter below x does not take, and the last one that a counter up to x takes.
NL_INLINE i64 nl_bounded(f64 x) { return x > 0x1p51 ? (i64)1 << 51 : x < -0x1p51 ? -((i64)1 << 51) : (i64)x; }
NL_INLINE i64 nl_bound_up(f64 x) { return x != x ? -((i64)1 << 51) : nl_bounded(nl_ceil(x)); }
NL_INLINE i64 nl_bound_down(f64 x) { return x != x ? -((i64)1 << 51) : nl_bounded(floor(x)); }
NL_INLINE i64 nl_range_turns(i64 start, f64 stop, i64 step) {
  const f64 turns = nl_ceil((stop - (f64)start) / (f64)step);
  return turns > 0 ? nl_bounded(turns) : 0;
}
NL_INLINE i64 nl_turns(i64 start, i64 stop, i64 step) {
  if (step > 0) return start < stop ? (stop - start + step - 1) / step : 0;
  return start > stop ? (start - stop - step - 1) / -step : 0;
}

// BigInts of 64 bits.
NL_INLINE _Bool nl_big_add_overflows(i64 x, i64 y) {
  i64 sum;
  return __builtin_add_overflow(x, y, &sum);
}
NL_INLINE _Bool nl_big_subtract_overflows(i64 x, i64 y) {
  i64 difference;
  return __builtin_sub_overflow(x, y, &difference);
}
// By the upper half of the product, from products of 32 bits: a wider type would need a library in wasm.
NL_INLINE _Bool nl_big_multiply_overflows(i64 x, i64 y) {
  const u64 x_low = (u32)x, y_low = (u32)y;
  const i64 x_high = x >> 32, y_high = y >> 32;
  const i64 cross = x_high * (i64)y_low + (i64)((x_low * y_low) >> 32);
  const i64 other = (i64)x_low * y_high + (i64)(u32)cross;
  const i64 high = x_high * y_high + (cross >> 32) + (other >> 32);
  return high != (i64)((u64)x * (u64)y) >> 63;
}
#if defined(__wasm__)
// The product of 128 bits that LLVM calls by this name where it computes the end of a loop at once: there is no library.
__attribute__((visibility("hidden"))) __int128 __multi3(__int128 x, __int128 y) {
  const u64 a = (u64)x, b = (u64)y, a_low = (u32)a, a_high = a >> 32, b_low = (u32)b, b_high = b >> 32;
  const u64 low = a_low * b_low, cross = a_high * b_low + (low >> 32), other = a_low * b_high + (u32)cross;
  const u64 high = a_high * b_high + (cross >> 32) + (other >> 32);
  const u64 upper = high + a * (u64)(y >> 64) + (u64)(x >> 64) * b;
  return (__int128)((unsigned __int128)upper << 64 | (other << 32 | (u32)low));
}
#endif
NL_INLINE _Bool nl_big_divide_overflows(i64 x, i64 y) { return y == -1 && x == (i64)((u64)1 << 63); }
NL_INLINE i64 nl_big_right(i64 x, i64 by) { return x >> (by > 63 ? 63 : by); }
NL_INLINE i64 nl_big_left(i64 x, i64 by) { return by > 63 ? 0 : (i64)((u64)x << by); }
NL_INLINE i64 nl_big_shift_left(i64 x, i64 by) { return by < 0 ? nl_big_right(x, by < -63 ? 63 : -by) : nl_big_left(x, by); }
NL_INLINE i64 nl_big_shift_right(i64 x, i64 by) { return by < 0 ? nl_big_left(x, by < -63 ? 64 : -by) : nl_big_right(x, by); }
NL_INLINE _Bool nl_big_shift_overflows(i64 x, i64 by) {
  if (by <= 0 || x == 0) return 0;
  return by > 62 || nl_big_left(x, by) >> by != x;
}
// Of a whole number; compilers take (f64)(i64)x for the whole part of x, which may be -0.
NL_INLINE i64 nl_big_of(f64 x) { return (i64)(x + 0.0); }
NL_INLINE i64 nl_big_divide(i64 x, i64 y) { return y == -1 ? (i64)(0 - (u64)x) : x / y; }
NL_INLINE i64 nl_big_remainder(i64 x, i64 y) { return y == -1 ? 0 : x % y; }
NL_INLINE _Bool nl_no_big(f64 x) { return !(x >= -0x1p63 && x < 0x1p63 && trunc(x) == x); }
NL_INLINE _Bool nl_no_extent(f64 x) { return !(x >= 0 && x <= NL_EXACT && trunc(x) == x); }

// ---- errors ---------------------------------------------------------------------------------------------------------

// A record: what failed, where in the user's text, index (or a value that the message names), axis, extent.
// Compilers do not vectorise the loops of a version that they think rare.
#define NL_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define NL_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
NL_COLD void nl_failed(f64* record, f64 what, f64 where, f64 value) {
  record[0] = what;
  record[1] = where;
  record[2] = value;
}
NL_COLD void nl_out_of_bounds(f64* record, f64 where, f64 index, f64 axis, f64 extent) {
  record[0] = -1;
  record[1] = where;
  record[2] = index;
  record[3] = axis;
  record[4] = extent;
}
NL_COLD void nl_no_memory(f64* record, f64 where, f64 bytes) {
  record[0] = -2;
  record[1] = where;
  record[2] = bytes;
}

// How deep functions may call themselves.
#if !defined(NL_RECURSES)
#define NL_SET_DEPTH(record) (void)(record)
#define NL_SET_DEPTH_OF_CALL(record) (void)(record)
#elif defined(__wasm__)
// By the stack in memory: 1 MB of the thread that calls, 256 KB of one of the team. The engine's own stack, which nobody can
// measure, is 4 MB in the team's threads; where the caller's ends, the engine throws.
NL_INLINE void nl_set_depth(f64* record, u32 calls, u32 bytes) {
  u32* depth = (u32*)(record + 7);
  depth[0] = calls;
  depth[1] = (word)__builtin_frame_address(0) - bytes;
}
NL_INLINE _Bool nl_is_too_deep(f64* record) {
  u32* depth = (u32*)(record + 7);
  return depth[0]-- == 0 || (word)__builtin_frame_address(0) < depth[1];
}
#define NL_SET_DEPTH(record) nl_set_depth(record, 8000, 160 << 10)
#define NL_SET_DEPTH_OF_CALL(record) nl_set_depth(record, 0xffffffff, 768 << 10)
#define NL_TOO_DEEP(record) nl_is_too_deep(record)
#define NL_LEAVE(record) ++*(u32*)((record) + 7)
#else
// To the last 256 KB of the thread's stack, and not beyond 64 MB.
extern u64 pthread_self(void);
extern i32 pthread_getattr_np(u64 thread, void* attributes);
extern i32 pthread_attr_getstack(const void* attributes, void** lowest, u64* size);
extern i32 pthread_attr_destroy(void* attributes);
NL_COLD u64 nl_lowest(void) {
  u64 attributes[32], size;
  void* lowest = 0;
  if (pthread_getattr_np(pthread_self(), attributes)) return (u64)__builtin_frame_address(0) - (1 << 20);
  pthread_attr_getstack(attributes, &lowest, &size);
  pthread_attr_destroy(attributes);
  return (u64)lowest + (1 << 18);
}
static __thread u64 nl_lowest_here;
NL_COLD void nl_set_depth(f64* record) {
  if (nl_lowest_here == 0) nl_lowest_here = nl_lowest();
  const u64 most = (u64)__builtin_frame_address(0) - (1 << 26);
  record[7] = nl_of_bits(nl_lowest_here > most ? nl_lowest_here : most);
}
#define NL_SET_DEPTH(record) nl_set_depth(record)
#define NL_SET_DEPTH_OF_CALL(record) nl_set_depth(record)
#define NL_TOO_DEEP(record) (u64)__builtin_frame_address(0) < nl_bits((record)[7])
#define NL_LEAVE(record) (void)(record)
#endif
NL_COLD void nl_too_deep(f64* record) { record[0] = -3; }

// The error of the lowest iteration of a parallel loop.
struct nl_failure {
  i64 at;
  i32 lock;
  f64 record[5];
};
NL_COLD void nl_region_failed(struct nl_failure* failure, i64 at, const f64* record) {
  while (__atomic_exchange_n(&failure->lock, 1, __ATOMIC_ACQUIRE)) {}
  if (at < failure->at) {
    __atomic_store_n(&failure->at, at, __ATOMIC_RELAXED);
    for (i32 i = 0; i < 5; i++) failure->record[i] = record[i];
  }
  __atomic_store_n(&failure->lock, 0, __ATOMIC_RELEASE);
}
NL_INLINE i64 nl_failed_at(const struct nl_failure* failure) { return __atomic_load_n(&failure->at, __ATOMIC_RELAXED); }

// ---- memory ---------------------------------------------------------------------------------------------------------

// What a call allocated, the newest first.
struct nl_block {
  struct nl_block* before;
  u64 padding[7];
};
NL_INLINE void* nl_new(struct nl_block** blocks, i64 count, i64 itemsize) {
  if ((f64)count * (f64)itemsize > 0x1p46) return 0;
  struct nl_block* block = (struct nl_block*)nl_allocate((f64)(count * itemsize) + sizeof(struct nl_block));
  if (!block) return 0;
  block->before = *blocks;
  *blocks = block;
  return block + 1;
}
NL_INLINE void nl_release_to(struct nl_block** blocks, struct nl_block* last) {
  while (*blocks != last) {
    struct nl_block* block = *blocks;
    *blocks = block->before;
    nl_release(block);
  }
}
// Whether two pieces of memory share nothing.
NL_INLINE _Bool nl_apart(const void* p, i64 from, i64 to, i64 size, const void* q, i64 begin, i64 end, i64 width) {
  const u64 a = (word)p, b = (word)q;
  return a + (u64)(to * size) <= b + (u64)(begin * width) || b + (u64)(end * width) <= a + (u64)(from * size);
}

// Adds a number to an element that other threads add to: as doubles, and then as the element is stored.
#define NL_ADD(type, bits, stored)                                                                    \
  NL_INLINE void nl_add_##type(type* place, f64 value) {                                              \
    bits before, after;                                                                               \
    type element;                                                                                     \
    __atomic_load((bits*)place, &before, __ATOMIC_RELAXED);                                           \
    do {                                                                                              \
      __builtin_memcpy(&element, &before, sizeof element);                                            \
      const f64 sum = (f64)element + value;                                                           \
      element = (type)(stored);                                                                       \
      __builtin_memcpy(&after, &element, sizeof element);                                             \
    } while (!__atomic_compare_exchange((bits*)place, &before, &after, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)); \
  }
NL_ADD(f64, u64, sum) NL_ADD(f32, u32, sum)
NL_ADD(i32, u32, nl_wrap(sum)) NL_ADD(u32, u32, nl_wrap(sum)) NL_ADD(i16, u16, nl_wrap(sum))
NL_ADD(u16, u16, nl_wrap(sum)) NL_ADD(i8, u8, nl_wrap(sum)) NL_ADD(u8, u8, nl_wrap(sum))
#define NL_ADD_INTEGER(type) \
  NL_INLINE void nl_add_integer_##type(type* place, type value) { __atomic_fetch_add(place, value, __ATOMIC_RELAXED); }
NL_ADD_INTEGER(i64) NL_ADD_INTEGER(u64) NL_ADD_INTEGER(i32) NL_ADD_INTEGER(u32)
NL_ADD_INTEGER(i16) NL_ADD_INTEGER(u16) NL_ADD_INTEGER(i8) NL_ADD_INTEGER(u8)
// To an element that takes nothing but integers of 32 bits: whether the sum is one.
NL_INLINE _Bool nl_add_int32(i32* place, f64 value, f64* sum) {
  i32 before = __atomic_load_n(place, __ATOMIC_RELAXED);
  do {
    *sum = (f64)before + value;
    if (!(fabs(*sum) <= 0x1p31) || *sum != (f64)nl_wrap(*sum)) return 0;
  } while (!__atomic_compare_exchange_n(place, &before, (i32)*sum, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return 1;
}
