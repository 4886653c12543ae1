import { ProtocolError } from '@sluice/protocol'
import type { Part, Upload } from '../metadata/metadata.ts'
import type { UploadDeps } from './upload-deps.ts'

/** An upload's last call is written down again only when it is that old, in milliseconds. */
const touchAfterMs = 60_000

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
      if (deps.now() - upload.touchedAt > touchAfterMs) await metadata.touchUpload(fileId, deps.now())
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
    if (!(await metadata.addPart({ ...part, upload, storedAt: deps.now() }))) return uploadIsGone(deps, upload)
    onStored()
  })
}

/** The upload ended, or was cut anew, while this part was on its way. */
async function uploadIsGone({ metadata, blobs }: UploadDeps, { fileId }: Upload): Promise<never> {
  // Writing may have made the blob again that ending the upload removed.
  const named =
    (await metadata.findUploadById(fileId)) ?? (await metadata.findFile(fileId)) ?? (await metadata.findCover(fileId))
  if (!named) await blobs.discardUnsealed(fileId)
  throw new ProtocolError('stateMissing', 'the upload ended while this part was on its way')
}
