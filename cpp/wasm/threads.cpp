// Regions on a persistent team of pthreads, which are Web Workers.
//
// The caller is member 0. It opens a seat for just the members that a region needs, and wakes each by a signal of its
// own; a member takes its seat or finds it withdrawn, so a late riser can never mistake one region for the next.
// Waiters spin for a moment and then sleep: cores may be fewer than threads. A thread that does not come in time, that
// ends within its share, or that traps, fails the region: the loader asks nl_team_failure() after each one.
// SPDX-License-Identifier: MIT

#include <emscripten.h>
#include <pthread.h>

#include "../core/parallel.h"
#include "../core/schedule.h"

namespace nl {

namespace {

constexpr int kMaxTeam = 64;
/// How long a woken thread may take to come.
constexpr double kComeMs = 1500;
/// How often a caller that waits longer looks whether all others are alive: about every 0.1 s, however it waits.
constexpr i64 kLookNs = 100'000'000;
constexpr int kLookSpins = 1 << 26;

// About 10 to 50 us, several times a fork-join on idle cores, so that back-to-back regions find the team awake.
constexpr int kSpins = 20000;
int spins = kSpins;

/// A counter to wait on.
struct alignas(64) Signal {
  std::atomic<int> value{0};
  std::atomic<int> sleepers{0};

  void add(int amount) {
    value.fetch_add(amount);
    if (sleepers.load() > 0) __builtin_wasm_memory_atomic_notify(address(), kMaxTeam);
  }
  /// Waits for another value; after `ns` nanoseconds (-1: never) it returns false.
  bool wait_while(int seen, i64 ns) {
    const int most = ns < 0 || spins < kLookSpins ? spins : kLookSpins;
    for (int spin = 0; spin < most; spin++) {
      if (value.load(std::memory_order_acquire) != seen) return true;
    }
    sleepers.fetch_add(1);
    int outcome = 0;
    while (value.load() == seen && outcome != 2) outcome = __builtin_wasm_memory_atomic_wait32(address(), seen, ns);
    sleepers.fetch_sub(1);
    return value.load() != seen;
  }
  int* address() { return reinterpret_cast<int*>(&value); }
};

enum class Seat : int { kNone, kOpen, kTaken };
enum class Failure : int { kNone, kLost, kTrapped };

struct Member {
  Signal start;
  std::atomic<Seat> seat{Seat::kNone};
  /// Where `start` was when the thread was created: it may be called before it is up.
  int created_at = 0;
  /// Its thread as the system knows it; 0 where that cannot be told.
  int id = 0;
  /// It died: nl_team_start makes another one.
  bool lost = false;
};

struct Team {
  Member member[kMaxTeam];
  Signal pending;
  std::atomic<int> ready{1};
  std::atomic<Failure> failure{Failure::kNone};
  int created = 1;
  // The region that is running.
  isize items = 0;
  int members = 1;
  Schedule schedule;
  std::atomic<isize> next{0};
  RunChunks run = nullptr;
  const void* context = nullptr;
};
Team team;
int wanted_threads = 1;
int team_size = 1;
Schedule wanted_schedule;
thread_local bool in_region = false;

void run_share(int thread) {
  in_region = true;
  deal(team.schedule, team.items, team.members, thread, team.next,
       [thread](isize begin, isize end) { team.run(team.context, begin, end, thread); });
  in_region = false;
}

/// Runs a member's share; false where it trapped, which only JavaScript can catch.
EM_JS(int, nl_try_share, (int thread), {
  try {
    _nl_run_share(thread);
    return 1;
  } catch (error) {
    return 0;
  }
});

/// The id of the thread that calls, or 0.
EM_JS(int, nl_thread_id, (), {
  try {
    return ENVIRONMENT_IS_NODE ? Number(require("node:fs").readlinkSync("/proc/thread-self").split("/").pop()) : 0;
  } catch (error) {
    return 0;
  }
});

/// Whether a thread has ended; no thread of the team can tell of its own end.
EM_JS(int, nl_thread_ended, (int id), { return id > 0 && !require("node:fs").existsSync("/proc/self/task/" + id); });

void give_up(Member& member, Failure why) {
  member.lost = true;
  team.ready.fetch_sub(1);
  team.failure.store(why);
}

void* member_main(void* argument) {
  const int thread = static_cast<int>(reinterpret_cast<intptr_t>(argument));
  Member& self = team.member[thread];
  int seen = self.created_at;
  self.id = nl_thread_id();
  team.ready.fetch_add(1);
  for (;; seen++) {
    self.start.wait_while(seen, -1);
    Seat open = Seat::kOpen;
    if (!self.seat.compare_exchange_strong(open, Seat::kTaken)) continue;
    const bool whole = nl_try_share(thread) != 0;
    if (!whole) {
      give_up(self, Failure::kTrapped);
    }
    self.seat.store(Seat::kNone);
    team.pending.add(-1);
    if (!whole) return nullptr;
  }
}

/// Withdraws the seats of members that ended, or did not come where that cannot be told, and gives them up.
void withdraw() {
  for (int at = 1; at < team.members; at++) {
    Member& member = team.member[at];
    Seat seat = member.seat.load();
    // The time may have passed while the whole process was stopped, or had no processor.
    const bool lives = member.id > 0 ? !nl_thread_ended(member.id) : seat == Seat::kTaken;
    if (seat == Seat::kNone || lives) continue;
    if (!member.seat.compare_exchange_strong(seat, Seat::kNone)) continue;
    give_up(member, Failure::kLost);
    team.pending.add(-1);
  }
}

/// Waits for the members of the region that is running.
void join() {
  const double start = emscripten_get_now();
  for (int left = team.pending.value.load(); left > 0; left = team.pending.value.load()) {
    if (team.pending.wait_while(left, kLookNs)) continue;
    if (emscripten_get_now() - start >= kComeMs) withdraw();
  }
}

int run_team(isize items, RunChunks run, const void* context, const Schedule& schedule) {
  const int wanted = region_threads();
  const int members = wanted < items ? wanted : static_cast<int>(items);
  if (members <= 1) {
    if (items > 0) run(context, 0, items, 0);
    return 1;
  }
  team_size = team.members = members;
  team.items = items;
  team.schedule = schedule;
  team.next.store(0);
  team.run = run;
  team.context = context;
  team.pending.value.store(members - 1);
  for (int member = 1; member < members; member++) {
    team.member[member].seat.store(Seat::kOpen);
    team.member[member].start.add(1);
  }
  run_share(0);
  join();
  return members;
}

}  // namespace

int region_threads() { return in_region ? 1 : wanted_threads; }

void run_region(isize chunks, RunChunks run, const void* context) { run_team(chunks, run, context, wanted_schedule); }

void run_members(isize items, RunChunks run, const void* context) { run_team(items, run, context, Schedule{}); }

int run_scheduled(isize items, RunChunks run, const void* context, int kind, isize chunk) {
  return run_team(items, run, context, kind < 0 ? wanted_schedule : Schedule{static_cast<ScheduleKind>(kind), chunk});
}

}  // namespace nl

extern "C" {

/// Starts members until the team has `threads`, the caller being one. Returns how many it has: fewer where no more
/// could be created. They run once nl_team_ready says so.
EMSCRIPTEN_KEEPALIVE int nl_team_start(int threads) {
  nl::Team& team = nl::team;
  for (int member = 1; member < threads && member < nl::kMaxTeam; member++) {
    if (member < team.created && !team.member[member].lost) continue;
    pthread_t handle;
    team.member[member].created_at = team.member[member].start.value.load();
    if (pthread_create(&handle, nullptr, nl::member_main, reinterpret_cast<void*>(intptr_t(member))) != 0)
      return member;
    if (member == team.created) team.created++;
    team.member[member].lost = false;
  }
  return threads < nl::kMaxTeam ? threads : nl::kMaxTeam;
}

/// How many members are up, the caller included.
EMSCRIPTEN_KEEPALIVE int nl_team_ready() { return nl::team.ready.load(); }

/// What befell the last region: 0 nothing, 1 a thread did not come or ended, 2 a thread trapped. Forgets it.
EMSCRIPTEN_KEEPALIVE int nl_team_failure() { return static_cast<int>(nl::team.failure.exchange(nl::Failure::kNone)); }

/// For a region whose caller trapped: waits for the others.
EMSCRIPTEN_KEEPALIVE void nl_team_join() {
  nl::in_region = false;
  nl::join();
}

/// One share of the region that is running, for nl_try_share.
EMSCRIPTEN_KEEPALIVE void nl_run_share(int thread) { nl::run_share(thread); }

/// How many threads the next regions may use; no more than are ready.
EMSCRIPTEN_KEEPALIVE void nl_set_threads(int threads) { nl::wanted_threads = threads; }

/// How they deal out their work; the kinds are numbered as in core/schedule.h.
EMSCRIPTEN_KEEPALIVE void nl_set_schedule(int kind, int chunk) {
  nl::wanted_schedule = {static_cast<nl::ScheduleKind>(kind), chunk};
}

/// How often a waiting thread looks before it sleeps; -1 for the usual. Those that wait go round once, to learn of it.
EMSCRIPTEN_KEEPALIVE void nl_set_spins(int spins) {
  nl::spins = spins < 0 ? nl::kSpins : spins;
  for (int member = 1; member < nl::team.created; member++) nl::team.member[member].start.add(1);
}
}
