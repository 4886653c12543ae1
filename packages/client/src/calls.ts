import { type ActionName, type Family, limits, type Range } from '@sluice/protocol'
import type { HashedFile } from './credentials.ts'
import type { PartBytes } from './hashing.ts'
import type { Settings } from './options.ts'
import { type FinishedFile, type InitOutcome, readFinish, readInit, readPart } from './read-answer.ts'
import type { Send } from './send.ts'

/** A part to send. */
export interface PartToSend {
  readonly range: Range
  /** Reads it, for every attempt anew. */
  read(): Promise<PartBytes>
  onSent(bytes: number): void
}

/** The three steps of an upload, alike for both families. Each is repeated as the retry policy has it. */
export interface Calls {
  init(): Promise<InitOutcome>
  sendPart(part: PartToSend, signal: AbortSignal): Promise<void>
  finish(): Promise<FinishedFile>
}

const names = {
  server: { init: 'InitUpload', part: 'UploadPart', finish: 'FinishUpload' },
  ugc: { init: 'InitUploadEx', part: 'UploadPartEx', finish: 'FinishUploadEx' },
} as const satisfies Record<Family, Record<string, ActionName>>

/** The calls of one file's upload. */
export function callsOf(file: HashedFile, settings: Settings, send: Send): Calls {
  const { family } = settings.credentials
  if (family === 'server' && file.coverOf !== undefined && file.fileSize <= limits.maxSmallFileSize) {
    return smallFileCalls(file, settings, send)
  }
  const action = names[family]
  const { fileSha } = file
  const { signal } = settings
  return {
    init: () => send(action.init, () => ({ params: initParams(file, settings) }), readInit, signal),
    sendPart: ({ range, read, onSent }, partSignal) =>
      send(
        action.part,
        async () => {
          onSent(0)
          const { body, dataMd5 } = await read()
          return { params: { fileSha, ...range, dataMd5 }, body, onSent }
        },
        readPart,
        partSignal,
      ),
    finish: () => send(action.finish, () => ({ params: { fileSha } }), readFinish, signal),
  }
}

/**
 * A small cover in one call. In three, uploads of the same picture for several videos would be one upload, and the last to
 * begin would have it: only Init names the video.
 */
function smallFileCalls(file: HashedFile, settings: Settings, send: Send): Calls {
  let settle = (_file: FinishedFile) => {}
  const finished = new Promise<FinishedFile>((resolve) => {
    settle = resolve
  })
  return {
    init: async () => ({ stored: undefined, dataSize: limits.maxSmallFileSize, parts: new Map() }),
    async sendPart({ read, onSent }, signal) {
      const input = async () => {
        onSent(0)
        const { body, dataMd5 } = await read()
        return { params: { ...initParams(file, settings), dataSize: file.fileSize, dataMd5 }, body, onSent }
      }
      settle(await send('SmallFileUpload', input, readFinish, signal))
    },
    finish: () => finished,
  }
}

/** What Init says of a file; in the ugc family the rest is in the signature. What is at its default is left out. */
function initParams({ fileSha, fileSize, coverOf }: HashedFile, { credentials, file, dataSize }: Settings) {
  const sizes = { fileSha, fileSize, dataSize }
  if (credentials.family === 'ugc') return sizes
  return {
    ...sizes,
    fileName: file.fileName,
    fileType: file.fileType,
    ...(file.classId !== 0 && { classId: file.classId }),
    ...(file.transcode && { isTranscode: 1 }),
    ...(file.screenshot && { isScreenshot: 1 }),
    ...(file.watermark && { isWatermark: 1 }),
    ...Object.fromEntries(file.tags.map((tag, index) => [`tags.${index + 1}`, tag])),
    ...(coverOf !== undefined && { 'extra.usage': 1, 'extra.fileId': coverOf }),
  }
}
