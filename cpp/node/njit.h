// Compiled functions (src/njit) in the addon. SPDX-License-Identifier: MIT
#pragma once

#include <node_api.h>

namespace nl {

/// openFunction(file, isa) for the addon's exports: see njit.cpp.
napi_value open_function(napi_env env, napi_callback_info info);

}  // namespace nl
