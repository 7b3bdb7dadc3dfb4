// Regions of the kernels that are called from this thread, and what they may use.
// SPDX-License-Identifier: MIT
#pragma once

#include "../core/schedule.h"

namespace nl {

/// The words in which threads of Node claim their part of the budget (src/core/budget.ts), and where this thread's
/// begin.
struct Budget {
  i32* claims = nullptr;
  size_t words = 0, own = 0;
};

/// What the regions of a call may use.
struct Settings {
  /// The most threads.
  int threads = 1;
  /// How they deal out their work.
  Schedule schedule;
  Budget budget;
};

/// The stack of libgomp's threads in bytes, 0 for the system's: it is the same for the whole process.
void set_stack(size_t bytes);

/// Lets this thread run on these CPUs alone; with none it changes nothing.
void set_cpus(const i32* cpus, size_t count);

/// Before each kernel that is called: its settings, which must outlive the call. Forgets what last_team() and
/// refused_team() tell.
void begin_call(const Settings& settings);

/// How many threads the last kernel had, at least in one region, if fewer came than were set.
int last_team();

/// How many threads a region of the last kernel wanted and the system did not start, so that it ran on one; else 0.
int refused_team();

/// Ends the threads that wait for the next region of this thread.
void release_threads();

}  // namespace nl
