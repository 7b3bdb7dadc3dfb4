// All kernels of one instruction set, as the loaders read them.
// SPDX-License-Identifier: MIT
#pragma once

#include "export.h"

namespace nl {

struct Table {
  const Entry* const* begin;
  const Entry* const* end;
};

namespace NL_ISA {
Table table();
}

}  // namespace nl
