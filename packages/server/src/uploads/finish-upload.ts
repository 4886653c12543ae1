import {
  type Family,
  type FileFacts,
  firstMissingOffset,
  newFileUpload,
  ProtocolError,
  partCount,
} from '@sluice/protocol'
import { type Finished, findFinished, findLasting, finishedCover, finishedFile } from '../files/finished.ts'
import type { Upload, UploadKey } from '../metadata/metadata.ts'
import { forgetUpload } from './forget-upload.ts'
import type { UploadDeps } from './upload-deps.ts'

export interface FinishUpload extends UploadKey {
  readonly family: Family
  /** What the call itself says of the file; `undefined` when it only names it and what Init said holds. */
  readonly facts: FileFacts | undefined
}

/** Ends an upload as a file. A call that comes again, or while the first one runs, gets the same answer. */
export async function finishUpload(deps: UploadDeps, call: FinishUpload): Promise<Finished> {
  const upload = await deps.metadata.findUpload(call)
  if (!upload) return finishedBefore(deps, call)
  return deps.finishing.run(upload.fileId, () => finish(deps, upload, call))
}

/** Ends an upload that a crash left between its last part and its file. */
export async function resumeFinish(deps: UploadDeps, upload: Upload): Promise<void> {
  await deps.finishing.run(upload.fileId, () => goOn(deps, upload))
}

async function finish(deps: UploadDeps, upload: Upload, call: FinishUpload): Promise<Finished> {
  const facts = call.facts ?? upload
  const finishing = { ...upload, ...facts, family: call.family, state: 'finishing' } as const
  if (upload.state === 'finishing') return goOn(deps, finishing)
  const change = { facts, family: call.family, touchedAt: deps.now() }
  // From here on the upload stays `finishing`, whatever fails: the next Finish, or the next start, goes on with it.
  if (await deps.metadata.beginFinish(upload.fileId, change)) return endAsFinished(deps, finishing)
  return cannotFinish(deps, upload, call)
}

/** The upload lacks parts, or ended meanwhile. Either way the app may have the file: Init said so, and SDKs call Finish all the same. */
async function cannotFinish(deps: UploadDeps, upload: Upload, call: FinishUpload): Promise<Finished> {
  const incomplete = await whatIsMissing(deps, upload)
  if (!incomplete) return finishedBefore(deps, call)
  const finished = await findFinished(deps, upload)
  if (finished) return finished
  throw incomplete
}

/** Goes on with an upload that is finishing. The app may have its bytes meanwhile. */
async function goOn(deps: UploadDeps, upload: Upload): Promise<Finished> {
  const { appId, fileSha, coverOf } = upload
  const there = await findFinished(deps, { appId, fileSha, coverOf })
  return there ? giveWay(deps, upload, there) : endAsFinished(deps, upload)
}

/** Every step may be repeated: verify, seal, and then the file, its event and the end of the upload at once. */
async function endAsFinished(deps: UploadDeps, upload: Upload): Promise<Finished> {
  await requireCovered(deps, upload)
  await requireSha1(deps, upload)
  await deps.blobs.seal(upload.fileId)
  if (upload.coverOf === undefined) await findLasting(deps, upload.appId, upload.fileSha)
  const finished = upload.coverOf === undefined ? await endAsFile(deps, upload) : await endAsCover(deps, upload)
  deps.verifier.forget(upload.fileId)
  return giveWay(deps, upload, finished)
}

/** Ends an upload whose bytes the app has already, under another id. */
async function giveWay(deps: UploadDeps, upload: Upload, there: Finished): Promise<Finished> {
  if (there.fileId !== upload.fileId) await forgetUpload(deps, { fileId: upload.fileId, state: 'finishing' })
  return there
}

/** Throws `parameters` (-10003) when the video of a cover was deleted: the upload is then of no use. */
async function requireCovered(deps: UploadDeps, { fileId, coverOf }: Upload): Promise<void> {
  if (coverOf === undefined || (await deps.metadata.findFile(coverOf))) return
  await forgetUpload(deps, { fileId, state: 'finishing' })
  throw new ProtocolError('parameters', `extra.fileId: file ${coverOf} has been deleted`, { codeDesc: '4000' })
}

async function endAsFile(deps: UploadDeps, upload: Upload): Promise<Finished> {
  const { fileId, appId, fileSha, fileSize, dataSize, fileName, fileType, classId, tags, family } = upload
  const names = { fileId, appId, fileSha, fileName, fileType }
  const now = deps.now()
  const said = { classId, tags, coverId: null, description: '', createdAt: now, updatedAt: now, expireAt: null }
  const file = { ...names, fileSize, dataSize, ...said, media: 'unprobed' as const }
  const event = newFileUpload({ fileId, fileName, fileUrl: deps.urls.file(file), fileSize, family })
  return finishedFile(await deps.metadata.finishAsFile(file, event), deps.urls)
}

async function endAsCover(deps: UploadDeps, upload: Upload): Promise<Finished> {
  const { fileId: coverId, coverOf, appId, fileSha, fileSize, dataSize, fileType } = upload
  const fileId = coverOf ?? ''
  const cover = { coverId, fileId, appId, fileSha, fileSize, dataSize, fileType, createdAt: deps.now() }
  return finishedCover(await deps.metadata.finishAsCover(cover), deps.urls)
}

/** The error that says what an upload still lacks; `undefined` when it is complete. */
async function whatIsMissing({ metadata }: UploadDeps, upload: Upload): Promise<ProtocolError | undefined> {
  const parts = await metadata.listParts(upload.fileId)
  const missing = firstMissingOffset(
    upload,
    parts.map((part) => part.offset),
  )
  if (missing === upload.fileSize) return undefined
  const count = partCount(upload)
  return new ProtocolError('stateMissing', `upload incomplete: first missing offset ${missing}`, {
    codeDesc: `missing ${count - parts.length} of ${count} parts`,
    members: { offset: missing },
  })
}

async function requireSha1(deps: UploadDeps, upload: Upload): Promise<void> {
  const found = await deps.verifier.digest(upload)
  if (found === upload.fileSha) return
  await forgetUpload(deps, upload)
  throw new ProtocolError('content', `fileSha: expected ${upload.fileSha}, the parts make ${found}`)
}

async function finishedBefore(deps: UploadDeps, { appId, fileSha, facts }: FinishUpload): Promise<Finished> {
  const finished = await findFinished(deps, { appId, fileSha, coverOf: facts?.coverOf, orAnyCover: !facts })
  if (finished) return finished
  throw new ProtocolError('stateMissing', 'there is no upload of this file: call Init first')
}
