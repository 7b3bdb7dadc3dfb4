// The element types of kernels, and the namespace that keeps the builds for different instruction sets apart.
//
// Every kernel file is compiled once per instruction set with NL_ISA set, all into one addon. Nothing that such a file
// includes may define an inline function outside nl::NL_ISA: the linker would keep one copy, perhaps the AVX-512 one,
// for every CPU. For the same reason kernels use no STL.
// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifndef NL_ISA
#define NL_ISA generic
#endif

namespace nl {

using f32 = float;
using f64 = double;
using i32 = int32_t;
using i64 = int64_t;
using u32 = uint32_t;
using u64 = uint64_t;
using isize = ptrdiff_t;  // sizes and strides, counted in elements

}  // namespace nl
