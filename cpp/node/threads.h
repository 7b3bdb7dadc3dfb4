// Settings of the regions that the kernels called from this thread open.
// SPDX-License-Identifier: MIT
#pragma once

#include "../core/schedule.h"

namespace nl {

/// The most threads of the next regions.
void set_threads(int count);

/// How they deal out their work.
void set_schedule(const Schedule& schedule);

/// How many threads the last region had.
int last_team();

/// Ends the threads that wait for the next region of this thread.
void release_threads();

}  // namespace nl
