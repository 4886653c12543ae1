import { hash } from 'node:crypto'
import { type FileFacts, limits, ProtocolError, partRanges } from '@sluice/protocol'
import type { Slot } from '../engine/slots.ts'
import type { Finished } from '../files/finished.ts'
import type { Upload } from '../metadata/metadata.ts'
import { finishUpload } from './finish-upload.ts'
import { initUpload, requireCoveredFile } from './init-upload.ts'
import { storePart } from './store-part.ts'
import type { UploadDeps } from './upload-deps.ts'
import type { PartBody } from './upload-part.ts'

export interface UploadSmallFile {
  readonly appId: number
  readonly facts: FileFacts
  readonly fileSize: number
  readonly dataMd5: string | undefined
}

/** Takes a whole small file in one call: Init, parts and Finish at once. The same file again is the one that is there. */
export async function uploadSmallFile(deps: UploadDeps, call: UploadSmallFile, body: PartBody): Promise<Finished> {
  await requireCoveredFile(deps, call)
  const slot = await body.read(call.fileSize)
  try {
    await requireDigests(call, slot)
    const { appId, facts } = call
    return await deps.partLock.run(`small:${appId}:${facts.fileSha}`, () => storeWhole(deps, call, slot.bytes))
  } finally {
    slot.release()
  }
}

async function storeWhole(deps: UploadDeps, call: UploadSmallFile, bytes: Buffer): Promise<Finished> {
  const { appId, facts, fileSize } = call
  const key = { appId, uid: '', fileSha: facts.fileSha }
  const init = { ...key, family: 'server', facts, fileSize, dataSize: limits.maxDataSize, requestClient: '' } as const
  const outcome = await initUpload(deps, init)
  if (outcome.kind === 'finished') return outcome.finished

  // There is none when the file is there and Init answers by listing its parts: Finish then finds it.
  const upload = await deps.metadata.findUpload(key)
  if (upload) await storeParts(deps, upload, bytes)
  return finishUpload(deps, { ...key, family: 'server', facts })
}

async function storeParts(deps: UploadDeps, upload: Upload, bytes: Buffer): Promise<void> {
  for (const { offset, dataSize } of partRanges(upload)) {
    const part = bytes.subarray(offset, offset + dataSize)
    await storePart(deps, upload, { offset, dataSize, dataMd5: hash('md5', part) }, part)
  }
}

async function requireDigests({ facts, dataMd5 }: UploadSmallFile, slot: Slot): Promise<void> {
  const sha1 = hash('sha1', slot.bytes)
  if (sha1 !== facts.fileSha) {
    throw new ProtocolError('content', `fileSha: expected ${facts.fileSha}, the body has ${sha1}`)
  }
  const md5 = await slot.md5()
  if (dataMd5 !== undefined && dataMd5 !== md5) {
    throw new ProtocolError('content', `dataMd5: expected ${dataMd5}, the body has ${md5}`)
  }
}
