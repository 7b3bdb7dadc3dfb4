// The table of one instruction set: where its section of entries (core/export.h) begins and ends.
// SPDX-License-Identifier: MIT

#include "core/table.h"

#define NL_BOUNDARY_(side, section) __##side##_##section
#define NL_BOUNDARY(side, section) NL_BOUNDARY_(side, section)

extern "C" {
extern const nl::Entry* const NL_BOUNDARY(start, NL_SECTION)[] __attribute__((visibility("hidden")));
extern const nl::Entry* const NL_BOUNDARY(stop, NL_SECTION)[] __attribute__((visibility("hidden")));
}

namespace nl {
namespace NL_ISA {

Table table() { return {NL_BOUNDARY(start, NL_SECTION), NL_BOUNDARY(stop, NL_SECTION)}; }

}  // namespace NL_ISA
}  // namespace nl
