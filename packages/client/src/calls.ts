import { type ActionName, actions, type Family, type Range } from '@sluice/protocol'
import type { HashedFile } from './credentials.ts'
import type { Settings } from './options.ts'
import { type FinishedFile, type InitOutcome, readFinish, readInit, readPart } from './read-answer.ts'
import { openSend } from './send.ts'

/** The three calls of an upload, alike for both families. Each is repeated as the retry policy has it. */
export interface Calls {
  init(): Promise<InitOutcome>
  sendPart(part: Range & { readonly dataMd5: string }, bytes: Uint8Array, signal: AbortSignal): Promise<void>
  finish(): Promise<FinishedFile>
}

const names = {
  server: { init: 'InitUpload', part: 'UploadPart', finish: 'FinishUpload' },
  ugc: { init: 'InitUploadEx', part: 'UploadPartEx', finish: 'FinishUploadEx' },
} as const satisfies Record<Family, Record<string, ActionName>>

/** Opens the calls of one file's upload. `acknowledged` tells the bytes acknowledged so far, for the retry policy. */
export async function openCalls(file: HashedFile, settings: Settings, acknowledged: () => number): Promise<Calls> {
  const send = await openSend(file, settings, acknowledged)
  const action = names[settings.credentials.family]
  const { fileSha } = file
  const { signal } = settings
  return {
    init: () =>
      send(action.init, { params: { fileSha, ...initParams(action.init, file, settings) }, signal }, readInit),
    sendPart: ({ offset, dataSize, dataMd5 }, body, signal) =>
      send(action.part, { params: { fileSha, offset, dataSize, dataMd5 }, body, signal }, readPart),
    finish: () => send(action.finish, { params: { fileSha }, signal }, readFinish),
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
