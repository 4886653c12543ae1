import { fileDeleted, VodError } from '@sluice/protocol'
import type { StoredFile } from '../metadata/metadata.ts'
import { discardBlobs } from './discard-blobs.ts'
import type { FileKey, FilesDeps } from './files-deps.ts'

const batch = 100

/**
 * Deletes a file with its covers: the rows with the event, then the bytes. From the first step on nothing finds the file,
 * and an upload of the same bytes begins anew. Throws `fileState` (10009) when there is no such file.
 */
export async function deleteFile(deps: FilesDeps, { appId, fileId }: FileKey): Promise<void> {
  const blobIds = await deps.metadata.deleteFile({ appId, fileId }, fileDeleted(fileId), deps.now())
  if (!blobIds) throw new VodError('fileState', `there is no file ${fileId}`)
  deps.log.info({ fileId, appId }, 'file deleted')
  await discardBlobs(deps, blobIds)
}

/** Deletes the files whose time is over. */
export async function expireFiles(deps: FilesDeps): Promise<void> {
  for (;;) {
    const expired = await deps.metadata.listExpiredFiles(deps.now(), batch)
    for (const file of expired) await expireFile(deps, file)
    if (expired.length < batch) return
  }
}

/** Deletes a file if its time is over; false when it is not. Somebody may have given it more meanwhile. */
export async function expireFile(deps: FilesDeps, { appId, fileId, expireAt }: StoredFile): Promise<boolean> {
  const now = deps.now()
  if (expireAt === null || expireAt > now) return false
  const blobIds = await deps.metadata.deleteFile({ appId, fileId, expiredBy: now }, fileDeleted(fileId), now)
  if (!blobIds) return false
  deps.log.info({ fileId, appId, expireAt }, 'file expired')
  await discardBlobs(deps, blobIds)
  return true
}
