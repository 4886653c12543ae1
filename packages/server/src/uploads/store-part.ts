import { ProtocolError } from '@sluice/protocol'
import type { Part, Upload } from '../metadata/metadata.ts'
import type { UploadDeps } from './upload-deps.ts'

/**
 * Makes a checked part durable: bytes first, then the row. `onStored` is told before any other call about this part gets
 * its turn, and not when the very part was there already. Throws `stateMissing` (-10005) when the upload ends meanwhile, `writeFailed`
 * (-10004) when it is being finished.
 */
export async function storePart(
  deps: UploadDeps,
  upload: Upload,
  part: Part,
  bytes: Uint8Array,
  onStored: () => void = () => {},
): Promise<void> {
  await deps.partLock.run(`${upload.fileId}:${part.offset}`, async () => {
    const { metadata, blobs, verifier } = deps
    const { fileId } = upload
    const stored = await metadata.findPart(fileId, part.offset)
    if (stored?.dataMd5 === part.dataMd5) {
      await touch(deps, upload)
      return
    }
    if (stored) {
      // Other bytes at the same place: the row goes first, so that a crash leaves the part absent, never half of each.
      let dropped: boolean
      try {
        dropped = await metadata.dropPart(fileId, part.offset)
      } finally {
        verifier.forget(fileId) // even when dropping seems to fail: it may be done, and only the answer lost
      }
      if (!dropped) throw new ProtocolError('writeFailed', 'the file is being finished')
    }
    await blobs.writePart(fileId, part.offset, bytes)
    if (!(await metadata.addPart({ ...part, fileId }))) return uploadIsGone(deps, upload)
    onStored()
    await touch(deps, upload)
  })
}

/** Writes an upload's last call down when the one written down is a minute old, or a part of a short lifetime. */
async function touch({ metadata, uploadTtlMs, now }: UploadDeps, { fileId, touchedAt }: Upload): Promise<void> {
  if (now() - touchedAt > Math.min(60_000, uploadTtlMs / 24)) await metadata.touchUpload(fileId, now())
}

/** The upload ended, or was cut anew, while this part was on its way. */
async function uploadIsGone({ metadata, blobs }: UploadDeps, { fileId }: Upload): Promise<never> {
  // Writing may have made the blob again that ending the upload removed.
  const named =
    (await metadata.findUploadById(fileId)) ?? (await metadata.findFile(fileId)) ?? (await metadata.findCover(fileId))
  if (!named) await blobs.discardUnsealed(fileId)
  throw new ProtocolError('stateMissing', 'the upload ended while this part was on its way')
}
