// Kernels that compiled functions (src/njit) call from inside their loops: y = f(x) for n consecutive elements, on the
// calling thread. y may be x. SPDX-License-Identifier: MIT
#pragma once

#include "types.h"

namespace nl::NL_ISA {

void block_sin(const f64* x, f64* y, i32 n);
void block_cos(const f64* x, f64* y, i32 n);
void block_exp(const f64* x, f64* y, i32 n);
void block_log(const f64* x, f64* y, i32 n);

}  // namespace nl::NL_ISA
