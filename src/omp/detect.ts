// How many threads this process may run at once: the least of its CPU mask, its control groups' quotas and the CPUs.
//
// Node 20's availableParallelism() knows the mask only. Quotas are those of the process's own group and of all groups
// above it. Files are read below `root`, so that tests can lay out machines of their own.
// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join, posix } from 'node:path'

export interface Detected {
  readonly count: number
  /** What limits it, in words. */
  readonly source: string
  readonly cpus: number
  /** CPUs in the affinity mask that are online. */
  readonly affinity: number
  /** The tightest quota of a control group, in CPUs; undefined where there is none. */
  readonly quota?: { readonly cpus: number; readonly file: string }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** The numbers in a list such as 0-3,8. */
function numbersOf(list: string | undefined): number[] | undefined {
  if (list === undefined || !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list)) return undefined
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?]
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/** The CPUs in the mask of a thread of this process, by its folder in /proc; undefined where there is none. */
export function allowedCpus(root = '/', thread = 'self'): number[] | undefined {
  const status = read(join(root, 'proc', thread, 'status'))
  return numbersOf(status === undefined ? undefined : /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1])
}

interface Hierarchy {
  readonly version: 1 | 2
  /** Where the group of this process is mounted, and where the hierarchy ends. */
  readonly folder: string
  readonly top: string
}

/** The path of this process's group in the hierarchy of a controller ('' is version 2). */
function groupOf(root: string, controller: string): string | undefined {
  for (const line of read(join(root, 'proc/self/cgroup'))?.split('\n') ?? []) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path !== '' && (controller === '' ? controllers === '' : controllers.split(',').includes(controller)))
      return path
  }
  return undefined
}

/** A field without the kernel's escapes of blanks and backslashes, such as \040. */
const unescaped = (field: string) =>
  field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** How many groups above the namespace of this process a path begins. */
const climbOf = (path: string) => (/^(\/\.\.(?=\/|$))*/.exec(path) as RegExpExecArray)[0].length / '/..'.length

/** The way from what is mounted to a group; undefined where that is elsewhere. */
function wayTo(group: string, mounted: string): string | undefined {
  const [climb, mountedClimb] = [climbOf(group), climbOf(mounted)]
  // A group that the group is in, but not by which way: the names from there to the namespace cannot be seen.
  if (climb < mountedClimb && mounted.length === mountedClimb * '/..'.length) return ''
  const inside = group === mounted || group.startsWith(mounted === '/' ? '/' : `${mounted}/`)
  return inside && climb === mountedClimb ? posix.relative(mounted, group) : undefined
}

/** Fields of a line: 36 35 98:0 /root /mount/point options - type source super-options. */
function hierarchies(root: string): Hierarchy[] {
  const found: Hierarchy[] = []
  for (const line of read(join(root, 'proc/self/mountinfo'))?.split('\n') ?? []) {
    const match = /^\d+ \d+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)/.exec(line)
    if (!match) continue
    const [, mounted = '', point = '', type, options = ''] = match
    const version = type === 'cgroup2' ? 2 : 1
    if (version === 1 && !options.split(',').includes('cpu')) continue
    const group = groupOf(root, version === 2 ? '' : 'cpu')
    if (group === undefined) continue
    // A mount may show only a part of the hierarchy.
    const way = wayTo(group, unescaped(mounted))
    const top = unescaped(point)
    if (way !== undefined) found.push({ version, top, folder: posix.join(top, way) })
  }
  return found
}

/** The quota that one group sets, in CPUs. */
function quotaOf(root: string, folder: string, version: 1 | 2): { cpus: number; file: string } | undefined {
  const file = posix.join(folder, version === 2 ? 'cpu.max' : 'cpu.cfs_quota_us')
  const text = read(join(root, file))
  const period = version === 2 ? text?.split(/\s+/)[1] : read(join(root, posix.join(folder, 'cpu.cfs_period_us')))
  const share = Number(text?.split(/\s+/)[0]) / Number(period)
  return share > 0 ? { cpus: share, file } : undefined
}

function tightestQuota(root: string): { cpus: number; file: string } | undefined {
  let least: { cpus: number; file: string } | undefined
  for (const { version, folder, top } of hierarchies(root)) {
    for (let at = folder; ; at = posix.dirname(at)) {
      const quota = quotaOf(root, at, version)
      if (quota && (least === undefined || quota.cpus < least.cpus)) least = quota
      if (at === top || at === '/') break
    }
  }
  return least
}

/** Looks at the machine below `root`. A part of a CPU counts as one: a quota of 1.5 CPUs gives 2 threads. */
export function detect(root = '/'): Detected {
  const cpuList = (name: string) => numbersOf(read(join(root, 'sys/devices/system/cpu', name)))
  const all = cpuList('online')?.length ?? cpus().length
  // The mask may have CPUs that are offline. In containers the list of those online may have other numbers than the mask.
  const offline = new Set(cpuList('offline'))
  const allowed = allowedCpus(root)?.filter((cpu) => !offline.has(cpu))
  const affinity = Math.max(1, allowed?.length ?? availableParallelism())
  const quota = tightestQuota(root)
  const found = { cpus: all, affinity, ...(quota && { quota }) }
  if (quota && Math.ceil(quota.cpus) < Math.min(affinity, all)) {
    return { count: Math.ceil(quota.cpus), source: `a quota of ${quota.cpus} CPUs in ${quota.file}`, ...found }
  }
  if (affinity < all) return { count: affinity, source: `a CPU mask of ${affinity} of ${all} CPUs`, ...found }
  return { count: Math.max(1, all), source: `${all} CPUs`, ...found }
}
