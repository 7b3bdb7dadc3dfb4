// Settings of the regions that the kernels called from this thread open.
// SPDX-License-Identifier: MIT
#pragma once

#include "../core/schedule.h"

namespace nl {

/// The most threads of the next regions.
void set_threads(int count);

/// How they deal out their work.
void set_schedule(const Schedule& schedule);

/// The stack of libgomp's threads in bytes, 0 for the system's: it is the same for the whole process.
void set_stack(size_t bytes);

/// Lets this thread run on these CPUs alone; with none it changes nothing.
void set_cpus(const i32* cpus, size_t count);

/// The words in which threads of Node claim their part of the budget (src/core/budget.ts), and where this thread's
/// begin.
void share_budget(i32* claims, size_t words, size_t own);

/// For the kernel that is called now, forgets what last_team() and refused_team() tell.
void begin_call();

/// How many threads the last kernel had, at least in one region, if fewer came than were set.
int last_team();

/// How many threads a region of the last kernel wanted and the system did not start, so that it ran on one; else 0.
int refused_team();

/// Ends the threads that wait for the next region of this thread.
void release_threads();

}  // namespace nl
