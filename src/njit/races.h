// Which iterations of a checked loop touched which element. The head of a source whose loops are checked for races,
// after semantics.h; NL_AXES is the highest rank of what is watched. SPDX-License-Identifier: MIT

enum nl_touch_kind { NL_READ, NL_WRITE, NL_ATOMIC };

// An access in the program by its number, and the iteration that came by it, from 1.
struct nl_visit {
  u64 iteration : 44, access : 19, atomic : 1;
};
// Of an element: the last visit, and the last one before it of another iteration; by reads and by writes.
struct nl_shadow {
  struct nl_visit reads[2], writes[2];
};
// Memory that is watched: from its lowest to past its highest byte.
struct nl_watched {
  const void *from, *to, *first;
  i64 itemsize;
  i32 number, rank;
  // Extents, then strides in elements.
  const i64* axes;
  struct nl_shadow* shadows;
};
// A checked loop that runs. The record has its address, and behind it what was found: a count, then for each conflict
// the numbers of both accesses, both values of the loop's variable, the number of what is watched, and the index.
struct nl_races {
  struct nl_watched* watched;
  i32 count;
  f64 start, step;
  u64 iteration;
};
#define NL_RACES(record) ((struct nl_races*)(word)(record)[8])
#define NL_FOUND(record) (record)[9]
#define NL_CONFLICTS 16
#define NL_CONFLICT(record, n) ((record) + 10 + (n) * (5 + NL_AXES))

NL_INLINE i64 nl_watched_count(const struct nl_watched* watched) {
  return watched->to > watched->from ? ((const char*)watched->to - (const char*)watched->from) / watched->itemsize : 0;
}
// Returns how many bytes could not be had. A loop inside of one that is checked is a part of its iterations.
NL_COLD f64 nl_watch(f64* record, struct nl_block** blocks, const struct nl_races* races) {
  if (NL_RACES(record)) return 0;
  for (i32 i = 0; i < races->count; i++) {
    const i64 count = nl_watched_count(&races->watched[i]);
    struct nl_shadow* shadows = (struct nl_shadow*)nl_new(blocks, count, sizeof(struct nl_shadow));
    if (!shadows) return (f64)count * sizeof(struct nl_shadow);
    __builtin_memset(shadows, 0, (word)count * sizeof(struct nl_shadow));
    races->watched[i].shadows = shadows;
  }
  record[8] = (f64)(word)races;
  NL_FOUND(record) = 0;
  return 0;
}
// Whether there were conflicts.
NL_COLD i32 nl_unwatch(f64* record, const struct nl_races* races) {
  if (NL_RACES(record) != races) return 0;
  record[8] = 0;
  return NL_FOUND(record) > 0;
}

// Whether an array has an element at a place, and its index. Strides may be anything, so all elements are looked at.
NL_COLD i32 nl_index_of(const struct nl_watched* watched, const void* place, f64* index) {
  const i64 *extents = watched->axes, *strides = extents + watched->rank;
  i64 count = 1;
  for (i32 axis = 0; axis < watched->rank; axis++) count *= extents[axis];
  for (i64 k = 0; k < count; k++) {
    const char* element = (const char*)watched->first;
    i64 rest = k;
    for (i32 axis = watched->rank - 1; axis >= 0; axis--) {
      index[axis] = (f64)(rest % extents[axis]);
      element += rest % extents[axis] * strides[axis] * watched->itemsize;
      rest /= extents[axis];
    }
    if (element == place) return 1;
  }
  return 0;
}
NL_COLD void nl_conflict(f64* record, const void* place, struct nl_visit before, struct nl_visit now) {
  const struct nl_races* races = NL_RACES(record);
  const i32 found = (i32)NL_FOUND(record);
  for (i32 i = 0; i < found; i++) {
    const f64* known = NL_CONFLICT(record, i);
    if (known[0] == before.access && known[1] == now.access) return;
    if (known[1] == before.access && known[0] == now.access) return;
  }
  if (found == NL_CONFLICTS) return;
  f64* conflict = NL_CONFLICT(record, found);
  conflict[0] = before.access;
  conflict[1] = now.access;
  conflict[2] = races->start + ((f64)before.iteration - 1) * races->step;
  conflict[3] = races->start + ((f64)now.iteration - 1) * races->step;
  for (i32 i = 0; i < races->count; i++) {
    conflict[4] = races->watched[i].number;
    if (nl_index_of(&races->watched[i], place, conflict + 5)) break;
  }
  NL_FOUND(record) = found + 1;
}

// The last visit of another iteration than that of `now`: of several that conflict with it the nearest is told.
NL_INLINE struct nl_visit nl_other(const struct nl_visit* visits, struct nl_visit now) {
  return visits[visits[0].iteration == now.iteration];
}
NL_INLINE void nl_remember(struct nl_visit* visits, struct nl_visit now) {
  if (visits[0].iteration != now.iteration) visits[1] = visits[0];
  // What conflicts with an atomic addition conflicts with another write too.
  else if (now.atomic && !visits[0].atomic)
    return;
  visits[0] = now;
}
// The watched memory that a place is in: of several the one of the smallest elements.
NL_INLINE const struct nl_watched* nl_watched_at(const struct nl_races* races, const char* place) {
  const struct nl_watched* found = 0;
  for (i32 i = 0; i < races->count; i++) {
    const struct nl_watched* watched = &races->watched[i];
    if (place < (const char*)watched->from || place >= (const char*)watched->to) continue;
    if (!found || watched->itemsize < found->itemsize) found = watched;
  }
  return found;
}
// An element is known by its place: all names for it, rows and overlapping arrays have one shadow. One that lies over
// several smaller ones touches each of them.
static __attribute__((noinline, unused)) void nl_touch(f64* record, const void* element, i64 size, i32 access,
                                                       enum nl_touch_kind kind) {
  const struct nl_races* races = NL_RACES(record);
  if (!races) return;
  for (const char *place = (const char*)element, *end = place + size; place < end;) {
    const struct nl_watched* watched = nl_watched_at(races, place);
    if (!watched) {
      place++;
      continue;
    }
    const i64 at = (place - (const char*)watched->from) / watched->itemsize;
    place = (const char*)watched->from + at * watched->itemsize;
    struct nl_shadow* shadow = &watched->shadows[at];
    const struct nl_visit now = {races->iteration, (u64)access, kind == NL_ATOMIC};
    const struct nl_visit write = nl_other(shadow->writes, now), read = nl_other(shadow->reads, now);
    if (write.iteration && !(write.atomic && now.atomic)) nl_conflict(record, place, write, now);
    if (read.iteration && kind != NL_READ) nl_conflict(record, place, read, now);
    nl_remember(kind == NL_READ ? shadow->reads : shadow->writes, now);
    place += watched->itemsize;
  }
}
