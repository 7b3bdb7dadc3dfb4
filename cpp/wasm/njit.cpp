// What compiled functions (src/njit) call: parallel loops on the team, and memory for threads that have no JavaScript
// heap.
//
// A function is a side module. Its descriptor, which src/njit/wasm.ts writes, tells every thread of the team what to
// instantiate at its first use; a thread's instance uses that thread's stack. SPDX-License-Identifier: MIT

#include "../core/njit.h"

#include <emscripten.h>
#include <stdlib.h>

#include "../core/blocks.h"
#include "../core/random.h"

namespace {

std::atomic<nl::u64> seeds{0};
thread_local nl::Random random_numbers;

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE double nl_random() { return random_numbers.next(seeds); }
/// Where the threads' random numbers start: two halves, as JavaScript has them.
EMSCRIPTEN_KEEPALIVE void nl_seed(unsigned low, unsigned high) { seeds = nl::u64(high) << 32 | low; }

EMSCRIPTEN_KEEPALIVE void nl_block_sin(const double* x, double* y, int n) { nl::NL_ISA::block_sin(x, y, n); }
EMSCRIPTEN_KEEPALIVE void nl_block_cos(const double* x, double* y, int n) { nl::NL_ISA::block_cos(x, y, n); }
EMSCRIPTEN_KEEPALIVE void nl_block_exp(const double* x, double* y, int n) { nl::NL_ISA::block_exp(x, y, n); }
EMSCRIPTEN_KEEPALIVE void nl_block_log(const double* x, double* y, int n) { nl::NL_ISA::block_log(x, y, n); }

#if defined(__EMSCRIPTEN_PTHREADS__)

void nl_reach_beyond(bool may);

/// Of njit.js: iterations of a parallel loop, by this thread's instance of the function.
void nl_njit_body(int program, int which, void* context, double begin, double end);

static int largest_team = 1;

EMSCRIPTEN_KEEPALIVE void nl_njit_region(int program, int which, void* context, double items, int kind, int chunk) {
  const int members = nl::run_iterations(
      items, kind, chunk, [=](double begin, double end) { nl_njit_body(program, which, context, begin, end); });
  // A region inside another has one member: only the caller of all can find more.
  if (members > largest_team) largest_team = members;
}

/// The members of the largest region since the last time it was asked; 1 where there was none.
EMSCRIPTEN_KEEPALIVE int nl_njit_team() {
  const int members = largest_team;
  largest_team = 1;
  return members;
}

/// For the team's threads: JavaScript, which owns the array heap, is busy in the region. May make the memory larger.
EMSCRIPTEN_KEEPALIVE void* nl_njit_allocate(double bytes) {
  if (!(bytes <= 4294967296.0 - 65536)) return nullptr;
  nl_reach_beyond(true);
  void* memory = malloc(bytes < 1 ? 1 : static_cast<size_t>(bytes));
  nl_reach_beyond(false);
  return memory;
}

EMSCRIPTEN_KEEPALIVE void nl_njit_release(void* memory) { free(memory); }

#endif
}
