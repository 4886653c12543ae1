import { type ActionName, actions, type Family, type Range } from '@sluice/protocol'
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

/** The three calls of an upload, alike for both families. Each is repeated as the retry policy has it. */
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
  const action = names[settings.credentials.family]
  const { fileSha } = file
  const { signal } = settings
  return {
    init: () =>
      send(action.init, () => ({ params: { fileSha, ...initParams(action.init, file, settings) } }), readInit, signal),
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

/** The parameters of Init that this family's action takes; those at their default are left out. */
function initParams(action: 'InitUpload' | 'InitUploadEx', { fileSize }: HashedFile, { file, dataSize }: Settings) {
  const all = {
    fileName: file.fileName,
    fileSize,
    fileType: file.fileType,
    dataSize,
    ...(file.classId !== 0 && { classId: file.classId }),
    ...(file.transcode && { isTranscode: 1 }),
    ...(file.screenshot && { isScreenshot: 1 }),
    ...(file.watermark && { isWatermark: 1 }),
  }
  const taken = Object.entries(all).filter(([name]) => Object.hasOwn(actions[action].params, name))
  const tags = Object.hasOwn(actions[action].params, 'tags') ? file.tags : []
  return Object.fromEntries([...taken, ...tags.map((tag, index) => [`tags.${index + 1}`, tag])])
}
