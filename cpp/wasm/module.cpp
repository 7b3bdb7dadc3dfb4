// What the wasm loader reads: the version and the kernel table.
// SPDX-License-Identifier: MIT

#include <emscripten.h>

#include "../core/table.h"

extern "C" {

EMSCRIPTEN_KEEPALIVE const char* nl_version() { return NL_VERSION; }
EMSCRIPTEN_KEEPALIVE const nl::Entry* const* nl_table_begin() { return nl::NL_ISA::table().begin; }
EMSCRIPTEN_KEEPALIVE const nl::Entry* const* nl_table_end() { return nl::NL_ISA::table().end; }
}
