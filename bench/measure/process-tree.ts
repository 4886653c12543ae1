import { readdirSync, readFileSync } from 'node:fs'

/** What a process and all its descendants have used, from the kernel's accounts. */
export interface Usage {
  /** Seconds of CPU in user and in system mode. */
  readonly userS: number
  readonly systemS: number
}

const ticksPerSecond = 100

/** CPU used so far by a process tree. A process that ended before is not in it. */
export function cpuUsage(pid: number): Usage {
  let user = 0
  let system = 0
  for (const one of tree(pid)) {
    const stat = read(`/proc/${one}/stat`)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    user += Number(fields[11] ?? 0)
    system += Number(fields[12] ?? 0)
  }
  return { userS: user / ticksPerSecond, systemS: system / ticksPerSecond }
}

/** The sum of the largest resident sizes of a process tree, in bytes. */
export function peakMemory(pid: number): number {
  let peak = 0
  for (const one of tree(pid)) peak += Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${one}/status`))?.[1] ?? 0) * 1024
  return peak
}

function tree(pid: number): number[] {
  const found = [pid]
  for (const parent of found) {
    for (const thread of list(`/proc/${parent}/task`)) {
      const children = read(`/proc/${parent}/task/${thread}/children`).trim()
      if (children !== '') found.push(...children.split(' ').map(Number))
    }
  }
  return found
}

/** A process may end between two looks; what is gone counts nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
