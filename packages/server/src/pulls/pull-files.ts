import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClaimedPull } from '../metadata/metadata.ts'
import type { PullDeps } from './pull-deps.ts'
import { leaseMs, pullFile } from './pull-file.ts'

/** How often tasks are looked for. */
const lookEveryMs = 1_000

/** How long to leave it after the store failed. */
const troubleMs = 60_000

/** How often a lease is written anew. */
const renewEveryMs = 20_000

/** Fetches files that wait, so many at a time, until the signal aborts. */
export async function pullFiles(deps: PullDeps, signal: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: deps.workers }, () => work(deps, signal)))
}

async function work(deps: PullDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = lookEveryMs
    try {
      const leaseId = randomBytes(12).toString('hex')
      const pull = await deps.metadata.claimPull(leaseId, deps.now(), deps.now() + leaseMs)
      if (pull) {
        await pullLeased(deps, pull, signal)
        pauseMs = 0
      }
    } catch (error) {
      if (signal.aborted) return
      deps.log.error({ err: error, job: pullFiles.name }, 'upkeep failed')
      pauseMs = troubleMs
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Works on a task for as long as it is ours. */
async function pullLeased(deps: PullDeps, pull: ClaimedPull, stop: AbortSignal): Promise<void> {
  const lost = new AbortController()
  const renew = () =>
    deps.metadata.renewPull(pull, deps.now() + leaseMs).then(
      (ours) => ours || lost.abort(),
      () => lost.abort(), // then it may run out
    )
  const timer = setInterval(renew, renewEveryMs)
  try {
    await pullFile(deps, pull, AbortSignal.any([stop, lost.signal]))
  } finally {
    clearInterval(timer)
    // Whoever starts next need not wait until the lease runs out, and has as many attempts left.
    if (stop.aborted) await deps.metadata.retryPull({ ...pull, attempts: pull.attempts - 1 }, 0)
  }
}
