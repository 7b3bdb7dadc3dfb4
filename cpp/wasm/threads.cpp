// Regions on a persistent team of pthreads, which are Web Workers.
//
// The caller is member 0. It wakes just the members that a region needs, each by a signal of its own, so a late riser
// can never mistake one region for the next. Waiters spin for a moment and then sleep: cores may be fewer than threads.
// SPDX-License-Identifier: MIT

#include <emscripten.h>
#include <pthread.h>

#include <atomic>

#include "../core/parallel.h"

namespace nl {

namespace {

constexpr int kMaxTeam = 64;
// About 10 to 50 us, several times a fork-join on idle cores, so that back-to-back regions find the team awake.
constexpr int kSpins = 20000;
constexpr int kForever = -1;

/// A counter to wait on.
struct alignas(64) Signal {
  std::atomic<int> value{0};
  std::atomic<int> sleepers{0};

  void add(int amount) {
    value.fetch_add(amount);
    if (sleepers.load() > 0) __builtin_wasm_memory_atomic_notify(address(), kMaxTeam);
  }
  void wait_while(int seen) {
    for (int spin = 0; spin < kSpins; spin++) {
      if (value.load(std::memory_order_acquire) != seen) return;
    }
    sleepers.fetch_add(1);
    while (value.load() == seen) __builtin_wasm_memory_atomic_wait32(address(), seen, kForever);
    sleepers.fetch_sub(1);
  }
  int* address() { return reinterpret_cast<int*>(&value); }
};

struct Team {
  Signal start[kMaxTeam];
  Signal pending;
  std::atomic<int> ready{1};
  int created = 1;
  // The region that is running.
  isize chunks = 0;
  int members = 1;
  RunChunks run = nullptr;
  const void* context = nullptr;
};
Team team;
int wanted_threads = 1;
thread_local bool in_region = false;

void run_share(int thread) {
  in_region = true;
  team.run(team.context, team.chunks * thread / team.members, team.chunks * (thread + 1) / team.members, thread);
  in_region = false;
}

void* member_main(void* argument) {
  const int thread = static_cast<int>(reinterpret_cast<intptr_t>(argument));
  team.ready.fetch_add(1);
  for (int seen = 0;; seen++) {
    team.start[thread].wait_while(seen);
    run_share(thread);
    team.pending.add(-1);
  }
}

}  // namespace

int region_threads() { return in_region ? 1 : wanted_threads; }

void run_region(isize chunks, RunChunks run, const void* context) {
  const int wanted = region_threads();
  const int members = wanted < chunks ? wanted : static_cast<int>(chunks);
  if (members <= 1) {
    if (chunks > 0) run(context, 0, chunks, 0);
    return;
  }
  team.chunks = chunks;
  team.members = members;
  team.run = run;
  team.context = context;
  team.pending.value.store(members - 1);
  for (int member = 1; member < members; member++) team.start[member].add(1);
  run_share(0);
  for (int left = team.pending.value.load(); left > 0; left = team.pending.value.load()) team.pending.wait_while(left);
}

}  // namespace nl

extern "C" {

/// Starts members until the team has `threads`, the caller being one. Returns how many it has: fewer where no more
/// could be created. They run once nl_team_ready says so.
EMSCRIPTEN_KEEPALIVE int nl_team_start(int threads) {
  for (; nl::team.created < threads && nl::team.created < nl::kMaxTeam; nl::team.created++) {
    pthread_t handle;
    void* thread = reinterpret_cast<void*>(intptr_t(nl::team.created));
    if (pthread_create(&handle, nullptr, nl::member_main, thread) != 0) break;
  }
  return nl::team.created;
}

/// How many members are up, the caller included.
EMSCRIPTEN_KEEPALIVE int nl_team_ready() { return nl::team.ready.load(); }

/// How many threads the next regions may use; no more than are ready.
EMSCRIPTEN_KEEPALIVE void nl_set_threads(int threads) { nl::wanted_threads = threads; }
}
