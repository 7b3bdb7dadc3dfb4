// What belongs to one copy of the library in one thread of Node: each loads the addon for itself.
// SPDX-License-Identifier: MIT
#pragma once

#include <node_api.h>

#include <vector>

#include "threads.h"

namespace nl {

/// An object that is watched for its death, and the number by which its owner knows it.
struct Watched {
  napi_ref reference;
  double id;
};

struct Instance {
  char* heap = nullptr;
  size_t heap_bytes = 0;
  /// Memory of the array `numbers`, which the addon's exports keep.
  double* numbers = nullptr;
  Settings settings;
  std::vector<Watched> watched;
};

inline Instance& instance_of(napi_env env) {
  void* raw = nullptr;
  napi_get_instance_data(env, &raw);
  return *static_cast<Instance*>(raw);
}

}  // namespace nl
