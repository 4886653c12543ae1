import { createHash } from 'node:crypto'
import { type FileFacts, ProtocolError } from '@sluice/protocol'
import type { Finished } from '../../src/files/finished.ts'
import type { UploadKey } from '../../src/metadata/metadata.ts'
import { finishUpload } from '../../src/uploads/finish-upload.ts'
import { type InitOutcome, initUpload } from '../../src/uploads/init-upload.ts'
import { uploadPart } from '../../src/uploads/upload-part.ts'
import { uploadSmallFile } from '../../src/uploads/upload-small-file.ts'
import { app, bodyOf, type Engine } from './engine.ts'
import type { SampleFile } from './service.ts'

export interface EngineClient {
  readonly key: UploadKey
  /** What was acknowledged and not replaced since: MD5 by offset. */
  readonly acknowledged: Map<number, string>
  readonly offsets: readonly number[]
  init(): Promise<InitOutcome>
  /** Sends a part of the file, or other bytes in its place. */
  part(offset: number, bytes?: Uint8Array): Promise<void>
  finish(): Promise<Finished>
  /** Sends the file as the cover of a video, in one call. */
  cover(fileId: string): Promise<Finished>
}

export interface ClientOptions {
  readonly dataSize?: number
  readonly uid?: string
  /** How often a call is repeated after an error that allows it; any other error is the caller's at once. */
  readonly retries?: number
}

/** A client that calls the actions themselves, with parts as small as it likes. */
export function engineClient(engine: Engine, file: SampleFile, options: ClientOptions = {}): EngineClient {
  const { dataSize = 4096, uid = '', retries = 0 } = options
  const { fileSha, bytes } = file
  const family = uid === '' ? 'server' : 'ugc'
  const key = { appId: app.appId, uid, fileSha }
  const fileSize = bytes.length
  const facts = factsOf(file)
  const acknowledged = new Map<number, string>()
  const trying = <T>(call: () => Promise<T>) => retrying(call, retries)
  return {
    key,
    acknowledged,
    offsets: Array.from({ length: Math.ceil(fileSize / dataSize) }, (_, index) => index * dataSize),
    init: () =>
      trying(() =>
        initUpload(engine, { appId: app.appId, uid, family, facts, fileSize, dataSize, requestClient: 'test' }),
      ),
    async part(offset, sent = bytes.subarray(offset, offset + dataSize)) {
      const dataMd5 = createHash('md5').update(sent).digest('hex')
      if (acknowledged.get(offset) !== dataMd5) acknowledged.delete(offset)
      await trying(() => uploadPart(engine, { ...key, offset, dataSize: sent.length, dataMd5 }, bodyOf(engine, sent)))
      acknowledged.set(offset, dataMd5)
    },
    finish: () => trying(() => finishUpload(engine, { ...key, family, facts: family === 'ugc' ? facts : undefined })),
    cover: (coverOf) =>
      trying(() =>
        uploadSmallFile(
          engine,
          { appId: app.appId, facts: { ...facts, coverOf }, fileSize, dataMd5: undefined },
          bodyOf(engine, bytes),
        ),
      ),
  }
}

export function factsOf({ fileSha }: SampleFile): FileFacts {
  const flags = { transcode: false, screenshot: false, watermark: false }
  return { fileSha, fileName: 'my video', fileType: 'mp4', classId: 0, tags: [], ...flags, coverOf: undefined }
}

async function retrying<T>(call: () => Promise<T>, retries: number): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (retries === 0 || !(error instanceof ProtocolError) || error.canRetry === 0) throw error
    return retrying(call, retries - 1)
  }
}

/** Does all of it, even when some fails; then throws the first error. */
export async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work)
  return Promise.all(work)
}
