import { expect } from 'vitest'
import type { Step } from './strace.ts'

const writes = ['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg']
const syncs = ['fdatasync', 'fsync']
const renames = ['rename', 'renameat', 'renameat2']

/** The calls these questions need to have been watched. */
export const watchedCalls = [...writes, ...syncs, ...renames, 'read', 'mkdir']

/** What a service did, step by step, below one data directory. */
export interface Deeds {
  readonly data: Step[]
  readonly dataSyncs: Step[]
  readonly rows: Step[]
  readonly rowSyncs: Step[]
  readonly renames: Step[]
  /** Syncs of a directory, by its path below the data directory. */
  directorySyncs(path: string): Step[]
}

/** Tells the steps apart by what they were done to. */
export function deedsIn(steps: readonly Step[], directory: string): Deeds {
  const on = (calls: readonly string[], path: string) =>
    steps.filter(({ call, args }) => calls.includes(call) && args.includes(`<${directory}${path}`))
  const exactly = (path: string) =>
    steps.filter(
      ({ call, args }) => syncs.includes(call) && args.startsWith(`${Number.parseInt(args, 10)}<${directory}${path}>`),
    )
  return {
    data: on(writes, '/uploads/'),
    dataSyncs: on(syncs, '/uploads/'),
    rows: on(writes, '/sluice.db-wal'),
    rowSyncs: on(syncs, '/sluice.db-wal'),
    renames: steps.filter(({ call, args }) => renames.includes(call) && args.includes(`"${directory}/uploads/`)),
    directorySyncs: exactly,
  }
}

/** Answers of the service, in order. */
export function answersIn(steps: readonly Step[]): Step[] {
  return steps.filter(({ call, args }) => writes.includes(call) && /<TCP:.*"HTTP\/1\.1 /.test(args))
}

/** The two ends of the connection a step is about. */
export function connectionOf({ args }: Step): string | undefined {
  return /<(TCP:[^>]*->[^>]*)>/.exec(args)?.[1]
}

/** Expects groups of steps to be there, to have succeeded, and each group to have ended before the next begins. */
export function expectInOrder(groups: Readonly<Record<string, readonly Step[]>>): void {
  let previous: { name: string; end: number } | undefined
  for (const [name, steps] of Object.entries(groups)) {
    expect(steps.length, `${name}: how many`).toBeGreaterThan(0)
    for (const step of steps)
      expect(step.result, `${name}: ${step.call}(${step.args.slice(0, 200)}`).toBeGreaterThanOrEqual(0)
    const start = Math.min(...steps.map((step) => step.start))
    if (previous) expect(start, `${name} begin after ${previous.name} have ended`).toBeGreaterThan(previous.end)
    previous = { name, end: Math.max(...steps.map((step) => step.end)) }
  }
}
