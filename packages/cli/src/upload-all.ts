import { type Hashing, httpTransport, nodeHashing, partSlots, type ResumeStore, UploadError } from '@sluice/client'
import { errorTable, limits } from '@sluice/protocol'
import type { FoundFile } from './collect-files.ts'
import { meetTwins, type UploadPlan, uploadFile } from './upload-file.ts'
import type { RunningFile, UploadCount } from './upload-overview.ts'

/** A file that is stored: what `--json` prints of it. */
export interface UploadedFile {
  /** Its path, as given. */
  readonly file: string
  readonly fileId: string
  readonly url: string
  readonly instant: boolean
  readonly bytes: number
  readonly seconds: number
  readonly coverUrl?: string
}

/** How a command hears of its files. */
export interface Listener {
  onStored(file: UploadedFile): void
  onFailed(path: string, error: unknown): void
}

/** The files of a command, and what they have in common. */
export interface UploadJob {
  readonly files: readonly FoundFile[]
  readonly plan: UploadPlan
  readonly count: UploadCount
  readonly resumeStore: ResumeStore
  readonly signal: AbortSignal
}

/**
 * Uploads files, so many at a time that there is always a part to send: two large ones, or many small. One that fails does
 * not stop the others, unless the others would fail alike. Resolves to what ended it early, if anything did.
 */
export async function uploadAll(job: UploadJob, listener: Listener): Promise<unknown> {
  const { plan, count } = job
  const stop = new AbortController()
  const signal = AbortSignal.any([job.signal, stop.signal])
  const hashing = oneFileAtATime(nodeHashing())
  const slots = partSlots(plan.parallel)
  const shared = { ...job, transport: httpTransport(), hashing, slots, twins: meetTwins(), signal }

  const uploadOne = async (running: RunningFile) => {
    const { path } = running
    try {
      const { fileId, url, instant, bytes, coverUrl } = await uploadFile(path, plan, shared, (progress) => {
        running.progress = progress
      })
      count.done(running, instant)
      const seconds = Math.round(performance.now() - running.startedAt) / 1000
      const cover = coverUrl === undefined ? {} : { coverUrl }
      listener.onStored({ file: path, fileId, url, instant, bytes, seconds, ...cover })
    } catch (error) {
      if (signal.aborted) return
      count.fail(running)
      listener.onFailed(path, error)
      if (concernsAll(error)) stop.abort(error)
    }
  }
  const weigh = ({ size }: FoundFile) => Math.min(plan.parallel, Math.max(1, Math.ceil(size / limits.maxDataSize)))
  await sideBySide(job.files, { room: 2 * plan.parallel, weigh, signal }, (file) => uploadOne(count.begin(file)))
  return signal.aborted ? signal.reason : undefined
}

/** Whether every other file would fail in the same way. */
function concernsAll(error: unknown): boolean {
  if (!(error instanceof UploadError)) return false
  const codes: readonly (string | number)[] = [
    'network',
    'http',
    'answer',
    errorTable.signature.code,
    errorTable.blocked.code,
  ]
  return codes.includes(error.code)
}

/** Works on items in order, as many at a time as there is room for by their weight. `work` must not reject. */
async function sideBySide<T>(
  items: readonly T[],
  { room, weigh, signal }: { room: number; weigh(item: T): number; signal: AbortSignal },
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>()
  let taken = 0
  let ended = Promise.withResolvers<void>()
  for (const item of items) {
    const weight = weigh(item)
    while (taken > 0 && taken + weight > room) await ended.promise
    if (signal.aborted) break
    taken += weight
    const job = work(item).then(() => {
      running.delete(job)
      taken -= weight
      ended.resolve()
      ended = Promise.withResolvers()
    })
    running.add(job)
  }
  await Promise.all(running)
}

/** Of files that are hashed side by side all are done late, and none is sent meanwhile. */
function oneFileAtATime(hashing: Hashing): Hashing {
  const turn = partSlots(1)
  return {
    ...hashing,
    async hashFile(source, run) {
      const giveBack = await turn.take(run.signal)
      try {
        return await hashing.hashFile(source, run)
      } finally {
        giveBack()
      }
    },
  }
}
