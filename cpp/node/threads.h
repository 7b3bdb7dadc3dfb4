// Settings of the regions that the kernels called from this thread open.
// SPDX-License-Identifier: MIT
#pragma once

#include "../core/schedule.h"

namespace nl {

/// The most threads of the next regions.
void set_threads(int count);

/// How they deal out their work.
void set_schedule(const Schedule& schedule);

/// For the kernel that is called now, forgets what last_team() tells.
void begin_call();

/// How many threads the budget of the process left to the last kernel, at least in one region.
int last_team();

/// Ends the threads that wait for the next region of this thread.
void release_threads();

}  // namespace nl
