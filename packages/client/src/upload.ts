import { errorTable, partRanges, type Range } from '@sluice/protocol'
import { type Calls, callsOf } from './calls.ts'
import { fingerprint } from './fingerprint.ts'
import { hashOrRecall, type KnownHash } from './known-hash.ts'
import type { Settings } from './options.ts'
import { inParallel } from './parallel.ts'
import { countProgress, type ProgressCount } from './progress.ts'
import type { FinishedFile, StoredPart, StoredParts } from './read-answer.ts'
import { noStore } from './resume-store.ts'
import { openSend } from './send.ts'
import { changed, type Source, watchVersion } from './source.ts'
import { noLock } from './surroundings.ts'
import { hasCode } from './upload-error.ts'
import { adaptWidth, type Width } from './width.ts'

/** An uploaded file. */
export interface UploadResult {
  readonly fileId: string
  readonly url: string
  /** Whether the service had the file already, so that nothing was sent. */
  readonly instant: boolean
  /** ugc family: the proof for the app's backend that the service has the file, good for an hour. */
  readonly verifyContent?: string
  /** Where its cover is, when one was uploaded with it. */
  readonly coverUrl?: string
}

/** Times an upload starts over when the service lost parts, or the upload itself, while it ran. */
const maxRestarts = 3

/**
 * Uploads one file: hashes it, sends the parts the service lacks, finishes. Can be repeated at any time: what is stored is
 * not sent again. Rejects with an UploadError, or with the signal's reason when aborted.
 */
export async function uploadFile(source: Source, settings: Settings): Promise<UploadResult> {
  const { signal, hashing, lock, resumeStore, url, onProgress, clock } = settings
  try {
    signal.throwIfAborted()
    const progress = countProgress(source.size, onProgress, clock)
    const isAskedFor = resumeStore !== noStore || lock !== noLock
    const key = isAskedFor ? await fingerprint(source, hashing) : undefined
    const work = () => uploadKnown(source, key, settings, progress)
    return await (key === undefined ? work() : alone(`sluice ${url.href} ${key}`, lock, { signal, progress }, work))
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}

/** Does the work while no other tab uploads the same file to the same service. */
async function alone<T>(
  name: string,
  lock: Settings['lock'],
  { signal, progress }: { signal: AbortSignal; progress: ProgressCount },
  work: () => Promise<T>,
): Promise<T> {
  let begin = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const done = lock(name, { signal, onWait: () => void progress.waiting('tab', () => begun) }, () => {
    begin()
    return work()
  })
  return done.finally(begin)
}

/** A hash that was remembered and turns out wrong is made again, once. */
async function uploadKnown(
  source: Source,
  key: string | undefined,
  settings: Settings,
  progress: ProgressCount,
): Promise<UploadResult> {
  for (;;) {
    const requireUnchanged = await watchVersion(source)
    const hash = await hashOrRecall(source, key, settings, progress.hashed)
    try {
      await requireUnchanged()
      return await uploadHashed({ source, hash, settings, progress, requireUnchanged })
    } catch (error) {
      if (!isOtherFile(error)) throw error
      await hash.forget()
      if (!hash.remembered) throw error
    }
  }
}

interface Upload {
  readonly source: Source
  readonly hash: KnownHash
  readonly settings: Settings
  readonly progress: ProgressCount
  requireUnchanged(): Promise<void>
}

async function uploadHashed(upload: Upload): Promise<UploadResult> {
  const { source, hash, settings, progress } = upload
  const { fileName, fileType } = settings.file
  const file = { fileSha: hash.fileSha, fileName, fileType, fileSize: source.size, ...settings.video }
  const width = adaptWidth(settings.parallel)
  const calls = callsOf(file, settings, await openSend(file, settings, progress, width.failed))
  for (let restarts = 0; ; restarts++) {
    const init = await calls.init()
    const instant = init.stored !== undefined && restarts === 0
    // In the ugc family Finish is called all the same: the proof comes with it alone.
    if (init.stored && settings.credentials.family === 'server') return done(progress, init.stored, instant)
    try {
      if (!init.stored) {
        progress.startOver()
        const dataSize = init.dataSize ?? settings.dataSize
        await sendParts(upload, { dataSize, stored: init.parts, calls, width })
        await upload.requireUnchanged()
      }
      return done(progress, await calls.finish(), instant)
    } catch (error) {
      if (restarts === maxRestarts || !startsOver(error)) throw error
    }
  }
}

interface Sending {
  /** The part size of the service. */
  readonly dataSize: number
  /** What it has. */
  readonly stored: StoredParts
  readonly calls: Calls
  readonly width: Width
}

/** Sends what is not stored. A stored part counts only if it is what the source holds there now. */
async function sendParts({ source, hash, settings, progress }: Upload, sending: Sending): Promise<void> {
  const { dataSize, stored, calls, width } = sending
  const { hashing, signal, clock, slots } = settings
  const ranges = partRanges({ fileSize: source.size, dataSize })
  await inParallel(ranges, { width: width.now, signal }, async (range, partSignal) => {
    const count = progress.part()
    const knownMd5 = hash.md5Of(range, dataSize)
    const part = stored.get(range.offset)
    if (part && isStored(part, range, knownMd5)) return count.found(range.dataSize)

    const giveBack = await slots.take(partSignal)
    try {
      let bytes = await hashing.readPart(source, range, knownMd5)
      partSignal.throwIfAborted()
      if (part && isStored(part, range, bytes.dataMd5)) {
        bytes.stored?.()
        return count.found(range.dataSize)
      }
      let attempts = 0
      let startedAt = clock()
      const read = async () => {
        if (attempts++ > 0) bytes = await hashing.readPart(source, range)
        if (knownMd5 !== undefined && bytes.dataMd5 !== knownMd5) throw changed()
        startedAt = clock()
        return bytes
      }
      await calls.sendPart({ range, read, onSent: count.sent }, partSignal)
      bytes.stored?.()
      width.stored(clock() - startedAt)
      count.acknowledged(range.dataSize)
    } finally {
      giveBack()
    }
  })
}

function isStored(part: StoredPart, { dataSize }: Range, dataMd5: string | undefined): boolean {
  return part.dataLen === dataSize && part.dataMd5 === dataMd5
}

function done(progress: ProgressCount, file: FinishedFile, instant: boolean): UploadResult {
  progress.done()
  return { ...file, instant }
}

/** Whether the bytes are others than those that were hashed: it was written to, or the service found another SHA-1. */
function isOtherFile(error: unknown): boolean {
  return (
    hasCode(error, 'changed') || (hasCode(error, errorTable.content.code) && /^(Finish|Small)/.test(error.action ?? ''))
  )
}

/**
 * Whether another Init mends it: the upload is gone or lacks parts (-10005), or its part size is another now (-10003 for
 * a part), because someone else began to upload the same file before the first part was stored.
 */
function startsOver(error: unknown): boolean {
  if (hasCode(error, errorTable.stateMissing.code)) return true
  return hasCode(error, errorTable.parameters.code) && /^UploadPart/.test(error.action ?? '')
}
