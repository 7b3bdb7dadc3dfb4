// How a kernel gets into the table by which a binary describes itself: symbol, signature, function.
//
// NL_KERNEL(add, f64) registers add<f64> as `add_f64`. The signature is deduced from the function's type, so it cannot
// drift from the code. Entries are constants in a linker section: no start-up code runs (code compiled for AVX-512 must
// not run while an older CPU loads the addon) and there is no list to keep.
// SPDX-License-Identifier: MIT
#pragma once

#include "types.h"

namespace nl {

/// A signature is one token per argument: `n` a size or stride; s, d, i a scalar (f32, f64, i32); these letters and
/// l (i64) behind `*` a pointer, behind `&` a pointer to const.
struct Signature {
  char text[64];
};

/// No kernel has more.
constexpr size_t kMaxArguments = 24;

/// One argument as the addon passes it to `invoke`.
union Slot {
  isize n;
  f32 s;
  f64 d;
  i32 i;
  void* p;
};

using Function = void (*)();
using Invoke = void (*)(Function, const Slot*);

struct Entry {
  const char* symbol;
  Function function;
  Invoke invoke;
  Signature signature;
};

namespace NL_ISA {

template <class T>
struct Letter;
template <>
struct Letter<f32> {
  static constexpr char value = 's';
};
template <>
struct Letter<f64> {
  static constexpr char value = 'd';
};
template <>
struct Letter<i32> {
  static constexpr char value = 'i';
};
template <>
struct Letter<i64> {
  static constexpr char value = 'l';
};

/// How an argument of type A is written in a signature and taken out of its slot. There is no i64 by value: on 64-bit
/// targets that is the same type as isize.
template <class A>
struct Argument;
template <>
struct Argument<isize> {
  static constexpr char prefix = 0, letter = 'n';
  static isize from(Slot slot) { return slot.n; }
};
template <>
struct Argument<f32> {
  static constexpr char prefix = 0, letter = 's';
  static f32 from(Slot slot) { return slot.s; }
};
template <>
struct Argument<f64> {
  static constexpr char prefix = 0, letter = 'd';
  static f64 from(Slot slot) { return slot.d; }
};
template <>
struct Argument<i32> {
  static constexpr char prefix = 0, letter = 'i';
  static i32 from(Slot slot) { return slot.i; }
};
template <class T>
struct Argument<T*> {
  static constexpr char prefix = '*', letter = Letter<T>::value;
  static T* from(Slot slot) { return static_cast<T*>(slot.p); }
};
template <class T>
struct Argument<const T*> {
  static constexpr char prefix = '&', letter = Letter<T>::value;
  static const T* from(Slot slot) { return static_cast<const T*>(slot.p); }
};

template <class... A>
constexpr Signature signature_of(void (*)(A...)) {
  static_assert(sizeof...(A) <= kMaxArguments, "the addon has room for fewer arguments");
  Signature result{};
  int at = 0;
  ((Argument<A>::prefix ? void(result.text[at++] = Argument<A>::prefix) : void(),
    result.text[at++] = Argument<A>::letter),
   ...);
  return result;
}

template <class... A>
struct Call {
  template <size_t... I>
  struct Indices {};
  template <size_t N, size_t... I>
  struct Count : Count<N - 1, N - 1, I...> {};
  template <size_t... I>
  struct Count<0, I...> {
    using type = Indices<I...>;
  };
  template <size_t... I>
  static void spread(Function function, const Slot* slots, Indices<I...>) {
    reinterpret_cast<void (*)(A...)>(function)(Argument<A>::from(slots[I])...);
  }
  static void invoke(Function function, const Slot* slots) {
    spread(function, slots, typename Count<sizeof...(A)>::type{});
  }
};

template <class... A>
constexpr Invoke invoke_of(void (*)(A...)) {
  return Call<A...>::invoke;
}

}  // namespace NL_ISA
}  // namespace nl

#define NL_TEXT_(x) #x
#define NL_TEXT(x) NL_TEXT_(x)
#define NL_JOIN_(a, b, c) a##_##b##_##c
#define NL_JOIN(a, b, c) NL_JOIN_(a, b, c)

// The section's name is a C identifier, so that linkers define __start_ and __stop_ symbols for it (table.cpp). It
// holds pointers, because a compiler may pad the entries themselves.
#define NL_SECTION NL_JOIN(nl, kernels, NL_ISA)

/// Registers the function template `kernel` for element type T as the symbol <kernel>_<T>.
#define NL_KERNEL(kernel, T)                                                                                         \
  static const Entry NL_JOIN(entry, kernel, T) = {#kernel "_" #T, reinterpret_cast<Function>(+kernel<T>),            \
                                                  invoke_of(+kernel<T>), signature_of(+kernel<T>)};                  \
  __attribute__((section(NL_TEXT(NL_SECTION)), used, retain)) static const Entry* const NL_JOIN(listed, kernel, T) = \
      &NL_JOIN(entry, kernel, T);
