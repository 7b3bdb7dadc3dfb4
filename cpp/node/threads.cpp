// Regions as OpenMP teams. The thread count is passed to each region: libgomp's own setting belongs to the OS thread
// that made it, and Node calls from several.
// SPDX-License-Identifier: MIT

#include "threads.h"

#include <errno.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <vector>

#include "../core/parallel.h"

namespace nl {

namespace {

const Settings kAlone;
/// Of the call that this thread is in.
thread_local const Settings* settings = &kAlone;
thread_local int granted_threads = 1;
thread_local int refused_threads = 0;

/// The threads of all OpenMP regions that are running in this process, whichever thread called them.
std::atomic<int> busy{0};

/// A slot of the budget: src/core/budget.ts.
constexpr size_t kOwner = 0, kThreads = 1, kSlotWords = 3;

void store_own(i32 threads) {
  const Budget& budget = settings->budget;
  if (budget.claims) __atomic_store_n(budget.claims + budget.own + kThreads, threads, __ATOMIC_SEQ_CST);
}

/// Whether a thread of this process is there, or may be.
bool is_live(i32 id) { return syscall(SYS_tgkill, getpid(), id, 0) == 0 || errno != ESRCH; }

/// What other threads of Node have running, on the wasm team too.
int claimed_by_others() {
  const Budget& budget = settings->budget;
  const auto load = [&](size_t word) { return __atomic_load_n(budget.claims + word, __ATOMIC_SEQ_CST); };
  int others = 0;
  for (size_t slot = 0; slot < budget.words; slot += kSlotWords) {
    const i32 owner = load(slot + kOwner);
    if (owner == 0) break;
    const i32 threads = load(slot + kThreads);
    if (threads > 0 && slot != budget.own && owner > 0 && is_live(owner)) others += threads;
  }
  return others;
}

/// How many threads a region gets: what the regions of other callers have is not there for it. Of those whose threads
/// do not share the budget's memory, only `busy` tells.
int claim(int wanted) {
  int others = busy.load(), got;
  do {
    got = wanted - others < 1 ? 1 : wanted - others;
  } while (!busy.compare_exchange_weak(others, others + got));
  store_own(got);
  const int left = wanted - claimed_by_others(), less = left < 1 ? 1 : left;
  if (less >= got) return got;
  busy.fetch_sub(got - less);
  store_own(less);
  return less;
}

void release(int claimed) {
  busy.fetch_sub(claimed);
  store_own(0);
}

std::atomic<size_t> stack_bytes{0};

/// What this thread's libgomp has: the members of the last region, its caller included. It lets others go.
thread_local int pool = 1;
/// Held by the one whose team grows, so that no two are promised the same threads.
std::mutex growth;

struct Trial {
  pthread_mutex_t* gate;
  pthread_t thread;
  pid_t id;
};

void* stand_by(void* opaque) {
  Trial& self = *static_cast<Trial*>(opaque);
  self.id = static_cast<pid_t>(syscall(SYS_gettid));
  pthread_mutex_lock(self.gate);
  pthread_mutex_unlock(self.gate);
  return nullptr;
}

/// Starts so many threads, and ends them; false where the system does not give them. libgomp ends the process where its
/// team cannot grow, so that is tried before, each time: what it let go others may have taken since.
bool try_threads(int count) {
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack_bytes.load() > 0) pthread_attr_setstacksize(&attributes, stack_bytes.load());
  std::vector<Trial> trials(static_cast<size_t>(count), Trial{&gate, {}, 0});
  size_t started = 0;
  pthread_mutex_lock(&gate);
  while (started < trials.size() &&
         pthread_create(&trials[started].thread, &attributes, stand_by, &trials[started]) == 0) {
    started++;
  }
  pthread_mutex_unlock(&gate);
  for (size_t i = 0; i < started; i++) pthread_join(trials[i].thread, nullptr);
  // The system counts a thread until some time after it was joined. Its id may soon be another thread's, though.
  for (size_t i = 0; i < started; i++) {
    for (int looks = 0; looks < 1000 && is_live(trials[i].id); looks++) usleep(20);
  }
  pthread_attr_destroy(&attributes);
  return started == trials.size();
}

/// libgomp binds a thread at its first region to the first place, where it was told to bind; its threads are bound
/// then, but the caller is Node's, which has other work and starts other threads. Nor may it have a dynamic number of
/// threads or a limit of active levels, which numloom has itself.
struct FirstRegion {
  cpu_set_t cpus;
  const bool known = sched_getaffinity(0, sizeof cpus, &cpus) == 0;
  FirstRegion() {
    omp_set_dynamic(0);
    omp_set_max_active_levels(1);
  }
  ~FirstRegion() {
    if (known) sched_setaffinity(0, sizeof cpus, &cpus);
  }
};
thread_local bool had_region = false;

int run_alone(isize items, RunChunks run, const void* context) {
  if (items > 0) run(context, 0, items, 0);
  return 1;
}

int run_team(isize items, RunChunks run, const void* context, const Schedule& deals) {
  const isize wanted = region_threads();
  const int most = static_cast<int>(wanted < items ? wanted : items);
  if (most <= 1) return run_alone(items, run, context);
  const int claimed = claim(most);
  std::unique_lock<std::mutex> growing(growth, std::defer_lock);
  if (claimed > pool) growing.lock();
  if (claimed > pool && (refused_threads > 0 || !try_threads(claimed - pool))) {
    growing.unlock();
    release(claimed);
    refused_threads = claimed;
    return run_alone(items, run, context);
  }
  std::optional<FirstRegion> first;
  if (!had_region) first.emplace();
  had_region = true;
  std::atomic<isize> next{0};
  int came = 1;
  // numloom has OMP_THREAD_LIMIT itself too; where libgomp read one, only a league has another.
#pragma omp teams num_teams(1) thread_limit(claimed)
#pragma omp parallel num_threads(claimed)
  {
    // The runtime may give fewer threads than asked for; what counts is how many came.
    const int members = omp_get_num_threads(), thread = omp_get_thread_num();
    if (thread == 0) {
      came = members;
      if (growing) growing.unlock();
    }
    deal(deals, items, members, thread, next, [&](isize begin, isize end) { run(context, begin, end, thread); });
  }
  release(claimed);
  pool = came;
  if (came < most && came < granted_threads) granted_threads = came;
  return came;
}

}  // namespace

void set_stack(size_t bytes) { stack_bytes.store(bytes); }

void set_cpus(const i32* cpus, size_t count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (size_t i = 0; i < count; i++) {
    if (cpus[i] >= 0 && cpus[i] < CPU_SETSIZE) CPU_SET(cpus[i], &set);
  }
  if (count > 0) sched_setaffinity(0, sizeof set, &set);
}

void begin_call(const Settings& wanted) {
  settings = &wanted;
  granted_threads = wanted.threads;
  refused_threads = 0;
}

int last_team() { return granted_threads; }

int refused_team() { return refused_threads; }

void release_threads() {
  omp_pause_resource_all(omp_pause_hard);
  pool = 1;
  had_region = false;
}

int region_threads() { return omp_in_parallel() ? 1 : settings->threads; }

void run_region(isize chunks, RunChunks run, const void* context) {
  run_team(chunks, run, context, settings->schedule);
}

void run_members(isize items, RunChunks run, const void* context) { run_team(items, run, context, Schedule{}); }

int run_scheduled(isize items, RunChunks run, const void* context, int kind, isize chunk) {
  return run_team(items, run, context,
                  kind < 0 ? settings->schedule : Schedule{static_cast<ScheduleKind>(kind), chunk});
}

}  // namespace nl
