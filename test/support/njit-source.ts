// A C source as njit's front end could have written it: what it does is chosen by its first slot.
// SPDX-License-Identifier: MIT

import { header } from '../../dist/njit/program.js'

/** Slots: 0 the job, 1 and 2 arrays, 3 a length, 4 the schedule's kind, 5 its chunk, 6 the result, 7 own memory. */
export const SLOTS = 8

export const JOBS = [
  ...['scalars', 'sum', 'scale', 'nested', 'blocks', 'keep', 'workspace', 'random', 'fail', 'shift', 'statics'],
  ...['remainder', 'trap', 'trapInTeam'],
] as const
export type Job = (typeof JOBS)[number]

const BODY = `
#define POINTER(slot) ((f64*)(word)(slot))
struct loop { f64 *x, *out; i64 columns; };
static const f64 weights[] = {1, 10, 100, 1000};
static f64 calls;
static f64* const table[] = {&calls};

NL_EXPORT void nl_body(i32 which, void* context, f64 begin, f64 end) {
  struct loop* loop = context;
  for (i64 i = (i64)begin; i < (i64)end; i++) {
    if (which == 0) loop->out[i] = loop->x[i] * 2;
    if (which == 1) {
      struct loop row = {loop->x + i * loop->columns, loop->out + i * loop->columns, 0};
      nl_region(0, &row, loop->columns, 1, 3);
    }
    if (which == 2) {
      i64 n = 100000 + i;
      f64* work = nl_allocate(n * 8.0);
      if (!work) { loop->out[i] = -1; continue; }
      for (i64 k = 0; k < n; k++) work[k] = (f64)(k % 7);
      f64 sum = 0;
      for (i64 k = 0; k < n; k++) sum += work[k];
      nl_release(work);
      loop->out[i] = sum;
    }
    if (which == 3) loop->out[i] = nl_random();
    if (which == 4 && i == 900) __builtin_trap();
  }
}

NL_EXPORT int nl_main(f64* s) {
  struct loop loop = {POINTER(s[1]), POINTER(s[2]), 16};
  i64 n = (i64)s[3];
  i32 kind = (i32)s[4], chunk = (i32)s[5];
  f64 sum = 0;
  switch ((i32)s[0]) {
    case 0: s[6] = nl_pow(s[1], s[2]) + nl_sin(s[3]); break;
    case 1: for (i64 i = 0; i < n; i++) sum += loop.x[i]; s[6] = sum; break;
    case 2: nl_region(0, &loop, n, kind, chunk); break;
    case 3: nl_region(1, &loop, n / 16, kind, chunk); break;
    case 4:
      nl_block_sin(loop.x, loop.out, n); nl_block_cos(loop.x, loop.out + n, n);
      nl_block_exp(loop.x, loop.out + 2 * n, n); nl_block_log(loop.x, loop.out + 3 * n, n);
      break;
    case 5: {
      f64* kept = nl_allocate(n * 8.0);
      s[7] = (f64)(word)kept;
      if (!kept) return 1;
      for (i64 i = 0; i < n; i++) kept[i] = i;
      break;
    }
    case 6: nl_region(2, &loop, n, kind, chunk); break;
    case 7: nl_region(3, &loop, n, kind, chunk); break;
    case 8: loop.x[0] = 42; return 1;
    case 9: for (i64 i = 0; i < n; i++) loop.out[i] = loop.x[i] + 1; break;
    case 10: calls += 1; s[6] = weights[n] + *table[0]; break;
    case 11: s[6] = nl_fmod(s[1], s[2]); break;
    case 12: __builtin_trap(); break;
    case 13: nl_region(4, &loop, n, kind, chunk); break;
  }
  return 0;
}

NL_EXPORT void nl_free(f64* s) { nl_release(POINTER(s[7])); s[7] = 0; }
`

export const source = (): string => header('runtime.h') + BODY
