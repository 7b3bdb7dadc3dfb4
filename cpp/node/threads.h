// SPDX-License-Identifier: MIT
#pragma once

namespace nl {

/// How many threads the next regions of this OS thread may use, from 1 on.
void set_threads(int count);

}  // namespace nl
