import { resumeFinish } from './finish-upload.ts'
import { forgetUpload } from './forget-upload.ts'
import type { UploadDeps } from './upload-deps.ts'

const batch = 100

/** Ends the uploads nobody has touched for their lifetime. */
export async function expireUploads(deps: UploadDeps): Promise<void> {
  for (;;) {
    const expired = await deps.metadata.listExpired(deps.now() - deps.uploadTtlMs, batch)
    for (const upload of expired) {
      const { fileId, appId, touchedAt } = upload
      if (await forgetUpload(deps, upload)) deps.log.info({ fileId, appId, touchedAt }, 'upload expired')
    }
    if (expired.length < batch) return
  }
}

/** Goes on with uploads that a crash, or a failure that passes, left between their last part and their file. */
export async function resumeFinishes(deps: UploadDeps): Promise<void> {
  for (const upload of await deps.metadata.listUploads('finishing')) {
    try {
      await resumeFinish(deps, upload)
    } catch (error) {
      deps.log.error({ err: error, fileId: upload.fileId, appId: upload.appId }, 'upload could not be finished')
    }
  }
}

/** Removes blobs that neither an upload nor a pull names: a crash came between the rows of an upload and its bytes. */
export async function removeOrphans({ metadata, blobs, log }: UploadDeps): Promise<void> {
  const unsealed = await blobs.listUnsealed()
  for (let start = 0; start < unsealed.length; start += batch) {
    const fileIds = unsealed.slice(start, start + batch)
    const [uploads, pulls] = [await metadata.whichUploads(fileIds), await metadata.whichPulls(fileIds)]
    for (const fileId of fileIds) {
      if (uploads.has(fileId) || pulls.has(fileId)) continue
      await blobs.discardUnsealed(fileId)
      log.info({ fileId }, 'removed what an ended upload left behind')
    }
  }
}
