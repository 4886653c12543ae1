import { errorTable, partRanges, type Range } from '@sluice/protocol'
import { type Calls, openCalls } from './calls.ts'
import { readOptions, type Settings, type UploadOptions } from './options.ts'
import { inParallel } from './parallel.ts'
import { countProgress, type ProgressCount } from './progress.ts'
import type { FinishedFile, StoredPart, StoredParts } from './read-answer.ts'
import { readRange, type Source, watchVersion } from './source.ts'
import { hasCode } from './upload-error.ts'

/** An uploaded file. */
export interface UploadResult {
  readonly fileId: string
  readonly url: string
  /** Whether the service had the file already, so that nothing was sent. */
  readonly instant: boolean
  /** ugc family: the proof for the app's backend that the service stored the file. */
  readonly verifyContent?: string
}

/** Times an upload starts over when the service lost parts, or the upload itself, while it ran. */
const maxRestarts = 3

/**
 * Uploads a file: hashes it, sends the parts the service lacks, finishes. Can be repeated at any time: what is stored is
 * not sent again. Rejects with an UploadError, or with the signal's reason when aborted.
 */
export async function upload(source: Source, options: UploadOptions): Promise<UploadResult> {
  const settings = readOptions(source, options)
  try {
    return await run(source, settings)
  } catch (error) {
    throw settings.signal.aborted ? settings.signal.reason : error
  }
}

async function run(source: Source, settings: Settings): Promise<UploadResult> {
  const { signal, hashing, file } = settings
  signal.throwIfAborted()
  const progress = countProgress(source.size, settings.onProgress)
  const requireUnchanged = await watchVersion(source)
  const fileSha = await hashing.fileSha(source, { onHashed: progress.hashed, signal })
  await requireUnchanged()
  const hashed = { fileSha, fileName: file.fileName, fileType: file.fileType, fileSize: source.size }
  const calls = await openCalls(hashed, settings, progress.acknowledgements)
  for (let restarts = 0; ; restarts++) {
    const init = await calls.init()
    if (init.stored) return done(progress, init.stored, restarts === 0)
    progress.startOver()
    try {
      const dataSize = init.dataSize ?? settings.dataSize
      await sendParts(partRanges({ fileSize: source.size, dataSize }), init.parts, {
        source,
        settings,
        calls,
        progress,
      })
      await requireUnchanged()
      return done(progress, await calls.finish(), false)
    } catch (error) {
      if (restarts === maxRestarts || !startsOver(error)) throw error
    }
  }
}

interface Sending {
  readonly source: Source
  readonly settings: Settings
  readonly calls: Calls
  readonly progress: ProgressCount
}

/** Sends what is not stored. A stored part counts only if it is what the source holds there now. */
async function sendParts(ranges: Iterable<Range>, stored: StoredParts, sending: Sending): Promise<void> {
  const { source, settings, calls, progress } = sending
  await inParallel(ranges, { width: settings.parallel, signal: settings.signal }, async (range, signal) => {
    const bytes = await readRange(source, range)
    const dataMd5 = await settings.hashing.partMd5(bytes)
    signal.throwIfAborted()
    progress.sent(range.dataSize)
    if (!isStored(stored.get(range.offset), range, dataMd5)) await calls.sendPart({ ...range, dataMd5 }, bytes, signal)
    progress.acknowledged(range.dataSize)
  })
}

function isStored(part: StoredPart | undefined, { dataSize }: Range, dataMd5: string): boolean {
  return part !== undefined && part.dataLen === dataSize && part.dataMd5 === dataMd5
}

function done(progress: ProgressCount, file: FinishedFile, instant: boolean): UploadResult {
  progress.done()
  return { ...file, instant }
}

/**
 * Whether another Init mends it: the upload is gone or lacks parts (-10005), or its part size is another now (-10003 for
 * a part), because someone else began to upload the same file before the first part was stored.
 */
function startsOver(error: unknown): boolean {
  if (hasCode(error, errorTable.stateMissing.code)) return true
  return hasCode(error, errorTable.parameters.code) && /^UploadPart/.test(error.action ?? '')
}
