import { availableParallelism } from 'node:os'
import { type HashThread, hashHere, startThread } from './hash-thread.ts'

/** One core is left to what reads and sends; four hash faster than most disks read. */
const mostThreads = Math.min(4, Math.max(1, availableParallelism() - 1))

interface Lane {
  readonly thread: Promise<HashThread>
  /** Jobs of its borrowers that may wait at a time. */
  load: number
}

const lanes = new Set<Lane>()
let here: HashThread | undefined

/**
 * Lends one of the threads that all uploads of the process share to work that may have `load` jobs wait at a time. The
 * first is started when it is needed, another when all there are have two jobs: one is done, one waits.
 */
export async function withThread<T>(load: number, work: (thread: HashThread) => Promise<T>): Promise<T> {
  const lane = pickLane()
  lane.load += load
  try {
    return await work(await lane.thread)
  } finally {
    lane.load -= load
  }
}

function pickLane(): Lane {
  const [idlest] = [...lanes].sort((a, b) => a.load - b.load)
  if (idlest && (idlest.load < 2 || lanes.size === mostThreads)) return idlest
  const leave = () => lanes.delete(lane)
  const thread = startThread(leave).then((started) => {
    if (started) return started
    leave() // the next work tries again: there may be too many threads just now
    here ??= hashHere()
    return here
  })
  const lane: Lane = { thread, load: 0 }
  lanes.add(lane)
  return lane
}
