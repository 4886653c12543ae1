import { createHash } from 'node:crypto'
import {
  type Answer,
  callServer,
  callUgc,
  grant,
  initParams,
  keyPair,
  type SampleFile,
  type TestService,
} from './service.ts'

/** What a call says otherwise than the file has it. */
export interface Said {
  /** The part size the upload is cut by. */
  readonly cut?: number
  readonly fileName?: string
  readonly params?: Record<string, string | number>
  readonly body?: Buffer
}

/** One family's way to upload. */
export interface Uploader {
  init(file: SampleFile, said?: Said): Promise<Answer>
  part(file: SampleFile, offset: number, said?: Said): Promise<Answer>
  finish(file: SampleFile): Promise<Answer>
}

const usualCut = 524_288

/** Uploads by signed requests. */
export function serverUploader(service: TestService, keys = keyPair): Uploader {
  return {
    init: (file, { cut = usualCut, fileName = 'my video', params } = {}) =>
      callServer(service, 'InitUpload', { ...initParams(file, cut), fileName, ...params }, { keys }),
    part(file, offset, said) {
      const { params, body } = partOf(file, offset, said)
      return callServer(service, 'UploadPart', { fileSha: file.fileSha, ...params }, { body, keys })
    },
    finish: (file) => callServer(service, 'FinishUpload', { fileSha: file.fileSha }, { keys }),
  }
}

/** Uploads as user `uid` of the app, by a signature for the file. */
export function ugcUploader(service: TestService, uid = '1234'): Uploader {
  const signed = (file: SampleFile, fileName = 'my video') => grant(service, file.fileSha, { uid, fileName })
  return {
    init(file, { cut = usualCut, fileName, params } = {}) {
      const said = { fileSize: file.bytes.length, dataSize: cut, ...params }
      return callUgc(service, 'InitUploadEx', signed(file, fileName), said)
    },
    part(file, offset, said) {
      const { params, body } = partOf(file, offset, said)
      return callUgc(service, 'UploadPartEx', signed(file), params, { body })
    },
    finish: (file) => callUgc(service, 'FinishUploadEx', signed(file)),
  }
}

/** Both families, for tables that hold for both. */
export const families = [
  { family: 'server', uploaderOf: (service: TestService) => serverUploader(service) },
  { family: 'ugc', uploaderOf: (service: TestService) => ugcUploader(service) },
] as const

/** Sends all parts, in order. */
export async function sendAll(uploader: Uploader, file: SampleFile, cut = usualCut): Promise<void> {
  for (let offset = 0; offset < file.bytes.length; offset += cut) await uploader.part(file, offset, { cut })
}

function partOf(file: SampleFile, offset: number, { cut = usualCut, params, body }: Said = {}) {
  const bytes = body ?? file.bytes.subarray(offset, offset + cut)
  const dataMd5 = createHash('md5').update(bytes).digest('hex')
  return { params: { offset, dataSize: bytes.length, dataMd5, ...params }, body: bytes }
}
