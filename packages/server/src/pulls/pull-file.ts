import { type PullComplete, pullComplete } from '@sluice/protocol'
import { discardBlobs } from '../files/discard-blobs.ts'
import { findLasting } from '../files/finished.ts'
import type { ClaimedPull, StoredFile } from '../metadata/metadata.ts'
import { AddressRefused } from '../outbound/outbound-request.ts'
import { PullRefused } from './open-source.ts'
import type { PullDeps } from './pull-deps.ts'
import { type StoredSource, storeSource } from './store-source.ts'

/** How often a source is tried, and how long it is left alone in between. */
const maxAttempts = 3
const retryAfterMs = 60_000

/** How long a task is its worker's; written anew while it works, so that a crash gives it back. */
export const leaseMs = 60_000

/** Fetches one file and ends its task, with its event. What may pass is left for another attempt. */
export async function pullFile(deps: PullDeps, pull: ClaimedPull, signal: AbortSignal): Promise<void> {
  const { taskId, appId, fileId } = pull
  try {
    await deps.blobs.discard(fileId) // what an attempt before left
    const source = await storeSource(deps, pull, AbortSignal.any([signal, AbortSignal.timeout(deps.totalMs)]))
    requireMd5(pull, source)
    await endWell(deps, pull, source)
  } catch (error) {
    if (signal.aborted) return // the next start takes it up again
    const message = error instanceof Error ? error.message : String(error)
    const final = error instanceof PullRefused || error instanceof AddressRefused || pull.attempts >= maxAttempts
    deps.log.info({ taskId, appId, attempt: pull.attempts, final, message }, 'pull failed')
    if (!final) return void (await deps.metadata.retryPull(pull, deps.now() + retryAfterMs))
    await endWithout(deps, pull, pullComplete({ taskId, status: 1, message }))
  }
}

async function endWell(deps: PullDeps, pull: ClaimedPull, source: StoredSource): Promise<void> {
  const { taskId, appId } = pull
  const before = await findLasting(deps, appId, source.fileSha)
  // A clock that jumped may have given the task away: what is sealed must not be what another worker is still writing.
  if (!(await deps.metadata.renewPull(pull, deps.now() + leaseMs))) return
  if (!before) await deps.blobs.seal(pull.fileId)
  const file = before ?? (await deps.metadata.finishPull(pull, ...ended(deps, pull, source)))
  // The lease ran out and somebody else has the task.
  if (!file) return
  if (file.fileId !== pull.fileId) {
    const { fileId } = file
    await endWithout(
      deps,
      pull,
      pullComplete({ taskId, status: 0, message: '', fileId, fileUrl: deps.urls.file(file) }),
    )
  }
  deps.log.info({ taskId, appId, fileId: file.fileId, fileSize: source.fileSize }, 'pulled')
}

/** Ends a task that makes no file of its own: first its row, with the event, then its bytes. */
async function endWithout(deps: PullDeps, pull: ClaimedPull, event: PullComplete): Promise<void> {
  if (await deps.metadata.endPull(pull, event, deps.now())) await discardBlobs(deps, [pull.fileId])
}

/** The file of a pull, its parts and its event. */
function ended(deps: PullDeps, pull: ClaimedPull, { fileSha, fileSize, parts }: StoredSource) {
  const { taskId, fileId, appId, fileName, fileType, classId, tags } = pull
  const now = deps.now()
  const file: StoredFile = {
    ...{ fileId, appId, fileSha, fileSize, dataSize: deps.slots.slotSize, fileName, fileType, classId, tags },
    ...{ coverId: null, description: '', createdAt: now, updatedAt: now, expireAt: null, media: 'unprobed' },
  }
  const event = pullComplete({ taskId, status: 0, message: '', fileId, fileUrl: deps.urls.file(file) })
  return [file, parts, event] as const
}

function requireMd5({ fileMd5 }: ClaimedPull, source: StoredSource): void {
  if (fileMd5 === null || fileMd5 === source.fileMd5) return
  throw new PullRefused(`fileMd5: expected ${fileMd5}, the source has ${source.fileMd5}`)
}
