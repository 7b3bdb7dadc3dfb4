// How many CPUs this process may use: on machines laid out in a folder, under taskset, and in a real control group.
// SPDX-License-Identifier: MIT

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { detect } from '../dist/omp/detect.js'
import { jsonOf, ROOT } from './support/child.ts'

const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

/** A machine of 8 CPUs, with files of its own. */
function machine(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'numloom-machine-'))
  roots.push(root)
  const all = {
    'sys/devices/system/cpu/online': '0-7',
    'proc/self/status': 'Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\n',
    ...files,
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), `${text}\n`)
  }
  return root
}

const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate'
const V1 = '33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct'
const v2 = (group: string, files: Record<string, string>, mount = V2) =>
  machine({ 'proc/self/cgroup': `0::${group}`, 'proc/self/mountinfo': mount, ...prefixed('sys/fs/cgroup/', files) })
const prefixed = (prefix: string, files: Record<string, string>) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [prefix + path, text]))

describe('the least of CPUs, mask and quota', () => {
  test('all CPUs where nothing limits', () => {
    expect(detect(machine({}))).toEqual({ count: 8, source: '8 CPUs', cpus: 8, affinity: 8 })
  })
  test('the mask', () => {
    const root = machine({ 'proc/self/status': 'Cpus_allowed_list:\t0-2,5' })
    expect(detect(root)).toMatchObject({ count: 4, affinity: 4, source: 'a CPU mask of 4 of 8 CPUs' })
  })
  test('the mask without CPUs that are offline', () => {
    const files = {
      'sys/devices/system/cpu/online': '0-3',
      'sys/devices/system/cpu/offline': '4-7',
      'proc/self/status': 'Cpus_allowed_list:\t2-5',
    }
    expect(detect(machine(files))).toMatchObject({
      count: 2,
      cpus: 4,
      affinity: 2,
      source: 'a CPU mask of 2 of 4 CPUs',
    })
  })
  test.each(['45,46', '1,46'])('the mask %s where a container counts its CPUs anew', (mask) => {
    const files = {
      'sys/devices/system/cpu/online': '0-1',
      'sys/devices/system/cpu/offline': '',
      'proc/self/status': `Cpus_allowed_list:\t${mask}`,
    }
    expect(detect(machine(files))).toMatchObject({ count: 2, affinity: 2 })
  })
  test('the quota of the own group', () => {
    const found = detect(v2('/app', { 'app/cpu.max': '300000 100000' }))
    expect(found).toMatchObject({ count: 3, source: 'a quota of 3 CPUs in /sys/fs/cgroup/app/cpu.max' })
  })
  test('the tightest quota up to the root', () => {
    const files = { 'a/b/c/cpu.max': 'max 100000', 'a/b/cpu.max': '600000 100000', 'a/cpu.max': '50000 25000' }
    expect(detect(v2('/a/b/c', files))).toMatchObject({
      count: 2,
      quota: { cpus: 2, file: '/sys/fs/cgroup/a/cpu.max' },
    })
  })
  test('a part of a CPU counts as one', () => {
    expect(detect(v2('/', { 'cpu.max': '150000 100000' })).count).toBe(2)
    expect(detect(v2('/', { 'cpu.max': '10000 100000' })).count).toBe(1)
  })
  test('a quota above the CPUs does not count', () => {
    expect(detect(v2('/', { 'cpu.max': '1600000 100000' })).source).toBe('8 CPUs')
  })
  test('a mount that shows a part of the hierarchy', () => {
    const mount = V2.replace(' / /sys', ' /docker/1234 /sys')
    expect(detect(v2('/docker/1234', { 'cpu.max': '200000 100000' }, mount)).count).toBe(2)
    expect(detect(v2('/docker/1234/x', { 'x/cpu.max': '100000 100000' }, mount)).count).toBe(1)
  })
  test('blanks and backslashes in names, which the kernel escapes, and other letters', () => {
    const files = { 'proc/self/cgroup': '0::/', 'my cg/é/cpu.max': '200000 100000' }
    const named = (folder: string) => V2.replace('/sys/fs/cgroup', folder)
    expect(detect(machine({ ...files, 'proc/self/mountinfo': named('/my\\040cg/é') })).count).toBe(2)
    const part = V2.replace(' / /sys', ' /s/foo\\134x2dbar /sys')
    expect(detect(v2('/s/foo\\x2dbar/own', { 'own/cpu.max': '300000 100000' }, part)).count).toBe(3)
  })
  test('the mount of another group does not count', () => {
    const other = V2.replace(' / /sys/fs/cgroup', ' /b /mnt/b')
    const files = { 'a/cpu.max': '300000 100000', '../../../mnt/b/cpu.max': '100000 100000' }
    for (const mounts of [`${V2}\n${other}`, `${other}\n${V2}`]) {
      expect(detect(v2('/a', files, mounts))).toMatchObject({ count: 3, quota: { file: '/sys/fs/cgroup/a/cpu.max' } })
    }
    expect(detect(v2('/', files, other)).quota).toBeUndefined()
  })
  test('the mount of a group above the namespace does', () => {
    const above = V2.replace(' / /sys', ' /../.. /sys')
    expect(detect(v2('/', { 'cpu.max': '200000 100000' }, above)).count).toBe(2)
    expect(detect(v2('/own', { 'cpu.max': '200000 100000' }, above)).count).toBe(2)
  })
  test('a group beside the root of the namespace, by the mounts that show it', () => {
    const mounted = (root: string) => V2.replace(' / /sys', ` ${root} /sys`)
    const files = { 'own/cpu.max': '200000 100000', 'cpu.max': '500000 100000' }
    expect(detect(v2('/../own', files, mounted('/..'))).count).toBe(2)
    expect(detect(v2('/../own/x', files, mounted('/..'))).count).toBe(2)
    expect(detect(v2('/../own', { 'cpu.max': '300000 100000' }, mounted('/../own'))).count).toBe(3)
    // The way to it is not known, or there is none.
    expect(detect(v2('/../own', files, mounted('/../..'))).count).toBe(5)
    for (const elsewhere of ['/', '/../other']) expect(detect(v2('/../own', files, mounted(elsewhere))).count).toBe(8)
    expect(detect(v2('/../../own', files, mounted('/..'))).count).toBe(8)
  })
  test.each([
    ['150000', '100000', 2],
    ['-1', '100000', 8],
  ])('version 1: quota %s of %s gives %d', (quota, period, count) => {
    const folder = 'sys/fs/cgroup/cpu,cpuacct/docker/'
    const root = machine({
      'proc/self/cgroup': '5:memory:/docker\n4:cpu,cpuacct:/docker\n0::/',
      'proc/self/mountinfo': V1,
      [`${folder}cpu.cfs_quota_us`]: quota,
      [`${folder}cpu.cfs_period_us`]: period,
    })
    expect(detect(root).count).toBe(count)
  })
  test('files that make no sense limit nothing', () => {
    const root = v2('/x', { 'x/cpu.max': 'garbage' }, `nonsense\n${V2}`)
    expect(detect(root).count).toBe(8)
  })
})

const COUNT = `import * as nl from 'numloom'; console.log(JSON.stringify([nl.getNumThreads(), nl.omp.getNumProcs()]))`
const under = (command: string[], script: string) =>
  spawnSync(command[0] as string, [...command.slice(1), process.execPath, '--input-type=module', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
  })

test('taskset', ({ skip }) => {
  if (spawnSync('taskset', ['--version']).error) skip('taskset is not installed')
  const { stdout, stderr } = under(['taskset', '-c', '0'], COUNT)
  expect(JSON.parse(stdout || stderr)).toEqual([1, 1])
})

describe('a real control group', () => {
  const V1_ROOT = '/sys/fs/cgroup/cpu'
  test('its quota counts', async ({ skip }) => {
    const group = join(V1_ROOT, `numloom-test-${process.pid}`)
    if (!existsSync(join(V1_ROOT, 'cpu.cfs_period_us'))) {
      skip('no hierarchy of version 1 with the cpu controller at /sys/fs/cgroup/cpu')
    }
    try {
      mkdirSync(group)
    } catch (error) {
      skip(`a control group cannot be made: ${(error as Error).message}`)
    }
    try {
      const period = Number(readFileSync(join(group, 'cpu.cfs_period_us'), 'latin1'))
      writeFileSync(join(group, 'cpu.cfs_quota_us'), String(period / 2))
      const join_ = `echo $$ > ${group}/cgroup.procs && exec "$@"`
      const { stdout, stderr } = under(['sh', '-c', join_, 'sh'], COUNT)
      expect(JSON.parse(stdout || stderr)).toEqual([1, 1])
    } finally {
      rmdirSync(group)
    }
  })
  test('without a limit the count is that of this process', async () => {
    const [threads, procs] = await jsonOf<[number, number]>(COUNT)
    expect([threads, procs]).toEqual([detect().count, detect().count])
  })
})
