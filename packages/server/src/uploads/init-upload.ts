import { type Family, type FileFacts, type ListedPart, listParts, ProtocolError } from '@sluice/protocol'
import { newFileId } from '../files/file-id.ts'
import { type Finished, findFinished } from '../files/finished.ts'
import type { Upload } from '../metadata/metadata.ts'
import { forgetUpload } from './forget-upload.ts'
import type { UploadDeps } from './upload-deps.ts'

export interface InitUpload {
  readonly appId: number
  readonly uid: string
  readonly family: Family
  readonly facts: FileFacts
  readonly fileSize: number
  /** The part size asked for. */
  readonly dataSize: number
  /** What the client says it is, such as `SDK_PHP_1.4`. */
  readonly requestClient: string
}

/** Parts to send (`parts` are there already), or the file that is there. */
export type InitOutcome =
  | { readonly kind: 'new'; readonly dataSize: number }
  | { readonly kind: 'partial'; readonly dataSize: number; readonly parts: readonly ListedPart[] }
  | { readonly kind: 'finished'; readonly finished: Finished }

/** How often Init looks again when another call changes the upload under it. */
const maxAttempts = 8

/** Announces a file: makes its upload, or says what of it is there. */
export async function initUpload(deps: UploadDeps, call: InitUpload): Promise<InitOutcome> {
  await requireCoveredFile(deps, call)
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const outcome = (await instantUpload(deps, call)) ?? (await openUpload(deps, call))
    if (outcome) return outcome
  }
  throw new ProtocolError('writeFailed', 'too many calls about this file at once')
}

/** Throws `parameters` (-10003) when the video that a cover is for is not there. */
export async function requireCoveredFile(
  { metadata }: UploadDeps,
  { appId, facts }: Pick<InitUpload, 'appId' | 'facts'>,
): Promise<void> {
  if (facts.coverOf === undefined) return
  const file = await metadata.findFile(facts.coverOf)
  if (file?.appId !== appId) throw new ProtocolError('parameters', `extra.fileId: there is no file ${facts.coverOf}`)
}

async function instantUpload(deps: UploadDeps, call: InitUpload): Promise<InitOutcome | undefined> {
  const mode = deps.instantUpload[call.family]
  if (mode === 'off') return undefined
  const { fileSha, coverOf } = call.facts
  const finished = await findFinished(deps, { appId: call.appId, fileSha, coverOf })
  if (!finished) return undefined
  if (finished.fileSize !== call.fileSize) {
    throw new ProtocolError('parameters', `fileSize: the file of this SHA-1 has ${finished.fileSize} bytes`)
  }
  if (coverOf !== undefined) await deps.metadata.showCover(coverOf, finished.fileId)
  if (mode === 'resume' || (mode === 'auto' && call.requestClient.startsWith('SDK_PHP_'))) {
    const parts = await deps.metadata.listParts(finished.fileId)
    return { kind: 'partial', dataSize: finished.dataSize, parts: listParts(finished, parts) }
  }
  return { kind: 'finished', finished }
}

/** Makes, joins or starts over an upload; `undefined` when another call got in between and it is to be looked at again. */
async function openUpload(deps: UploadDeps, call: InitUpload): Promise<InitOutcome | undefined> {
  const { metadata } = deps
  const { appId, uid, facts, fileSize, dataSize } = call
  const upload = await metadata.findUpload({ appId, uid, fileSha: facts.fileSha })
  if (!upload) return addUpload(deps, call)

  const parts = await metadata.listParts(upload.fileId)
  const partial: InitOutcome = { kind: 'partial', dataSize: upload.dataSize, parts: listParts(upload, parts) }
  if (upload.state === 'finishing') return partial

  if (parts.length > 0 && upload.fileSize !== fileSize) {
    // A user who joined the app's upload gets one of his own: what he says must not cost the app its parts.
    if (upload.uid !== uid) return addUpload(deps, call)
    // One of the two sizes is wrong. Nobody can tell which before the end, so the newer call gets its way.
    await forgetUpload(deps, upload)
    return undefined
  }
  if (!(await metadata.adoptFacts(upload.fileId, { facts, family: call.family, touchedAt: deps.now() })))
    return undefined
  if (parts.length > 0) {
    deps.verifier.catchUp(upload)
    return partial
  }
  if (upload.fileSize !== fileSize || upload.dataSize !== dataSize) {
    await deps.blobs.requireSpace(fileSize)
    // Parts cut the old way may still be on their way: under a new fileId they cannot touch those cut the new way.
    if (!(await metadata.adoptGeometry(upload.fileId, { fileId: newFileId(), fileSize, dataSize }))) return undefined
    deps.verifier.forget(upload.fileId)
    await deps.blobs.discardUnsealed(upload.fileId)
  }
  return { kind: 'new', dataSize }
}

async function addUpload(deps: UploadDeps, call: InitUpload): Promise<InitOutcome | undefined> {
  const { appId, uid, family, facts, fileSize, dataSize } = call
  await deps.blobs.requireSpace(fileSize)
  const now = deps.now()
  const upload: Upload = {
    ...facts,
    fileId: newFileId(),
    appId,
    uid,
    family,
    fileSize,
    dataSize,
    state: 'open',
    createdAt: now,
    touchedAt: now,
  }
  return (await deps.metadata.addUpload(upload)) ? { kind: 'new', dataSize } : undefined
}
